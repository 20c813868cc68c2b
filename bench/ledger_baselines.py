"""What the ledger is held against on SQLite: the raw insert of the same bytes, and the guide's hash chain written well."""

from __future__ import annotations

import hashlib
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import msgspec
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.events import Event

_write = msgspec.json.Encoder().encode
SETTINGS = "SQLite: journal_mode=wal, synchronous=full, one fsync a commit"


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with the durability the ledger has."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
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


class Floor:
    """What no ledger of this shape can leave out, and nothing else: JSON, a tree, one signature and the rows, unchecked.

    The events are made into JSON as they lie by the fastest writer there is for Python, nulls and all, hashed as the leaves and the inner nodes of a tree,
    a note over the root is signed, and the rows go in many at a time, which takes less than a raw insert.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._connection.execute("create table entries (idx integer primary key, data blob not null)")
        self._key = Ed25519PrivateKey.generate()
        self._next = 0

    def append(self, events: Sequence[Event]) -> None:
        data = [*map(_write, events)]
        row = [sha256(b"\x00" + one).digest() for one in data]
        while len(row) > 1:
            lefts = iter(row)
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(lefts, lefts, strict=False)]
        self._key.sign(b"bench.local/ephor/main\n%d\n%s\n" % (self._next, b64encode(row[0])))
        self._connection.execute("begin immediate")
        for start in range(0, len(data), 100):
            some = data[start : start + 100]
            values = [one for pair in enumerate(some, self._next + start) for one in pair]
            rows = ",".join(["(?,?)"] * len(some))
            self._connection.execute(f"insert into entries values {rows}", values)
        self._connection.execute("commit")
        self._next += len(data)


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
