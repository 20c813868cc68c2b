"""Use cases: people who ask together, each for themselves, and people who ask twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ephor.engine.dsr_work import receive, record
from ephor.engine.ports import World
from ephor.kernel import ids
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.deadline import deadlines
from ephor.rooms.dsr.opening import check_opening
from ephor.rooms.dsr.request import Request, RequestStatus, check_duplicate
from ephor.rooms.dsr.rights import Fulfilment, fulfilment_of, needs_stores, right_of


@dataclass(frozen=True, slots=True)
class DsrHouseholds:
    """A household's request is one request for each of its people, tied together.

    Each is verified, planned, approved and answered for itself. A row that only they share is given to one of them, or
    erased, when all whose it is were verified; until then it is another's (11 CCR 7031, GDPR Art. 15(4)).
    """

    world: World

    def open(
        self,
        right: str,
        members: Sequence[Mapping[str, str]],
        *,
        by: str,
        law: str = "gdpr",
        channel: str = "cli",
        received_on: date | None = None,
        holidays: Sequence[date] = (),
    ) -> tuple[Request, ...]:
        """Record the requests of people who ask together, all or none; what finds each is sealed under their own key.

        Raises:
            InvalidInputError: fewer than two people, somebody twice, or a right that reaches into no stores for all.
            NotPermittedError: *by* may not.
        """
        under, asked = right_of(law, right)
        if not needs_stores(asked) or fulfilment_of(asked) is Fulfilment.CORRECT:
            raise InvalidInputError(
                f"a household asks for access, a copy or erasure; open {asked} for each person"
            )
        now = self.world.clock.now()
        day = received_on or now.date()
        if day > now.date() + timedelta(1):
            raise InvalidInputError(
                f"a request cannot have been received on {day.isoformat()}, which is still to come"
            )
        days, household = deadlines(under, asked, day, holidays), self.world.ids.new("hh")
        requests = []
        for identities in members:
            check_opening(asked, identities, (), {})
            request = Request(
                id=self.world.ids.new("dsr"),
                right=asked,
                law=under,
                subject=self.world.pseudonyms.of(next(iter(identities.values()))),
                channel=ids.name(channel, "a channel"),
                received_at=now,
                received_on=day,
                due=days.due,
                status=RequestStatus.RECEIVED,
                entry="",
                opened_by=by,
                identity_kinds=tuple(sorted(identities)),
                confirm_by=days.confirm,
                extendable_to=days.extended,
                holidays=tuple(sorted(set(holidays))),
                household=household,
            )
            requests.append((request, {"identities": dict(identities), "corrections": {}}))
        if len({request.subject for request, _ in requests}) != len(requests) or len(requests) < 2:
            raise InvalidInputError("a household is two people or more, each named once")
        return receive(self.world, requests)

    def duplicate(self, id: str, *, by: str) -> Request:
        """Close a request that repeats an open one of the same person; that one answers both, by its own, earlier day.

        Raises:
            ConflictError: it repeats none, or was verified while the first was not.
            NotPermittedError: *by* may not.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            first = unit.shelf(Request).find(request.duplicate_of) if request.duplicate_of else None
            if first is None:
                raise ConflictError(f"`{id}` repeats no request that is open; answer it")
            check_duplicate(request, first)
            closed = replace(request, status=RequestStatus.DUPLICATE, closed_at=now)
            event = Event(
                "dsr.duplicate/1",
                now,
                f"person:{by}",
                resource=f"request:{id}",
                subject=request.subject,
                metadata={"first": first.id},
            )
            record(unit, request, closed, event)
        return closed
