"""Use case: sessions that nobody goes on with and counters of windows long past are cleared away, by a person, with an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.engine.ports import R, Unit, World
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.policies.limits import Limit, Usage, Window
from ephor.rooms.policies.sequences import Session

SHORTEST = timedelta(days=32)
"""Older than any window but `ever`: a clock that goes back a month refills nothing."""
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was cleared away, or would be: all of it changed last before *before*."""

    before: datetime
    sessions: int
    counters: int


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What decisions left behind and no decision needs any more."""

    world: World

    def clear(self, older: timedelta, *, by: str, dry_run: bool = False) -> Cleared:
        """Clear sessions whose labels last changed *older* ago, and counters of windows that began so long ago.

        A counter of a window without an end stays as long as its limit is there. A session that is named again after it was
        cleared has touched nothing: clear no session that is still gone on with. Every process forgets what it remembers of
        sessions, in the transaction that clears them.

        Raises:
            InvalidInputError: less than 32 days.
            NotPermittedError: *by* may not.
        """
        if older < SHORTEST:
            raise InvalidInputError(
                f"what is younger than {SHORTEST.days} days may still count; write {SHORTEST.days}d or more"
            )
        now = self.world.clock.now()
        before = now - older
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.ROLES, who=by)
            ever = {one.id for one in unit.shelf(Limit).all() if one.window is Window.EVER}
            sessions = _old(unit, Session, lambda one: one.changed_at < before)
            counters = _old(unit, Usage, lambda one: one.window < before and one.limit not in ever)
            if dry_run or not (sessions or counters):
                return Cleared(before, len(sessions), len(counters))
            for session in sessions:
                unit.shelf(Session).remove(session)
            for counter in counters:
                unit.shelf(Usage).remove(counter)
            unit.move_on()
            unit.append(
                Event(
                    kind="housekeeping.cleared/1",
                    at=now,
                    actor=f"person:{by}",
                    metadata={"before": stamp(before), "sessions": len(sessions), "counters": len(counters)},
                )
            )
        return Cleared(before, len(sessions), len(counters))


def _old(unit: Unit, kind: type[R], is_old: Callable[[R], bool]) -> list[R]:
    """Return the records that are old, read a page at a time."""
    found: list[R] = []
    after = ""
    while page := unit.shelf(kind).page(after, _BATCH):
        found += filter(is_old, page)
        after = page[-1].id
    return found
