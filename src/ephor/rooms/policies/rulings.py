"""Ask the rules about one call: what they say without a person's approval, and with one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from ephor.kernel.vocabulary import Outcome, Reason, Sensitivity
from ephor.rooms.policies.book import Slice
from ephor.rooms.policies.rule import Force, Rule, Said, Spoken

ALLOW, ASK, DENY = Outcome
REASONS: Mapping[str, tuple[Outcome, str]] = {
    "rule-permits": (ALLOW, "a rule permits the call, and none forbids it"),
    "rule-asks": (ASK, "a rule forbids the call until a person approves, or permits it once one does"),
    "rule-forbids": (DENY, "a rule forbids the call, whoever approves"),
    "no-rule-permits": (DENY, "rules are in force, and none permits the call"),
    "rule-erred": (DENY, "a rule could not be evaluated for the call"),
    "rule-invalid": (DENY, "a rule no longer fits the tool, or cannot be read"),
    "argument-type": (DENY, "an argument that a rule reads is not of the type that the tool declares"),
}
"""The codes of what rules say, the answer each asks for, and when it is given."""
_DOES: Mapping[tuple[str, Force], str] = {
    ("rule-permits", Force.PERMIT): "permits it",
    ("rule-forbids", Force.FORBID): "forbids it",
    ("rule-asks", Force.FORBID): "forbids it until a person approves",
    ("rule-asks", Force.PERMIT): "permits it once a person approves",
}
"""What a rule does where it speaks."""
_POLICY = re.compile(r"`policy(\d+)`")
_LARGEST = 2**63 - 1
_RANKS = {one: one.rank for one in Sensitivity}
"""Cedar's whole numbers have 64 bits."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One call as rules see it. ``arguments`` is None where nobody knows them any more."""

    arguments: Mapping[str, Any] | None
    at: datetime
    sensitivity: Sensitivity
    purpose: str | None = None
    model: str | None = None
    session: str | None = None
    has_subject: bool = False
    giver: str | None = None
    depth: int = 0
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of a call: *allow* (within the ceiling), *ask* or *deny*, and all reasons for it."""

    outcome: Outcome
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    allowed: bool
    spoke: tuple[int, ...]
    erred: tuple[tuple[int | None, str], ...]


def rule_on(slice: Slice, facts: CallFacts) -> Ruling:
    """Return what the rules say of a call. A forbid beats every permit; no permit denies; an error denies."""
    if slice.invalid:
        said = tuple(
            _of_none("rule-invalid", f"{text}; correct the rule, or the tool's manifest")
            for text in slice.invalid
        )
        return Ruling(DENY, said)
    if not slice.rules:
        return Ruling(DENY, (_nothing(slice),))
    context = {name: _CONTEXT[name](facts) for name in slice.context}
    context = {name: value for name, value in context.items() if value is not None}
    if slice.arguments is not None:
        read, wrong = _arguments(slice.arguments, facts.arguments or {})
        if wrong:
            return Ruling(DENY, tuple(_of_none("argument-type", text) for text in wrong))
        context["arguments"] = read
    first = _ask(slice, context)
    if first.erred:
        return Ruling(DENY, tuple(_erred(slice, first)))
    if first.allowed:
        return Ruling(ALLOW, tuple(_spoke(slice, first.spoke, "rule-permits")))
    second = _ask(slice, {**context, "approved": True}) if slice.approvable else first
    if second.erred:
        return Ruling(DENY, tuple(_erred(slice, second)))
    return _denied(slice, first, second)


def _denied(slice: Slice, first: _Answer, second: _Answer) -> Ruling:
    """Put together what stands against the call for good, and what a person's approval lifts.

    Where Cedar denies, it names the rules that forbid, none where nothing permits; where it allows, those that permit.
    """
    for_good = () if second.allowed else second.spoke
    said = _spoke(slice, for_good, "rule-forbids")
    if not second.allowed and not for_good:
        said.append(_nothing(slice))
    lifted = sorted({*first.spoke}.difference(for_good))
    said += _spoke(slice, lifted, "rule-asks")
    if second.allowed and not lifted:
        said += _spoke(slice, second.spoke, "rule-asks")
    return Ruling(ASK if second.allowed else DENY, tuple(said))


def _ask(slice: Slice, context: Mapping[str, Any]) -> _Answer:
    from cedarpy import is_authorized  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    request = {**slice.request, "context": orjson.dumps(context).decode()}
    result = is_authorized(request, slice.policies, slice.entities, slice.schema)
    told, decision = result.diagnostics, result.decision.value
    errors = told.errors
    if errors or decision == "NoDecision":
        texts = errors or ["the rules gave no answer"]
        return _Answer(allowed=False, spoke=(), erred=tuple((_number(text), text) for text in texts))
    spoke = tuple(
        sorted([int(id[6:]) for id in told.reasons])
    )  # Cedar names them policy0, policy1, … in their order
    return _Answer(decision == "Allow", spoke, ())


def _number(text: str) -> int | None:
    return int(found[1]) if (found := _POLICY.search(text)) else None


def _erred(slice: Slice, answer: _Answer) -> Iterator[Said]:
    for number, text in sorted(answer.erred, key=lambda one: (one[0] is None, one)):
        if number is None:
            yield _of_none("rule-erred", f"the rules could not be asked about this call: {text}")
            continue
        rule = slice.rules[number]
        why = text.partition(f"`policy{number}`: ")[2] or text
        yield _by(rule, "rule-erred", f"rule `{rule.name}` could not be evaluated: {why}")


def _spoke(slice: Slice, numbers: Iterable[int], code: str) -> list[Said]:
    rules = [slice.rules[number] for number in numbers]
    return [rule.said.get(code) or _says(rule, code) for rule in rules]


def _says(rule: Rule, code: str) -> Said:
    """Return what *rule* says by this *code*, made once: it is the same for every call."""
    because = f": {rule.because}" if rule.because else ""
    made = _by(rule, code, f"rule `{rule.name}` {_DOES[code, rule.force]}{because}")
    return rule.said.setdefault(code, made)


def _by(rule: Rule, code: str, text: str) -> Said:
    outcome, _ = REASONS[code]
    return Said(
        Reason(code, outcome, text),
        rule,
        Spoken(rule.name, rule.force.value, outcome, rule.line, rule.text),
    )


def _of_none(code: str, text: str) -> Said:
    outcome, _ = REASONS[code]
    return Said(Reason(code, outcome, text))


def _nothing(slice: Slice) -> Said:
    return _of_none(
        "no-rule-permits",
        f"no rule permits agent `{slice.agent.id}` to call `{slice.tool.name}` like this, and what no rule permits is denied",
    )


def _arguments(
    types: tuple[tuple[str, str], ...], given: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the arguments that rules read, as Cedar takes them; null counts as not given."""
    read: dict[str, Any] = {}
    wrong = []
    for name, type_ in types:
        if (value := given.get(name)) is None:
            continue
        if (taken := _taken(value, type_)) is None:
            wrong.append(
                f"argument `{name}` is no {_NOUNS[type_]}, which the tool declares it to be; rules cannot read it"
            )
        read[name] = taken
    return read, tuple(wrong)


