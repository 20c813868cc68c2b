"""The ledger's rows through the database's own driver: SQLAlchemy would cost more than the insert."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from ephor.adapters.storage.growth import Growth, HeadRow
from ephor.adapters.storage.search import COLUMNS, indexed, summary
from ephor.kernel.errors import UnavailableError

_HEAD = "origin, size, root, frontier, note, key, last_at, partial"
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

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str, *values: object) -> Any:
        """Run one statement written with ``?`` marks."""
        return self.connection.execute(sql, values)

    def head(self) -> HeadRow | None:
        row = self.run(f"select {_HEAD} from ledger_head where id = 1").fetchone()  # noqa: S608 - a constant
        return None if row is None else HeadRow(*row)

    def entries(self, start: int, stop: int) -> Sequence[bytes]:
        sql = "select data from ledger_entries where idx >= ? and idx < ? order by idx"
        return [row[0] for row in self.run(sql, start, stop)]

    def tile(self, level: int, index: int) -> bytes | None:
        row = self.run("select hashes from ledger_tiles where level = ? and idx = ?", level, index).fetchone()
        return None if row is None else row[0]

    def tile_roots(self, level: int, start: int) -> Sequence[bytes]:
        sql = "select root from ledger_tiles where level = ? and idx >= ? order by idx"
        return [row[0] for row in self.run(sql, level, start)]

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

    def _insert_entries(self, growth: Growth) -> None:
        self.connection.executemany(
            "insert into ledger_entries (idx, data) values (?, ?)",
            zip(count(growth.first), growth.entries, strict=False),
        )


class PostgresRows(SqliteRows):
    """Rows behind a `psycopg` connection."""

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
