"""The peak of memory while a ledger grows and is verified, over its number of entries."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import chart
from children import Child
from measure import load, micro, say, show

STEPS = (10_000, 100_000, 1_000_000, 5_000_000)
SIZE = 664
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "ledger-memory.svg"


@dataclass(frozen=True, slots=True)
class Peak:
    """Bytes and seconds of one size of ledger."""

    entries: int
    appending: int
    append_seconds: float
    verifying: int
    verify_seconds: float


def run(*, short: bool, write: bool = False) -> str:
    """Return the results as Markdown; draw them where *write* says so."""
    with tempfile.TemporaryDirectory() as folder:
        idle = _ask(folder, "idle")["peak"]
        peaks = [_peak(folder, entries) for entries in STEPS[: 2 if short else None]]
    rows = [
        (
            f"{one.entries:,}",
            f"{one.appending / 2**20:,.0f} MiB",
            micro(one.append_seconds),
            f"{one.verifying / 2**20:,.0f} MiB",
            micro(one.verify_seconds),
        )
        for one in peaks
    ]
    growth = peaks[-1].appending / peaks[0].appending, peaks[-1].verifying / peaks[0].verifying
    text = say(
        f"{SIZE}-byte entries on SQLite; each step grows the same ledger in a new process, batches of 1000, and verifies it in another, "
        f"content included. Peak resident memory (VmHWM) of the process; the one that only made the empty plane peaks at {idle / 2**20:,.0f} MiB. "
        f"Load {load()}. From {peaks[0].entries:,} to {peaks[-1].entries:,} entries the peak grows {growth[0]:.2f} times while appending "
        f"and {growth[1]:.2f} times while verifying.\n"
    )
    head = ("entries", "appending, peak", "took", "verifying, peak", "took")
    text += show("Peak memory", rows, head)
    if write:
        IMAGE.write_text(_draw(peaks))
        text += f"\n![Peak memory over the number of entries](images/{IMAGE.name})\n"
    return text


def _peak(folder: str, entries: int) -> Peak:
    grown, judged = _ask(folder, "append", entries=entries, size=SIZE), _ask(folder, "verify")
    return Peak(entries, grown["peak"], grown["seconds"], judged["peak"], judged["seconds"])


def _ask(folder: str, command: str, **values: int) -> dict[str, float]:
    with Child("ledger_memory_child.py") as child:
        return child.ask(command, folder=folder, **values)


def _draw(peaks: Sequence[Peak]) -> str:
    return chart.lines(
        "Peak memory over the number of entries in the ledger",
        [f"{one.entries:,}" for one in peaks],
        {
            "appending": [one.appending / 2**20 for one in peaks],
            "verifying, content included": [one.verifying / 2**20 for one in peaks],
        },
        unit="MiB",
        below="entries in the ledger",
    )
