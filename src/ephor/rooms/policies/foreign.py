"""Policies of Microsoft's agent-governance-toolkit, in both of its formats, as rules in Cedar.

Its own engine takes the first rule that matches, from the highest priority down; in Cedar a forbid always wins. So a rule
that denies is kept from calls that a higher one lets through. What its engine cannot read it silently never applies; here
each rule is translated as it is written, or the file is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.check_rules import Catalogue, check_rules, refuse
from ephor.rooms.policies.conditions import AllOf, Always, Compares, Condition, read_condition
from ephor.rooms.policies.foreign_terms import FIELDS, Term, cedar_of, term_of
from ephor.rooms.policies.rule import Finding

_LETS = {"allow": "allow", "warn": "allow", "log": "allow", "audit": "allow"}
_ACTIONS = {**_LETS, "deny": "deny", "block": "deny", "require_approval": "ask"}
_KNOWN = {
    "name", "description", "condition", "action", "priority", "enabled", "stage", "approvers", "limit", "message", "override",
}  # fmt: skip
_HEADS = {
    "apiVersion", "version", "name", "description", "rules", "default_action", "defaults", "agent", "agents", "created_at",
    "updated_at", "scope", "extends", "inherit",
}  # fmt: skip
_COMPARES = {"eq": "==", "ne": "!=", "gt": ">", "lt": "<", "gte": ">=", "lte": "<=", "in": "in", "not_in": "not in",
             "contains": "contains"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForeignRule:
    """One rule as the other engine has it, read."""

    place: str
    name: str
    condition: Condition
    action: str
    priority: int
    because: str
    written: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one rule: ``translated`` or ``left out``, and how the other engine takes it."""

    name: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class Translated:
    """A file of rules in Cedar, and what became of each rule of the other file."""

    text: str
    rules: tuple[Told, ...]


def translate(
    document: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    own: Mapping[str, str],
    where: str,
    lines: Mapping[str, int],
) -> Translated:
    """Return the policies of *document* in Cedar.

    Raises:
        InvalidInputError: something in it has no meaning here; every such rule is listed, with its line and what to do.
    """
    faults: list[Finding] = []
    told: list[Told] = []
    _check_heads(document, faults, lines)
    rules = [*_rules(document, faults, told, lines)]
    head = _agents(document, catalogue, faults, lines, told)
    ordered = sorted(rules, key=lambda one: -one.priority)
    cedar = [*_translated(ordered, head, catalogue, own, faults, lines)]
    if document_default(document) == "allow":
        cedar.append(_Written("default", f'@id("default-allow")\npermit({head}, action, resource);', None))
    refuse(where, sorted(faults, key=lambda one: one.line))
    kept, gone = _useful(cedar, catalogue)
    for one in ordered:
        note = " ".join((_note(one, document), gone.get(one.name, ""))).strip()
        told.append(Told(one.name, "left out" if one.name in gone else "translated", note))
    text = _file(document, kept, told)
    refuse(where, check_rules(text, catalogue)[1])
    return Translated(text, tuple(told))


def document_default(document: Mapping[str, Any]) -> str:
    """Return what the other engine answers where no rule matches; each format has a default of its own."""
    if _is_structured(document):
        defaults = document.get("defaults")
        stated = defaults.get("action", "allow") if isinstance(defaults, Mapping) else "allow"
    else:
        stated = document.get("default_action", "deny")
    return _ACTIONS.get(str(stated), "deny")


@dataclass(frozen=True, slots=True)
class _Written:
    name: str
    text: str
    rule: ForeignRule | None


def _is_structured(document: Mapping[str, Any]) -> bool:
    rules = document.get("rules")
    first = rules[0] if isinstance(rules, list) and rules else None
    return "defaults" in document or (
        isinstance(first, Mapping) and isinstance(first.get("condition"), Mapping)
    )


