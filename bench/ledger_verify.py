"""Verifying: from the database and from exported files, against hashing the same entries in memory."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import peers
from ledger_events import events_for, open_bench
from ledger_goals import Goal
from ledger_oracle import check_root
from measure import Taken, Timing, interleave, load, micro, say, show

from ephor.adapters import files
from ephor.engine.published import Published
from ephor.verifier import CONSISTENT, Report, judge, verify

_ROWS = {
    "memory": "hashing leaves and tree in memory",
    "read": "only reading the entries from the database",
    "database": "from the database: order, hashes, tiles, root, signature",
    "files": "from exported files: the same",
    "database, all": "from the database: and what every entry says, its counters and times",
    "files, all": "from exported files: and what every entry says, its counters and times",
    "pymerkle": "pymerkle: root from the leaf hashes in its database, entries not looked at",
}


def run(folder: Path, size: int, rivals: peers.Peers | None, *, short: bool) -> tuple[str, list[Goal]]:
    """Return the results for entries of *size* bytes as Markdown, and the goals met or missed."""
    count = 3_000 if short else 100_000
    plane = open_bench(folder)
    events = events_for(plane, size)
    storage = plane.world.storage
    while (head := storage.ledger.head()).size < count:
        storage.append(events.make(min(1000, count - head.size)))
    plane.ledger.export(files.new_folder(str(folder / "export")))
    entries = list(storage.ledger.entries(0, count))
    checked = check_root(entries, head.root)
    log, key, bundle = Published(storage.ledger, head), head.key, folder / "export"
    contestants: dict[str, Any] = {
        "memory": lambda: _hash(entries, head.root),
        "read": lambda: sum(1 for _ in storage.ledger.entries(0, count)),
        "database": lambda: _holds(judge(log, key, content=False)),
        "files": lambda: _holds(verify(bundle, key, content=False)),
        "database, all": lambda: _holds(judge(log, key)),
        "files, all": lambda: _holds(verify(bundle, key)),
    }
    if rivals is not None:
        told = rivals.ask("fill", path=str(folder / "tree.db"), ledger=str(folder / "ephor.db"))
        if told["root"] != head.root.hex():
            raise SystemExit("pymerkle computes another root; nothing here counts")
        checked += " and to pymerkle's"
        contestants["pymerkle"] = lambda: _timed(rivals.ask("root", path=str(folder / "tree.db")))
    timings = interleave(contestants, 1 if short else 5)
    plane.close()
    text = say(f"{count:,} entries of {size} bytes; load {load()}; {checked}.\n")
    return text + _tell(timings, count, size), [
        Goal(
            f"verify from the database, {size} bytes",
            _of(timings, "database"),
            0.50,
            0.60,
            "of memory",
            floor=_floor(timings),
        ),
        Goal(f"verify from exported files, {size} bytes", _of(timings, "files"), 0.70, 0.85, "of memory"),
    ]


def _hash(entries: list[bytes], root: bytes) -> None:
    """Hash leaves and tree level by level, as fast as this language does it, and compare the root."""
    row = [sha256(b"\x00" + one).digest() for one in entries]
    peaks = []
    while row:
        if len(row) & 1:
            peaks.append(row.pop())
        lefts = iter(row)
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(lefts, lefts, strict=True)]
    running = peaks[0]
    for peak in peaks[1:]:
        running = sha256(b"\x01" + peak + running).digest()
    if running != root:
        raise SystemExit("hashing in memory leads to another root; nothing here counts")


def _holds(report: Report) -> None:
    if report.verdict != CONSISTENT:
        raise SystemExit(f"the ledger that was measured is {report.verdict}; nothing here counts")


def _timed(told: Mapping[str, Any]) -> Taken:
    return Taken(told["wall"], told["cpu"])


def _of(timings: Mapping[str, Timing], own: str) -> float:
    return timings["memory"].median / timings[own].median


def _floor(timings: Mapping[str, Timing]) -> float:
    """Return what reading and hashing alone would reach, one after the other, with nothing compared."""
    memory = timings["memory"].median
    return memory / (memory + timings["read"].median)


def _tell(timings: Mapping[str, Timing], count: int, size: int) -> str:
    base = timings["memory"]
    rows = [
        (
            _ROWS[name],
            micro(one.median),
            f"{one.median / count * 1e6:.2f} µs",
            f"{base.median / one.median:.2f}",
            f"{base.cpu / one.cpu:.2f}",
        )
        for name, one in timings.items()
    ]
    return show(
        f"Verify {count:,} entries of {size} bytes ({base.turns} turns)",
        rows,
        ("what", "median", "an entry", "of memory, wall", "of memory, CPU"),
    )
