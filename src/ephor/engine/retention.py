"""Use cases: retention policy and legal holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import World
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.retention.hold import Hold, check_hold, is_active, release
from ephor.rooms.retention.plan import Policy, plan
from ephor.rooms.retention.rule import RetentionLaw, Rule


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data stays, and what must not go."""

    world: World

    def plan(self, laws: Sequence[RetentionLaw], own: Sequence[Rule] = ()) -> tuple[Policy, ...]:
        """Return the policy of every category, conflicts included. Raises InvalidInputError."""
        return plan(laws, own)

    def place_hold(
        self,
        matter: str,
        scope: Sequence[str],
        *,
        by: str,
        owner: str | None = None,
        until: date | None = None,
    ) -> Hold:
        """Stop deletion of what *scope* names, for *matter*.

        Raises:
            InvalidInputError: no matter, or a scope nobody can read.
            NotPermittedError: *by* may not.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            hold = Hold(
                self.world.ids.new("hold"), matter, tuple(scope), owner or actor.id, actor.id, now, until
            )
            unit.shelf(Hold).add(check_hold(hold))
            unit.append(
                Event(
                    kind="hold.placed/1",
                    at=now,
                    actor=f"person:{actor.id}",
                    resource=f"hold:{hold.id}",
                    metadata={"scope": list(hold.scope), "until": until.isoformat() if until else None},
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
