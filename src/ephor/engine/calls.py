"""Use cases: people answer the calls that agents asked about, take questions back, and are asked too much or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.engine.asking import answering, bound_to
from ephor.engine.authority import compile_authority
from ephor.engine.ports import Unit, World
from ephor.engine.telling import tell
from ephor.kernel.canonical import Json
from ephor.kernel.errors import InvalidInputError, NotPermittedError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import word
from ephor.rooms.access.people import Person, PlanePermission, may, require_known
from ephor.rooms.agents.agent import Agent
from ephor.rooms.approvals.call import (
    CallApproval,
    CallStatus,
    answer,
    barred,
    expire,
    roles_now,
    seen_at,
    standing_of,
    withdraw,
)
from ephor.rooms.approvals.lasting import Lasting, Scope, read_lasting
from ephor.rooms.approvals.load import Load, load_of
from ephor.rooms.approvals.notice import About
from ephor.rooms.approvals.rule import steps_due
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.catalogue import ToolEntry


@dataclass(frozen=True, slots=True)
class Swept:
    """What looking after the inbox did: questions that ran out, and those that were passed on."""

    expired: Sequence[CallApproval]
    escalated: Sequence[CallApproval]


@dataclass(frozen=True, slots=True)
class Calls:
    """The inbox of calls that wait for a person."""

    world: World

    def inbox(self, *, person: str | None = None) -> Sequence[CallApproval]:
        """Return the calls that wait for an answer now, oldest first; with *person*, those that they may answer.

        Raises:
            NotPermittedError: nobody is registered as *person*.
        """
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            pending = unit.shelf(CallApproval).all(status=CallStatus.PENDING.value)
            who = None if person is None else require_known(unit.shelf(Person).find(person), who=person)
        waiting = [one for one in pending if standing_of(one, now) is CallStatus.PENDING]
        if who is not None:
            waiting = [one for one in waiting if _is_for(one, who, now)]
        return sorted(waiting, key=lambda one: (one.asked_at, one.id))

    def all(self, status: CallStatus | None = None) -> Sequence[CallApproval]:
        """Return every call approval as it stands now, oldest first."""
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            seen = [seen_at(one, now) for one in unit.shelf(CallApproval).all()]
        return sorted(
            (one for one in seen if status in (None, one.status)), key=lambda one: (one.asked_at, one.id)
        )

    def find(self, id: str) -> CallApproval | None:
        """Return a call approval as it stands now, *expired* included; None where there is none of that id."""
        with self.world.storage.reading() as unit:
            asked = unit.shelf(CallApproval).find(id)
        return None if asked is None else seen_at(asked, self.world.clock.now())

    def outdated(self, asked: Iterable[CallApproval]) -> frozenset[str]:
        """Return the ids of those that are open or unused and let nothing through any more, whatever is answered.

        What they rest on has changed since: the agent's manifest, policy, roles or rules, or the rule by which people
        answer. The next call like it asks anew.
        """
        now = self.world.clock.now()
        waiting = [one for one in asked if standing_of(one, now) in (CallStatus.PENDING, CallStatus.APPROVED)]
        with self.world.storage.reading() as unit:
            known = {
                agent: compile_authority(unit, agent, version=0, now=now).agent
                for agent in {one.agent for one in waiting}
            }
            return frozenset(one.id for one in waiting if not _still_bound(unit, one, known[one.agent]))

    def answer(
        self,
        id: str,
        *,
        approve: bool,
        by: str,
        because: str = "",
        scope: Scope = Scope.CALL,
        lasts: timedelta | None = None,
        uses: int | None = None,
        at_most: Mapping[str, int] | None = None,
    ) -> CallApproval:
        """Approve or reject exactly the call that was asked about.

        An approval is for one call, once, unless *lasts*, *uses*, *scope* or *at_most* make it reach further: then it is
        good for an hour, and for 100 calls, where these are not given.

        Raises:
            NotFoundError: there is no such question.
            NotPermittedError: *by* may not approve calls, asked for this one, or owns the agent.
            ConflictError: it was answered already, or nobody answered in time.
            InvalidInputError: a rejection without a reason, or an approval that reaches too far.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            person = require_known(unit.shelf(Person).find(by), who=by)
            asked = unit.shelf(CallApproval).get(id)
            _require_role(person, asked, now)
            reach = _reach(scope, lasts, uses, at_most, now) if approve else None
            if reach is not None and reach.scope is Scope.TOOL:
                _require_bounds(unit, asked, reach)
            answered = answer(asked, approve=approve, by=person.id, because=because, at=now, lasting=reach)
            unit.shelf(CallApproval).replace(asked, answered)
            unit.append(_answered(answered, person.id, now))
        return answered

    def withdraw(self, id: str, reason: str, *, by: str) -> CallApproval:
        """Take a question back, or an approval that is not used up: by whom it was asked for, by who owns the agent or
        answered, or by whoever may revoke approvals.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such question.
            NotPermittedError: *by* is none of these.
            ConflictError: it is over already.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            person = require_known(unit.shelf(Person).find(by), who=by)
            asked = unit.shelf(CallApproval).get(id)
            own = person.id in (asked.owner, asked.behalf_person, *(given.by for given in asked.answers))
            if not own and not may(person, PlanePermission.REVOKE):
                raise NotPermittedError(
                    f"`{by}` neither asked for this call nor owns the agent nor answered; ask somebody who did",
                    person=by,
                )
            ended = withdraw(asked, by=person.id, because=reason, at=now)
            unit.shelf(CallApproval).replace(asked, ended)
            was: dict[str, Json] = {"was": asked.status.value, "because": ended.because}
            unit.append(_event("call.withdrawn/1", ended, f"person:{person.id}", now, was))
        return ended

    def sweep(self) -> Swept:
        """Record the questions and answers that ran out, and pass on what nobody answered; run it every minute.

        What ran out lets nobody act, and who may answer follows the clock, whether this ran or not.
        """
        now = self.world.clock.now()
        if not self._work(now):
            return Swept((), ())
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(CallApproval)
            open_ones = [
                *shelf.all(status=CallStatus.PENDING.value),
                *shelf.all(status=CallStatus.APPROVED.value),
            ]
            expired = [self._expire(unit, one, now) for one in open_ones if _ran_out(one, now)]
            escalated = [self._escalate(unit, one, now) for one in open_ones if _is_to_pass_on(one, now)]
        return Swept(expired, escalated)

    def load(self, *, within: timedelta = timedelta(days=7)) -> Load:
        """Return how many calls each person answered lately, how fast, and how long agents waited: is it too much?"""
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            return load_of(unit.shelf(CallApproval).all(), since=now - within, now=now)

    def _work(self, now: datetime) -> bool:
        """Tell whether there is anything to do, without a transaction that writes."""
        with self.world.storage.reading() as unit:
            shelf = unit.shelf(CallApproval)
            open_ones = [
                *shelf.all(status=CallStatus.PENDING.value),
                *shelf.all(status=CallStatus.APPROVED.value),
            ]
        return any(_ran_out(one, now) or _is_to_pass_on(one, now) for one in open_ones)

    def _expire(self, unit: Unit, asked: CallApproval, now: datetime) -> CallApproval:
        ended = expire(asked)
        unit.shelf(CallApproval).replace(asked, ended)
        unit.append(_event("call.expired/1", ended, "ephor", now, {"was": asked.status.value}))
        return ended

    def _escalate(self, unit: Unit, asked: CallApproval, now: datetime) -> CallApproval:
        due = steps_due(asked.escalation, asked.asked_at, now)
        passed = dataclasses.replace(asked, escalated=due)
        unit.shelf(CallApproval).replace(asked, passed)
        roles: list[Json] = [role.value for role in roles_now(passed, now)]
        unit.append(_event("call.escalated/1", passed, "ephor", now, {"step": due, "roles": roles}))
        tell(unit, self.world, About.ESCALATED, passed, now)
        return passed


def _require_role(person: Person, asked: CallApproval, now: datetime) -> None:
    roles = roles_now(asked, now)
    if not set(person.roles) & set(roles):
        held = ", ".join(role.value for role in person.roles) or "none"
        raise NotPermittedError(
            f"`{person.id}` holds {held}; call `{asked.id}` needs one of: {', '.join(role.value for role in roles)}",
            person=person.id,
            permission=PlanePermission.CALLS.value,
        )


def _is_for(asked: CallApproval, person: Person, now: datetime) -> bool:
    answered = {given.by for given in asked.answers}
    return person.id not in barred(asked) | answered and bool(set(person.roles) & set(roles_now(asked, now)))


def _ran_out(asked: CallApproval, now: datetime) -> bool:
    return asked.status is not CallStatus.EXPIRED and standing_of(asked, now) is CallStatus.EXPIRED


def _is_to_pass_on(asked: CallApproval, now: datetime) -> bool:
    waits = standing_of(asked, now) is CallStatus.PENDING
    return waits and steps_due(asked.escalation, asked.asked_at, now) > asked.escalated


def _still_bound(unit: Unit, asked: CallApproval, authority: AgentAuthority | None) -> bool:
    if authority is None or asked.tool not in authority.tools:
        return False
    return asked.authority == bound_to(authority, answering(unit, authority, asked.tool))


def _reach(
    scope: Scope | str,
    lasts: timedelta | None,
    uses: int | None,
    at_most: Mapping[str, int] | None,
    now: datetime,
) -> Lasting | None:
    scope = word(Scope, scope, "scope")
    if lasts is not None and not isinstance(lasts, timedelta):
        raise InvalidInputError(f"`lasts` is {type(lasts).__name__}; pass a timedelta")
    if uses is not None and type(uses) is not int:
        raise InvalidInputError(f"`uses` is {type(uses).__name__}; pass a whole number")
    if scope is Scope.CALL and lasts is None and uses is None and not at_most:
        return None
    return read_lasting(
        scope=scope,
        lasts=lasts if lasts is not None else timedelta(hours=1),
        uses=uses if uses is not None else 100,
        at_most=at_most,
        now=now,
    )


def _require_bounds(unit: Unit, asked: CallApproval, reach: Lasting) -> None:
    """An approval for a tool whose calls are asked about by an amount says up to which amount it is good."""
    agent, entry = unit.shelf(Agent).find(asked.agent), unit.shelf(ToolEntry).find(asked.tool)
    declared = next((one for one in agent.manifest.tools if one.name == asked.tool), None) if agent else None
    rules = [*(declared.ask if declared else ()), *(entry.ask if entry else ())]
    missing = dict.fromkeys(
        rule.argument for rule in rules if rule.argument and rule.argument not in reach.at_most
    )
    if missing:
        told = " ".join(f"--at-most {name}=NUMBER" for name in missing)
        raise InvalidInputError(
            f"people are asked about `{asked.tool}` by `{next(iter(missing))}`, and an approval for the tool without a bound "
            f"would let any through; add {told}"
        )


def _answered(asked: CallApproval, by: str, now: datetime) -> Event:
    """State one person's answer: what they were shown is in it by its digest."""
    kinds = {
        CallStatus.PENDING: "call.endorsed/1",
        CallStatus.APPROVED: "call.approved/1",
        CallStatus.REJECTED: "call.rejected/1",
    }
    given, reach = asked.answers[-1], asked.lasting
    metadata: dict[str, Json] = {"because": given.because} if given.because else {}
    if asked.quorum > 1:
        metadata |= {"answers": len(asked.answers), "quorum": asked.quorum}
    if reach is not None:
        bounds: dict[str, Json] = dict(reach.at_most)
        metadata["lasting"] = {
            "scope": reach.scope.value,
            "until": stamp(reach.until),
            "uses": reach.uses,
            "at_most": bounds,
        }
    return _event(kinds[asked.status], asked, f"person:{by}", now, metadata, approver=by)


def _event(
    kind: str,
    asked: CallApproval,
    actor: str,
    now: datetime,
    metadata: Mapping[str, Json],
    approver: str | None = None,
) -> Event:
    return Event(
        kind=kind,
        at=now,
        actor=actor,
        resource=f"call:{asked.id}",
        tool=asked.tool,
        approver=approver,
        refs={"approval": asked.id, "shown": asked.shown_digest, "call": asked.call_digest},
        metadata=metadata,
    )
