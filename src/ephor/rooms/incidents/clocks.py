"""Which clocks an incident starts, when each ends, and whether it was answered in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum, unique

from ephor.kernel.truth import Truth
from ephor.rooms.incidents.record import Excuse, Incident, Sending
from ephor.rooms.regulation.condition import Finding, judge
from ephor.rooms.regulation.facts import Facts, Kind, state
from ephor.rooms.regulation.pack import ClockRule, Counting, Pack


@unique
class ClockStatus(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    NOT_KNOWN = "not_known"
    """Facts are missing to tell whether it runs."""
    WAITING = "waiting"
    """It starts with another notification, which is not sent yet."""
    ANSWERED = "answered"
    EXCUSED = "excused"
    NOT_RUNNING = "not_running"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a clock ends: a notification is in time before ``due``; None where the law fixes no day."""

    due: datetime | None
    last_day: date | None
    """The last day, where days are counted."""
    latest_day: date | None
    """The last day as Regulation 1182/71 counts, where that is later; nobody is told to rely on it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of one incident."""

    id: str
    law: str
    cite: str
    title: str
    recipient: str
    status: ClockStatus
    start: datetime | None
    due: datetime | None
    last_day: date | None
    latest_day: date | None
    at_once: bool
    overdue: bool
    """Its time is over, and nothing was sent; a clock of which nobody knows whether it runs can be overdue, too."""
    late: bool
    """What was sent, was sent after its time."""
    unknown: tuple[str, ...]
    """Facts that must be stated to know whether it runs."""
    rests_on: tuple[str, ...]
    sent_at: datetime | None
    channel: str | None
    reason: str | None
    source: str
    """The pack and its version."""
    verified: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """Whether a law calls it so: true, false, or None for not known, with the facts that are missing."""

    id: str
    law: str
    cite: str
    title: str
    holds: Truth
    rests_on: tuple[str, ...]
    unknown: tuple[str, ...]
    verified: str


def deadline(rule: ClockRule, start: datetime, zone: tzinfo) -> Deadline:
    """Return when a clock ends that starts at *start*; days are those of *zone*.

    The day of the start is not counted, and the last day counts to its end.
    """
    if rule.counting is Counting.AT_ONCE:
        return Deadline(None, None, None)
    if rule.counting is Counting.HOURS:
        return Deadline(start + timedelta(hours=rule.amount), None, None)
    first = start.astimezone(zone).date()
    if rule.counting is Counting.AFTER_YEAR:
        first = date(first.year, 12, 31)
    last = first + timedelta(days=rule.amount)
    latest = union_end(first, rule.amount) if rule.union else last
    due = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return Deadline(due, last, latest if latest != last else None)


def union_end(first: date, days: int) -> date:
    """Return the last day of a period as Regulation (EEC, Euratom) 1182/71, Article 3, counts it; public holidays aside.

    A last day on a weekend moves to the next working day (4), and two days or more hold two working days (5).

    >>> union_end(date(2026, 11, 27), 2), union_end(date(2026, 11, 13), 15)
    (datetime.date(2026, 12, 1), datetime.date(2026, 11, 30))
    """
    end = first + timedelta(days=days)
    needed = 2 if days >= 2 else 1
    while end.weekday() > 4 or _working(first, end) < needed:
        end += timedelta(days=1)
    return end


def _working(first: date, end: date) -> int:
    return sum((first + timedelta(days=n)).weekday() < 5 for n in range(1, (end - first).days + 1))


def facts_of(incident: Incident, pack: Pack) -> Facts:
    """Return what was stated of the incident in a law's own words; what was said last counts."""
    words = pack.incidents.facts if pack.incidents is not None else {}
    stated: dict[str, object] = {}
    complete = False
    for one in incident.stated:
        stated |= {name: None for name in one.unknown if name in words}
        stated |= {name: value for name, value in one.facts.items() if name in words}
        complete = one.complete
    return state(words, stated, complete=complete)