_NOUNS: Mapping[str, str] = {
    "string": "text",
    "integer": "whole number of 64 bits",
    "number": "number with at most four decimals",
    "boolean": "truth value",
    "strings": "list of text",
    "integers": "list of whole numbers of 64 bits",
}


def _taken(value: Any, type_: str) -> Any:
    """Return *value* as Cedar takes it, or None where it is not of the type."""
    if type_ == "string":
        return value if isinstance(value, str) else None
    if type_ == "integer":
        return value if type(value) is int and -_LARGEST <= value <= _LARGEST else None
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if type_ == "number":
        return _decimal(value)
    if not isinstance(value, list | tuple):
        return None
    parts = [_taken(part, "string" if type_ == "strings" else "integer") for part in value]
    return None if None in parts else parts


def _decimal(value: Any) -> str | None:
    """Return a number in the only way Cedar writes them: one to four decimals, no exponent."""
    if type(value) is not int and type(value) is not float:
        return None
    exact = Decimal(repr(value))
    if abs(exact) > Decimal("922337203685477"):
        return None
    rounded = exact.quantize(Decimal("0.0001"))
    return f"{rounded:f}" if rounded == exact else None


def _when(facts: CallFacts) -> datetime:
    return facts.at.astimezone(UTC)


_CONTEXT: Mapping[str, Callable[[CallFacts], Any]] = {
    "approved": lambda _: False,
    "at": lambda facts: _when(facts).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z",
    "delegation_depth": lambda facts: facts.depth,
    "has_subject": lambda facts: facts.has_subject,
    "hour": lambda facts: _when(facts).hour,
    "labels": lambda facts: sorted(facts.labels),
    "model": lambda facts: facts.model,
    "on_behalf_of": lambda facts: facts.giver,
    "purpose": lambda facts: facts.purpose,
    "sensitivity": lambda facts: {"type": "Sensitivity", "id": facts.sensitivity.value},
    "sensitivity_level": lambda facts: _RANKS[facts.sensitivity],
    "session": lambda facts: facts.session,
    "weekday": lambda facts: _when(facts).isoweekday(),
}
