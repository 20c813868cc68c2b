"""Appending: batches of a thousand, single events, and many writers who each wait until their own is durable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peers
from ledger_baselines import SETTINGS, Chain, Floor, Raw, told
from ledger_events import Events, events_for, open_bench
from ledger_goals import Goal
from ledger_oracle import check_root
from measure import Prepared, Timing, fsync_p50, interleave, load, micro, percentile, say, show

from ephor.kernel.events import Event

NAMES = {
    "raw": "raw insert of the same bytes",
    "json": "raw insert, the events made into JSON by orjson first",
    "floor": "the floor: JSON, tree and one signature over a raw insert of many rows at a time, nothing checked",
    "chain": "the guide's hash chain",
    "ephor": "Ephor",
    "pymerkle": "pymerkle, SqliteTree",
    "toolkit": "agent-governance-toolkit, AuditLog and its file",
    "toolkit memory": "agent-governance-toolkit, AuditLog in memory",
}

IN_A_ROW = 10


@dataclass(frozen=True, slots=True)
class Effort:
    """How often what is measured is repeated."""

    thousands: int
    singles: int
    rounds: int
    each: int


SHORT, WHOLE = Effort(2, 3, 1, 4), Effort(40, 60, 5, 40)


def run(folder: Path, size: int, rivals: peers.Peers | None, *, short: bool) -> tuple[str, list[Goal]]:
    """Return the results for entries of *size* bytes as Markdown, and the goals met or missed."""
    effort = SHORT if short else WHOLE
    with ExitStack() as closing:
        plane = open_bench(folder)
        closing.callback(plane.close)
        events = events_for(plane, size)
        storage = plane.world.storage
        before = fsync_p50(folder)
        contestants = _Contestants(folder, storage, events, rivals)
        fresh = interleave(contestants.of(1), effort.singles)
        thousand = interleave(contestants.of(1000), effort.thousands)
        single = interleave(contestants.of(1), effort.singles)
        calm = fsync_p50(folder)
        crowd = _crowd(storage.append, events, effort)
        after = fsync_p50(folder)
        head = storage.ledger.head()
        entries = list(storage.ledger.entries(0, head.size))
        checked = check_root(entries, head.root)
    stated = (
        f"{size}-byte entries, events in until durable. {SETTINGS}. fsync p50 before {micro(before)}, before the 64 writers {micro(calm)}, after {micro(after)}; "
        f"load {load()}; {checked}.\nA commit that makes the write-ahead log longer costs more than one that writes into the place of "
        "an older one. Who writes least, the raw insert, makes it longer for the longest, so both states are shown."
    )
    if rivals is not None:
        stated += f"\n{rivals.settings}"
    text = say(stated + "\n")
    text += tell_appended(
        fresh, f"Append {size}-byte entries on SQLite, one at a time, on a fresh database", IN_A_ROW
    )
    text += tell_appended(thousand, f"Append {size}-byte entries on SQLite, batches of 1000", 1)
    text += tell_appended(
        single,
        f"Append {size}-byte entries on SQLite, one at a time, when the write-ahead logs no longer grow",
        IN_A_ROW,
    )
    fsync = (calm + after) / 2
    text += _tell_crowd(crowd, size, fsync)
    return text, [
        _goal(f"append, batch 1000, {size} bytes", thousand, 0.60, 0.70, "of a raw insert"),
        _goal(f"append, batch 1, {size} bytes", fresh, 0.90, 1.0, "of a raw commit"),
        _goal(f"append, batch 1, used database, {size} bytes", single, 0.90, 1.0, "of a raw commit"),
        Goal(f"64 writers, durable, {size} bytes", crowd.gain, 4, 5, "times one writer"),
        Goal(f"64 writers, p99, {size} bytes", crowd.p99 / fsync, 80, None, "times fsync p50", most=True),
    ]


class _Contestants:
    """Everybody who takes a turn; what is appended is new each time and made before the clock starts."""

    def __init__(self, folder: Path, storage: Any, events: Events, rivals: peers.Peers | None) -> None:
        self._storage, self._events, self._rivals = storage, events, rivals
        self._raw, self._chain = Raw(folder / "raw.db"), Chain(folder / "chain.db")
        self._json, self._floor = Raw(folder / "json.db"), Floor(folder / "floor.db")
        storage.append(events.make(1))
        size = storage.ledger.head().size
        self._before, mark, rest = next(iter(storage.ledger.entries(size - 1, size))).partition(b'"number":"')
        self._before, self._after, self._number = self._before + mark, rest[9:], 0
        if rivals is not None:
            rivals.start(folder)

    def of(self, count: int) -> dict[str, Prepared]:
        """Return turns of one batch; where the batch is one event, of `IN_A_ROW` of them, so that caches are warm for all."""
        times = IN_A_ROW if count == 1 else 1
        found = {
            "raw": turn(lambda: self._bytes(count), self._raw.append, times),
            "json": turn(
                lambda: self._events.make(count), lambda events: self._json.append(map(told, events)), times
            ),
            "floor": turn(lambda: self._events.make(count), self._floor.append, times),
            "chain": turn(lambda: self._events.make(count), self._chain.append, times),
            "ephor": turn(lambda: self._events.make(count), self._storage.append, times),
        }
        if self._rivals is not None:
            for name in self._rivals.names:
                found[name] = Prepared(
                    lambda: [one.decode() for one in self._bytes(count * times)],
                    lambda data, name=name: self._rivals.append(name, data, times),
                )
        return found

    def _bytes(self, count: int) -> list[bytes]:
        """Return entries as Ephor stores them, no two the same."""
        self._number += count
        return [
            b"%s%09d%s" % (self._before, n, self._after) for n in range(self._number - count, self._number)
        ]


def turn(make: Callable[[], Any], append: Callable[[Any], object], times: int) -> Prepared:
    """Return a contestant that appends *times* batches in a row."""

    def act(batches: list[Any]) -> None:
        for one in batches:
            append(one)

    return Prepared(lambda: [make() for _ in range(times)], act)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many writers against one."""

    rate: float
    alone: float
    p50: float
    p99: float

    @property
    def gain(self) -> float:
        return self.rate / self.alone


