"""Measure side by side: contestants take turns in one run, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall and CPU time of one contestant, in seconds; the median and the 99th percentile of its turns."""

    median: float
    p99: float
    cpu: float
    turns: int


def interleave(contestants: Mapping[str, Callable[[], object]], turns: int) -> dict[str, Timing]:
    """Give every contestant *turns* turns, one after the other, and return what each took."""
    wall: dict[str, list[float]] = {name: [] for name in contestants}
    cpu: dict[str, list[float]] = {name: [] for name in contestants}
    for act in contestants.values():
        act()  # once, unmeasured: caches fill, code is compiled
    for _ in range(turns):
        for name, act in contestants.items():
            before, started = time.process_time(), time.perf_counter()
            act()
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - before)
    return {
        name: Timing(
            statistics.median(taken),
            sorted(taken)[int(len(taken) * 0.99)],
            statistics.median(cpu[name]),
            turns,
        )
        for name, taken in wall.items()
    }


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


def machine() -> str:
    """Return a line about what this ran on."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load}"
    )


def show(title: str, rows: list[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Return a Markdown table, and print it."""
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    text = "\n".join(lines) + "\n"
    print(text)
    sys.stdout.flush()
    return text


def micro(seconds: float) -> str:
    """Write a time so that people can read it."""
    return f"{seconds * 1e6:,.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.2f} ms"
