"""Use cases: people answer the calls that agents asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import World
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.approvals.call import CallApproval, CallStatus, answer, seen_at, standing_of


@dataclass(frozen=True, slots=True)
class Calls:
    """The inbox of calls that wait for a person."""

    world: World

    def inbox(self) -> Sequence[CallApproval]:
        """Return the calls that wait for an answer now, oldest first."""
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            pending = unit.shelf(CallApproval).all(status=CallStatus.PENDING.value)
        waiting = [one for one in pending if standing_of(one, now) is CallStatus.PENDING]
        return sorted(waiting, key=lambda one: (one.asked_at, one.id))

    def find(self, id: str) -> CallApproval | None:
        """Return a call approval as it stands now, *expired* included; None where there is none of that id."""
        with self.world.storage.reading() as unit:
            asked = unit.shelf(CallApproval).find(id)
        return None if asked is None else seen_at(asked, self.world.clock.now())

    def answer(self, id: str, *, approve: bool, by: str, because: str = "") -> CallApproval:
        """Approve or reject exactly the call that was asked about.

        Raises:
            NotFoundError: there is no such question.
            NotPermittedError: *by* may not approve calls, asked for this one, or owns the agent.
            ConflictError: it was answered already, or nobody answered in time.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.CALLS, who=by)
            asked = unit.shelf(CallApproval).get(id)
            answered = answer(asked, approve=approve, by=person.id, because=because, at=now)
            unit.shelf(CallApproval).replace(asked, answered)
            unit.append(
                Event(
                    kind="call.approved/1" if approve else "call.rejected/1",
                    at=now,
                    actor=f"person:{person.id}",
                    resource=f"call:{id}",
                    tool=asked.tool,
                    approver=person.id,
                    refs={"approval": id, "shown": asked.shown_digest, "call": asked.call_digest},
                    metadata={"because": answered.because} if answered.because else {},
                )
            )
        return answered
