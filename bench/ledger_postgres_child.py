"""One server process: many threads that append to one log on PostgreSQL, through Ephor or with a lock for every event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from children import serve
from ledger_events import Events, events_for, open_bench

_LOCK = 0x42_45_4E_43_48


class _State:
    """What this process has open."""

    plane: Any
    events: Events
    sample: bytes
    connections: list[Any]
    work: list[tuple[Callable[[Any], None], list[Any]]]


def open_ephor(folder: str, url: str, size: int) -> None:
    _State.plane = open_bench(Path(folder), url)
    _State.events = events_for(_State.plane, size)
    stored = _State.plane.world.storage
    stored.append(_State.events.make(1))
    newest = stored.ledger.head().size
    _State.sample = bytes(next(iter(stored.ledger.entries(newest - 1, newest))))


def open_lock(url: str, *, first: bool, writers: int) -> None:
    """Open a connection for each writer of the baseline; the first server makes its tables."""
    if first:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table lock_entries (idx bigint primary key, data bytea not null)")
            connection.execute("create table lock_head (id int primary key, size bigint, edge bytea)")
            connection.execute("insert into lock_head values (1, 0, '')")
    _State.connections = [psycopg.connect(url, autocommit=True) for _ in range(writers)]


def prepare(who: str, writers: int, each: int) -> None:
    """Make what the writers are to append, before any clock starts."""
    if who == "ephor":
        append = _State.plane.world.storage.append
        _State.work = [(append, [_State.events.make(1) for _ in range(each)]) for _ in range(writers)]
    else:
        locking = _Plain if who == "plain" else _Locking
        _State.work = [(locking(one).append, [_State.sample] * each) for one in _State.connections]


class _Plain:
    """The lock for every event as it is usually written: one statement after the other."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def append(self, data: bytes) -> None:
        run = self._connection.execute
        with self._connection.transaction():
            run("select pg_advisory_xact_lock(%s)", (_LOCK,))
            size, edge = run("select size, edge from lock_head where id = 1", binary=True).fetchone()
            run("insert into lock_entries values (%s, %b)", (size, data))
            run(
                "update lock_head set size = %s, edge = %b where id = 1", (size + 1, _grown(size, edge, data))
            )


class _Locking:
    """The lock for every event, with as few round trips as can be: one to lock and read, one to write and commit."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def append(self, data: bytes) -> None:
        run = self._connection.execute
        with self._connection.pipeline() as pipeline:
            run("begin")
            run("select pg_advisory_xact_lock(%s)", (_LOCK,))
            head = run("select size, edge from lock_head where id = 1", binary=True)
            pipeline.sync()
            size, edge = head.fetchone()
            run("insert into lock_entries values (%s, %b)", (size, data))
            run(
                "update lock_head set size = %s, edge = %b where id = 1",
                (size + 1, _grown(size, edge, data)),
            )
            run("commit")


def _grown(size: int, edge: bytes, data: bytes) -> bytes:
    """Return the roots of the perfect subtrees of a tree of *size* leaves after one more."""
    running = sha256(b"\x00" + data).digest()
    while size & 1:
        edge, left = edge[:-32], edge[-32:]
        running = sha256(b"\x01" + left + running).digest()
        size >>= 1
    return edge + running


def run() -> dict[str, Any]:
    """Let every writer append what was prepared; return when they began and ended, and how long each entry waited."""
    waits: list[float] = []
    gate = threading.Barrier(len(_State.work) + 1)

    def write(append: Callable[[Any], None], mine: list[Any]) -> None:
        taken = []
        gate.wait()
        for one in mine:
            started = time.perf_counter()
            append(one)
            taken.append(time.perf_counter() - started)
        waits.extend(taken)

    threads = [threading.Thread(target=write, args=one) for one in _State.work]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    ended = time.monotonic()
    if len(waits) != sum(len(mine) for _, mine in _State.work):
        raise RuntimeError("a writer failed; its reason is above")
    return {"started": started, "ended": ended, "waits": waits}


serve({"open_ephor": open_ephor, "open_lock": open_lock, "prepare": prepare, "run": run})