def _check_heads(document: Mapping[str, Any], faults: list[Finding], lines: Mapping[str, int]) -> None:
    for key in document:
        if key not in _HEADS:
            _fault(
                faults,
                lines,
                str(key),
                "",
                f"`{key}` has no meaning here; say it in another way, or take it out",
            )
    if document.get("extends"):
        _fault(
            faults,
            lines,
            "extends",
            "",
            "`extends` is not followed; write the rules of the parents into this file",
        )
    if document.get("scope") not in (None, "global"):
        _fault(faults, lines, "scope", "", "a `scope` has no meaning here; name agents or tools in the rules")
    for key in document["defaults"] if isinstance(document.get("defaults"), Mapping) else ():
        if key != "action":
            _fault(
                faults,
                lines,
                f"defaults.{key}",
                "",
                f"`defaults.{key}` is no rule; set a limit, see `ephor limits`",
            )
    if not isinstance(document.get("rules"), list) or not document["rules"]:
        _fault(faults, lines, "rules", "", "there is no list of `rules`; is it a policy of the toolkit?")


def _rules(
    document: Mapping[str, Any], faults: list[Finding], told: list[Told], lines: Mapping[str, int]
) -> Iterator[ForeignRule]:
    names: set[str] = set()
    for number, raw in enumerate(document["rules"] if isinstance(document.get("rules"), list) else ()):
        place = f"rules[{number}]"
        if not isinstance(raw, Mapping):
            _fault(faults, lines, place, "", "is no mapping; write name, condition and action")
            continue
        name = _name(str(raw.get("name", f"rule-{number + 1}")), names)
        if raw.get("enabled", True) is False:
            told.append(Told(name, "left out", "it is not enabled"))
            continue
        try:
            yield _rule(raw, place, name)
        except InvalidInputError as error:
            _fault(faults, lines, f"{place}.condition", name, str(error))


def _rule(raw: Mapping[str, Any], place: str, name: str) -> ForeignRule:
    if unknown := sorted(str(key) for key in set(raw) - _KNOWN):
        raise InvalidInputError(f"`{unknown[0]}` has no meaning here; take it out")
    if raw.get("stage", "pre_tool") != "pre_tool":
        raise InvalidInputError(
            f"stage `{raw['stage']}` is not the call of a tool; only `pre_tool` can be decided here"
        )
    if raw.get("limit"):
        raise InvalidInputError(
            "a `limit` counts calls, which no rule in Cedar can; set a limit, see `ephor limits`"
        )
    action = _ACTIONS.get(str(raw.get("action", "deny")))
    if action is None:
        raise InvalidInputError(
            f"action `{raw['action']}` is none; use one of: {', '.join(sorted(_ACTIONS))}"
        )
    priority = raw.get("priority", 0)
    if type(priority) is not int:
        raise InvalidInputError("the priority is no whole number; write one")
    condition, written = _condition(raw.get("condition"))
    because = str(raw.get("message") or raw.get("description") or "")
    return ForeignRule(place, name, condition, action, priority, " ".join(because.split())[:300], written)


def _condition(raw: object) -> tuple[Condition, str]:
    if isinstance(raw, str):
        return read_condition(raw), " ".join(raw.split())
    if isinstance(raw, bool):
        return Always(raw), str(raw).lower()
    if not isinstance(raw, Mapping) or set(raw) != {"field", "operator", "value"}:
        raise InvalidInputError(
            "the condition is none; write text such as `tool == 'mail'`, or field, operator and value"
        )
    field, operator, value = raw["field"], raw["operator"], raw["value"]
    if operator == "matches":
        if not isinstance(value, str) or re.escape(value) != value:
            raise InvalidInputError(
                "`matches` is a pattern, which Cedar has not; use `contains`, or compare whole words"
            )
        operator = "contains"
    op = _COMPARES.get(str(operator))
    if op is None:
        raise InvalidInputError(f"there is no operator `{operator}`; use one of: {', '.join(_COMPARES)}")
    literal = tuple(value) if isinstance(value, list) else value
    parts = literal if isinstance(literal, tuple) else (literal,)
    if not all(isinstance(one, str | int | float | bool) for one in parts) or (
        isinstance(literal, tuple) != (op in ("in", "not in"))
    ):
        raise InvalidInputError(
            f"`{operator}` cannot compare with this value; write {'a list' if op in ('in', 'not in') else 'one value'}"
        )
    return Compares(str(field), op, literal), f"{field} {op} {json.dumps(value, ensure_ascii=False)}"


