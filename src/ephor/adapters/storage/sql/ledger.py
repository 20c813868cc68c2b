"""The stored ledger, for reading: entries, tiles, the head, and a search that can be rebuilt from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from ephor.adapters.storage.search import check_fields, matches, summary
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.adapters.storage.sql.tables import sealed_payloads, subject_keys
from ephor.adapters.storage.vault import Sealed, Vault
from ephor.engine.ports import Head
from ephor.kernel.errors import NotFoundError, UnavailableError, VerificationError
from ephor.rooms.ledger import tile
from ephor.rooms.ledger.tree import leaf_hash

_BATCH = 1_024


class SqlLedger:
    """Reads through *reading*; keeps its projection up to date through *writing*."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sa.Connection]],
        writing: Callable[[], AbstractContextManager[sa.Connection]],
        rows: Callable[[sa.Connection], SqliteRows],
        vault: Vault,
        kept: Callable[[], bytes | None],
    ) -> None:
        self._reading, self._writing, self._rows_of, self._vault = reading, writing, rows, vault
        self.kept = kept

    def head(self) -> Head:
        with self._rows() as rows:
            row = rows.head()
        if row is None:
            raise NotFoundError("there is no ledger here yet; run `ephor init`")
        return Head(row.origin, row.size, bytes(row.root), bytes(row.note), row.key)

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        for low in range(start, stop, _BATCH):
            with self._rows() as rows:
                yield from (bytes(entry) for entry in rows.entries(low, min(low + _BATCH, stop)))

    def tile(self, level: int, index: int, width: int) -> bytes:
        with self._rows() as rows:
            if (full := rows.tile(level, index)) is not None:
                return bytes(full)[: width * 32]
            start = index * tile.WIDTH
            if level == 0:
                found = [leaf_hash(bytes(entry)) for entry in rows.entries(start, start + width)]
            else:
                found = [bytes(root) for root in rows.tile_roots(level - 1, start)[:width]]
        if len(found) != width:
            raise VerificationError(f"tile {level}/{index} has {len(found)} hashes where the head promises {width}")
        return b"".join(found)

    def position(self, id: str) -> int:
        if self._catch_up():
            with self._rows() as rows:
                found = rows.run("select idx from ledger_projection where id = ?", id).fetchone()
            if found is not None:
                return int(found[0])
        else:
            for index, entry in enumerate(self.entries(0, self.head().size)):
                if summary(entry)["id"] == id:
                    return index
        raise NotFoundError(f"there is no entry `{id}`; see `ephor ledger list`", id=id)

    def search(self, where: Mapping[str, str], *, before: int | None, limit: int) -> Sequence[int]:
        check_fields(where)
        top = self.head().size if before is None else before
        if not self._catch_up():
            found = (index for index in range(top - 1, -1, -1) if matches(summary(next(self.entries(index, index + 1))), where))
            return [index for index, _ in zip(found, range(limit), strict=False)]
        clause = "".join(f" and {name} = ?" for name in where)
        sql = f"select idx from ledger_projection where idx < ?{clause} order by idx desc limit ?"  # noqa: S608 - names were checked
        with self._rows() as rows:
            return [int(row[0]) for row in rows.run(sql, top, *where.values(), limit)]

    def payload(self, id: str) -> bytes | None:
        with self._reading() as connection:
            row = connection.execute(sa.select(sealed_payloads).where(sealed_payloads.c.entry == id)).one_or_none()
            if row is not None:
                known = sa.select(subject_keys.c.wrapped).where(subject_keys.c.subject == row.subject)
                wrapped = connection.execute(known).scalar()
        if row is None:
            self.position(id)
            return None
        return None if wrapped is None else self._vault.open(wrapped, Sealed(row.entry, row.subject, row.salt, row.box, row.commitment))

    def _catch_up(self) -> bool:
        """Project the entries that came since; False where the database cannot be written to."""
        try:
            while self._behind():
                with self._writing() as connection:
                    rows = self._rows_of(connection)
                    start = self._projected(rows)
                    rows.project(start, rows.entries(start, start + _BATCH))
        except UnavailableError:
            return False
        return True

    def _behind(self) -> bool:
        with self._rows() as rows:
            head = rows.head()
            # Compared against what is there, not only what the head says: rows cut from under it must not loop for ever.
            start = self._projected(rows)
            return head is not None and start < head.size and bool(rows.entries(start, start + 1))

    def _projected(self, rows: SqliteRows) -> int:
        return int(rows.run("select coalesce(max(idx) + 1, 0) from ledger_projection").fetchone()[0])

    @contextmanager
    def _rows(self) -> Iterator[SqliteRows]:
        with self._reading() as connection:
            yield self._rows_of(connection)
