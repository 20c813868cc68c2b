"""Use cases: incidents, from the first question to the ledger until somebody else closes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ephor.engine.incident_steps import IncidentSteps, Seen, clock_of, zone_of
from ephor.engine.pinning import Query, check_pins, find_pins
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, PlanePermission, require, require_known
from ephor.rooms.agents.agent import Agent
from ephor.rooms.incidents.clocks import ClockStatus, check_facts
from ephor.rooms.incidents.close import check_closable
from ephor.rooms.incidents.figures import Trends, trends
from ephor.rooms.incidents.record import (
    MAX_LINE,
    Action,
    Cause,
    Closing,
    Excuse,
    Incident,
    IncidentStatus,
    Sending,
    Severity,
    Stated,
    aware,
    digest_of,
    find_action,
    said,
)
from ephor.rooms.incidents.write import draft, report


@dataclass(frozen=True, slots=True)
class Incidents(IncidentSteps):
    """The register of incidents. People open, judge and close; what can be counted is counted from the ledger."""

    def open(
        self,
        title: str,
        summary: str,
        severity: Severity,
        *,
        by: str,
        aware_at: datetime | None = None,
        zone: str = "UTC",
        agents: Sequence[str] = (),
        query: Query | None = None,
        entries: Sequence[str] = (),
        suspend: bool = False,
    ) -> Seen:
        """Open an incident, by hand or from entries of the ledger, which are pinned by position and hash.

        *query* finds entries, *entries* names them; the agents are those named and those that acted in them.
        *suspend* suspends every one of them that can be, in the same transaction.

        Raises:
            InvalidInputError: words that cannot be kept, a time to come, an unknown zone, or no entry that fits.
            NotFoundError: there is no such agent or entry.
            NotPermittedError: *by* may not.
        """
        now = self.world.clock.now()
        zone_of(zone)
        origin, pins = find_pins(self.world.storage.ledger, query, entries)
        acted = [one.agent for one in pins if one.agent]
        id = self.world.ids.new("inc")
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.INCIDENTS, who=by)
            for one in agents:
                unit.shelf(Agent).get(one)
            known = tuple(dict.fromkeys((*agents, *([query.agent] if query and query.agent else []), *acted)))
            if suspend and not known:
                raise InvalidInputError(
                    "there is no agent to suspend; name those it affects, or leave it out"
                )
            incident = Incident(
                id=id,
                title=said(title, "title", most=MAX_LINE),
                summary=said(summary, "summary"),
                severity=severity,
                status=IncidentStatus.OPEN,
                aware_at=aware(aware_at or now, now),
                zone=zone,
                agents=known,
                origin=origin,
                query=query.plain() if query else {},
                pins=pins,
                suspended=self.suspend(unit, known, id, by) if suspend else (),
                by=by,
                at=now,
                entry="",
            )
            incident = dataclasses.replace(incident, entry=self.opened(unit, incident))
            unit.shelf(Incident).add(incident)
        return self.seen(incident)

    def show(self, id: str) -> Seen:
        """Return one incident as it stands now.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self.world.storage.reading() as unit:
            return self.seen(unit.shelf(Incident).get(id))

    def all(self, *, open_only: bool = False) -> Sequence[Seen]:
        """Return the incidents, oldest first."""
        with self.world.storage.reading() as unit:
            where = {"status": IncidentStatus.OPEN.value} if open_only else {}
            return [self.seen(one) for one in unit.shelf(Incident).all(**where)]

    def trends(self) -> Trends:
        """Return how all incidents are spread over months, severities and agents."""
        with self.world.storage.reading() as unit:
            return trends(unit.shelf(Incident).all())

    def classify(
        self,
        id: str,
        facts: Mapping[str, object],
        *,
        by: str,
        complete: bool = False,
        severity: Severity | None = None,
    ) -> Seen:
        """State facts about an incident; the laws' conditions are judged on all that was stated so far.

        None stands for a fact that is said to be unknown. *complete*: what nobody stated does not hold.

        Raises:
            InvalidInputError: nothing is stated, no law asks for a fact, or it is of the wrong type.
            NotFoundError, NotPermittedError, ConflictError: no such incident; *by* may not; it is closed.
        """
        if not (facts or complete or severity):
            raise InvalidInputError(
                "nothing is stated; give facts, a severity, or say that they are complete"
            )
        stated, unknown = check_facts(self.packs(), facts)
        told: dict[str, Json] = {"facts": {**stated, **dict.fromkeys(unknown)}, "complete": complete}
        with self.world.storage.unit() as unit:
            old = self.still_open(unit, id, by)
            graded = severity or old.severity
            entry = self.tell(
                unit,
                old,
                "classified",
                by,
                {**told, "severity": graded.value},
                text=digest_of(incident=id, **told),
            )
            one = Stated(stated, unknown, complete, by, self.world.clock.now(), entry)
            return self.put(unit, old, stated=(*old.stated, one), severity=graded)

    def draft(self, id: str, clock: str) -> str:
        """Return the notification that a clock asks for, as Markdown; nothing is sent and nothing recorded.

        Raises:
            NotFoundError: there is no such incident.
            InvalidInputError: it has no such clock.
        """
        seen = self.show(id)
        return draft(seen.incident, clock_of(seen, clock), self.rule(clock))

    def notified(
        self,
        id: str,
        clock: str,
        *,
        sent_at: datetime,
        channel: str,
        by: str,
        reference: str | None = None,
        why_late: str | None = None,
    ) -> Seen:
        """Record that a person sent the notification that a clock asks for, when and how.

        Raises:
            InvalidInputError: no such clock, or sent before anybody was aware, or in the future.
            NotFoundError, NotPermittedError: no such incident; *by* may not.
            ConflictError: it is closed, or the clock does not run.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            old = self.still_open(unit, id, by)
            found = clock_of(self.seen(old), clock)
            if found.status in (ClockStatus.NOT_RUNNING, ClockStatus.WAITING):
                raise ConflictError(
                    f"clock `{clock}` is {found.status.value}; see `ephor incidents show {id}`"
                )
            if not (found.start or old.aware_at) <= sent_at <= now:
                raise InvalidInputError(
                    f"`{stamp(sent_at)}` cannot be when it was sent: the clock starts {stamp(found.start or old.aware_at)}, and it is {stamp(now)}"
                )
            words = (
                said(channel, "channel", most=MAX_LINE),
                said(reference, "reference", most=MAX_LINE) if reference is not None else None,
                said(why_late, "reason for the delay") if why_late is not None else None,
            )
            late = found.due is not None and sent_at >= found.due
            entry = self.tell(
                unit,
                old,
                "notified",
                by,
                {
                    "clock": clock,
                    "sent_at": stamp(sent_at),
                    "late": late,
                    "due": stamp(found.due) if found.due else None,
                },
                text=digest_of(incident=id, channel=words[0], reference=words[1], why_late=words[2]),
            )
            one = Sending(clock, sent_at, *words, by, now, entry)
            return self.put(unit, old, sendings=(*old.sendings, one))

    def excuse(self, id: str, clock: str, reason: str, *, by: str) -> Seen:
        """Record why a clock is not answered by a notification.

        Raises:
            InvalidInputError: no such clock, or no reason.
            NotFoundError, NotPermittedError, ConflictError: no such incident; *by* may not; closed or answered already.
        """
        with self.world.storage.unit() as unit:
            old = self.still_open(unit, id, by)
            found = clock_of(self.seen(old), clock)
            if found.status not in (ClockStatus.RUNNING, ClockStatus.NOT_KNOWN, ClockStatus.WAITING):
                raise ConflictError(f"clock `{clock}` is {found.status.value}, and needs no reason")
            reason = said(reason, "reason")
            entry = self.tell(
                unit, old, "clock-excused", by, {"clock": clock}, text=digest_of(incident=id, reason=reason)
            )
            one = Excuse(clock, reason, by, self.world.clock.now(), entry)
            return self.put(unit, old, excuses=(*old.excuses, one))

    def act(self, id: str, what: str, *, owner: str, due: date, by: str) -> Action:
        """Decide on a corrective action, with an owner and a last day.

        Raises:
            InvalidInputError: no words, or a day before the incident.
            NotFoundError: there is no such incident.
            NotPermittedError: *by* may not, or nobody is registered as *owner*.
            ConflictError: it is closed.
        """
        with self.world.storage.unit() as unit:
            old = self.still_open(unit, id, by)
            require_known(unit.shelf(Person).find(owner), who=owner)
            if due < old.aware_at.date():
                raise InvalidInputError(f"`{due.isoformat()}` is before the incident; name a day to come")
            what, action_id = said(what, "action"), self.world.ids.new("act")
            entry = self.tell(
                unit,
                old,
                "action-set",
                by,
                {"action": action_id, "owner": owner, "due": due.isoformat()},
                text=digest_of(incident=id, what=what),
            )
            action = Action(action_id, what, owner, due, by, entry)
            self.put(unit, old, actions=(*old.actions, action))
        return action

    def end_action(self, id: str, action: str, outcome: str, *, by: str, dropped: bool = False) -> Seen:
        """Record that a corrective action is done, or dropped; *outcome* says what was done, or why not.

        Raises:
            InvalidInputError: no such action, or no words.
            NotFoundError, NotPermittedError, ConflictError: no such incident; *by* may not; closed or ended already.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            old = self.still_open(unit, id, by)
            found, outcome = find_action(old, action), said(outcome, "outcome")
            told: dict[str, Json] = {"action": action, "dropped": dropped}
            entry = self.tell(
                unit, old, "action-ended", by, told, text=digest_of(incident=id, outcome=outcome)
            )
            ended = dataclasses.replace(
                found, ended_at=now, ended_by=by, dropped=dropped, outcome=outcome, ended_entry=entry
            )
            return self.put(unit, old, actions=tuple(ended if one == found else one for one in old.actions))

    def cause(self, id: str, text: str, *, by: str) -> Seen:
        """Record the root cause; a later one stands beside the earlier.

        Raises:
            InvalidInputError: no words.
            NotFoundError, NotPermittedError, ConflictError: no such incident; *by* may not; it is closed.
        """
        with self.world.storage.unit() as unit:
            old, text = self.still_open(unit, id, by), said(text, "root cause")
            entry = self.tell(unit, old, "cause-found", by, {}, text=digest_of(incident=id, cause=text))
            return self.put(unit, old, causes=(*old.causes, Cause(text, by, self.world.clock.now(), entry)))

    def close(self, id: str, reason: str, *, by: str) -> Seen:
        """Close an incident: every clock answered or excused, every action ended, a root cause recorded.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such incident.
            NotPermittedError: *by* may not, or opened it.
            ConflictError: it is closed, or something is left; ``facts["left"]`` lists it.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.INCIDENTS, who=by)
            old = unit.shelf(Incident).get(id)
            check_closable(old, self.seen(old).clocks, by)
            reason = said(reason, "reason")
            entry = self.tell(
                unit,
                old,
                "closed",
                by,
                {"severity": old.severity.value, "notified": len(old.sendings), "excused": len(old.excuses)},
                text=digest_of(incident=id, reason=reason),
            )
            closing = Closing(reason, by, self.world.clock.now(), entry)
            return self.put(unit, old, status=IncidentStatus.CLOSED, closing=closing)

    def report(self, id: str) -> str:
        """Return the report of an incident as Markdown, after holding every pinned entry against the ledger.

        Raises:
            NotFoundError: there is no such incident.
            VerificationError: a pinned entry is not what it was.
        """
        seen = self.show(id)
        check_pins(self.world.storage, seen.incident.origin, seen.incident.pins)
        return report(seen.incident, seen.classes, seen.clocks, self.world.clock.now())
