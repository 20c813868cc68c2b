"""What is kept beyond the events themselves: in SQLite by `dbstat`, in PostgreSQL by its own accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ledger_events import events_for, open_bench
from ledger_goals import Goal
from measure import say, show

_HEAD = ("where", "content beyond the event", "in whole pages")


def run(folder: Path, size: int, *, short: bool) -> tuple[str, list[Goal]]:
    """Return the results on SQLite as Markdown, and the goal met or missed."""
    count = 3_000 if short else 50_000
    fill(plane := open_bench(folder), size, count)
    plain, search = _measure(folder / "ephor.db", count)
    rows = [("SQLite, ledger and tree", *plain)]
    plane.ledger.list({"actor": "agent:nobody"})  # the search catches up
    _, search = _measure(folder / "ephor.db", count)
    rows.append(("SQLite, what search adds (can be dropped and rebuilt)", *search))
    plane.close()
    text = say(
        f"{count:,} entries of {size} bytes. Content is the bytes of the cells that `dbstat` counts, less the event; whole pages count "
        "the slack in them too.\n"
    )
    shown = [(name, *(f"{one:,.1f} bytes" for one in found)) for name, *found in rows]
    text += show("Bytes kept for an entry beyond the event, on SQLite", shown, _HEAD)
    return text, [Goal(f"bytes beyond the event, {size} bytes", plain[0], 40, None, "bytes", most=True)]


def fill(plane: Any, size: int, count: int) -> None:
    """Append until there are *count* entries."""
    events, storage = events_for(plane, size), plane.world.storage
    while (have := storage.ledger.head().size) < count:
        storage.append(events.make(min(1000, count - have)))


def is_search(name: str) -> bool:
    """Tell whether a table is there for searching only."""
    return "projection" in name or "search" in name


def _measure(path: Path, count: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return bytes an entry, by content and by pages: of the ledger beyond its events, and of what search needs."""
    connection = sqlite3.connect(path)
    connection.execute("pragma wal_checkpoint(truncate)")
    events = connection.execute("select sum(length(data)) from ledger_entries").fetchone()[0]
    found = {
        name: (payload, pages)
        for name, payload, pages in connection.execute(
            "select coalesce(m.tbl_name, d.name), sum(d.payload), sum(d.pgsize) from dbstat d left join sqlite_master m "
            "on m.name = d.name group by 1"
        )
    }
    connection.close()
    ledger = _total(found, (name for name in found if name.startswith("ledger_") and not is_search(name)))
    search = _total(found, (name for name in found if is_search(name)))
    return (
        ((ledger[0] - events) / count, (ledger[1] - events) / count),
        (search[0] / count, search[1] / count),
    )


def _total(found: Mapping[str, tuple[int, int]], names: Iterable[str]) -> tuple[int, int]:
    chosen = [found[name] for name in names]
    return sum(one[0] for one in chosen), sum(one[1] for one in chosen)
