"""Use cases: people are reminded of what waits for them and of what runs out, through the outbox, once at each stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, may
from ephor.rooms.approvals import standing
from ephor.rooms.approvals.bodies import BodyRecord, seat
from ephor.rooms.approvals.due import waiting
from ephor.rooms.approvals.notice import About, Channel, Notice
from ephor.rooms.approvals.reminding import (
    Reminder,
    hears,
    is_told,
    notice_of,
    of_waiting,
    ordered,
    roles_behind,
    told,
)
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.documents.due import DueDocument, Why
from ephor.rooms.documents.kinds import RULES, Subject
from ephor.rooms.documents.record import DocumentVersion
from ephor.rooms.dsr.request import ENDED, Request
from ephor.rooms.incidents.clocks import ClockStatus, clocks
from ephor.rooms.incidents.record import Incident, IncidentStatus
from ephor.rooms.regulation.pack import Pack
from ephor.rooms.risk.register import RegisteredRisk, RiskStatus

CLOCK_BEFORE = timedelta(hours=24)
"""How long before a law's clock ends it is told; our figure, as the next is."""
ACCEPTANCE_BEFORE = timedelta(days=14)
"""How long before the acceptance of a risk ends its owner hears of it: accepting anew takes somebody else."""
REQUEST_BEFORE, TASK_BEFORE = timedelta(days=7), timedelta(days=3)
"""How long before the answer to a data subject is due it is told, and before what is done for it by hand."""
DOCUMENT_BEFORE = 14
"""How many days before a document is due it is told."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """What people are to be told without being asked, and the notices that tell them."""

    world: World
    documents: Callable[[int], Sequence[DueDocument]]
    """What is to be written, approved or renewed within so many days."""

    def due(self) -> Sequence[Reminder]:
        """Return everything that somebody is to be told now, at the stage it has reached."""
        written = self.documents(DOCUMENT_BEFORE)
        with self.world.storage.reading() as unit:
            return self._due(unit, written)

    def queue(self) -> Sequence[Reminder]:
        """Put a notice into the outbox for every stage that a channel was not told yet; return what was new.

        What has been told is kept, so it may run as often as one likes, and in several processes at once.
        """
        with self.world.storage.reading() as unit:
            if not unit.shelf(Channel).all():
                return ()
        written = self.documents(DOCUMENT_BEFORE)  # it looks at many facts: done before anything is locked
        with self.world.storage.reading() as unit:
            if not any(self._untold(unit, one) for one in self._due(unit, written)):
                return ()
        with self.world.storage.unit() as unit:
            new = []
            for one in self._due(unit, written):
                if channels := self._untold(unit, one):
                    now = self.world.clock.now()
                    for channel in channels:
                        unit.shelf(Notice).add(
                            notice_of(one, id=self.world.ids.new("ntc"), channel=channel, now=now)
                        )
                    unit.append(self._event(one, channels, now))
                    new.append(one)
            return tuple(new)

    def _untold(self, unit: Unit, one: Reminder) -> list[str]:
        channels = unit.shelf(Channel).all()
        if not channels:
            return []
        roles = roles_behind(one, unit.shelf(Person).all())
        known = unit.shelf(Notice).all(approval=one.subject)
        return [ch.id for ch in channels if hears(ch, roles) and not is_told(one, ch.id, known)]

    def _due(self, unit: Unit, written: Sequence[DueDocument]) -> tuple[Reminder, ...]:
        now, people = self.world.clock.now(), unit.shelf(Person).all()
        requests = [standing.seen_at(one, now) for one in unit.shelf(ApprovalRequest).all()]
        seated = seat(people, unit.shelf(BodyRecord).all())
        found = [of_waiting(one) for one in waiting(requests, people, now, seated)]
        return ordered(
            [
                *(one for one in found if one is not None),
                *_of_risks(unit.shelf(RegisteredRisk).all(), now),
                *self._of_incidents(unit, people, now),
                *_of_requests(
                    unit.shelf(Request).all(),
                    _who(people, PlanePermission.PRIVACY),
                    _who(people, PlanePermission.REVIEW_EXECUTIVE),
                    now.date(),
                ),
                *_of_documents(written, people, unit),
            ]
        )

    def _of_incidents(self, unit: Unit, people: Sequence[Person], now: datetime) -> Iterator[Reminder]:
        kept = unit.shelf(Incident).all(status=IncidentStatus.OPEN.value)
        if not kept:
            return
        who = _who(people, PlanePermission.INCIDENTS)
        packs = [self.world.packs.load(name) for name in self.world.packs.names()]
        laws = [one for one in packs if one.incidents is not None]
        for incident in kept:
            yield from _of_clocks(incident, laws, who, now)
            yield from _of_actions(incident, now)

    def _event(self, one: Reminder, channels: Sequence[str], now: datetime) -> Event:
        stated: dict[str, Json] = {**told(one), "channels": list(channels)}
        return Event(
            kind="reminder.due/1",
            at=now,
            actor="ephor",
            resource=f"{one.about.noun}:{one.subject}",
            refs={"agent": one.agent} if one.agent else {},
            metadata=stated,
        )


def _who(people: Sequence[Person], permission: PlanePermission) -> tuple[str, ...]:
    return tuple(one.id for one in people if may(one, permission))


def _of_requests(
    requests: Sequence[Request], who: tuple[str, ...], above: tuple[str, ...], today: date
) -> Iterator[Reminder]:
    """Tell of each answer that is due soon; one that is overdue is passed on to executives."""
    for one in requests:
        if one.status in ENDED or one.paused_on is not None:
            continue
        see = f"ephor dsr show {one.id}"
        if one.due <= today + REQUEST_BEFORE:
            over = one.due < today
            what = "the answer to a data subject " + ("is overdue" if over else "is due soon")
            stage = f"answer-{one.due.isoformat()}.{'over' if over else 'ends'}"
            yield Reminder(About.REQUEST, one.id, stage, what, None, one.due, who, above if over else (), see)
        if one.confirm_by and one.confirmed_on is None and one.confirm_by <= today + TASK_BEFORE:
            over = one.confirm_by < today
            what = "that a request of a data subject was received is to be confirmed"
            stage = f"confirm-{one.confirm_by.isoformat()}{'.over' if over else ''}"
            yield Reminder(
                About.REQUEST, one.id, stage, what, None, one.confirm_by, who, above if over else (), see
            )
        for task in one.tasks:
            if task.done_at is None and task.due <= today + TASK_BEFORE:
                over = task.due < today
                what = "what is done by hand for a data subject " + ("is overdue" if over else "is due soon")
                stage = f"task.{task.id}.{'over' if over else 'ends'}"
                yield Reminder(About.REQUEST, one.id, stage, what, None, task.due, (task.person,), who, see)


_WRITTEN = {
    Why.MISSING: "a document that a law asks for is not written",
    Why.UNAPPROVED: "the draft of a document waits for approval",
    Why.STALE: "a fact under an approved document changed",
    Why.ENDING: "the approval of a document runs out",
}


def _of_documents(written: Sequence[DueDocument], people: Sequence[Person], unit: Unit) -> Iterator[Reminder]:
    """Tell of versions that are there, and of what a law asks for from a day on; the rest is in the list of what is due."""
    for one in written:
        if one.why is Why.MISSING and one.in_days <= 0:
            continue
        agent = one.subject if RULES[one.kind].about is Subject.AGENT else None
        stage = f"{one.kind.value}.{one.why.value}"
        if one.why in (Why.MISSING, Why.ENDING):
            stage = f"{stage}-{one.due.isoformat()}" + (".over" if one.in_days < 0 else "")
        needed = RULES[one.kind].approvers if one.why is Why.UNAPPROVED else (PlanePermission.EVIDENCE,)
        draft = unit.shelf(DocumentVersion).find(one.document or "") if one.why is Why.UNAPPROVED else None
        barred = {draft.drafted_by, *draft.authors} if draft else set()
        able = (person for person in people if any(may(person, each) for each in needed))
        who = tuple(person.id for person in able if person.id not in barred)
        what, subject = _WRITTEN[one.why], one.document or one.subject
        see = f"ephor documents show {one.document}" if one.document else "ephor documents due"
        yield Reminder(About.DOCUMENT, subject, stage, what, agent, one.due, who, (), see)


def _of_risks(risks: Sequence[RegisteredRisk], now: datetime) -> Iterator[Reminder]:
    today = now.date()
    for risk in risks:
        if risk.status is RiskStatus.CLOSED:
            continue
        see = f"ephor risk show {risk.id}"
        for action in risk.actions:
            if action.done_at is None and action.due < today:
                stage = f"action-{action.number}.overdue"
                what = f"action {action.number} about a risk is overdue"
                yield Reminder(
                    About.RISK,
                    risk.id,
                    stage,
                    what,
                    risk.agent,
                    action.due,
                    (action.owner,),
                    (risk.owner,),
                    see,
                )
        held = risk.acceptance
        if risk.status is RiskStatus.ACCEPTED and held and held.until <= today + ACCEPTANCE_BEFORE:
            stage = f"acceptance-{held.until.isoformat()}.{'over' if held.until < today else 'ends'}"
            what = "the acceptance of a risk " + ("ran out" if held.until < today else "runs out")
            yield Reminder(About.RISK, risk.id, stage, what, risk.agent, held.until, (risk.owner,), (), see)


def _of_clocks(
    incident: Incident, laws: Sequence[Pack], who: tuple[str, ...], now: datetime
) -> Iterator[Reminder]:
    for clock in clocks(incident, laws, ZoneInfo(incident.zone), now):
        running = clock.status in (ClockStatus.RUNNING, ClockStatus.NOT_KNOWN)
        if running and clock.due is not None and clock.due <= now + CLOCK_BEFORE:
            stage = f"clock.{clock.id}.{'over' if clock.overdue else 'ends'}"
            what = f"the clock {clock.cite} of an incident " + ("is over" if clock.overdue else "ends soon")
            yield _incident(incident, stage, what, clock.due, who)


def _of_actions(incident: Incident, now: datetime) -> Iterator[Reminder]:
    for action in incident.actions:
        if action.ended_at is None and action.due < now.astimezone(ZoneInfo(incident.zone)).date():
            what = "a corrective action of an incident is overdue"
            stage = f"action.{action.id}.overdue"
            yield _incident(incident, stage, what, action.due, (action.owner,))


def _incident(
    incident: Incident, stage: str, what: str, day: datetime | date, who: tuple[str, ...]
) -> Reminder:
    agent = incident.agents[0] if len(incident.agents) == 1 else None
    see = f"ephor incidents show {incident.id}"
    return Reminder(About.INCIDENT, incident.id, stage, what, agent, day, who, (), see)
