"""The ledger's rows through the database's own driver: SQLAlchemy would cost more than the insert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from ephor.adapters.storage.growth import Growth, HeadRow
from ephor.engine.ports import FullTile
from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.rooms.ledger import tile

_HEAD = "origin, size, root, frontier, note, key, last_at"
_BINARY = ("root", "frontier", "note")
_KEEP_HEAD = (
    f"insert into ledger_head (id, {_HEAD}) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set "  # noqa: S608 - constants
    + ", ".join(f"{name} = excluded.{name}" for name in _HEAD.split(", "))
)
_UNNEST = (
    "insert into ledger_entries (idx, data) "
    "select %s + place - 1, data from unnest(%b::bytea[]) with ordinality as told (data, place)"
)
_WHOLE = (  # one statement costs the server and the client less than three
    f"with entries as ({_UNNEST}), fresh as (insert into ledger_fresh (idx, hashes) values (%s, %b)) "  # noqa: S608 - constants
    + _KEEP_HEAD.replace("?, ?, ?, ?, ?, ?, ?, ?", "%s, %s, %s, %b, %b, %b, %s, %s")
)
_TOGETHER = 100
"""Entries in one insert statement: SQLite takes many rows at once in little more than half the time."""
_INSERT = "insert into ledger_entries (idx, data) values "
_LOCK = f"select pg_advisory_xact_lock({0x45_50_48_4F}, {{}})"  # "EPHO"
_SINCE = "select coalesce(data, '') from ledger_entries where idx >= {} and idx < {} order by idx"
SHIFT = 40
"""A log's rows lie from its number, shifted by this, on: room for a trillion entries in each of eight million logs."""
_VERSION = "select value from plane_state where name = 'version'"


