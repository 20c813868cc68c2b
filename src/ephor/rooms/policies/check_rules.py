"""Everything that is wrong with a file of rules, found before it is loaded: a rule that cannot work is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.reading import read_rules
from ephor.rooms.policies.rule import Finding, Force, Rule, nodes, speaks_of
from ephor.rooms.policies.rule_schema import AGENT, CONTEXT, TOOL, WORDS, schema_json
from ephor.rooms.policies.satisfy import Known, cases_of, covers
from ephor.rooms.policies.type_advice import advise

_MOST_COMPARED = 400
"""Rules up to which every one is compared with every other."""
_ATTRIBUTE = re.compile(r"attribute `([^`]+)`")
_ENTITY_TYPE = re.compile(r"unrecognized entity type `([^`]+)`")


@dataclass(frozen=True, slots=True)
class CatalogueTool:
    """A tool as all agents together declare it."""

    arguments: Mapping[str, str]
    agents: frozenset[str]
    contested: Mapping[str, str] = field(default_factory=dict)
    """Arguments that agents declare with different types, and who says what."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What rules can speak of: tools, agents with their roles, and roles."""

    tools: Mapping[str, CatalogueTool]
    agents: Mapping[str, frozenset[str]]
    roles: frozenset[str]


def check_rules(text: str, catalogue: Catalogue) -> tuple[tuple[Rule, ...], tuple[Finding, ...]]:
    """Return the rules of a file and everything found, by line; ``refused`` findings keep it from being loaded."""
    rules, unread = read_rules(text)
    findings = [*unread]
    if not rules and not unread:
        findings.append(Finding("rule-syntax", 1, "", "there is no rule in it; write at least one"))
    named = [*_unknown(rules, catalogue)]
    findings += named
    findings += _unread(rules, catalogue)
    wrong = {one.rule for one in findings if one.refused}
    findings += _invalid([rule for rule in rules if rule.id not in wrong], catalogue)
    wrong |= {one.rule for one in findings if one.refused}
    sound = [rule for rule in rules if rule.id not in wrong]
    findings += _useless(sound, catalogue)
    findings += _sessionless(sound)
    if not any(one.refused for one in findings):
        findings += _unspoken(rules, catalogue)
    return rules, tuple(sorted(findings, key=lambda one: (one.line, one.code, one.text)))


def refuse(where: str, findings: Iterable[Finding]) -> None:
    """Raise one error that lists what keeps the file from being loaded; nothing where nothing does.

    Raises:
        InvalidInputError: there are such findings.
    """
    refused = [one for one in findings if one.refused]
    if not refused:
        return
    texts = [f"{where}:{one.line}: {told(one)}" for one in refused]
    head = f"{len(texts)} faults: " if len(texts) > 1 else ""
    facts = [
        {"line": one.line, "code": one.code, "rule": one.rule, "message": one.text, "file": where}
        for one in refused
    ]
    raise InvalidInputError(head + "; ".join(texts), problems=facts)


def told(one: Finding) -> str:
    """Return a finding as people read it."""
    return f"rule `{one.rule}`: {one.text}" if one.rule else one.text


def near(name: str, known: Iterable[str], where: str) -> str:
    """Say which known name may be meant.

    >>> near("refnud", ["refund"], "ephor agents list")
    'did you mean `refund`?'
    """
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    if not listed:
        return f"there is none yet; see `{where}`"
    shown = ", ".join(listed[:12]) + (", …" if len(listed) > 12 else "")
    return f"use one of: {shown}"