def _crowd(
    append: Callable[[Sequence[Event]], object], events: Events, effort: Effort, writers: int = 64
) -> Crowd:
    rates: list[float] = []
    alone: list[float] = []
    waits: list[float] = []
    for _ in range(effort.rounds):
        one, _ = _write(append, events, writers=1, each=4 * effort.each)
        many, waited = _write(append, events, writers=writers, each=effort.each)
        alone.append(one)
        rates.append(many)
        waits += waited
    return Crowd(
        percentile(rates, 0.5), percentile(alone, 0.5), percentile(waits, 0.5), percentile(waits, 0.99)
    )


def _write(
    append: Callable[[Sequence[Event]], object], events: Events, *, writers: int, each: int
) -> tuple[float, list[float]]:
    """Return entries a second, and how long each waited for its entry to be durable."""
    work = [[events.make(1) for _ in range(each)] for _ in range(writers)]
    waits: list[float] = []
    gate = threading.Barrier(writers + 1)

    def write(mine: list[list[Event]]) -> None:
        taken = []
        gate.wait()
        for one in mine:
            started = time.perf_counter()
            append(one)
            taken.append(time.perf_counter() - started)
        waits.extend(taken)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in work]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - started
    if len(waits) != writers * each:
        raise SystemExit("a writer failed; nothing here counts")
    return writers * each / taken, waits


def _goal(what: str, timings: Mapping[str, Timing], must: float, stretch: float, unit: str) -> Goal:
    return Goal(what, _of(timings, "raw"), must, stretch, unit, floor=_of(timings, "raw", "floor"))


def _of(timings: Mapping[str, Timing], base: str, own: str = "ephor") -> float:
    return timings[base].median / timings[own].median


def tell_appended(timings: Mapping[str, Timing], title: str, times: int) -> str:
    """Return the table of who appended how fast, against the raw insert; a turn had *times* batches."""
    base = timings["raw"]
    rows = [
        (
            NAMES[name],
            micro(one.median / times),
            f"{base.median / one.median:.2f}",
            f"{base.cpu / one.cpu:.2f}" if one.cpu else "",
            f"{base.total / one.total:.2f}",
            micro(one.p99 / times),
        )
        for name, one in timings.items()
    ]
    turns = f"{base.turns} turns" + (f" of {times} in a row" if times > 1 else "")
    head = (
        "what",
        "median",
        "of raw, wall",
        "of raw, CPU",
        "of raw, all turns together",
        "slowest turns, p99",
    )
    return show(f"{title} ({turns})", rows, head)


def _tell_crowd(crowd: Crowd, size: int, fsync: float) -> str:
    rows = [
        ("one writer", f"{crowd.alone:,.0f}/s", "1.0", "", "", ""),
        ("64 writers", f"{crowd.rate:,.0f}/s", f"{crowd.gain:.1f}", micro(crowd.p50), micro(crowd.p99),
         f"{crowd.p99 / fsync:.0f}"),
    ]  # fmt: skip
    return show(
        f"64 threads append {size}-byte entries on SQLite, each waits until its own is durable",
        rows,
        ("who", "entries", "times one writer", "waits, p50", "waits, p99", "p99 in fsyncs"),
    )
