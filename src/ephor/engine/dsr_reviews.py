"""Use case: a person looks at rows that are somebody else's too, and decides what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ephor.engine.dsr_work import Stores, event_of, fingerprint_of, look_into, record
from ephor.engine.ports import World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.kernel.vocabulary import word
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.judge import Stay
from ephor.rooms.dsr.request import Request, RequestStatus
from ephor.rooms.dsr.review import Looked, Review
from ephor.rooms.dsr.store import Row

_LEAST = 8
"""Letters that a row is called by at least."""
_OPEN = (RequestStatus.IDENTITY_VERIFIED, RequestStatus.PLANNED, RequestStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A row that is somebody else's too, as the store has it now; ``row`` is what it is called in this request."""

    collection: str
    row: str
    shared_with: str
    fields: Row
    decision: Looked | None


@dataclass(frozen=True, slots=True)
class DsrReviews:
    """Reviews of shared rows. A decision is for one request, and its plan is made and approved anew."""

    world: World

    def shared(self, id: str, given: Mapping[str, object], stores: Stores, *, by: str) -> Sequence[SharedRow]:
        """Return the rows that wait for somebody to look at them; that they were looked at is recorded.

        Raises:
            ConflictError: the request is not at a step where its rows can be decided on.
            NotPermittedError: *by* may not.
        """
        request = self._open(id, by)
        found = self._found(request, given, stores, by)
        counts: dict[str, Json] = {}
        for one in found:
            counts[one.collection] = int(str(counts.get(one.collection, 0))) + 1
        if found:
            event = event_of(
                self.world, "data.accessed/1", request, by, action="dsr.review", metadata={"rows": counts}
            )
            self.world.storage.append([event])
        return found

    def decide(
        self,
        id: str,
        collection: str,
        decision: str,
        because: str,
        given: Mapping[str, object],
        stores: Stores,
        *,
        by: str,
        rows: Sequence[str] = (),
    ) -> Request:
        """Record what becomes of shared rows of *collection*: those called *rows*, else all of them.

        Raises:
            InvalidInputError: no such decision, or no reason.
            NotFoundError: no shared row is called so.
            ConflictError: the request is not at a step where its rows can be decided on.
            NotPermittedError: *by* may not.
        """
        taken = word(Looked, decision, "decision")
        if not because.strip():
            raise InvalidInputError("a decision about what is somebody else's too takes its reason; add one")
        request = self._open(id, by)
        there = [one for one in self._found(request, given, stores, by) if one.collection == collection]
        chosen = [
            one.row
            for one in there
            if not rows or any(one.row.startswith(row) for row in rows if len(row) >= _LEAST)
        ]
        if not chosen:
            raise NotFoundError(
                f"`{collection[:80]}` has no such shared row in `{id}`; see `ephor dsr review {id}` without a decision"
            )
        now = self.world.clock.now()
        review = Review(collection, tuple(chosen), taken, because.strip(), by, now)
        decided = replace(request, reviews=(*request.reviews, review))
        facts: dict[str, Json] = {"collection": collection, "rows": len(chosen), "decision": taken.value}
        with self.world.storage.unit() as unit:
            record(
                unit, request, decided, event_of(self.world, "dsr.reviewed/1", request, by, metadata=facts)
            )
        return decided

    def _found(
        self, request: Request, given: Mapping[str, object], stores: Stores, by: str
    ) -> list[SharedRow]:
        blank = replace(request, reviews=())
        _, found = look_into(self.world, blank, given, stores, by=by, release_shared=False)
        said = {(one.collection, row): one.decision for one in request.reviews for row in one.rows}
        rows = []
        for verdict in found.verdicts:
            name = str(verdict.collection.name)
            for kept in (one for one in verdict.kept if one.reason is Stay.SHARED):
                for key in kept.keys:
                    row = fingerprint_of(self.world, request.id, name, key)
                    held = found.found[verdict.collection.name][key]
                    rows.append(SharedRow(name, row, kept.because, dict(held), said.get((name, row))))
        return rows

    def _open(self, id: str, by: str) -> Request:
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
        if request.status not in _OPEN:
            raise ConflictError(
                f"request `{id}` is {request.status}; its rows are looked at after the identity was verified and before it "
                "is carried out"
            )
        return request