class SqliteRows:
    """The rows of one log behind a `sqlite3` connection."""

    binary: ClassVar[str] = "coalesce(cast({} as blob), x'')"
    """SQLite keeps a text in a column of bytes as it is told to; as bytes it is what was hashed, or is found out. So is nothing
    at all, where somebody took away that there must be something."""

    def __init__(self, connection: Any, log: int = 0) -> None:
        self.connection, self.log = connection, log
        self.base, self.end = log << SHIFT, (log + 1) << SHIFT
        self._asked_head, self._asked = _questions(self.binary)
        self._entered: tuple[Any, ...] | None = None
        """The head as `enter` found it, until somebody asks for it."""
        self._version: int | None = None
        """What governance was at when `enter` looked, until somebody asks for it."""

    def run(self, sql: str, *values: object) -> Any:
        """Run one statement written with ``?`` marks."""
        return self.connection.execute(sql, values)

    def head(self) -> HeadRow | None:
        row, self._entered = self._entered or self.run(self._asked_head, self.log + 1).fetchone(), None
        if row is None:
            return None
        origin, size, root, edge, note, key, last_at, ended = row
        texts = type(origin) is type(key) is type(last_at) is str
        if not texts or type(size) is not int or not 0 <= size < 1 << SHIFT:
            raise VerificationError(
                "the stored head of the ledger is damaged: a text or a number in it is none; restore it from a backup"
            )
        return HeadRow(origin, size, root, edge, note, key, last_at, bool(ended))

    def entries(self, start: int, stop: int) -> Sequence[bytes]:
        sql = f"select {self._read('data')} from ledger_entries where idx >= ? and idx < ? order by idx"  # noqa: S608
        return [data for (data,) in self.run(sql, *self._between(start, stop)).fetchall()]

    def placed(self, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        """Return the entries that are there, each with its position."""
        sql = f"select idx, {self._read('data')} from ledger_entries where idx >= ? and idx < ? order by idx"  # noqa: S608
        return [(row[0] - self.base, row[1]) for row in self.run(sql, *self._between(start, stop))]

    def fresh(self) -> bytes:
        """Return the leaf hashes of the unfinished tile, as they were when they were signed."""
        sql = f"select {self._read('hashes')} from ledger_fresh where idx >= ? and idx < ? order by idx"  # noqa: S608
        return b"".join(bytes(row[0]) for row in self.run(sql, self.base, self.end))

    def tile(self, level: int, index: int) -> bytes | None:
        sql = f"select {self._read('hashes')} from ledger_tiles where level = ? and idx = ?"  # noqa: S608
        row = self.run(sql, level, self.base + index).fetchone()
        return None if row is None else row[0]

    def tiles(self, level: int, start: int, stop: int) -> Mapping[int, FullTile]:
        """Return the tiles of a level that are there, by their index."""
        sql = (
            f"select idx, {self._read('hashes')}, middle from ledger_tiles "  # noqa: S608
            "where level = ? and idx >= ? and idx < ?"
        )
        found = self.run(sql, level, *self._between(start, stop))
        return {
            idx - self.base: FullTile(bytes(hashes), bytes(middle) if isinstance(middle, bytes) else None)
            for idx, hashes, middle in found
        }

    def tile_roots(self, level: int, start: int, stop: int | None = None) -> Sequence[bytes]:
        sql = f"select {self._read('root')} from ledger_tiles where level = ? and idx >= ? and idx < ? order by idx"  # noqa: S608
        return [
            row[0] for row in self.run(sql, level, *self._between(start, self.end if stop is None else stop))
        ]

    def reach(self) -> int:
        """Return how many entries there are, as the position of the last one tells."""
        sql = "select coalesce(max(idx) - ? + 1, 0) from ledger_entries where idx >= ? and idx < ?"
        return int(self.run(sql, self.base, self.base, self.end).fetchone()[0])

    def beyond(self, size: int) -> int:
        """Count the entries and tiles that a log of *size* entries cannot have, and those of no log at all."""
        found = self._count("ledger_entries where idx >= ? and idx < ?", *self._between(size, self.end))
        found += self._count("ledger_entries where idx < 0")
        for level in range(1, 64 // tile.HEIGHT + 1):
            rest = self._between(size >> tile.HEIGHT * level, self.end)
            found += self._count(
                "ledger_tiles where level = ? and (idx < 0 or idx >= ? and idx < ?)", level - 1, *rest
            )
        most = "select coalesce(max(number), 0) + 1 from ledger_logs"
        for table in ("ledger_entries", "ledger_tiles"):
            last = int(self.run(most).fetchone()[0]) << SHIFT
            found += self._count(f"{table} where idx >= ?", last)
        return found

    def write(self, growth: Growth) -> None:
        self._insert_entries(growth)
        if growth.tiles:
            tiles = [
                (row.level, self.base + row.index, row.hashes, row.root, row.middle) for row in growth.tiles
            ]
            self.many(
                "insert into ledger_tiles (level, idx, hashes, root, middle) values (?, ?, ?, ?, ?)", tiles
            )
            self.run("delete from ledger_fresh where idx >= ? and idx < ?", self.base, self.end)
        head = growth.head
        if growth.fresh:
            place = self.base + head.size - len(growth.fresh)
            self.run("insert into ledger_fresh (idx, hashes) values (?, ?)", place, b"".join(growth.fresh))
        self.run(
            _KEEP_HEAD, self.log + 1, head.origin, head.size, head.root, head.frontier, head.note, head.key, head.last_at
        )  # fmt: skip

    def statements(self) -> Sequence[bytes]:
        """Return the key statements of this log, in the order in which keys followed each other."""
        sql = f"select {self._read('note')} from ledger_keys where log = ? order by number"  # noqa: S608
        return [bytes(row[0]) for row in self.run(sql, self.log)]

    def cosigned(self, limit: int) -> Sequence[bytes]:
        """Return the newest checkpoints of this log that witnesses cosigned, the largest first."""
        sql = f"select {self._read('note')} from ledger_cosigned where log = ? order by size desc limit ?"  # noqa: S608
        return [bytes(row[0]) for row in self.run(sql, self.log, limit)]

    def many(self, sql: str, values: Sequence[tuple[object, ...]]) -> None:
        """Run one statement for each tuple of values."""
        self.connection.executemany(sql, values)

    def bump(self) -> None:
        """Let everyone know that governance state changed."""
        self.run("update plane_state set value = value + 1 where name = 'version'")

    def version(self) -> int:
        entered, self._version = self._version, None
        if entered is not None:
            return int(entered)
        row = self.run(_VERSION).fetchone()
        if row is None:
            raise UnavailableError("the plane's version is gone from the database; restore it from a backup")
        return int(row[0])

    def enter(self, since: int | None = None) -> None:
        """Open a transaction that writes, alone in this log, and look where it stands; ``run("commit")`` ends it.

        Entries from *since* on will be asked for, if there are any; it tells those to whom each question is a journey.
        """
        self.connection.execute("begin immediate")
        self._keep(self.connection.execute(self._asked, (self.log + 1,)).fetchone())

    def _keep(self, row: tuple[Any, ...] | None) -> None:
        self._entered, self._version = (None, None) if row is None else (row[:-1], row[-1])

    def lock(self) -> None:
        """SQLite has one writer at a time; `begin immediate` made it this one."""

    def _read(self, column: str) -> str:
        return self.binary.format(column)

    def _between(self, start: int, stop: int) -> tuple[int, int]:
        return min(self.base + start, self.end), min(self.base + stop, self.end)

    def _count(self, what: str, *values: object) -> int:
        return int(self.run(f"select count(*) from {what}", *values).fetchone()[0])  # noqa: S608 - our own words

    def _insert_entries(self, growth: Growth) -> None:
        entries, place = growth.entries, self.base + growth.first
        for start in range(0, len(entries), _TOGETHER):
            some = entries[start : start + _TOGETHER]
            values = [one for pair in enumerate(some, place + start) for one in pair]
            self.connection.execute(_INSERT + ",".join(["(?,?)"] * len(some)), values)


@lru_cache(maxsize=2)  # rows are made for every look
def _questions(binary: str) -> tuple[str, str]:
    """Return what asks for the head, and for it and what governance is at."""
    names = ", ".join(binary.format(name) if name in _BINARY else name for name in _HEAD.split(", "))
    names += ", coalesce((select ended from ledger_logs where number = id - 1), 0)"
    source = "from ledger_head where id = ?"
    return f"select {names} {source}", f"select {names}, ({_VERSION}) {source}"


class PostgresRows(SqliteRows):
    """Rows behind a `psycopg` connection."""

    binary = "coalesce({}, '')"

    def __init__(self, connection: Any, log: int = 0) -> None:
        super().__init__(connection, log)
        self._waiting: list[Growth] | None = None
        """What goes out with the commit; None in a transaction that somebody else commits."""
        self._ahead: tuple[int, list[bytes]] | None = None
        """The entries that `enter` fetched, and where they begin, until somebody asks for them."""

    def run(self, sql: str, *values: object) -> Any:
        if sql == "commit":
            return self._commit()
        return self.connection.execute(sql.replace("?", "%s"), values, binary=True)

    def many(self, sql: str, values: Sequence[tuple[object, ...]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(sql.replace("?", "%s"), values)

    def enter(self, since: int | None = None) -> None:
        """Begin, exclude other writers, and look where they left it: asked as one, as a round trip costs more than all that."""
        asked = ["begin", _LOCK.format(self.log), self._asked.replace("?", str(self.log + 1))]
        if since is not None:
            asked.append(_SINCE.format(*self._between(since, since + tile.WIDTH)))
        told = self.connection.execute("; ".join(asked))
        told.nextset()
        told.nextset()
        self._keep(told.fetchone())
        self._ahead = None
        if since is not None and told.nextset():
            self._ahead = since, [data for (data,) in told.fetchall()]
        self._waiting = []

    def entries(self, start: int, stop: int) -> Sequence[bytes]:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == start and len(ahead[1]) == stop - start:
            return ahead[1]
        return super().entries(start, stop)

    def lock(self) -> None:
        """Exclude other writers of this log until the transaction ends (READ COMMITTED then sees their head)."""
        self.connection.execute(_LOCK.format(self.log))

    def write(self, growth: Growth) -> None:
        if self._waiting is None:
            with self.connection.pipeline():
                self._send(growth)
        else:
            self._waiting.append(growth)  # goes with the commit, in its round trip

    def _commit(self) -> None:
        growths, self._waiting = self._waiting or (), None
        with self.connection.pipeline():
            for growth in growths:
                self._send(growth)
            self.connection.execute("commit")

    def _send(self, growth: Growth) -> None:
        if growth.tiles or not growth.fresh:
            super().write(growth)
            return
        head = growth.head
        values = (self.base + growth.first, list(growth.entries), self.base + head.size - len(growth.fresh), b"".join(growth.fresh),
                  self.log + 1, head.origin, head.size, head.root, head.frontier, head.note, head.key, head.last_at)  # fmt: skip
        self.connection.execute(_WHOLE, values)

    def _insert_entries(self, growth: Growth) -> None:
        self.connection.execute(_UNNEST, (self.base + growth.first, list(growth.entries)))
