"""The closed language in which a pack says when something holds, and how it is judged in three values.

There is nothing here to execute: a condition compares stated facts with listed words and joins the answers. So a
stranger's pack can be wrong, but it cannot do anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ephor.kernel.truth import Truth, negate
from ephor.rooms.regulation.facts import Facts


@dataclass(frozen=True, slots=True)
class In:
    """The fact is one of ``values``; of a list, at least one is."""

    fact: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True, slots=True)
class Only:
    """The list is not empty and holds nothing but ``values``."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Something has been said about the fact."""

    fact: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The part holds and somebody has said so; silence does not say so, but a fact said to be unknown is a question."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; of an unknown part the negation is unknown."""

    part: Condition


Condition: TypeAlias = "In | Only | Known | Claimed | AllOf | AnyOf | Not"


@dataclass(frozen=True, slots=True)
class Finding:
    """A truth, the facts it rests on, and the facts that would have to be stated to know it."""

    truth: Truth
    rests_on: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def judge(condition: Condition, facts: Facts) -> Finding:
    """Return whether *condition* holds of *facts*, in Kleene's three values, and why.

    >>> from ephor.rooms.regulation.facts import FactType, Kind
    >>> words = {"eu": FactType("eu", Kind.BOOLEAN, ""), "risk": FactType("risk", Kind.TEXT, "", ("high", "low"))}
    >>> both = AllOf((In("eu", (True,)), In("risk", ("high",))))
    >>> judge(both, Facts(words, {"eu": True}))
    Finding(truth=None, rests_on=(), unknown=('risk',))
    >>> judge(both, Facts(words, {"eu": False})).truth, judge(both, Facts(words, {"eu": True}, complete=True)).truth
    (False, False)
    """
    match condition:
        case In(fact, values):
            return _found(fact, _meets(facts, fact, values), facts)
        case Only(fact, values):
            return _found(fact, _confined(facts, fact, values), facts)
        case Known(fact):
            return _found(fact, None if facts.unknown(fact) else fact in facts.stated, facts)
        case Claimed(part):
            found = judge(part, facts)
            silent = found.truth is None and not facts.open.intersection(found.unknown)
            return Finding(False) if silent else found
        case AllOf(parts):
            return every(judge(part, facts) for part in parts)
        case AnyOf(parts):
            return some(judge(part, facts) for part in parts)
        case Not(part):
            return opposite(judge(part, facts))


def every(findings: Iterable[Finding]) -> Finding:
    """Return the conjunction; one false finding settles it and is what it rests on.

    >>> every([Finding(None, unknown=("a",)), Finding(False, rests_on=("b",))])
    Finding(truth=False, rests_on=('b',), unknown=())
    """
    return _joined(findings, settles=False)


def some(findings: Iterable[Finding]) -> Finding:
    """Return the disjunction; one true finding settles it and is what it rests on.

    >>> some([Finding(None, unknown=("a",)), Finding(False, rests_on=("b",))])
    Finding(truth=None, rests_on=(), unknown=('a',))
    """
    return _joined(findings, settles=True)


def opposite(finding: Finding) -> Finding:
    """Return the negation, resting on the same facts."""
    return Finding(negate(finding.truth), finding.rests_on, finding.unknown)


def _joined(findings: Iterable[Finding], *, settles: bool) -> Finding:
    seen = []
    for finding in findings:
        if finding.truth is settles:  # what follows is not judged at all
            return finding
        seen.append(finding)
    unknown = _united(one.unknown for one in seen if one.truth is None)
    if any(one.truth is None for one in seen):
        return Finding(None, unknown=unknown)
    return Finding(not settles, rests_on=_united(one.rests_on for one in seen))


def _united(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _found(fact: str, truth: Truth, facts: Facts) -> Finding:
    if truth is None:
        return Finding(None, unknown=(fact,))
    # Silence about an exception nobody invoked is not a reason worth naming.
    quiet = facts.vocabulary[fact].claim and fact not in facts.stated
    return Finding(truth, rests_on=() if quiet else (fact,))


def _meets(facts: Facts, fact: str, values: tuple[str | bool, ...]) -> Truth:
    if facts.unknown(fact):
        return None
    value = facts.stated.get(fact)
    if isinstance(value, tuple):
        met = any(facts.vocabulary[fact].listed(one, values) for one in value)
    else:
        met = value is not None and value in values
    if met:
        return True
    return None if facts.unlisted(fact) else False


def _confined(facts: Facts, fact: str, values: tuple[str, ...]) -> Truth:
    if facts.unknown(fact):
        return None
    value = facts.stated.get(fact)
    if not isinstance(value, tuple) or not value:
        return False
    if all(one in values for one in value):
        return True
    beyond = [one for one in value if one not in values]
    listed = facts.vocabulary[fact].values
    return False if any(one in listed for one in beyond) else None
