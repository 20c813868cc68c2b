"""How much people are asked to approve: where it is too much, approving becomes a habit and oversight a form."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.rooms.approvals.call import Answer, CallApproval, CallStatus, standing_of

BUSY = 20
"""Answers in one hour by one person from which on we call it too many; our figure, three minutes for each."""
HASTY = timedelta(seconds=10)
"""Time from one answer to the next below which nobody has read what they approved; our figure."""
_SITTING = timedelta(minutes=15)
"""A longer gap between two answers is a pause, not the time one took."""


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """One person's answers in the time looked at."""

    person: str
    answered: int
    approved: int
    rejected: int
    per_hour: int
    """The most answers within any one hour."""
    seconds: float | None
    """The median time from one of their answers to the next; None where they gave no two in a row."""
    hasty: int
    """Approvals that came sooner after their last answer than anybody could read."""
    too_much: bool


@dataclass(frozen=True, slots=True)
class Load:
    """The inbox in the time looked at."""

    since: datetime
    until: datetime
    asked: int
    answered: int
    expired: int
    waiting: int
    wait_seconds: float | None
    """The median time an agent waited for an answer."""
    people: tuple[PersonLoad, ...]


def load_of(calls: Iterable[CallApproval], *, since: datetime, now: datetime) -> Load:
    """Return how much people were asked between *since* and *now*."""
    known = list(calls)
    asked = [one for one in known if since <= one.asked_at <= now]
    standings = [standing_of(one, now) for one in asked]
    answers: dict[str, list[Answer]] = {}
    for one in known:
        for given in one.answers:
            if since <= given.at <= now:
                answers.setdefault(given.by, []).append(given)
    waits = [
        (one.decided_at - one.asked_at).total_seconds()
        for one in asked
        if one.answers and one.decided_at is not None and one.decided_at == one.answers[-1].at
    ]
    return Load(
        since=since,
        until=now,
        asked=len(asked),
        answered=sum(map(len, answers.values())),
        expired=sum(standing is CallStatus.EXPIRED for standing in standings),
        waiting=sum(standing is CallStatus.PENDING for standing in standings),
        wait_seconds=_median(waits),
        people=tuple(_person(who, answers[who]) for who in sorted(answers)),
    )


def _person(who: str, given: Sequence[Answer]) -> PersonLoad:
    ordered = sorted(given, key=lambda one: one.at)
    gaps = [(later, later.at - earlier.at) for earlier, later in itertools.pairwise(ordered)]
    hasty = sum(later.approve and gap < HASTY for later, gap in gaps)
    approved, most = sum(one.approve for one in ordered), _most_within_an_hour([one.at for one in ordered])
    return PersonLoad(
        person=who,
        answered=len(ordered),
        approved=approved,
        rejected=len(ordered) - approved,
        per_hour=most,
        seconds=_median([gap.total_seconds() for _, gap in gaps if gap <= _SITTING]),
        hasty=hasty,
        too_much=most >= BUSY or hasty > 0,
    )


def _most_within_an_hour(times: Sequence[datetime]) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= timedelta(hours=1):
            first += 1
        most = max(most, last - first + 1)
    return most


def _median(values: Sequence[float]) -> float | None:
    """Return the middle value, or the mean of the two.

    >>> _median([3.0, 1.0, 10.0]), _median([1.0, 2.0]), _median([])
    (3.0, 1.5, None)
    """
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
