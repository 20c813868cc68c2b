"""Cases for rules: a call, and what the rules must answer, read from a file beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import moment
from ephor.kernel.vocabulary import Sensitivity, word
from ephor.rooms.policies.rulings import ALLOW, ASK, DENY, CallFacts, Ruling

_TIMES = ("at", "hour", "weekday")
_TEXTS = ("name", "agent", "tool", "expect", "purpose", "model", "session", "on_behalf_of", "sensitivity")
_KEYS = (*_TEXTS, "at", "arguments", "labels", "delegation_depth", "has_subject", "because")
MOST_CASES = 10_000


@dataclass(frozen=True, slots=True)
class RuleCase:
    """One call and the answer it must get; ``because`` are rules that must be among those that speak."""

    name: str
    agent: str
    tool: str
    expect: str
    facts: CallFacts
    sensitivity: Sensitivity | None
    timed: bool
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What the rules answered, against what the case expects; ``fault`` says why it did not pass."""

    name: str
    expect: str
    answer: str
    passed: bool
    fault: str
    said: tuple[str, ...]


def read_cases(document: Mapping[str, Any]) -> tuple[RuleCase, ...]:
    """Return the cases of a file: a list under ``cases``.

    Raises:
        InvalidInputError: something is missing, unknown or of another kind; the message says which case and what to write.
    """
    if unknown := sorted(set(document) - {"cases"}):
        raise InvalidInputError(f"unknown key `{unknown[0]}`; write a list under `cases`")
    listed = document.get("cases")
    if not isinstance(listed, list) or not listed:
        raise InvalidInputError(
            "there are no cases; write a list under `cases`, each with agent, tool and expect"
        )
    if len(listed) > MOST_CASES:
        raise InvalidInputError(f"there are more than {MOST_CASES} cases; split the file")
    return tuple(_case(raw, number) for number, raw in enumerate(listed, 1))


def judge_case(case: RuleCase, ruling: Ruling) -> CaseResult:
    """Return whether the rules answered as the case expects, for the reasons it expects."""
    spoke = {one.rule.id for one in ruling.said if one.rule is not None}
    missing = [id for id in case.because if id not in spoke]
    fault = ""
    if ruling.outcome != case.expect:
        fault = f"expected {case.expect}, and the rules say {ruling.outcome}"
    elif missing:
        fault = f"rule `{missing[0]}` did not speak; these did: {', '.join(sorted(spoke)) or 'none'}"
    return CaseResult(
        case.name, case.expect, ruling.outcome, not fault, fault, tuple(one.text for one in ruling.said)
    )


def needs_time(case: RuleCase, reads: tuple[str, ...]) -> bool:
    """Tell whether the rules look at the time and the case names none: then nobody knows the answer."""
    return not case.timed and any(name in reads for name in _TIMES)


def with_sensitivity(case: RuleCase, declared: Sensitivity) -> CallFacts:
    """Return the case's call on data that is at least as sensitive as the tool declares."""
    own = declared if case.sensitivity is None else max(declared, case.sensitivity)
    return dataclasses.replace(case.facts, sensitivity=own)


def _case(raw: object, number: int) -> RuleCase:
    if not isinstance(raw, Mapping):
        raise InvalidInputError(
            f"case {number} is no mapping; write `agent:`, `tool:` and `expect:` under each other"
        )
    what = f"case {number}" if not isinstance(raw.get("name"), str) else f"case `{raw['name'][:80]}`"
    if unknown := sorted(str(key) for key in set(raw) - set(_KEYS)):
        raise InvalidInputError(f"{what} has an unknown key `{unknown[0]}`; use some of: {', '.join(_KEYS)}")
    if missing := [key for key in ("agent", "tool", "expect") if key not in raw]:
        raise InvalidInputError(f"{what} has no `{missing[0]}`; write one")
    if wrong := [key for key in _TEXTS if key in raw and not isinstance(raw[key], str)]:
        raise InvalidInputError(f"`{wrong[0]}` of {what} is no text; write it in quotes")
    if raw["expect"] not in (ALLOW, ASK, DENY):
        raise InvalidInputError(
            f"`expect` of {what} is `{raw['expect'][:40]}`; write one of: {ALLOW}, {ASK}, {DENY}"
        )
    at = _moment(raw["at"], what) if "at" in raw else None
    depth = _of(int, raw, "delegation_depth", 1 if "on_behalf_of" in raw else 0, what)
    if depth < 0:
        raise InvalidInputError(f"`delegation_depth` of {what} is {depth}; write 0 or more")
    level = word(Sensitivity, raw["sensitivity"], "sensitivity") if "sensitivity" in raw else None
    return RuleCase(
        name=raw.get("name", f"case {number}"),
        agent=raw["agent"],
        tool=raw["tool"],
        expect=raw["expect"],
        facts=CallFacts(
            arguments=_of(dict, raw, "arguments", {}, what),
            at=at or datetime(1970, 1, 1, tzinfo=UTC),
            sensitivity=level or Sensitivity.PUBLIC,
            purpose=raw.get("purpose"),
            model=raw.get("model"),
            session=raw.get("session"),
            has_subject=_of(bool, raw, "has_subject", False, what),
            giver=raw.get("on_behalf_of"),
            depth=depth,
            labels=frozenset(_words(raw, "labels", what)),
        ),
        sensitivity=level,
        timed=at is not None,
        because=_words(raw, "because", what),
    )


_NOUNS = {dict: "mapping", bool: "truth value", int: "whole number"}


def _of(kind: type, raw: Mapping[str, Any], key: str, default: Any, what: str) -> Any:
    value = raw.get(key, default)
    if type(value) is not kind:
        raise InvalidInputError(f"`{key}` of {what} is no {_NOUNS[kind]}; write one, or leave it out")
    return value


def _words(raw: Mapping[str, Any], key: str, what: str) -> tuple[str, ...]:
    value = raw.get(key, [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InvalidInputError(f"`{key}` of {what} is no list of text; write `[ONE, TWO]`")
    return tuple(listed)


def _moment(raw: object, what: str) -> datetime:
    try:
        return moment(raw.isoformat() if isinstance(raw, datetime) else str(raw))
    except InvalidInputError:
        raise InvalidInputError(
            f"`at` of {what} is no time with a zone; write it like 2026-11-27T22:00:00Z", value=str(raw)[:40]
        ) from None
