"""Use cases: which sources hand in events, how far each has counted, and which of them must be heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.engine.ports import World
from ephor.kernel.events import Event
from ephor.kernel.truth import Truth
from ephor.rooms.access.people import Person, PlanePermission, require, require_known
from ephor.rooms.ledger.sources import Gap, Source, expect, key_of, overdue_by, release


@dataclass(frozen=True, slots=True)
class Heard:
    """One source as it stands now. ``overdue`` is None where nothing is expected of it."""

    name: str
    reporter: str
    last: int
    seen_at: datetime | None
    jumps: int
    missing: int
    gaps: Sequence[Gap]
    """The newest gaps; each stands in the ledger beside the event after it."""
    every_seconds: int | None
    expected_by: str | None
    overdue: Truth
    overdue_seconds: int | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of this plane, each as one person hands it in."""

    world: World

    def list(self) -> Sequence[Heard]:
        """Return every source that handed something in or is expected to, by person and name."""
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            return [_heard(one, now) for one in unit.shelf(Source).all()]

    def expect(self, name: str, every: timedelta, *, by: str, reporter: str | None = None) -> Heard:
        """Declare that something must arrive from a source at least *every* so often, handed in by *reporter*, or by *by*.

        Raises:
            NotPermittedError: *by* may not, or nobody is registered as *reporter*.
            InvalidInputError: no name of a source, or a time that is none.
        """
        now = self.world.clock.now()
        whose = reporter or by
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.SOURCES, who=by)
            require_known(unit.shelf(Person).find(whose), who=whose)
            shelf = unit.shelf(Source)
            old = shelf.find(key_of(whose, name))
            new = expect(old, named=name, reporter=whose, every=every, by=by, at=now)
            shelf.add(new) if old is None else shelf.replace(old, new)
            unit.append(
                Event(
                    kind="source.expected/1",
                    at=now,
                    actor=f"person:{by}",
                    resource=f"source:{new.id}",
                    metadata={"every_seconds": new.every_seconds},
                )
            )
        return _heard(new, now)

    def release(self, name: str, *, by: str, reporter: str | None = None) -> Heard:
        """Declare that nothing is expected of a source any more. Its counter stays where it is.

        Raises:
            NotPermittedError: *by* may not.
            NotFoundError: nothing is expected of it.
        """
        now = self.world.clock.now()
        whose = reporter or by
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.SOURCES, who=by)
            shelf = unit.shelf(Source)
            old = shelf.find(key_of(whose, name))
            new = release(old, name, whose)
            if old is not None:
                shelf.replace(old, new)
            unit.append(
                Event(kind="source.released/1", at=now, actor=f"person:{by}", resource=f"source:{new.id}")
            )
        return _heard(new, now)


def _heard(source: Source, now: datetime) -> Heard:
    late = overdue_by(source, now)
    return Heard(
        source.name,
        source.reporter,
        source.last,
        source.seen_at,
        source.jumps,
        source.missing,
        source.gaps,
        source.every_seconds,
        source.expected_by,
        None if late is None else late > timedelta(0),
        None if late is None else int(late.total_seconds()),
    )
