"""The report of an incident: what happened, what the laws call it, which clocks ran, what was done."""

from __future__ import annotations

from collections.abc import Iterator

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import (
    Block,
    Ground,
    Section,
    Source,
    Sources,
    fact,
    facts,
    gap,
    paragraph,
    table,
)
from ephor.rooms.incidents.clocks import Clock, ClockStatus
from ephor.rooms.incidents.record import Incident
from ephor.rooms.writing.facts import IncidentFacts
from ephor.rooms.writing.parts import Answers, answered, entry, law, listed, rows, spoken, yes

_KIND = DocumentKind.INCIDENT_REPORT
_MOST_ENTRIES = 200


def incident_report(one: IncidentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the report of an incident as it stands."""
    incident = one.incident
    return (
        Section("The incident", _about(incident)),
        Section("What happened", tuple(_happened(incident))),
        Section("What the laws call it", tuple(_law(one))),
        Section("Clocks and notifications", tuple(_clocks(one))),
        Section("Root cause", tuple(_cause(incident))),
        Section("Corrective actions", tuple(_actions(incident))),
        Section("Lessons", answered(_KIND, incident.id, "lessons", answers)),
        Section("Close", tuple(_close(one))),
    )


def _about(incident: Incident) -> tuple[Block, ...]:
    source = entry(incident.entry, "the incident was opened")
    told = (
        ("Title", incident.title),
        ("Severity", incident.severity.value),
        ("Status", incident.status.value),
        ("Aware since", f"{incident.aware_at:%Y-%m-%d %H:%M} UTC; days are counted in {incident.zone}"),
        ("Agents affected", listed(incident.agents, "none named")),
        ("Suspended with it", listed(incident.suspended)),
        ("Opened by", f"{incident.by}, {incident.at:%Y-%m-%d %H:%M} UTC"),
    )
    return (facts(fact(label, text, *source) for label, text in told),)


def _happened(incident: Incident) -> Iterator[Block]:
    yield paragraph(incident.summary, *entry(incident.entry, "the incident was opened"))
    if not incident.pins:
        yield gap(
            "no entry of the ledger is pinned to it",
            "open incidents from entries: ephor incidents open --help",
        )
        return
    lines = (
        (
            (one.position, one.at, one.kind, one.agent or "", one.decision or ""),
            entry(one.id, f"leaf {one.leaf}"),
        )
        for one in incident.pins[:_MOST_ENTRIES]
    )
    yield table(
        "Entries of the ledger that it rests on", ("position", "at", "kind", "agent", "decision"), rows(lines)
    )
    if len(incident.pins) > _MOST_ENTRIES:
        yield paragraph(
            f"{len(incident.pins) - _MOST_ENTRIES} further entries are pinned; see the record of the incident."
        )


def _law(one: IncidentFacts) -> Iterator[Block]:
    stated = one.incident.stated
    last = entry(stated[-1].entry, "facts were stated") if stated else ()
    lines = (
        ((named.title, named.cite, yes(named.holds)), (law(f"{named.law} {named.cite}", f"verified: {named.verified}"), *last))
        for named in one.classes
    )  # fmt: skip
    yield table("", ("what the law calls it", "provision", "holds"), rows(lines))
    for named in one.classes:
        if named.holds is None:
            yield gap(
                f"whether it is {named.title} is not known; not stated: {listed(named.unknown)}",
                f"ephor incidents classify {one.incident.id} --fact NAME=VALUE", cite=named.cite,
            )  # fmt: skip


def _clocks(one: IncidentFacts) -> Iterator[Block]:
    shown = [clock for clock in one.clocks if clock.status is not ClockStatus.NOT_RUNNING]
    if not shown:
        yield paragraph("No clock runs.", *entry(one.incident.entry, "the incident was opened"))
        return
    lines = (
        ((clock.title, clock.recipient, spoken(clock.status.value), _due(clock), _sent(clock)), _of_clock(one.incident, clock))
        for clock in shown
    )  # fmt: skip
    yield table("", ("clock", "to", "status", "due", "done"), rows(lines))
    for clock in shown:
        if clock.status in (ClockStatus.RUNNING, ClockStatus.NOT_KNOWN, ClockStatus.WAITING):
            how = f"ephor incidents draft {one.incident.id} --clock {clock.id}, send it, then: ephor incidents notified"
            yield gap(f"{clock.title}: not notified", how, cite=clock.cite)


def _cause(incident: Incident) -> Iterator[Block]:
    if not incident.causes:
        yield gap("the root cause is not recorded", f"ephor incidents cause {incident.id} TEXT")
    for one in incident.causes:
        yield paragraph(one.text, *entry(one.entry, f"found by {one.by}, {one.at.date().isoformat()}"))


def _actions(incident: Incident) -> Iterator[Block]:
    if not incident.actions:
        yield gap(
            "no corrective action is recorded",
            f"ephor incidents act {incident.id} WHAT --owner PERSON --due DATE",
        )
        return
    lines = (
        ((one.what, one.owner, one.due.isoformat(), "open" if one.ended_at is None else "dropped" if one.dropped else "done", one.outcome or ""),
         entry(one.ended_entry or one.entry, "the newest entry on the action"))
        for one in incident.actions
    )  # fmt: skip
    yield table("", ("action", "owner", "due", "state", "outcome"), rows(lines))


def _close(one: IncidentFacts) -> Iterator[Block]:
    closing = one.incident.closing
    if closing is not None:
        source = entry(closing.entry, "the incident was closed")
        yield facts(
            [
                fact("Closed by", f"{closing.by}, {closing.at.date().isoformat()}", *source),
                fact("Reason", closing.reason, *source),
            ]
        )
        return
    # Each clock has its own open point above, with what is not known; a wall of them here would be read by nobody.
    clocks = [each for each in one.left if each.startswith("clock ")]
    told = (
        [f"{len(clocks)} clocks run or may run" if len(clocks) > 1 else "a clock runs or may run"]
        if clocks
        else []
    )
    told += [each for each in one.left if each not in clocks]
    left = listed(told) if told else "somebody else than who opened it has to close it"
    yield gap(f"the incident is open: {left}", f"ephor incidents close {one.incident.id} --reason WHY")


def _due(clock: Clock) -> str:
    if clock.at_once:
        return "at once"
    if clock.last_day is not None:
        return f"through {clock.last_day.isoformat()}"
    return f"{clock.due:%Y-%m-%d %H:%M} UTC" if clock.due else "not started"


def _sent(clock: Clock) -> str:
    if clock.sent_at is not None:
        late = ", late" if clock.late else ""
        return f"{clock.sent_at:%Y-%m-%d %H:%M} UTC by {clock.channel}{late}"
    return clock.reason or "nothing"


def _of_clock(incident: Incident, clock: Clock) -> Sources:
    kept = [one.entry for one in incident.sendings if one.clock == clock.id]
    kept += [one.entry for one in incident.excuses if one.clock == clock.id]
    return (
        Source(Ground.LAW, f"{clock.law} {clock.cite}", f"{clock.source}, verified: {clock.verified}"),
        *(source for id in kept for source in entry(id, "recorded")),
    )
