"""The ledger against the raw database, the guide's hash chain and hashing in memory."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from measure import fsync_p50, interleave, micro, show

from ephor.bootstrap import open_engine
from ephor.engine.ledger import Published
from ephor.kernel.events import Event
from ephor.rooms.ledger import frontier
from ephor.rooms.ledger.tree import leaf_hash
from ephor.settings import Settings
from ephor.verifier import judge

PRAGMAS = "journal_mode=wal, synchronous=full, one fsync a commit"


def run(*, short: bool) -> str:
    """Return the results as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder), short=short)


def _run(folder: Path, *, short: bool) -> str:
    engine = open_engine(f"sqlite:///{folder / 'ephor.db'}", settings=Settings())
    storage = engine.world.storage
    events = [_event(engine.world.clock.now(), number) for number in range(1000)]
    storage.append(events)
    data = list(storage.ledger.entries(1, 1001))
    raw, chain = _raw(folder / "raw.db"), _Chain(folder / "chain.db")
    before = fsync_p50(folder)
    thousand = interleave(
        {
            "raw": lambda: raw(data),
            "chain": lambda: chain.append(events),
            "ephor": lambda: storage.append(events),
        },
        8 if short else 40,
    )
    single = interleave(
        {
            "raw": lambda: raw(data[:1]),
            "chain": lambda: chain.append(events[:1]),
            "ephor": lambda: storage.append(events[:1]),
        },
        30 if short else 300,
    )
    many = _many(lambda: storage.append(events[:1]), writers=64, each=5 if short else 40)
    size = storage.ledger.head().size
    entries = list(storage.ledger.entries(0, size))
    log = Published(storage.ledger, storage.ledger.head())
    key = storage.ledger.head().key
    checking = interleave(
        {
            "memory": lambda: _hash(entries),
            "hashes": lambda: judge(log, key, content=False),
            "all": lambda: judge(log, key),
        },
        1 if short else 3,
    )
    after = fsync_p50(folder)
    engine.close()
    rows = [
        ("raw insert, batch 1000", micro(thousand["raw"].median), "1.00", "1.00"),
        _row("guide's hash chain, batch 1000", thousand, "chain", "raw"),
        _row("Ephor, batch 1000 (must be 0.60 of raw)", thousand, "ephor", "raw"),
        ("raw commit, batch 1", micro(single["raw"].median), "1.00", "1.00"),
        _row("guide's hash chain, batch 1", single, "chain", "raw"),
        _row("Ephor, batch 1 (must be 0.90 of raw)", single, "ephor", "raw"),
    ]
    text = f"{PRAGMAS}; {len(data[500])}-byte entries; fsync p50 before {micro(before)}, after {micro(after)}\n\n"
    print(text)
    text += show(
        "Append on SQLite, events in until durable", rows, ("what", "median", "of raw, wall", "of raw, CPU")
    )
    alone = 1 / single["ephor"].median
    text += show(
        "64 writers, each waiting for its own entry to be durable",
        [("Ephor", f"{many:,.0f} entries/s", f"{many / alone:.1f} times one writer (must be 4)")],
        ("what", "rate", "ratio"),
    )
    text += show(
        f"Verify {size:,} entries from the database, with the offline verifier's own code",
        [
            ("hashing leaves and tree in memory", micro(checking["memory"].median), "1.00"),
            (
                "hashes and tiles (must be 0.50)",
                micro(checking["hashes"].median),
                _ratio(checking, "memory", "hashes"),
            ),
            ("and what every entry says", micro(checking["all"].median), _ratio(checking, "memory", "all")),
        ],
        ("what", "median", "of memory"),
    )
    return text


def _event(at: object, number: int) -> Event:
    return Event(
        kind="tool.completed/1",
        at=at,  # type: ignore[arg-type]
        actor="agent:support-assistant",
        tool="customer_lookup",
        session="ses_01a20b5b1e447560a15e9f204e9417a0",
        args_digest="hmac-sha256:" + "a" * 64,
        decision="allow",
        reasons=("allowed",),
        policy_digest="sha256:" + "b" * 64,
        refs={"decision": "dec_01a20b5b1e4475e1ba344860787cb899"},
        metadata={"number": number},
    )


def _raw(path: Path) -> Callable[[list[bytes]], None]:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=full"):
        connection.execute(f"pragma {pragma}")
    connection.execute("create table entries (idx integer primary key, data blob not null)")
    numbers = count()

    def insert(data: list[bytes]) -> None:
        connection.execute("begin immediate")
        connection.executemany("insert into entries values (?, ?)", ((next(numbers), one) for one in data))
        connection.execute("commit")

    return insert


class _Chain:
    """The guide's hash chain, written as well as it can be: one transaction a batch."""

    def __init__(self, path: Path) -> None:
        self._insert = _raw(path)
        self._last = "genesis"
        self._number = 0

    def append(self, events: list[Event]) -> None:
        rows = []
        for event in events:
            self._number += 1
            body = json.dumps({"kind": event.kind, "at": event.at.isoformat(), "actor": event.actor, "tool": event.tool,
                               "session": event.session, "args": event.args_digest, "decision": event.decision,
                               "policy": event.policy_digest, "refs": dict(event.refs), "metadata": dict(event.metadata)})  # fmt: skip
            self._last = hashlib.sha256(f"{self._number}:{body}:{self._last}".encode()).hexdigest()
            rows.append(f"{body}{self._last}".encode())
        self._insert(rows)


def _many(act: Callable[[], object], *, writers: int, each: int) -> float:
    def work() -> None:
        for _ in range(each):
            act()

    threads = [threading.Thread(target=work) for _ in range(writers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return writers * each / (time.perf_counter() - started)


def _hash(entries: list[bytes]) -> bytes:
    return frontier.root(frontier.extend(frontier.EMPTY, [leaf_hash(one) for one in entries]))


def _row(name: str, timings: dict, own: str, other: str) -> tuple[str, str, str, str]:  # type: ignore[type-arg]
    wall = timings[other].median / timings[own].median
    cpu = timings[other].cpu / timings[own].cpu if timings[own].cpu else 0.0
    return name, micro(timings[own].median), f"{wall:.2f}", f"{cpu:.2f}"


def _ratio(timings: dict, base: str, own: str) -> str:  # type: ignore[type-arg]
    return f"{timings[base].median / timings[own].median:.2f}"