def _agents(
    document: Mapping[str, Any],
    catalogue: Catalogue,
    faults: list[Finding],
    lines: Mapping[str, int],
    told: list[Told],
) -> str:
    """Return the head's principal. One agent is named there; several, in each rule's condition, are not supported by a head."""
    listed = document.get("agents")
    named = [
        *(listed if isinstance(listed, list) else []),
        *([document["agent"]] if document.get("agent") else []),
    ]
    if _is_structured(document):
        named = ["*"]
    if not named:
        told.append(
            Told(
                "agents",
                "note",
                "the file names no agent, so its engine applies it to none; here it is for all",
            )
        )
    if not named or "*" in named:
        return "principal"
    if len(set(named)) > 1:
        _fault(
            faults,
            lines,
            "agents",
            "",
            "several agents in one file; write one file for each, or give them a role",
        )
    if named[0] not in catalogue.agents:
        _fault(faults, lines, "agents", "", f"there is no agent `{named[0]}`; see `ephor agents list`")
    return f"principal == Agent::{json.dumps(str(named[0]))}"


def _translated(
    ordered: Sequence[ForeignRule],
    head: str,
    catalogue: Catalogue,
    own: Mapping[str, str],
    faults: list[Finding],
    lines: Mapping[str, int],
) -> Iterator[_Written]:
    def terms(field: str) -> Term:
        return term_of(field, catalogue, own)

    above: list[ForeignRule] = []
    for rule in ordered:
        try:
            yield from _cedar(rule, above, head, terms, catalogue)
            if rule.action != "deny":
                above.append(rule)
        except InvalidInputError as error:
            _fault(faults, lines, f"{rule.place}.condition", rule.name, str(error))


def _cedar(
    rule: ForeignRule,
    above: Sequence[ForeignRule],
    head: str,
    terms: Callable[[str], Term],
    catalogue: Catalogue,
) -> Iterator[_Written]:
    """Return the rules in Cedar for one rule.

    A higher rule that lets calls through keeps them from this one where it matches for certain.
    """
    action, condition = _head_tool(rule.condition, catalogue)
    names = f'@id("{rule.name}")' + (f" @because({_quoted(rule.because)})" if rule.because else "")
    scope = f"({head}, {action}, resource)"
    if rule.action == "allow":
        when = _clause("when", cedar_of(condition, terms, catalogue, unknown=False))
        yield _Written(rule.name, f"{names}\npermit{scope}{when};", rule)
        return
    when = _clause("when", cedar_of(condition, terms, catalogue, unknown=True))
    higher = [cedar_of(one.condition, terms, catalogue, unknown=False) for one in above]
    spared = "".join(_clause("unless", one) for one in higher)
    lifted = "\nunless { context.approved }" if rule.action == "ask" else ""
    yield _Written(rule.name, f"{names}\nforbid{scope}{when}{spared}{lifted};", rule)
    if rule.action == "ask":
        certain = _clause("when", cedar_of(condition, terms, catalogue, unknown=True))
        text = f'@id("{rule.name}-approved")\npermit{scope}{certain}\nwhen {{ context.approved }};'
        yield _Written(rule.name, text, rule)


