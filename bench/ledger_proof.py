"""One inclusion proof, cold: on a connection, and in a process, that has read nothing of the ledger yet."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peers
from children import Child
from ledger_events import events_for, open_bench
from ledger_goals import Goal
from measure import load, micro, percentile, say, show

_HEAD = ("what", "opening, median", "proof, median", "proof, p99", "open and prove, median")


def run(folder: Path, size: int, rivals: peers.Peers | None, *, short: bool) -> tuple[str, list[Goal]]:
    """Return the results as Markdown, and the goals met or missed."""
    count, rounds, each = (10_000, 2, 5) if short else (1_000_000, 5, 20)
    root = _fill(folder, size, count)
    checked = "root not compared"
    if rivals is not None:
        told = rivals.ask("fill", path=str(folder / "tree.db"), ledger=str(folder / "ephor.db"))
        if told["root"] != root or told["size"] != count:
            raise SystemExit("pymerkle computes another root; nothing here counts")
        checked = "root equal to pymerkle's over the same entries"
    fresh: list[dict[str, float]] = []
    mine: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for turn in range(rounds):
        with Child("ledger_proof_child.py") as child:
            places = [(turn * 7_919 + n * 104_729) % count for n in range(each + 1)]
            first, *others = child.ask("prove", folder=str(folder), positions=places)
        fresh.append(first)
        mine += others
        if rivals is not None:
            theirs += rivals.ask("prove", path=str(folder / "tree.db"), positions=places[:1])
    rows = [
        _row("Ephor, new connection, interpreter warm", mine),
        _row("Ephor, first proof of a new process (imports not counted)", fresh),
    ]
    if theirs:
        rows.append(_row("pymerkle SqliteTree, new connection, interpreter warm", theirs))
    text = say(
        f"{count:,} entries of {size} bytes; load {load()}; {checked}. Ephor's proof is looked up, folded and checked against the "
        "signed root before it is handed out. Nothing is cached by the process; the operating system's cache is as it is after "
        "writing.\n"
    )
    text += show(f"An inclusion proof among {count:,} entries, cold", rows, _HEAD)
    goals = [Goal("inclusion proof, cold", _proof(mine) * 1e3, 1, None, "ms", most=True)]
    if theirs:
        goals.append(
            Goal(
                "inclusion proof, cold, against pymerkle",
                _proof(theirs) / _proof(mine),
                5,
                None,
                "times faster",
            )
        )
    return text, goals


def _fill(folder: Path, size: int, count: int) -> str:
    plane: Any = open_bench(folder)
    events, storage = events_for(plane, size), plane.world.storage
    while (head := storage.ledger.head()).size < count:
        storage.append(events.make(min(2000, count - head.size)))
    plane.close()
    return str(head.root.hex())


def _proof(told: Sequence[dict[str, float]]) -> float:
    return statistics.median(one["prove"] for one in told)


def _row(name: str, told: Sequence[dict[str, float]]) -> tuple[str, ...]:
    proofs = [one["prove"] for one in told]
    return (
        name,
        micro(statistics.median(one["open"] for one in told)),
        micro(statistics.median(proofs)),
        micro(percentile(proofs, 0.99)),
        micro(statistics.median(one["open"] + one["prove"] for one in told)),
    )
