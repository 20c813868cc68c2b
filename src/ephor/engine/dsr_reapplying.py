"""Use case: a data store came back from a backup; what had been erased in it is erased again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from ephor.engine.dsr_work import Stores, erase, fingerprint_of, seen_again
from ephor.engine.ports import World
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.datamap import Name, parse_map
from ephor.rooms.dsr.investigate import held_collections
from ephor.rooms.dsr.plan import Batch, Certificate, Tombstone
from ephor.rooms.dsr.store import Key
from ephor.rooms.retention.hold import Hold

_AT_ONCE = 1_000


@runtime_checkable
class Readable(Protocol):
    """A store that can be read through, key by key."""

    def keys(self, table: str, key: Sequence[str]) -> Iterator[Key]:
        """Return the key of every row, a few at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What a restored store held of one erasure in one collection. ``held`` are the legal holds that keep it now."""

    request: str
    collection: str
    rows: int
    held: str


@dataclass(frozen=True, slots=True)
class DsrReapplying:
    """Erasures of before, carried out again by their tombstones. No key of a row is kept, so stores are read through."""

    world: World

    def reapply(
        self, given: Mapping[str, object], stores: Stores, *, by: str, dry_run: bool = False
    ) -> Sequence[Reapplied]:
        """Erase again, in *stores*, the rows that were erased before; return what was there, by request and collection.

        Raises:
            InvalidInputError: a store cannot be read through, or the data map does not fit.
            ConflictError: a row of the store that stays names one that goes.
            VerificationError: a row is there after it was erased.
            NotPermittedError: *by* may not.
        """
        data_map = parse_map(given)
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            done, listed = unit.shelf(Certificate).all(), unit.shelf(Hold).all()
        holds = [one for one in listed if one.days is None]  # what was erased was old enough
        today, found = self.world.clock.now().date(), []
        for certificate in done:
            held = held_collections(data_map, holds, on=today, subject=certificate.subject)
            for stone in certificate.tombstones:
                name = _name(stone.collection)
                if name.dataset not in stores or data_map.find(name) is None:
                    continue
                rows = 0
                for batch in self._back(certificate.id, stone, stores):
                    rows += len(batch.rows)
                    if not dry_run and name not in held:
                        self._again(certificate, batch, stores, by)
                if rows:
                    found.append(Reapplied(certificate.id, stone.collection, rows, held.get(name, "")))
        if not dry_run:
            for dataset in sorted({_name(one.collection).dataset for one in found if not one.held}):
                stores[dataset].scrub(
                    [
                        _name(one.collection).collection
                        for one in found
                        if one.collection.startswith(f"{dataset}.")
                    ]
                )
        return found

    def _again(self, certificate: Certificate, batch: Batch, stores: Stores, by: str) -> None:
        """Record first what is done: a run that stops here finds the rest again."""
        event = Event(
            "dsr.reapplied/1",
            self.world.clock.now(),
            f"person:{by}",
            resource=f"request:{certificate.id}",
            subject=certificate.subject,
            metadata={"collection": batch.collection, "rows": len(batch.rows)},
        )
        self.world.storage.append([event])
        erase(batch, stores)
        if not batch.fields and erase(batch, stores):
            raise VerificationError(
                f"rows of `{batch.collection}` are there after they were erased again; something wrote them anew"
            )

    def _back(self, request: str, stone: Tombstone, stores: Stores) -> Iterator[Batch]:
        """Yield the rows that are back, some at a time."""
        name = _name(stone.collection)
        store = stores[name.dataset]
        if not isinstance(store, Readable):
            raise InvalidInputError(
                f"the store of `{name.dataset}` cannot be read through for what came back; open the requests anew"
            )
        if name.collection not in store.tables():
            return
        wanted = {row: at for at, row in enumerate(stone.rows)}
        blank = Batch(stone.collection, stone.key, (), stone.fields)
        some: list[tuple[Key, int]] = []
        for key in store.keys(name.collection, stone.key):
            at = wanted.get(fingerprint_of(self.world, request, stone.collection, key))
            if at is not None:
                some.append((key, at))
        for start in range(0, len(some), _AT_ONCE):
            part = some[start : start + _AT_ONCE]
            values = tuple(stone.values[at] for _, at in part) if stone.fields else ()
            batch = replace(blank, rows=tuple(key for key, _ in part), values=values)
            if stone.fields:
                batch = _still_known(batch, stores)
            if batch.rows:
                yield batch


def _still_known(batch: Batch, stores: Stores) -> Batch:
    """Return of rows that were overwritten and stay those that hold something else again."""
    back = {key for key, field in seen_again(batch, stores) if field}
    kept = [pair for pair in zip(batch.rows, batch.values, strict=True) if pair[0] in back]
    return replace(batch, rows=tuple(key for key, _ in kept), values=tuple(values for _, values in kept))


def _name(collection: str) -> Name:
    dataset, _, table = collection.partition(".")
    return Name(dataset, table)
