"""What the ledger is held against on SQLite: the raw insert of the same bytes, and the guide's hash chain written well."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import orjson

from ephor.kernel.events import Event

SETTINGS = "SQLite: journal_mode=wal, synchronous=full, one fsync a commit"


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with the durability the ledger has."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=full"):
        connection.execute(f"pragma {pragma}")
    return connection


class Raw:
    """Bytes into one table, one transaction a batch."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._connection.execute("create table entries (idx integer primary key, data blob not null)")
        self._numbers = count()

    def append(self, data: Iterable[bytes]) -> None:
        self._connection.execute("begin immediate")
        self._connection.executemany(
            "insert into entries values (?, ?)", zip(self._numbers, data, strict=False)
        )
        self._connection.execute("commit")


class Chain:
    """The guide's log: sequence number, time stamp, event, previous hash, entry hash; one transaction a batch."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._connection.execute(
            "create table entries (sequence_number integer primary key, timestamp text not null, event_data text not null, "
            "previous_hash text not null, entry_hash text not null)"
        )
        self._sequence, self._previous = 0, "genesis"

    def append(self, events: Sequence[Event]) -> None:
        self._connection.execute("begin immediate")
        self._connection.executemany("insert into entries values (?, ?, ?, ?, ?)", map(self._row, events))
        self._connection.execute("commit")

    def _row(self, event: Event) -> tuple[int, str, str, str, str]:
        self._sequence += 1
        data, stamp, before = told(event).decode(), datetime.now(UTC).isoformat(), self._previous
        self._previous = hashlib.sha256(f"{self._sequence}:{stamp}:{data}:{before}".encode()).hexdigest()
        return self._sequence, stamp, data, before, self._previous


def told(event: Event) -> bytes:
    """Return an event as JSON the short way: nothing checked, nothing in order, no place in a log."""
    return orjson.dumps({name: value for name in Event.__slots__ if (value := getattr(event, name))})
