"""Measure side by side: contestants take turns in one run, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import os
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Taken:
    """Wall and CPU seconds of one turn; what a contestant in another process reports about its own."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What the turns of one contestant took, in seconds: medians, the 99th percentile, and all turns together."""

    median: float
    p99: float
    cpu: float
    turns: int
    total: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """A contestant that gets something new for each turn, made before its clock starts."""

    prepare: Callable[[], Any]
    act: Callable[[Any], Any]

    def turn(self) -> Taken:
        return clocked(self.act, self.prepare())


def clocked(act: Callable[..., Any], *given: Any) -> Taken:
    """Run *act* and return what it took, or what it says it took."""
    before, started = time.process_time(), time.perf_counter()
    told = act(*given)
    wall, cpu = time.perf_counter() - started, time.process_time() - before
    return told if isinstance(told, Taken) else Taken(wall, cpu)


def interleave(contestants: Mapping[str, Callable[[], Any] | Prepared], turns: int) -> dict[str, Timing]:
    """Give every contestant *turns* turns, one after the other, and return what each took.

    The order is drawn anew for each round: whoever follows a long turn finds the processor's caches cold.
    """
    dice = random.Random(0)
    acts = {
        name: one.turn if isinstance(one, Prepared) else lambda one=one: clocked(one)
        for name, one in contestants.items()
    }
    taken: dict[str, list[Taken]] = {name: [] for name in acts}
    for act in acts.values():
        act()  # once, unmeasured: caches fill, code is compiled
    for _ in range(turns):
        for name in dice.sample(list(acts), len(acts)):
            taken[name].append(acts[name]())
    return {name: summed(one) for name, one in taken.items()}


def summed(taken: Sequence[Taken]) -> Timing:
    """Return the medians of what was measured."""
    walls = [one.wall for one in taken]
    return Timing(
        statistics.median(walls),
        percentile(walls, 0.99),
        statistics.median(one.cpu for one in taken),
        len(taken),
        sum(walls),
    )


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that *part* of all values do not exceed."""
    ranked = sorted(values)
    return ranked[min(int(len(ranked) * part), len(ranked) - 1)]


def fsync_p50(folder: Path, times: int = 40) -> float:
    """Return the median time of making 4 KiB durable in *folder*, in seconds."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def load() -> str:
    """Return the load of the last 1, 5 and 15 minutes."""
    return ", ".join(f"{one:.1f}" for one in os.getloadavg())


def machine() -> str:
    """Return a line about what this ran on."""
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load()}"
    )


def show(title: str, rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Return a Markdown table, and print it."""
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return say("\n".join(lines) + "\n")


def say(text: str) -> str:
    """Print a paragraph and return it as Markdown."""
    print(text)
    sys.stdout.flush()
    return text + "\n"


def micro(seconds: float) -> str:
    """Write a time so that people can read it."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:,.1f} µs"
    return f"{seconds * 1e3:,.2f} ms" if seconds < 1 else f"{seconds:,.2f} s"