def check_facts(
    packs: Sequence[Pack], raw: Mapping[str, object]
) -> tuple[dict[str, str | bool | tuple[str, ...]], tuple[str, ...]]:
    """Return what is stated, checked in the words of every law that asks, and what is said to be unknown.

    Raises:
        InvalidInputError: no law asks for it, or it is of the wrong type.
    """
    words = {name: kind for pack in packs if pack.incidents for name, kind in pack.incidents.facts.items()}
    listed = {
        name: [value] if isinstance(value, str) and name in words and words[name].kind is Kind.LIST else value
        for name, value in raw.items()
    }
    found = state(words, listed)
    return dict(found.stated), tuple(sorted(found.open))


def named(incident: Incident, packs: Sequence[Pack]) -> tuple[Named, ...]:
    """Return what each law calls the incident."""
    found = []
    for pack in packs:
        facts = facts_of(incident, pack)
        for one in pack.incidents.classes if pack.incidents is not None else ():
            judged = judge(one.when, facts)
            found.append(
                Named(one.id, pack.identity.id, one.cite, one.title, judged.truth, judged.rests_on, judged.unknown,
                      one.verified.value)
            )  # fmt: skip
    return tuple(found)


def clocks(incident: Incident, packs: Sequence[Pack], zone: tzinfo, now: datetime) -> tuple[Clock, ...]:
    """Return every clock of every law in force when the organisation became aware."""
    on = incident.aware_at.astimezone(zone).date()
    sent = _first(incident.sendings)
    excuses = {one.clock: one for one in incident.excuses}
    found = []
    for pack in packs:
        facts = facts_of(incident, pack)
        for rule in pack.incidents.clocks if pack.incidents is not None else ():
            if (rule.since is None or rule.since <= on) and (rule.until is None or on < rule.until):
                judged = judge(rule.when, facts)
                found.append(_clock(incident, pack, rule, judged, (zone, now), sent, excuses.get(rule.id)))
    return tuple(found)


def _first(sendings: Sequence[Sending]) -> Mapping[str, Sending]:
    """The first notification answers the clock; what follows completes it."""
    first: dict[str, Sending] = {}
    for one in sendings:
        if one.clock not in first or one.sent_at < first[one.clock].sent_at:
            first[one.clock] = one
    return first


def _clock(
    incident: Incident,
    pack: Pack,
    rule: ClockRule,
    judged: Finding,
    when: tuple[tzinfo, datetime],
    sent: Mapping[str, Sending],
    excuse: Excuse | None,
) -> Clock:
    zone, now = when
    answer, before = sent.get(rule.id), sent.get(rule.after or "")
    start = incident.aware_at if rule.after is None else before.sent_at if before else None
    ends = deadline(rule, start, zone) if start is not None else Deadline(None, None, None)
    status = _status(judged.truth, answer, excuse, started=start is not None)
    open_ = status in (ClockStatus.RUNNING, ClockStatus.NOT_KNOWN)
    return Clock(
        id=rule.id,
        law=pack.identity.id,
        cite=rule.cite,
        title=rule.title,
        recipient=rule.recipient,
        status=status,
        start=start,
        due=ends.due,
        last_day=ends.last_day,
        latest_day=ends.latest_day,
        at_once=rule.counting is Counting.AT_ONCE,
        overdue=open_ and ends.due is not None and now >= ends.due,
        late=answer is not None and ends.due is not None and answer.sent_at >= ends.due,
        unknown=judged.unknown if judged.truth is None else (),
        rests_on=judged.rests_on,
        sent_at=answer.sent_at if answer else None,
        channel=answer.channel if answer else None,
        reason=excuse.reason if excuse else None,
        source=f"{pack.identity.id} {pack.identity.version}",
        verified=rule.verified.value,
        note=rule.note,
    )


def _status(holds: Truth, answer: Sending | None, excuse: Excuse | None, *, started: bool) -> ClockStatus:
    if answer is not None:
        return ClockStatus.ANSWERED
    if holds is False:
        return ClockStatus.NOT_RUNNING
    if excuse is not None:
        return ClockStatus.EXCUSED
    if holds is None:
        return ClockStatus.NOT_KNOWN
    return ClockStatus.RUNNING if started else ClockStatus.WAITING
