"""Carrying out a request that was approved: in order, again from where it stopped, and closed only with its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ephor.engine import dsr_work as work
from ephor.engine.dsr_work import Stores
from ephor.engine.epochs import payload_of
from ephor.engine.ports import Forgotten, Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.time import stamp
from ephor.rooms.approvals.call import CallApproval, forget
from ephor.rooms.consent.choices import Minor
from ephor.rooms.consent.record import event_of, stopping
from ephor.rooms.consent.restriction import Restriction, outlived
from ephor.rooms.consent.statement import ConsentState, Standing, Statement, standings
from ephor.rooms.dsr.datamap import parse_map
from ephor.rooms.dsr.investigate import LEDGER, Investigation, collected, held_collections, ledger_fate
from ephor.rooms.dsr.judge import Stay
from ephor.rooms.dsr.opening import by_collection
from ephor.rooms.dsr.plan import Batch, Certificate, DataPlan, Tombstone
from ephor.rooms.dsr.request import ENDED, HandTask, Request, RequestStatus, check_step
from ephor.rooms.dsr.rights import Fulfilment, Right, changes_stores, fulfilment_of
from ephor.rooms.retention.hold import Hold
from ephor.rooms.ropa.record import ProcessingRecord

Deliver = Callable[[str, bytes], None]
"""Takes a file name and a document, and returns when it is safely where it belongs."""

_NOTHING = Forgotten(0, 0)
_TOLD = 100
"""How many names of what was not searched an entry holds; the plan, whose digest it binds, has all of them."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries requests out on behalf of the person *by*."""

    world: World
    by: str

    def without_stores(self, request: Request) -> Certificate:
        """Stop purposes or restrict processing; refuse what only a person can do."""
        way = fulfilment_of(request.right)
        if way is Fulfilment.BY_HAND:
            raise ConflictError(
                f"Ephor cannot carry out {request.right} by itself and does not call it done; a person does, and says so by "
                f"{request.due.isoformat()} with `ephor dsr answer {request.id} --said …`, or refuses it on a ground of the law"
            )
        check_step(request, RequestStatus.FULFILLED)
        told = "objected to" if request.right is Right.OBJECTION else "opted out of"
        said = tuple(f"{told} {purpose}: no agent acts for it" for purpose in request.purposes)
        with self.world.storage.unit() as unit:
            if way is Fulfilment.RESTRICT:
                self._restrict(unit, request, ())
            else:
                objects = request.right is Right.OBJECTION
                state = ConsentState.OBJECTED if objects else ConsentState.OPTED_OUT
                self._stop(unit, request, request.purposes, state)
            return self._close(unit, request, None, said or ("processing restricted",))

    def by_hand(self, request: Request, said: str) -> Certificate:
        """Close a request with what a person did about it."""
        with self.world.storage.unit() as unit:
            return self._close(unit, request, None, (f"answered by {self.by}: {said}",))

    def with_stores(
        self, request: Request, given: Mapping[str, object], stores: Stores, deliver: Deliver | None
    ) -> Certificate:
        """Hand out, correct or erase by the approved plan."""
        if not changes_stores(request.right):
            return self._hand_out(request, given, stores, deliver)
        if request.status is not RequestStatus.IN_PROGRESS:
            return self._carry_through(*self._begin(request, given, stores), given, stores)
        payload = payload_of(self.world, request.work)
        if payload is None:
            raise ConflictError(
                f"the rows of `{request.id}` were erased with its subject; open a new request"
            )
        return self._carry_through(request, work.unpack(payload), given, stores, resumed=True)

    def _hand_out(
        self, request: Request, given: Mapping[str, object], stores: Stores, deliver: Deliver | None
    ) -> Certificate:
        if deliver is None:
            raise InvalidInputError("this right ends in a document; say where it goes with --output DIR")
        check_step(request, RequestStatus.FULFILLED)
        plan, found = self._as_approved(request, given, stores)
        request = self._hand_over(request, plan)
        told = self._handed(request)
        package = work.document(self._content(request, plan, found))
        deliver(f"{request.id}.json", package)
        said = (f"{request.id}.json: {len(package)} bytes handed over", *told)
        with self.world.storage.unit() as unit:
            return self._close(
                unit, request, plan, said, package="sha256:" + hashlib.sha256(package).hexdigest()
            )

    def _begin(
        self, request: Request, given: Mapping[str, object], stores: Stores
    ) -> tuple[Request, tuple[Batch, ...]]:
        """Write down, sealed, which rows will be worked on, so that an interrupted run can be carried through."""
        check_step(request, RequestStatus.IN_PROGRESS)
        plan, found = self._as_approved(request, given, stores)
        batches = found.batches()
        if fulfilment_of(request.right) is Fulfilment.CORRECT:
            names = [str(one.name) for one in parse_map(given).collections]
            chosen = by_collection(work.sealed(self.world, request)["corrections"], names)
            batches = tuple(one for one in batches if one.collection in chosen)
        else:
            batches = work.overwriting(self.world, request, found, batches)
        work.check_present(batches, stores)
        rows: dict[str, Json] = {one.collection: len(one.rows) for one in batches}
        event = work.event_of(
            self.world, "data.accessed/1", request, self.by, action="dsr.fulfil", metadata={"rows": rows}
        )
        packed = work.pack(batches)
        with self.world.storage.unit() as unit:
            if fulfilment_of(request.right) is Fulfilment.ERASE:
                _check_alone(unit, request)
            started = replace(request, status=RequestStatus.IN_PROGRESS, work=unit.append(event, packed))
            unit.shelf(Request).replace(request, started)
        # What is carried through is what was written down, whether it is read from there or not.
        return self._hand_over(started, plan), work.unpack(packed)

    def _hand_over(self, request: Request, plan: DataPlan) -> Request:
        """Give each person who works by hand a task, once; it is due when the answer is."""
        known = {task.dataset for task in request.tasks}
        tasks = tuple(
            HandTask(self.world.ids.new("tsk"), one.dataset, one.person, request.due)
            for one in plan.by_hand
            if one.dataset not in known
        )
        if not tasks:
            return request
        facts: dict[str, Json] = {task.id: task.person for task in tasks}
        given = replace(request, tasks=(*request.tasks, *tasks))
        with self.world.storage.unit() as unit:
            work.record(
                unit,
                request,
                given,
                work.event_of(self.world, "dsr.task-given/1", request, self.by, metadata=facts),
            )
        return given

    def _handed(self, request: Request) -> tuple[str, ...]:
        """Return what people said they did by hand.

        Raises:
            ConflictError: somebody has not said so yet.
        """
        for task in request.tasks:
            if task.done_at is None:
                raise ConflictError(
                    f"`{task.person}` has until {task.due.isoformat()} to work on `{task.dataset}` by hand and to say so "
                    f"with `ephor dsr done {task.id}`; fulfil again then",
                    task=task.id,
                )
        return tuple(task.told for task in request.tasks)

    def _carry_through(
        self,
        request: Request,
        batches: Sequence[Batch],
        given: Mapping[str, object],
        stores: Stores,
        *,
        resumed: bool = False,
    ) -> Certificate:
        """Work through the list, however much of it was done before; then prove it and close."""
        work.check_stores(batches, stores)
        with self.world.storage.reading() as unit:
            plan = unit.shelf(DataPlan).get(request.id)
        request = self._hand_over(request, plan)  # a run may have stopped before it came to that
        if plan.fulfilment is Fulfilment.CORRECT:  # keeps the data, so no hold stands in its way
            said = (*self._correct(request, batches, stores), *self._handed(request))
            with self.world.storage.unit() as unit:
                return self._close(unit, request, plan, said)
        self._check_holds(request, plan, given, batches)
        for batch in batches:
            if gone := work.erase(batch, stores):
                kind = "data.modified/1" if batch.fields else "data.deleted/1"
                self._note(kind, request, batch.collection, gone)
        said = (*work.prove_gone(batches, stores), *self._handed(request))
        late = self._late(request, plan, batches, given, stores) if resumed else ()
        with self.world.storage.unit() as unit:
            return self._close_erasure(unit, request, plan, said, batches, late)

    def _late(
        self,
        request: Request,
        plan: DataPlan,
        batches: Sequence[Batch],
        given: Mapping[str, object],
        stores: Stores,
    ) -> tuple[str, ...]:
        """Return what came while the run was interrupted: nobody approved that, so it stays, and is told."""
        now, _ = work.look_into(
            self.world, request, given, stores, by=self.by, release_shared=plan.release_shared
        )
        masked = {one.collection for one in batches if one.fields}
        return tuple(
            f"{line.collection}: {line.act} rows came while the run was interrupted and are there; open a new request for them"
            for line in now.lines
            if line.act and line.collection not in masked
        )

    def _correct(self, request: Request, batches: Sequence[Batch], stores: Stores) -> tuple[str, ...]:
        names = [batch.collection for batch in batches]
        wanted = by_collection(work.sealed(self.world, request)["corrections"], names)
        said = []
        for batch in batches:
            changed = work.correct(batch, stores, wanted[batch.collection])
            self._note("data.modified/1", request, batch.collection, changed)
            said.append(f"{batch.collection}: {changed} of {len(batch.rows)} rows corrected")
        return tuple(said)

    def _as_approved(
        self, request: Request, given: Mapping[str, object], stores: Stores
    ) -> tuple[DataPlan, Investigation]:
        """Return plan and rows if the stores still are what the approval was for."""
        with self.world.storage.reading() as unit:
            approved = unit.shelf(DataPlan).get(request.id)
        now, found = work.look_into(
            self.world, request, given, stores, by=self.by, release_shared=approved.release_shared
        )
        if now.digest != request.approved_plan:
            raise ConflictError(
                f"map, data or holds changed since the plan of `{request.id}` was approved; plan and approve again"
            )
        return approved, found

    def _content(self, request: Request, plan: DataPlan, found: Investigation) -> dict[str, object]:
        """Return what the package says; an access request also gets the information of GDPR Art. 15(1)."""
        withheld = [
            {"collection": line.collection, "rows": stay.rows, "shared_with": stay.because}
            for line in plan.lines
            for stay in line.stays
            if stay.reason is Stay.SHARED and not plan.release_shared
        ]
        content: dict[str, object] = {
            "request": request.id,
            "right": request.right,
            "law": request.law,
            "prepared_at": stamp(self.world.clock.now()),
            "collections": collected(found, plan),
            "withheld_for_others": withheld,
            "not_searched": [*plan.unreachable, *plan.unmapped],
        }
        if plan.fulfilment is Fulfilment.PACKAGE:
            with self.world.storage.reading() as unit:
                content["consents"] = unit.shelf(Statement).all(subject=request.subject)
                content["known_as_a_child"] = unit.shelf(Minor).find(request.subject)
                content["processing"] = unit.shelf(ProcessingRecord).all()
        return content

    def _check_holds(
        self, request: Request, plan: DataPlan, given: Mapping[str, object], batches: Sequence[Batch]
    ) -> None:
        """Stop before a hold that was placed while the run was interrupted."""
        data_map, today = parse_map(given), self.world.clock.now().date()
        if work.map_digest(data_map) != plan.map_digest:
            raise ConflictError(
                f"this is not the data map that the plan of `{request.id}` was approved with; give that one"
            )
        with self.world.storage.reading() as unit:
            holds = [one for one in unit.shelf(Hold).all() if not one.days or one.placed_at > plan.made_at]
        held = held_collections(data_map, holds, on=today, subject=request.subject)
        stand = [(batch.collection, held.get(work.name_of(batch))) for batch in batches]
        fate = ledger_fate(plan.fulfilment, holds, on=today, subject=request.subject)
        if fate != plan.ledger:
            stand.append((LEDGER, fate))
        for name, hold in stand:
            if hold:
                raise ConflictError(
                    f"legal holds changed since the approval: `{name}` is under {hold}; nothing further is deleted"
                )

    def _close_erasure(
        self,
        unit: Unit,
        request: Request,
        plan: DataPlan,
        said: Sequence[str],
        batches: Sequence[Batch],
        late: tuple[str, ...],
    ) -> Certificate:
        """Withdraw what consent stands, restrict what had to stay, destroy the subject's key, and close."""
        holds = standings(unit.shelf(Statement).all(subject=request.subject), self.world.clock.now())
        given = [name for name, one in holds.items() if one is Standing.GIVEN]
        self._stop(unit, request, given, ConsentState.WITHDRAWN)
        if not late:
            self._free(unit, request, {line.collection for line in plan.lines} - {*plan.kept})
        if plan.kept:
            self._restrict(unit, request, plan.kept)
        forgotten = _NOTHING
        if plan.ledger == "destroyed":
            forgotten = unit.forget(request.subject)
            _forget_calls(unit, request.subject)
            counts: dict[str, Json] = {"keys": forgotten.keys, "payloads": forgotten.payloads}
            if (minor := unit.shelf(Minor).find(request.subject)) is not None:
                unit.shelf(Minor).remove(minor)
            unit.append(work.event_of(self.world, "erasure/1", request, self.by, metadata=counts))
        stones = work.tombstones(self.world, request.id, batches)
        told = (*said, *late)
        return self._close(unit, request, plan, told, forgotten=forgotten, stones=stones, late=bool(late))

    def _stop(self, unit: Unit, request: Request, purposes: Sequence[str], state: ConsentState) -> None:
        shelf = unit.shelf(Statement)
        history, now = shelf.all(subject=request.subject), self.world.clock.now()
        for said in stopping(history, request.subject, purposes, state, at=now, channel="dsr", by=self.by):
            shelf.add(said)
            unit.append(event_of(said, actor=f"person:{self.by}", request=request.id))

    def _free(self, unit: Unit, request: Request, empty: set[str]) -> None:
        """Lift what earlier erasures restricted, where this one left nothing of it."""
        shelf = unit.shelf(Restriction)
        for one in outlived(shelf.all(subject=request.subject), empty):
            shelf.replace(one, replace(one, lifted_at=self.world.clock.now()))
            told: dict[str, Json] = {"restriction": one.id, "of": one.request, "told": "nothing stays of it"}
            unit.append(
                work.event_of(self.world, "dsr.restriction-lifted/1", request, self.by, metadata=told)
            )

    def _restrict(self, unit: Unit, request: Request, scope: tuple[str, ...]) -> None:
        """Note that the subject's data may be stored and nothing else; `_close` records it (GDPR Art. 18)."""
        ground = "asked for" if not scope else "not erased"
        one = Restriction(
            self.world.ids.new("res"), request.subject, self.world.clock.now(), ground, request.id, scope
        )
        unit.shelf(Restriction).add(one)

    def _close(
        self,
        unit: Unit,
        request: Request,
        plan: DataPlan | None,
        said: Sequence[str],
        *,
        package: str = "",
        forgotten: Forgotten = _NOTHING,
        stones: tuple[Tombstone, ...] = (),
        late: bool = False,
    ) -> Certificate:
        partly = late or (plan is not None and plan.is_partial and not (plan.release_shared and package))
        status = RequestStatus.PARTLY_FULFILLED if partly else RequestStatus.FULFILLED
        check_step(request, status)
        rows: dict[str, Json] = {line.collection: line.act for line in plan.lines} if plan else {}
        facts: dict[str, Json] = {"status": status.value, "rows": rows, "proof": list(said)}
        missed = plan.not_searched if plan else ()
        if missed:
            facts["not_searched"] = list(missed[:_TOLD])
        event = work.event_of(
            self.world, "dsr.fulfilled/1", request, self.by, output_hash=package or None, metadata=facts
        )
        entry = work.record(unit, request, replace(request, status=status, closed_at=event.at), event)
        certificate = Certificate(
            id=request.id,
            fulfilment=fulfilment_of(request.right),
            subject=request.subject,
            plan_digest=plan.digest if plan else "",
            lines=plan.lines if plan else (),
            verified=tuple(said),
            keys_destroyed=forgotten.keys,
            payloads_destroyed=forgotten.payloads,
            package_digest=package,
            entry=entry,
            completed_at=event.at,
            not_searched=missed,
            tombstones=stones,
        )
        unit.shelf(Certificate).add(certificate)
        return certificate

    def _note(self, kind: str, request: Request, collection: str, rows: int) -> None:
        """Record one finished collection; it is recorded at once, for the run may stop before the next."""
        facts = {"collection": collection, "rows": rows}
        event = work.event_of(self.world, kind, request, self.by, action="dsr.fulfil", metadata=facts)
        self.world.storage.append([event])


def _forget_calls(unit: Unit, subject: str) -> None:
    """Blank what people were shown of this person's calls; the digests in the ledger still say what it was."""
    shelf = unit.shelf(CallApproval)
    for asked in shelf.all(subject=subject):
        shelf.replace(asked, forget(asked))


def _check_alone(unit: Unit, request: Request) -> None:
    """Erasing a subject destroys what their other requests were opened with, so those are answered first."""
    others = [one.id for one in unit.shelf(Request).all(subject=request.subject) if one.status not in ENDED]
    if others := [id for id in others if id != request.id]:
        raise ConflictError(
            f"the same person's request `{others[0]}` is still open; fulfil or refuse it before the erasure"
        )
