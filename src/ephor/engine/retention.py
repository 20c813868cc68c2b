"""Use cases: retention policy and legal holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ephor.engine import retention_work as work
from ephor.engine.ports import World
from ephor.engine.ports_retention import OpenArchive, RetentionStores
from ephor.engine.retention_ledger import DATASET, LedgerStore
from ephor.engine.retention_run import Runner, RunReport, staying
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.datamap import parse_map
from ephor.rooms.retention.disposal import (
    Keeps,
    Line,
    RetentionCertificate,
    RetentionDecision,
    RetentionPlan,
    RunStatus,
    Staying,
    check_decision,
    conflict_id,
    seal_plan,
    total,
)
from ephor.rooms.retention.hold import Hold, check_hold, is_active, release
from ephor.rooms.retention.plan import Policy, plan
from ephor.rooms.retention.rule import RetentionLaw, Rule
from ephor.rooms.retention.schedule import parse_schedule

EVERY_ROW = 1 << 62
BATCH = 10_000
"""Rows in one transaction, and in one file of the archive."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data stays, and what must not go."""

    world: World

    def plan(self, laws: Sequence[RetentionLaw], own: Sequence[Rule] = ()) -> tuple[Policy, ...]:
        """Return the policy of every category, conflicts included. Raises InvalidInputError."""
        return plan(laws, own)

    def draft(
        self,
        schedule: Mapping[str, Any],
        stores: RetentionStores,
        *,
        by: str,
        data_map: Mapping[str, object] | None = None,
    ) -> RetentionPlan:
        """Work out what is past its time in *stores*, what would go and what stays and why; keep and change nothing.

        Raises:
            InvalidInputError: the schedule cannot be read, does not fit its rules, the stores or the data map.
            ConflictError: rows of a table cannot be told apart.
        """
        given, now = parse_schedule(schedule), self.world.clock.now()
        stores = self._with_own(stores, by)
        known = work.fit_map(given, None if data_map is None else parse_map(data_map))
        lines = work.draft_lines(self.world, given, stores, known, now.date())
        counted = tuple(self._count(line, lines, stores) for line in lines)
        return seal_plan(RetentionPlan("", now.date(), given.digest, counted, "", RunStatus.PLANNED, now, by))

    def _count(self, line: Line, lines: Sequence[Line], stores: RetentionStores) -> Line:
        if line.cutoff is None:
            return line
        store = work.store_of(line.collection, stores)
        stands = work.standing(self.world, line)
        store.check(work.select(line))
        selection = work.select(line, work.spared(self.world, store, work.select(line), stands.people))
        if selection.spared:
            store.check(selection)
        going = [work.select(one) for one in lines if one.cutoff and self._may_go(one, line)]
        found = store.appraise(selection, going)
        if stands.whole:
            stays = (Staying(Keeps.HELD, stands.whole, found.due),) if found.due else ()
            return replace(line, due=found.due, act=0, stays=stays)
        return replace(line, due=found.due, act=found.act, stays=tuple(staying(found)))

    def _may_go(self, one: Line, line: Line) -> bool:
        """Tell whether rows of *one* may go in this run, in the store of *line*; held ones keep back what they name."""
        same = work.name_of(one.collection).dataset == work.name_of(line.collection).dataset
        stands = work.standing(self.world, one)
        return same and not stands.whole and not stands.people

    def propose(
        self,
        schedule: Mapping[str, Any],
        stores: RetentionStores,
        *,
        by: str,
        data_map: Mapping[str, object] | None = None,
    ) -> RetentionPlan:
        """Record what `draft` works out, for somebody else to approve.

        Raises:
            InvalidInputError: see `draft`.
            NotPermittedError: *by* may not.
        """
        self._allow(by)
        plan = replace(self.draft(schedule, stores, by=by, data_map=data_map), id=self.world.ids.new("ret"))
        facts: dict[str, Json] = {
            "rows": {f"{at:02d}-{one.collection}": one.act for at, one in enumerate(plan.lines)}
        }
        with self.world.storage.unit() as unit:
            unit.shelf(RetentionPlan).add(plan)
            unit.append(self._event("retention.planned/1", plan, plan.made_at, by, metadata=facts))
        return plan

    def approve(self, id: str, *, by: str) -> RetentionPlan:
        """Release the plan as it stands.

        Raises:
            NotPermittedError: *by* may not, or made the plan.
            ConflictError: it was approved before, or nothing in it would go.
        """
        self._allow(by)
        with self.world.storage.unit() as unit:
            plan = unit.shelf(RetentionPlan).get(id)
            if by == plan.made_by:
                raise NotPermittedError(f"`{by}` made plan `{id}`; somebody else approves it", person=by)
            if plan.status is not RunStatus.PLANNED:
                raise ConflictError(f"plan `{id}` is {plan.status}; only one that is planned is approved")
            if not total(plan.lines):
                raise ConflictError(f"nothing goes by plan `{id}`; there is nothing to approve")
            approved = replace(plan, status=RunStatus.APPROVED, approved_by=by)
            unit.shelf(RetentionPlan).replace(plan, approved)
            at = self.world.clock.now()
            unit.append(self._event("retention.approved/1", plan, at, by, approver=f"person:{by}"))
        return approved

    def run(
        self,
        id: str,
        stores: RetentionStores,
        *,
        by: str,
        archive: OpenArchive | None = None,
        limit: int = EVERY_ROW,
        batch: int = BATCH,
    ) -> RunReport:
        """Carry an approved plan out, or on from where it stopped; at most *limit* rows in this run.

        Raises:
            ConflictError: it is not approved, more rows would go than were approved, or another process works on it.
            NotPermittedError: *by* may not.
            InvalidInputError: a store or the folder of the archive is missing, or a limit below one.
            VerificationError: an archive does not say what was deleted; nothing further is.
        """
        self._allow(by)
        if limit < 1 or batch < 1:
            raise InvalidInputError("a run takes at least one row; give a larger limit")
        with self.world.storage.reading() as unit:
            plan = unit.shelf(RetentionPlan).get(id)
            done = unit.shelf(RetentionCertificate).find(id)
        if done is not None:
            return RunReport(plan, 0, done)
        if plan.status is RunStatus.PLANNED:
            if not total(plan.lines):
                raise ConflictError(f"nothing goes by plan `{id}`; plan again when something may go")
            raise ConflictError(f"plan `{id}` is not approved; `ephor retention approve {id}` does it")
        return Runner(self.world, by, self._with_own(stores, by), limit, batch).run(plan, archive)

    def _with_own(self, stores: RetentionStores, by: str) -> RetentionStores:
        return {**stores, DATASET: LedgerStore(self.world, by)}

    def decide(
        self,
        category: str,
        laws: Sequence[RetentionLaw],
        days: int,
        because: str,
        *,
        by: str,
        own: Sequence[Rule] = (),
    ) -> RetentionDecision:
        """Record a person's word on rules that exclude each other: the data goes after so many days.

        Raises:
            ConflictError: the rules do not conflict, or this conflict was decided.
            InvalidInputError: no such category, no reason, or days outside of the conflict.
            NotPermittedError: *by* may not.
        """
        self._allow(by)
        policy = next((one for one in plan(laws, own) if one.category.value == category), None)
        if policy is None:
            raise InvalidInputError(f"unknown category `{category[:80]}`")
        check_decision(policy, days, because)
        now = self.world.clock.now()
        made = RetentionDecision(conflict_id(policy), policy.category, days, because.strip(), by, now)
        facts: dict[str, Json] = {"category": category, "days": days, "conflict": made.id}
        event = Event(
            "retention.decided/1", now, f"person:{by}", resource=f"category:{category}", metadata=facts
        )
        with self.world.storage.unit() as unit:
            unit.shelf(RetentionDecision).add(made)
            unit.append(event)
        return made

    def decisions(self) -> Sequence[RetentionDecision]:
        """Return what was decided about conflicts."""
        with self.world.storage.reading() as unit:
            return unit.shelf(RetentionDecision).all()

    def show(self, id: str) -> RunReport:
        """Return a plan with its certificate. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return RunReport(unit.shelf(RetentionPlan).get(id), 0, unit.shelf(RetentionCertificate).find(id))

    def plans(self) -> Sequence[RetentionPlan]:
        """Return the plans by id, oldest first."""
        with self.world.storage.reading() as unit:
            return unit.shelf(RetentionPlan).all()

    def waiting(self) -> Sequence[RetentionPlan]:
        """Return the plans that were approved and are not done."""
        going = (RunStatus.APPROVED, RunStatus.IN_PROGRESS, RunStatus.DELETED)
        return [one for one in self.plans() if one.status in going]

    def _allow(self, by: str) -> None:
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)

    def _event(self, kind: str, plan: RetentionPlan, at: datetime, by: str, **facts: Any) -> Event:
        return Event(
            kind, at, f"person:{by}", resource=f"retention:{plan.id}", policy_digest=plan.digest, **facts
        )

    def _pseudonymous(self, scope: str) -> str:
        """Return a scope that names a person by their pseudonym, however it was written."""
        kind, colon, who = scope.partition(":")
        if kind != "subject" or not colon or not who.strip() or who.startswith("sub_"):
            return scope
        return f"subject:{self.world.pseudonyms.of(who)}"

    def place_hold(
        self,
        matter: str,
        scope: Sequence[str],
        *,
        by: str,
        owner: str | None = None,
        until: date | None = None,
        days: int | None = None,
        since: str = "",
    ) -> Hold:
        """Stop deletion of what *scope* names, for *matter*; a person in it is kept as their pseudonym.

        With *days* it is a minimum for each row of collections, counted from their field *since*.

        Raises:
            InvalidInputError: no matter, or a scope nobody can read.
            NotPermittedError: *by* may not.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            hold = Hold(
                self.world.ids.new("hold"),
                matter,
                tuple(map(self._pseudonymous, scope)),
                owner or actor.id,
                actor.id,
                now,
                until,
                days=days,
                since=since,
            )
            unit.shelf(Hold).add(check_hold(hold))
            unit.append(
                Event(
                    kind="hold.placed/1",
                    at=now,
                    actor=f"person:{actor.id}",
                    resource=f"hold:{hold.id}",
                    metadata={
                        "scope": list(hold.scope),
                        "until": until.isoformat() if until else None,
                        **({} if days is None else {"days": days, "since": since}),
                    },
                )
            )
        return hold

    def release_hold(self, id: str, *, by: str) -> Hold:
        """Add one person's release; the hold ends with the second person's.

        Raises:
            NotFoundError: no such hold.
            NotPermittedError: *by* may not.
            ConflictError: released already, or by the same person.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            shelf = unit.shelf(Hold)
            hold = shelf.get(id)
            released = release(hold, by=actor.id, at=now)
            shelf.replace(hold, released)
            unit.append(
                Event(
                    kind="hold.released/1",
                    at=now,
                    actor=f"person:{actor.id}",
                    resource=f"hold:{id}",
                    metadata={"ended": released.released_at is not None, "releases": len(released.releases)},
                )
            )
        return released

    def holds(self, *, active_only: bool = False) -> Sequence[Hold]:
        """Return the holds by id; with *active_only*, those that stand today."""
        today = self.world.clock.now().date()
        with self.world.storage.reading() as unit:
            return [hold for hold in unit.shelf(Hold).all() if not active_only or is_active(hold, today)]