def _head_tool(condition: Condition, catalogue: Catalogue) -> tuple[str, Condition]:
    """Put a tool that the condition names into the head, so that the rule is asked about that tool alone."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    for one in parts:
        if (
            isinstance(one, Compares)
            and one.op == "=="
            and FIELDS.get(one.field) == "tool"
            and one.value in catalogue.tools
        ):
            rest = tuple(other for other in parts if other is not one)
            left: Condition = Always(True) if not rest else rest[0] if len(rest) == 1 else AllOf(rest)
            return f"action == Action::{json.dumps(one.value)}", left
    return "action", condition


def _clause(word: str, cedar: str) -> str:
    return "" if (word, cedar) == ("when", "true") else f"\n{word} {{ {cedar} }}"


def _useful(written: Sequence[_Written], catalogue: Catalogue) -> tuple[list[_Written], dict[str, str]]:
    """Leave out what the check finds to be without any effect; each is told of."""
    kept, gone = [*written], {}
    while kept:
        rules, findings = check_rules("\n".join(one.text for one in kept), catalogue)
        idle = {one.rule: one for one in findings if one.code in ("rule-overruled", "rule-never-matches")}
        drop = [place for place, rule in enumerate(rules) if rule.id in idle]
        if not drop or len(rules) != len(kept):
            break
        for place in reversed(drop):
            one = kept.pop(place)
            gone[one.name] = idle[rules[place].id].text
    return kept, gone


def _note(rule: ForeignRule, document: Mapping[str, Any]) -> str:
    """Say how the other engine takes the rule, where that is not what it says."""
    if _is_structured(document):
        return "its engine never matches where the field is missing" if rule.action != "allow" else ""
    text = rule.written
    quoted = re.findall(r"'[^']*'|\"[^\"]*\"", text)
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)
    faults = [
        (any(re.search(r"\s(?:and|or)\s", one) for one in quoted), "its engine cuts the condition inside the quotes"),
        (re.search(r"\(|\)", bare), "its engine knows no parentheses: parts of the condition never hold"),
        (re.search(r"\bnot\b|!(?!=)", bare, re.IGNORECASE), "its engine knows no `not`: that part of the condition never holds"),
        (re.search(r"\b(?:AND|OR|And|Or|IN|In)\b|&&|\|\|", bare), "its engine knows `and`, `or` and `in` in small letters alone, and ignores the rest"),
        (re.search(r"[!=]=\s*(?!'')\S", bare), "its engine compares for equality with quoted text alone: that part never holds"),
        (re.search(r"\bcontains\b", bare), "its engine knows no `contains`: that part never holds"),
        (re.search(r"[<>]=?\s*-", bare), "its engine knows no negative numbers: that part never holds"),
        (re.search(r"[<>]", bare), "its engine takes a missing number for 0"),
        (re.search(r"''\s*''", bare), "its engine ignores what follows the first comparison"),
    ]  # fmt: skip
    return "; ".join(note for found, note in faults if found)


def _file(document: Mapping[str, Any], kept: Sequence[_Written], told: Sequence[Told]) -> str:
    name = " ".join(str(document.get("name", "")).split())[:80]
    parts = [f"// Translated from the policy `{name}`. What no rule permits is denied."]
    parts += [
        f"// {one.name}: {one.outcome}{': ' + one.note if one.note else ''}" for one in told if one.note
    ]
    for one in kept:
        said = f"// {one.rule.action} when {one.rule.written}\n" if one.rule is not None else ""
        parts.append("\n" + said + one.text)
    return "\n".join(parts) + "\n"


def _name(text: str, taken: set[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:60] or "rule"
    while name in taken or f"{name}-approved" in taken:
        name += "-2"
    taken.add(name)
    return name


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one for one in escaped if one.isprintable()) + '"'


def _fault(faults: list[Finding], lines: Mapping[str, int], place: str, name: str, text: str) -> None:
    line = lines.get(place) or lines.get(place.rpartition(".")[0]) or 1
    faults.append(Finding("foreign-rule", line, name, text))
