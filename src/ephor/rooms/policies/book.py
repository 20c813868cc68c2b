"""All rules in force as one book, and the few of them that can match calls of one tool by one agent: a slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ephor.kernel.canonical import digest
from ephor.rooms.policies.reading import read_rules
from ephor.rooms.policies.rule import Finding, Reads, Rule, RuleRef, RuleSet, actions_in, speaks_of
from ephor.rooms.policies.rule_schema import (
    AgentFacts,
    ToolFacts,
    entities_json,
    read_arguments,
    read_names,
    schema_json,
)

_MOST_SLICES = 10_000


@dataclass(frozen=True, slots=True)
class Book:
    """Every rule of several sets, in the order of the sets and of their lines."""

    refs: tuple[RuleRef, ...]
    rules: tuple[Rule, ...]
    unreadable: tuple[Finding, ...]
    digest: str
    parsed: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was parsed once, by what it was parsed from: memory, not meaning."""

    @property
    def sets(self) -> tuple[str, ...]:
        """The ids of its sets."""
        return tuple(one.id for one in self.refs)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rules that can match one agent's calls of one tool, ready to be asked."""

    rules: tuple[Rule, ...]
    agent: AgentFacts
    tool: ToolFacts
    context: tuple[str, ...]
    """The attributes of the context that the rules read."""
    arguments: tuple[tuple[str, str], ...] | None
    """The arguments that they read, with their types; None: no argument at all."""
    approvable: bool
    """Whether a person's approval can change what they say."""
    invalid: tuple[str, ...]
    """Why they cannot be asked: what the validator says."""
    policies: Any = field(repr=False, compare=False)
    schema: Any = field(repr=False, compare=False)
    entities: Any = field(repr=False, compare=False)
    request: Any = field(repr=False, compare=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """What its rules say: two slices with the same texts answer every call alike."""
        return tuple(rule.text for rule in self.rules)

    def lacks(self, unknown: frozenset[str]) -> frozenset[str]:
        """Return what its rules look at and nobody knows; ``arguments`` only where they look at any."""
        looked = {*self.context, *(("arguments",) if self.arguments else ())}
        return unknown & looked


def book_of(sets: Iterable[RuleSet]) -> Book:
    """Return the book of several sets. The same sets give the same book, parsed once."""
    return _book(tuple((one.id, one.text) for one in sorted(sets, key=lambda one: (one.name, one.version))))


@lru_cache(maxsize=16)
def _book(sets: tuple[tuple[str, str], ...]) -> Book:
    rules: list[Rule] = []
    unreadable: list[Finding] = []
    for id, text in sets:
        found, findings = read_rules(text)
        rules += [replace(rule, set=id) for rule in found]
        unreadable += [replace(one, rule=f"{id}/{one.rule or one.line}") for one in findings]
    refs = tuple(RuleRef(id, digest(text)) for id, text in sets)
    named = {"schema": "ephor/rules/1", "sets": [[one.id, one.digest] for one in refs]}
    return Book(refs, tuple(rules), tuple(unreadable), digest(named))


def held_to(refs: tuple[RuleRef, ...], book: Book | None) -> Book | None:
    """Return *book* if it is the one that *refs* name; another, or none where there must be one, denies everything."""
    if refs == (() if book is None else book.refs):
        return book
    lacking = Finding("rule-invalid", 0, "", "the rules that the decision rested on are not at hand")
    return Book(refs, (), (lacking,), digest([[one.id, one.digest] for one in refs]))


def sliced(book: Book, agent: AgentFacts, tool: ToolFacts) -> tuple[Rule, ...]:
    """Return the rules whose heads let them match *agent*'s calls of *tool*."""
    return tuple(
        rule
        for rule in book.rules
        if speaks_of(rule, tool.name)
        and (rule.agent is None or rule.agent == agent.id)
        and (rule.role is None or rule.role in agent.roles)
    )


def slice_of(book: Book, agent: AgentFacts, tool: ToolFacts) -> Slice:
    """Return the slice of *book* for *agent*'s calls of *tool*, validated against the tool as it is now.

    A book that cannot be read as a whole denies everything: nobody knows what the unreadable rule forbids.
    """
    ready = slice_from(sliced(book, agent, tool), agent, tool, book.parsed)
    unread = tuple(f"rule `{one.rule}` cannot be read: {one.text}" for one in book.unreadable)
    return replace(ready, invalid=(*unread, *ready.invalid)) if unread else ready


def slice_from(rules: Sequence[Rule], agent: AgentFacts, tool: ToolFacts, parsed: dict[Any, Any]) -> Slice:
    """Return *rules* ready to be asked about *agent*'s calls of *tool*; *parsed* keeps what was parsed before."""
    from cedarpy import Entities  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    rules = tuple(rules)
    reads = Reads()
    for rule in rules:
        reads = reads | rule.reads
    key = (tool.name, tool.arguments, tuple(rule.name for rule in rules))
    if key not in parsed:
        if len(parsed) >= _MOST_SLICES:
            parsed.clear()
        parsed[key] = _parse(rules, tool, reads)
    policies, schema, invalid = parsed[key]
    known = read_arguments(dict(tool.arguments), reads)
    return Slice(
        rules=rules,
        agent=agent,
        tool=tool,
        context=read_names(reads),
        arguments=None if known is None else tuple(known.items()),
        approvable=reads.context is None or "approved" in reads.context,
        invalid=invalid,
        policies=policies,
        schema=schema,
        entities=Entities.from_json_str(entities_json(agent, tool), schema) if rules else None,
        request={
            "principal": {"type": "Agent", "id": agent.id},
            "action": {"type": "Action", "id": tool.name},
            "resource": {"type": "Tool", "id": tool.name},
        },
    )


def _parse(rules: Sequence[Rule], tool: ToolFacts, reads: Reads) -> tuple[Any, Any, tuple[str, ...]]:
    from cedarpy import PolicySet, Schema, validate_policies  # noqa: PLC0415 - as above

    if not rules:
        return None, None, ()
    text = "\n".join(rule.text for rule in rules)
    named = {name for rule in rules for name in (*(rule.tools or ()), *actions_in(rule.tree))}
    schema = Schema.from_json_str(
        schema_json([(tool.name, dict(tool.arguments))], reads=reads, others=sorted(named - {tool.name}))
    )
    checked = validate_policies(text, schema)
    invalid = [
        f"rule `{rule.name}` reads argument `{name}`, which this agent's manifest does not declare for `{tool.name}`"
        for rule in rules
        for name in sorted(rule.reads.arguments or ())
        if rule.tools is not None and name not in dict(tool.arguments)
    ]
    if checked.validation_passed and not invalid:
        return PolicySet.from_str(text), schema, ()
    for error in checked.errors:
        number = error.policy_id.removeprefix("policy")
        rule = rules[int(number)].name if number.isdigit() and int(number) < len(rules) else "?"
        said_of = error.error.removeprefix(f"for policy `{error.policy_id}`").lstrip(",: ")
        invalid.append(f"rule `{rule}` cannot be evaluated for `{tool.name}`: {said_of}")
    return None, schema, tuple(dict.fromkeys(invalid))