def _unknown(rules: Sequence[Rule], catalogue: Catalogue) -> Iterator[Finding]:
    """Return every agent, role and tool that rules name and nobody knows."""
    known: Mapping[str, tuple[str, Iterable[str], str]] = {
        "Action": ("rule-unknown-tool", catalogue.tools, "ephor agents list"),
        "Tool": ("rule-unknown-tool", catalogue.tools, "ephor agents list"),
        "Agent": ("rule-unknown-agent", catalogue.agents, "ephor agents list"),
        "Role": ("rule-unknown-role", catalogue.roles, "ephor roles list"),
        **{name: ("rule-unknown-word", words, "") for name, words in WORDS.items()},
    }
    from cedarpy import pst  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    for rule in rules:
        for uid in sorted(pst.entity_uids(rule.tree), key=str):
            kind = str(uid.type)
            if kind not in known:
                advice = near(kind, [*known], "")
                yield Finding(
                    "rule-unknown-type",
                    _line(rule, f"{kind}::"),
                    rule.id,
                    f"nothing is a `{kind}`; {advice}",
                )
                continue
            code, names, where = known[kind]
            if uid.id not in names:
                noun = {"Action": "tool", "Tool": "tool", "Agent": "agent", "Role": "role"}.get(kind, kind)
                text = f"there is no {noun} `{uid.id}`; {near(uid.id, names, where)}"
                yield Finding(code, _line(rule, f'"{uid.id}"'), rule.id, text)


def _unread(rules: Sequence[Rule], catalogue: Catalogue) -> Iterator[Finding]:
    """Return what `has` asks for and nothing has: the validator takes it for false, and the rule would never match."""
    for rule in rules:
        for name in sorted(rule.reads.arguments or ()):
            yield from _undeclared(rule, name, catalogue)
        for node in (one for clause in rule.tree.clauses for one in nodes(clause.expr)):
            if type(node).__name__ == "HasAttr" and type(node.base).__name__ == "Var":
                known = {"principal": [*AGENT], "resource": [*TOOL]}.get(
                    node.base.name, [*CONTEXT, "arguments"]
                )
                if node.attrs[0] not in known:
                    path = f"{node.base.name}.{node.attrs[0]}"
                    text = f"there is no `{path}`; {near(node.attrs[0], known, '')}"
                    yield Finding("rule-unknown-attribute", _line(rule, node.attrs[0]), rule.id, text)


def _undeclared(rule: Rule, name: str, catalogue: Catalogue) -> Iterator[Finding]:
    """A tool that the rule names must declare what the rule reads; of tools it does not name, it says nothing."""
    spoken = {tool: one for tool, one in sorted(catalogue.tools.items()) if speaks_of(rule, tool)}
    lacking = [tool for tool, one in spoken.items() if name not in one.arguments]
    if not spoken or not lacking:
        return
    if rule.tools is not None or len(lacking) == len(spoken):
        yield _unknown_argument(rule, name, catalogue)
        return
    shown = ", ".join(f"`{tool}`" for tool in lacking[:6]) + (", …" if len(lacking) > 6 else "")
    text = f"says nothing about calls of {shown}, which declare no argument `{name}`"
    yield Finding("argument-not-declared", _line(rule, name), rule.id, text, refused=False)


def _invalid(rules: Sequence[Rule], catalogue: Catalogue) -> list[Finding]:
    """Return what Cedar's validator says against rules, in words that say what to write."""
    from cedarpy import Schema, validate_policies  # noqa: PLC0415 - as above

    if not rules or not catalogue.tools:
        return []
    schema = Schema.from_json_str(
        schema_json((name, dict(tool.arguments)) for name, tool in sorted(catalogue.tools.items()))
    )
    said = validate_policies("\n".join(rule.text for rule in rules), schema)
    found: dict[tuple[str, str], Finding] = {}
    for error in said.errors:
        rule = _owner(error.policy_id, rules) or _found_by(rules, schema, error.error)
        text = error.error.removeprefix(f"for policy `{error.policy_id}`").lstrip(",: ")
        finding = _explained(rule, text, catalogue)
        found.setdefault((finding.rule, finding.text), finding)
    return [*found.values()]


def _owner(policy: str, rules: Sequence[Rule]) -> Rule | None:
    number = policy.removeprefix("policy")
    return rules[int(number)] if number.isdigit() and int(number) < len(rules) else None


def _found_by(rules: Sequence[Rule], schema: Any, text: str) -> Rule:
    """Find the rule that an error without a name is about, by asking about each alone."""
    from cedarpy import validate_policies  # noqa: PLC0415 - as above

    for rule in rules:
        if any(one.error == text for one in validate_policies(rule.text, schema).errors):
            return rule
    return rules[0]


