"""Grows or verifies a ledger in a process of its own, and says how much memory that took at most."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from children import peak_memory, serve
from ledger_events import events_for, open_bench

from ephor.verifier import CONSISTENT


def idle(folder: str) -> dict[str, float]:
    plane = open_bench(Path(folder))
    plane.ledger.head()
    plane.close()
    return {"peak": peak_memory()}


def append(folder: str, entries: int, size: int) -> dict[str, float]:
    plane: Any = open_bench(Path(folder))
    events, storage = events_for(plane, size), plane.world.storage
    started = time.perf_counter()
    while (have := storage.ledger.head().size) < entries:
        storage.append(events.make(min(1000, entries - have)))
    taken = time.perf_counter() - started
    plane.close()
    return {"peak": peak_memory(), "seconds": taken}


def verify(folder: str) -> dict[str, float]:
    plane: Any = open_bench(Path(folder))
    started = time.perf_counter()
    report = plane.ledger.verify(None, None)
    taken = time.perf_counter() - started
    if report.verdict != CONSISTENT:
        raise RuntimeError(f"the ledger is {report.verdict}")
    plane.close()
    return {"peak": peak_memory(), "seconds": taken}


serve({"idle": idle, "append": append, "verify": verify})
