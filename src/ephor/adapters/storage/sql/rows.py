"""The ledger's rows through the database's own driver: SQLAlchemy would cost more than the insert."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, ClassVar

from ephor.adapters.storage.growth import Growth, HeadRow
from ephor.adapters.storage.search import COLUMNS, indexed, summary
from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.rooms.ledger import tile

_HEAD = "origin, size, root, frontier, note, key, last_at, partial"
_BINARY = ("root", "frontier", "note", "partial")
_KEEP_HEAD = (
    f"insert into ledger_head (id, {_HEAD}) values (1, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set "  # noqa: S608 - constants
    + ", ".join(f"{name} = excluded.{name}" for name in _HEAD.split(", "))
)
_PROJECT = (
    f"insert into ledger_projection (idx, id, at, {', '.join(COLUMNS)}) values (?, ?, ?, {', '.join('?' * len(COLUMNS))}) "  # noqa: S608
    "on conflict (idx) do nothing"
)


class SqliteRows:
    """Rows behind a `sqlite3` connection."""

    binary: ClassVar[str] = "cast({} as blob)"
    """SQLite keeps a text in a column of bytes as it is told to; as bytes it is what was hashed, or is found out."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str, *values: object) -> Any:
        """Run one statement written with ``?`` marks."""
        return self.connection.execute(sql, values)

    def head(self) -> HeadRow | None:
        names = [self._read(name) if name in _BINARY else name for name in _HEAD.split(", ")]
        row = self.run(f"select {', '.join(names)} from ledger_head where id = 1").fetchone()  # noqa: S608 - constants
        if row is None:
            return None
        stored = dict(zip(_HEAD.split(", "), row, strict=True))
        texts = all(isinstance(stored[name], str) for name in ("origin", "key", "last_at"))
        if not texts or not isinstance(stored["size"], int) or stored["size"] < 0:
            raise VerificationError(
                "the stored head of the ledger is damaged: a text or a number in it is none; restore it from a backup"
            )
        return HeadRow(**stored)

    def entries(self, start: int, stop: int) -> Sequence[bytes]:
        sql = f"select {self._read('data')} from ledger_entries where idx >= ? and idx < ? order by idx"  # noqa: S608
        return [row[0] for row in self.run(sql, start, stop)]

    def tile(self, level: int, index: int) -> bytes | None:
        sql = f"select {self._read('hashes')} from ledger_tiles where level = ? and idx = ?"  # noqa: S608
        row = self.run(sql, level, index).fetchone()
        return None if row is None else row[0]

    def tile_roots(self, level: int, start: int) -> Sequence[bytes]:
        sql = f"select {self._read('root')} from ledger_tiles where level = ? and idx >= ? order by idx"  # noqa: S608
        return [row[0] for row in self.run(sql, level, start)]

    def beyond(self, size: int) -> int:
        """Count the entries and tiles that a log of *size* entries cannot have."""
        found = self.run("select count(*) from ledger_entries where idx >= ?", size).fetchone()[0]
        found += self.run("select count(*) from ledger_entries where idx < 0").fetchone()[0]
        for level in range(1, 64 // tile.HEIGHT + 1):
            sql = "select count(*) from ledger_tiles where level = ? and (idx < 0 or idx >= ?)"
            found += self.run(sql, level - 1, size >> tile.HEIGHT * level).fetchone()[0]
        return int(found)

    def write(self, growth: Growth) -> None:
        self._insert_entries(growth)
        if growth.tiles:
            tiles = [(row.level, row.index, row.hashes, row.root) for row in growth.tiles]
            self.many("insert into ledger_tiles (level, idx, hashes, root) values (?, ?, ?, ?)", tiles)
        head = growth.head
        self.run(
            _KEEP_HEAD,
            head.origin,
            head.size,
            head.root,
            head.frontier,
            head.note,
            head.key,
            head.last_at,
            head.partial,
        )

    def many(self, sql: str, values: Sequence[tuple[object, ...]]) -> None:
        """Run one statement for each tuple of values."""
        self.connection.executemany(sql, values)

    def project(self, start: int, entries: Sequence[bytes]) -> None:
        """Add entries to what can be searched."""
        found = [(index, summary(entry)) for index, entry in enumerate(entries, start)]
        self.many(
            _PROJECT,
            [
                (index, indexed(one["id"]) or "", one["at"] or "", *[indexed(one[name]) for name in COLUMNS])
                for index, one in found
            ],
        )

    def bump(self) -> None:
        """Let everyone know that governance state changed."""
        self.run("update plane_state set value = value + 1 where name = 'version'")

    def version(self) -> int:
        row = self.run("select value from plane_state where name = 'version'").fetchone()
        if row is None:
            raise UnavailableError("the plane's version is gone from the database; restore it from a backup")
        return int(row[0])

    def lock(self) -> None:
        """SQLite has one writer at a time; `begin immediate` made it this one."""

    def _read(self, column: str) -> str:
        return self.binary.format(column)

    def _insert_entries(self, growth: Growth) -> None:
        self.connection.executemany(
            "insert into ledger_entries (idx, data) values (?, ?)",
            zip(count(growth.first), growth.entries, strict=False),
        )


class PostgresRows(SqliteRows):
    """Rows behind a `psycopg` connection."""

    binary = "{}"

    def run(self, sql: str, *values: object) -> Any:
        return self.connection.execute(sql.replace("?", "%s"), values)

    def many(self, sql: str, values: Sequence[tuple[object, ...]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(sql.replace("?", "%s"), values)

    def lock(self) -> None:
        """Exclude other writers of this log until the transaction ends (READ COMMITTED then sees their head)."""
        self.run("select pg_advisory_xact_lock(?)", 0x45_50_48_4F_52)  # "EPHOR"

    def _insert_entries(self, growth: Growth) -> None:
        places = list(range(growth.first, growth.first + len(growth.entries)))
        sql = "insert into ledger_entries (idx, data) select * from unnest(?::bigint[], ?::bytea[])"
        self.run(sql, places, list(growth.entries))
