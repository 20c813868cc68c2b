"""The stored ledger, for reading: entries, tiles, the head, and a search that can be rebuilt from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import sqlalchemy as sa

from ephor.adapters.keys.kept import size_of
from ephor.adapters.storage.growth import HeadRow
from ephor.adapters.storage.search import ask, indexed, summary
from ephor.adapters.storage.sql.projection import Projection
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.adapters.storage.sql.tables import sealed_payloads
from ephor.adapters.storage.sql.unit import wrapped_key
from ephor.adapters.storage.vault import Sealed, Vault, committed
from ephor.engine.ports import FullTile, Head
from ephor.kernel.errors import NotFoundError, VerificationError
from ephor.rooms.ledger import frontier, tile
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.tree import leaf_hash

_BATCH = 1_024


class SqlLedger:
    """Reads through *look*, payloads through *reading*; keeps its projection up to date through *writing*."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sa.Connection]],
        writing: Callable[[], AbstractContextManager[sa.Connection]],
        look: Callable[[], AbstractContextManager[SqliteRows]],
        rows: Callable[[sa.Connection], SqliteRows],
        vault: Vault,
        kept: Callable[[], bytes | None],
    ) -> None:
        self._reading, self._rows, self._vault = reading, look, vault
        self.projection = Projection(reading, writing, rows)
        self.kept = kept

    def head(self) -> Head:
        with self._rows() as rows:
            row, fresh, statements = rows.head(), rows.fresh(), tuple(rows.statements())
            entries = row is None and rows.entries(0, 1)
            size = 0 if row is None else _size(rows, row)
        if entries:
            raise VerificationError(
                "the ledger's signed head is gone from the database; restore it from a backup"
            )
        if row is None and rows.log:
            raise VerificationError(
                f"the signed head of log {rows.log}, which the list of logs names, is gone from the database; restore it from a backup"
            )
        if row is None:
            raise NotFoundError("there is no ledger here yet; run `ephor init`")
        return Head(
            row.origin,
            size,
            bytes(row.root),
            bytes(row.note),
            row.key,
            fresh,
            statements,
            frontier.split(row.frontier),
        )

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        for low in range(start, stop, _BATCH):
            with self._rows() as rows:
                found = rows.entries(low, min(low + _BATCH, stop))
            yield from found  # no transaction stays open while somebody looks at them

    def tile(self, level: int, index: int, width: int) -> bytes:
        start = index * tile.WIDTH
        with self._rows() as rows:
            # What is unfinished has no row: a part of a level above the leaves is made of roots without looking for one.
            full = None if level and width < tile.WIDTH else rows.tile(level, index)
            if full is not None:
                return bytes(full)[: width * 32]
            if level == 0:
                found = [leaf_hash(bytes(entry)) for entry in rows.entries(start, start + width)]
            else:
                found = [bytes(root) for root in rows.tile_roots(level - 1, start, start + width)]
        if len(found) != width:
            raise VerificationError(
                f"tile {level}/{index} has {len(found)} hashes where the head promises {width}"
            )
        return b"".join(found)

    def tiles(self, level: int, start: int, stop: int) -> Mapping[int, FullTile]:
        with self._rows() as rows:
            return rows.tiles(level, start, stop)

    def beyond(self) -> int:
        with self._rows() as rows:
            head = rows.head()
            try:
                return rows.beyond(size_of(bytes(head.note))) if head is not None else 0
            except (
                VerificationError
            ):  # a note that states no size vouches for nothing at all, as its judge will say
                return 0

    def position(self, id: str) -> int:
        places: Sequence[int] = range(size := self.head().size)
        told = self.projection.named(indexed(id) or "", size) if id.isascii() else []
        if told is not None:
            # What the projection says is not what was signed: it is believed that an entry is not there, not where it is.
            places = [*told, *places] if told else ()
        for place in places:
            if any(summary(entry)["id"] == id for entry in self.entries(place, place + 1)):
                return place
        raise NotFoundError(f"there is no entry `{id}`; see `ephor ledger list`", id=id)

    def search(
        self,
        where: Mapping[str, str],
        *,
        before: int | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
    ) -> Sequence[int]:
        asked = ask(where, since, until, text)
        size = self.head().size
        top = size if before is None else min(before, size)
        found: list[int] = []
        while top > 0 and len(found) < limit:
            places = self.projection.places(asked, top, limit - len(found))
            if places is None:
                places = range(top - 1, max(top - _BATCH, 0) - 1, -1)
            with self._rows() as rows:
                entries = [
                    (place, bytes(entry)) for place in places for entry in rows.entries(place, place + 1)
                ]
            found += [place for place, entry in entries if asked.fits(entry)]
            top = places[-1] if places else 0
        return found[:limit]

    def payload(self, id: str) -> bytes | None:
        entry = parse(next(iter(self.entries(place := self.position(id), place + 1))))
        sealed = sa.select(sealed_payloads).where(sealed_payloads.c.entry == id)
        with self._reading() as connection:
            row = connection.execute(sealed).one_or_none()
            if row is None:
                return None
            wrapped = wrapped_key(connection, row.subject)
        return (
            None
            if wrapped is None
            else self._vault.open(wrapped, Sealed(id, row.subject, row.salt, row.box, committed(entry)))
        )


def _size(rows: SqliteRows, head: HeadRow) -> int:
    """Return how many entries are to be read: no more than are signed or there, whatever the number beside the head says."""
    try:
        signed = size_of(bytes(head.note))
    except VerificationError:  # nothing vouches for anything, as its judge will say
        signed = 0
    return head.size if head.size == signed else min(head.size, max(signed, rows.reach()))
