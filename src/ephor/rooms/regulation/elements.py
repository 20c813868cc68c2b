"""Judge the elements of a pack one by one and say why each holds, does not hold, or cannot be known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ephor.kernel.truth import Truth
from ephor.rooms.regulation.classification import Judged
from ephor.rooms.regulation.condition import Finding, every, judge, opposite, some
from ephor.rooms.regulation.facts import Facts
from ephor.rooms.regulation.pack import Element, Group, Limits, Pack

_VERDICT: dict[Truth, str] = {True: "met", False: "not met", None: "open"}


@dataclass(frozen=True, slots=True)
class Holding:
    """An element with its finding."""

    element: Element
    finding: Finding
    because: str


def judge_elements(pack: Pack, facts: Facts, role: str | None = None) -> tuple[Holding, ...]:
    """Return every element of *pack* with its finding, in the law's order.

    An exclusion that spares one role alone does not spare an operator who is known to be another.
    """
    return tuple(
        _judged(element, facts) if _concerns(element, role) else _elses(element) for element in pack.elements
    )


def group(holdings: Iterable[Holding], *groups: Group) -> tuple[Holding, ...]:
    """Return the holdings that belong to *groups*."""
    return tuple(one for one in holdings if one.element.group in groups)


def any_holds(holdings: Iterable[Holding]) -> Finding:
    """Return whether any of *holdings* holds."""
    return some(one.finding for one in holdings)


def derogated(holdings: Iterable[Holding], limits: Limits | None, facts: Facts) -> Finding:
    """Return whether a derogation spares the system: one of its conditions, the chapeau, and no override.

    EU AI Act, Article 6(3): the conditions are necessary but not sufficient, and profiling ends the matter.
    """
    if limits is None:
        return Finding(False)
    # The override is asked first: where it holds, nothing else matters.
    spared = opposite(judge(limits.override, facts))
    conditions = any_holds(group(holdings, Group.DEROGATION))
    return every((conditions, spared, judge(limits.chapeau, facts)))


def told(holding: Holding) -> Judged:
    """Return *holding* as it is written into a classification."""
    law = holding.element
    return Judged(
        law.id, law.article, holding.finding.truth, holding.because, law.since, law.verified, law.note
    )


def reason(finding: Finding, facts: Facts) -> str:
    """Return the facts a finding rests on, or those it waits for, in words.

    >>> reason(Finding(True, rests_on=("eu",)), Facts({}, {"eu": True}))
    '`eu` is true'
    >>> reason(Finding(None, unknown=("eu",)), Facts({}, {}))
    'not known: `eu`'
    """
    if finding.truth is None:
        return "not known: " + ", ".join(f"`{name}`" for name in finding.unknown)
    if not finding.rests_on:
        return "nobody has claimed it" if finding.truth is False else "nothing to the contrary was claimed"
    return ", ".join(_said(name, facts) for name in finding.rests_on)


def _concerns(element: Element, role: str | None) -> bool:
    return element.group is not Group.EXCLUSION or None in (element.who, role) or element.who == role


def _elses(element: Element) -> Holding:
    return Holding(element, Finding(False), f"not met ({element.title}): it spares the {element.who} alone")


def _judged(element: Element, facts: Facts) -> Holding:
    met = judge(element.when, facts)
    for escape in element.escapes:
        found = judge(escape.when, facts)
        if met.truth is not False and found.truth is True:
            because = f"not met ({element.title}): {escape.title}, {escape.article}: {reason(found, facts)}"
            return Holding(element, Finding(False, found.rests_on), because)
    escapes = opposite(some(judge(escape.when, facts) for escape in element.escapes))
    finding = every((met, escapes))
    if finding.truth is True:
        finding = met  # what it rests on, without the exceptions that do not apply
    return Holding(element, finding, f"{_VERDICT[finding.truth]} ({element.title}): {reason(finding, facts)}")


def _said(name: str, facts: Facts) -> str:
    value = facts.stated.get(name)
    if value is None:
        return f"`{name}` not stated"
    if isinstance(value, bool):
        return f"`{name}` is {str(value).lower()}"
    text = ", ".join(f"`{one}`" for one in value) if isinstance(value, tuple) else f"`{value}`"
    return f"`{name}` is {text}" if text else f"`{name}` is empty"
