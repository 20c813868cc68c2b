"""Use cases: the record of processing activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ephor.engine.ports import World
from ephor.kernel.canonical import digest_of_record
from ephor.kernel.errors import ConflictError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.ropa.parse import parse_record
from ephor.rooms.ropa.record import ProcessingRecord, missing


@dataclass(frozen=True, slots=True)
class RopaView:
    """A record and what it still lacks; complete when that is nothing."""

    record: ProcessingRecord
    missing: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Ropa:
    """Records of processing, each with its gaps in the open."""

    world: World

    def register(self, given: Mapping[str, object], *, by: str) -> RopaView:
        """Keep the record that *given* describes; one of the same id is succeeded by the next version.

        A record with gaps is kept and says so: an incomplete record is better than none, and never called complete.

        Raises:
            InvalidInputError: what is given is no record.
            NotPermittedError: *by* may not.
            ConflictError: nothing changed since the version before.
        """
        record = parse_record(given)
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            shelf = unit.shelf(ProcessingRecord)
            old = shelf.find(record.id)
            if old is None:
                shelf.add(record)
            else:
                record = replace(record, version=old.version + 1)
                if replace(record, version=old.version) == old:
                    raise ConflictError(
                        f"record `{record.id}` says the same already, as version {old.version}"
                    )
                shelf.replace(old, record)
            unit.append(
                Event(
                    kind="ropa.registered/1",
                    at=self.world.clock.now(),
                    actor=f"person:{actor.id}",
                    resource=f"ropa:{record.id}",
                    input_hash=digest_of_record(record),
                    metadata={
                        "version": record.version,
                        "agents": list(record.agents),
                        "missing": list(missing(record)),
                    },
                )
            )
        return _view(record)

    def show(self, id: str) -> RopaView:
        """Return one record and its gaps. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return _view(unit.shelf(ProcessingRecord).get(id))

    def records(self, agent: str | None = None) -> Sequence[RopaView]:
        """Return the records by id, or those that *agent* carries out."""
        with self.world.storage.reading() as unit:
            kept = unit.shelf(ProcessingRecord).all()
        return [_view(one) for one in kept if agent is None or agent in one.agents]


def _view(record: ProcessingRecord) -> RopaView:
    gaps = missing(record)
    return RopaView(record, gaps, not gaps)
