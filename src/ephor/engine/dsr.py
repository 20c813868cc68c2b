"""Use cases: data subject requests, from their receipt to the proof that they were carried out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ephor.engine.dsr_carry import Carrier, Deliver
from ephor.engine.dsr_work import Stores, event_of, look_into, receive, record
from ephor.engine.ports import World
from ephor.kernel import ids
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.consent.restriction import Restriction, lift
from ephor.rooms.dsr.deadline import Deadlines, deadlines, extend
from ephor.rooms.dsr.opening import check_opening
from ephor.rooms.dsr.plan import Certificate, DataPlan
from ephor.rooms.dsr.request import (
    ENDED,
    Request,
    RequestStatus,
    check_mandate,
    check_step,
    is_overdue,
    pause,
    resumed,
)
from ephor.rooms.dsr.rights import Fulfilment, fee_of, fulfilment_of, ground_of, needs_stores, right_of
from ephor.rooms.dsr.store import Value

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})? [A-Z]{3}")


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with its plan and, at the end, its certificate."""

    request: Request
    plan: DataPlan | None
    certificate: Certificate | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Dsr:
    """Subject requests. Who the subject is lies sealed in the ledger; records hold a pseudonym."""

    world: World

    def open(
        self,
        right: str,
        identities: Mapping[str, str],
        *,
        by: str,
        law: str = "gdpr",
        subject: str | None = None,
        channel: str = "cli",
        received_on: date | None = None,
        purposes: Sequence[str] = (),
        corrections: Mapping[str, Value] | None = None,
        holidays: Sequence[date] = (),
        agent: str = "",
        mandate: str = "",
    ) -> Request:
        """Record a request and the days that count for it; seal what was given to find the person by.

        *subject* is what consent and decisions know the person as; by default the first identity. *agent* asks on their
        behalf, and *mandate* is the digest of the person's permission.

        Raises:
            InvalidInputError: the law gives no such right, or the request lacks what the right takes.
            NotPermittedError: *by* may not.
        """
        under, asked = right_of(law, right)
        check_opening(asked, identities, purposes, corrections or {})
        now = self.world.clock.now()
        day = received_on or now.date()
        if day > now.date() + timedelta(1):  # a day ahead is today somewhere on earth
            raise InvalidInputError(
                f"a request cannot have been received on {day.isoformat()}, which is still to come"
            )
        days = deadlines(under, asked, day, holidays)
        request = Request(
            id=self.world.ids.new("dsr"),
            right=asked,
            law=under,
            subject=self.world.pseudonyms.of(subject or next(iter(identities.values()))),
            channel=ids.name(channel, "a channel"),
            received_at=now,
            received_on=day,
            due=days.due,
            status=RequestStatus.RECEIVED,
            entry="",
            opened_by=by,
            identity_kinds=tuple(sorted(identities)),
            purposes=tuple(dict.fromkeys(purposes)),
            confirm_by=days.confirm,
            extendable_to=days.extended,
            holidays=tuple(sorted(set(holidays))),
            by_agent=bool(agent.strip()),
        )
        if mandate:
            request = replace(request, mandate=check_mandate(request, mandate))
        content = {"identities": dict(identities), "corrections": dict(corrections or {})}
        [received] = receive(
            self.world, [(request, content | ({"agent": agent.strip()} if request.by_agent else {}))]
        )
        return received

    def verify_identity(self, id: str, method: str, *, by: str, mandate: str = "") -> Request:
        """Record that *by* found the requester to be the data subject, or their agent under a *mandate*, and how.

        Raises:
            InvalidInputError: no method is named.
            ConflictError: the request is past that, or its right takes no verification.
        """
        if not method.strip():
            raise InvalidInputError(
                "how the identity was verified is not said; name the method, for example `postal code sent by letter`"
            )
        today = self.world.clock.now().date()
        before = self._check(id, RequestStatus.IDENTITY_VERIFIED, by=by)
        request = resumed(before, today)
        event = event_of(self.world, "dsr.identity-verified/1", request, by=by)
        verified = {
            "verified_by": by,
            "verification_method": method.strip(),
            "verified_at": event.at,
            "mandate": check_mandate(request, mandate),
        }
        return self._step(before, RequestStatus.IDENTITY_VERIFIED, event, {**verified, **_time_of(request)})

    def pause(self, id: str, asked: str, *, by: str) -> Request:
        """Let the time rest while what was *asked* for is awaited, to know who asks; it runs on when the identity is shown.

        Raises:
            InvalidInputError: what was asked for is not said.
            ConflictError: the law lets no time rest, or it is too late.
            NotPermittedError: *by* may not.
        """
        if not asked.strip():
            raise InvalidInputError("the time rests only while something is awaited; say what was asked for")
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            resting = pause(request, now.date())
            facts = {"asked": asked.strip()}
            record(
                unit, request, resting, event_of(self.world, "dsr.paused/1", request, by=by, metadata=facts)
            )
        return resting

    def plan(
        self, id: str, given: Mapping[str, object], stores: Stores, *, by: str, release_shared: bool = False
    ) -> DataPlan:
        """Work out what carrying out the request would do in *stores*, by the data map *given*; change nothing there.

        Raises:
            InvalidInputError: the map cannot be read, does not fit the stores, or carries none of the identities.
            ConflictError: the identity was not verified yet, the right takes no stores, or the identifiers are gone.
            NotPermittedError: *by* may not.
        """
        request = self._check(id, RequestStatus.PLANNED, by=by)
        made, _ = look_into(self.world, request, given, stores, by=by, release_shared=release_shared)
        rows: dict[str, Json] = {line.collection: line.act for line in made.lines}
        planned = replace(request, status=RequestStatus.PLANNED, approved_by="", approved_plan="")
        event = event_of(
            self.world, "dsr.planned/1", request, by=by, policy_digest=made.digest, metadata={"rows": rows}
        )
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(DataPlan)
            if old := shelf.find(id):
                shelf.replace(old, made)
            else:
                shelf.add(made)
            record(unit, request, planned, event)
        return made

    def approve(self, id: str, *, by: str) -> Request:
        """Release the plan as it stands; the approval is for that plan and no other.

        Raises:
            NotPermittedError: *by* may not, took the request in, or reviewed rows of it.
            ConflictError: there is no plan to approve.
        """
        request = self._check(id, RequestStatus.APPROVED, by=by)
        if by == request.opened_by:
            raise NotPermittedError(
                f"`{by}` took in request `{id}`; somebody else approves its plan", person=by
            )
        if by in {one.by for one in request.reviews}:
            raise NotPermittedError(
                f"`{by}` decided what becomes of shared rows in `{id}`; somebody else approves its plan",
                person=by,
            )
        with self.world.storage.unit() as unit:
            plan = unit.shelf(DataPlan).get(id)
            approved = replace(
                request, status=RequestStatus.APPROVED, approved_by=by, approved_plan=plan.digest
            )
            event = event_of(
                self.world,
                "dsr.approved/1",
                request,
                by=by,
                policy_digest=plan.digest,
                approver=f"person:{by}",
            )
            record(unit, request, approved, event)
        return approved

    def extend(self, id: str, reason: str, *, by: str) -> Request:
        """Extend the time once, in the first period, with the reason the subject was told.

        Raises:
            ConflictError: the request has ended, the law or the first period does not allow it, or it was done before.
            InvalidInputError: no reason.
        """
        if not reason.strip():
            raise InvalidInputError(
                "an extension takes its reason, which the data subject is told (GDPR Art. 12(3)); add one"
            )
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            if request.status in ENDED:
                raise ConflictError(f"request `{id}` is {request.status}; there is nothing to extend")
            days = Deadlines(request.due, request.confirm_by, request.extendable_to)
            reached = request.paused_on or now.date()  # while the time rests, the first period goes on
            due = extend(days, today=reached, already=request.extended_at is not None)
            longer = replace(request, due=due, extended_at=now, extension_reason=reason.strip())
            record(
                unit,
                request,
                longer,
                event_of(self.world, "dsr.extended/1", request, by=by, metadata={"due": due.isoformat()}),
            )
        return longer

    def refuse(self, id: str, ground: str, *, by: str, notes: str = "") -> Request:
        """Refuse the request on a ground that its law lists.

        Raises:
            InvalidInputError: the law has no such ground for this right.
            ConflictError: the request has ended, or stores may have been changed for it already.
        """
        request = self._check(id, RequestStatus.REFUSED, by=by)
        source = ground_of(request.law, request.right, ground).source
        event = event_of(self.world, "dsr.refused/1", request, by=by, reasons=(ground,))
        refused = {
            "refusal_ground": f"{ground} ({source})",
            "refusal_notes": notes.strip(),
            "closed_at": event.at,
        }
        return self._step(request, RequestStatus.REFUSED, event, refused)

    def ask_fee(self, id: str, amount: str, ground: str, *, by: str) -> Request:
        """Record that a reasonable fee was asked for, on a ground of the law. The time does not stop for it.

        Raises:
            InvalidInputError: no amount with its currency, or the law lets no fee be asked on that ground.
            ConflictError: the request has ended.
        """
        if not _AMOUNT.fullmatch(amount):
            raise InvalidInputError("an amount is a number and its currency, for example `12.50 EUR`")
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            source = fee_of(request.law, request.right, ground).source
            if request.status in ENDED:
                raise ConflictError(f"request `{id}` is {request.status}; there is nothing to ask a fee for")
            asked = replace(request, fee=f"{amount}: {ground} ({source})")
            record(
                unit,
                request,
                asked,
                event_of(self.world, "dsr.fee-asked/1", request, by=by, reasons=(ground,)),
            )
        return asked

    def answer(self, id: str, said: str, *, by: str) -> Certificate:
        """Close a request that only a person can answer, with what they did.

        Raises:
            InvalidInputError: nothing is said.
            ConflictError: Ephor carries out this right by itself, or the request is not at this step.
            NotPermittedError: *by* may not.
        """
        if not said.strip():
            raise InvalidInputError("an answer says what was done; no personal data")
        request = self._check(id, RequestStatus.FULFILLED, by=by)
        check_mandate(request)
        if fulfilment_of(request.right) is not Fulfilment.BY_HAND:
            raise ConflictError(
                f"{request.right} is carried out by `ephor dsr fulfil {id}`, not answered by hand"
            )
        return Carrier(self.world, by).by_hand(request, said.strip())

    def lift(self, id: str, told: str, *, by: str) -> Restriction:
        """Lift the restriction that the request *id* brought, after the person was *told* (GDPR Art. 18(3)).

        Raises:
            InvalidInputError: how the person was told is not said.
            ConflictError: the request restricts nothing, or what it restricts was to be erased.
            NotPermittedError: *by* may not.
        """
        if not told.strip():
            raise InvalidInputError(
                "whoever asked for a restriction is told before it is lifted (GDPR Art. 18(3)); say how they were"
            )
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            shelf = unit.shelf(Restriction)
            found = [one for one in shelf.all(subject=request.subject) if one.request == id]
            if not found:
                raise ConflictError(f"`{id}` restricts nothing")
            lifted = lift(found[0], self.world.clock.now())
            shelf.replace(found[0], lifted)
            facts = {"restriction": lifted.id, "told": told.strip()}
            unit.append(event_of(self.world, "dsr.restriction-lifted/1", request, by=by, metadata=facts))
        return lifted

    def show(self, id: str) -> RequestView:
        """Return a request with its plan and certificate. Raises NotFoundError."""
        today = self.world.clock.now().date()
        with self.world.storage.reading() as unit:
            request = unit.shelf(Request).get(id)
            plan, certificate = unit.shelf(DataPlan).find(id), unit.shelf(Certificate).find(id)
        return RequestView(request, plan, certificate, is_overdue(request, today))

    def today(self) -> date:
        """Return the day by which requests are early or late."""
        return self.world.clock.now().date()

    def requests(self, *, open_only: bool = False) -> Sequence[Request]:
        """Return the requests by id, oldest first; with *open_only*, those not answered yet."""
        with self.world.storage.reading() as unit:
            return [one for one in unit.shelf(Request).all() if not open_only or one.status not in ENDED]

    def fulfil(
        self,
        id: str,
        *,
        by: str,
        given: Mapping[str, object] | None = None,
        stores: Stores | None = None,
        deliver: Deliver | None = None,
    ) -> Certificate:
        """Carry the request out and return the proof. One that was interrupted is carried through; one that is done is not repeated.

        *given* and *stores* are the data map and the stores it was planned with; *deliver* takes the package of an
        access or portability request, before anything is called done.

        Raises:
            ConflictError: it is not approved, the data changed since, a legal hold stands in the way, or this right is
                one that Ephor cannot carry out.
            NotPermittedError: *by* may not.
            VerificationError: the stores still hold what was deleted; nothing is called done.
        """
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            if done := unit.shelf(Certificate).find(id):
                return done
            request = unit.shelf(Request).get(id)
        check_mandate(request)
        carrier = Carrier(self.world, by)
        if not needs_stores(request.right):
            return carrier.without_stores(request)
        if given is None or not stores:
            raise InvalidInputError(
                "this right reaches into data stores; give the data map and a store for each dataset"
            )
        return carrier.with_stores(request, given, stores, deliver)

    def _check(self, id: str, to: RequestStatus, *, by: str) -> Request:
        """Return the request if *by* may take it to *to*, and it may go there."""
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
        check_step(request, to)
        return request

    def _step(self, request: Request, to: RequestStatus, event: Event, changes: Mapping[str, Any]) -> Request:
        moved = replace(request, status=to, **changes)
        with self.world.storage.unit() as unit:
            record(unit, request, moved, event)
        return moved


def _time_of(request: Request) -> dict[str, object]:
    return {"due": request.due, "extendable_to": request.extendable_to, "paused_on": request.paused_on}