def _explained(rule: Rule, text: str, catalogue: Catalogue) -> Finding:
    attribute = _ATTRIBUTE.search(text)
    if attribute and "not found" in text:
        return _unknown_attribute(rule, attribute[1], text, catalogue)
    if attribute and "optional attribute" in text:
        path = attribute[1]
        owner = "context.arguments" if path.startswith("arguments.") else "context"
        name = path.removeprefix("arguments.")
        advice = f"may be missing; write `{owner} has {name} &&` before it"
        return Finding("rule-unguarded", _line(rule, name), rule.id, f"`{owner}.{name}` {advice}")
    if "applicable action" in text:
        return Finding(
            "rule-never-matches", rule.line, rule.id,
            "can never match: its head names no agent or role, or no tool, that go together; write "
            '`principal == Agent::"ID"` or `principal in Role::"NAME"`, and `action == Action::"TOOL"`',
        )  # fmt: skip
    if kind := _ENTITY_TYPE.search(text):
        advice = near(kind[1], ["Agent", "Role", "Tool", "Action", *WORDS], "")
        return Finding(
            "rule-unknown-type", _line(rule, kind[1]), rule.id, f"nothing is a `{kind[1]}`; {advice}"
        )
    named = re.search(r"`([^`]+)`", text)
    return Finding("rule-type", _line(rule, named[1] if named else ""), rule.id, advise(text))


def _unknown_attribute(rule: Rule, path: str, text: str, catalogue: Catalogue) -> Finding:
    if path.startswith("arguments."):
        return _unknown_argument(rule, path.removeprefix("arguments."), catalogue)
    owner, known = "context", [*CONTEXT, "arguments"]
    if "`Agent`" in text:
        owner, known = "principal", [*AGENT]
    elif "`Tool`" in text:
        owner, known = "resource", [*TOOL]
    advice = near(path, known, "")
    return Finding(
        "rule-unknown-attribute",
        _line(rule, path),
        rule.id,
        f"there is no `{owner}.{path}`; {advice}",
    )


def _unknown_argument(rule: Rule, name: str, catalogue: Catalogue) -> Finding:
    """Some tool that the rule speaks of has no such argument, or agents do not agree on its type."""
    spoken = {tool: one for tool, one in sorted(catalogue.tools.items()) if speaks_of(rule, tool)}
    having = [tool for tool, one in spoken.items() if name in one.arguments]
    contested = [(tool, one.contested[name]) for tool, one in spoken.items() if name in one.contested]
    line = _line(rule, name)
    if contested:
        tool, who = contested[0]
        text = f"agents do not agree what argument `{name}` of `{tool}` is: {who}; let their manifests agree"
        return Finding("rule-unknown-attribute", line, rule.id, text)
    if having:
        lacking = next(tool for tool in spoken if tool not in having)
        listed = ", ".join(f'Action::"{tool}"' for tool in having)
        text = (
            f"tool `{lacking}`, of which the rule speaks too, declares no argument `{name}`; write `action in [{listed}]` in "
            "the rule's head"
        )
        return Finding("rule-unknown-attribute", line, rule.id, text)
    names = {argument for one in spoken.values() for argument in one.arguments}
    advice = (
        near(name, names, "")
        if names
        else "declare it under `arguments:` of the tool in its manifest, as in `{" + name + ": integer}`"
    )
    return Finding(
        "rule-unknown-attribute", line, rule.id, f"no tool declares an argument `{name}`; {advice}"
    )


def _useless(rules: Sequence[Rule], catalogue: Catalogue) -> Iterator[Finding]:
    """Return rules that can never match, and rules that never change an answer because of another."""
    cases: dict[str, tuple[Known, ...]] = {}
    for rule in rules:
        if (found := cases_of(rule)) is None:
            continue
        if not found:
            text = "can never match: its conditions contradict each other; correct or remove it"
            yield Finding("rule-never-matches", rule.line, rule.id, text)
        elif rule.agent is not None and not _declares(rule, catalogue):
            text = (
                f"can never match: agent `{rule.agent}` declares none of the tools it speaks of, or is not of role "
                f"`{rule.role}`" if rule.role else
                f"can never match: agent `{rule.agent}` declares none of the tools it speaks of"
            )  # fmt: skip
            yield Finding("rule-never-matches", rule.line, rule.id, f"{text}; correct or remove it")
        else:
            cases[rule.id] = found
    kept = [rule for rule in rules if rule.id in cases]
    if len(kept) <= _MOST_COMPARED:
        yield from _shadowed(kept, cases)


def _declares(rule: Rule, catalogue: Catalogue) -> bool:
    return any(rule.agent in tool.agents for name, tool in catalogue.tools.items() if speaks_of(rule, name))


def _shadowed(rules: Sequence[Rule], cases: Mapping[str, tuple[Known, ...]]) -> Iterator[Finding]:
    for rule in rules:
        over = next((one for one in rules if _overrules(one, rule, cases)), None)
        if over is not None:
            text = (
                f"never permits anything: rule `{over.id}` in line {over.line} forbids every call it matches; remove one of them, "
                "or narrow the other"
            )
            yield Finding("rule-overruled", rule.line, rule.id, text)
            continue
        over = next((one for one in rules if _repeats(one, rule, cases)), None)
        if over is not None:
            text = f"adds nothing: rule `{over.id}` in line {over.line} matches every call it matches"
            yield Finding("rule-shadowed", rule.line, rule.id, text, refused=False)


def _overrules(one: Rule, rule: Rule, cases: Mapping[str, tuple[Known, ...]]) -> bool:
    return one.force is Force.FORBID and rule.force is Force.PERMIT and covers(cases[one.id], cases[rule.id])


def _repeats(one: Rule, rule: Rule, cases: Mapping[str, tuple[Known, ...]]) -> bool:
    """Of two rules that match the same calls the second is shadowed."""
    if one is rule or one.force is not rule.force or not covers(cases[one.id], cases[rule.id]):
        return False
    return one.line < rule.line or not covers(cases[rule.id], cases[one.id])


def _sessionless(rules: Iterable[Rule]) -> Iterator[Finding]:
    """Say which rules turn against labels alone: a call that names no session carries none, and passes them."""
    for rule in rules:
        against = "When" if rule.force is Force.FORBID else "Unless"
        looks = [
            node
            for clause in rule.tree.clauses
            if type(clause).__name__ == against
            for node in nodes(clause.expr)
            if type(node).__name__ == "GetAttr" and (type(node.base).__name__, node.attr) == ("Var", "labels")
        ]
        if looks and "session" not in (rule.reads.context or ()):
            text = (
                "a call that names no session carries no labels, and passes this rule; write "
                "`!(context has session) || context.labels…` unless that is what you mean"
            )
            yield Finding("session-not-asked-for", _line(rule, "labels"), rule.id, text, refused=False)


def _unspoken(rules: Sequence[Rule], catalogue: Catalogue) -> Iterator[Finding]:
    """Say which tools no rule permits: whoever wrote only prohibitions should know that nothing is left."""
    permits = [rule for rule in rules if rule.force is Force.PERMIT]
    silent = [tool for tool in sorted(catalogue.tools) if not any(speaks_of(rule, tool) for rule in permits)]
    if silent:
        shown = ", ".join(f"`{tool}`" for tool in silent[:12]) + (", …" if len(silent) > 12 else "")
        text = (
            f"no rule permits {shown}: every call of them is denied, unless another set permits it; "
            "`permit(principal, action, resource);` leaves to the ceiling what no rule forbids"
        )
        yield Finding("tools-not-permitted", 1, "", text, refused=False)


def _line(rule: Rule, word: str) -> int:
    """Return the line of the rule on which *word* stands, or the rule's first."""
    if word:
        for offset, text in enumerate(rule.text.split("\n")):
            if word in text.partition("//")[0]:
                return rule.line + offset
    return rule.line
