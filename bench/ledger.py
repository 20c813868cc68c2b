"""The ledger against raw databases, the guide's hash chain, hashing in memory, and others' logs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ledger_append
import ledger_bytes
import ledger_goals
import ledger_postgres
import ledger_proof
import ledger_verify
import peers
from ledger_events import SIZES
from ledger_goals import Goal
from measure import say


def run(*, short: bool, alone: bool = False) -> str:
    """Return the results as Markdown; *alone* leaves out whatever has to be fetched from a network first."""
    rivals, missing = (None, "Peers were left out, as asked.") if alone else peers.open_peers()
    text, goals = say(missing + "\n") if missing else "", []
    try:
        for told, more in _parts(rivals, short=short):
            text += told
            goals += more
    finally:
        if rivals is not None:
            rivals.close()
    return ledger_goals.tell(goals) + "\n" + text


def _parts(rivals: peers.Peers | None, *, short: bool) -> Iterator[tuple[str, list[Goal]]]:
    for size in SIZES:
        yield _in(lambda folder, size=size: ledger_append.run(folder, size, rivals, short=short))
    for size in SIZES:
        yield _in(lambda folder, size=size: ledger_verify.run(folder, size, rivals, short=short))
    yield _in(lambda folder: ledger_proof.run(folder, SIZES[0], rivals, short=short))
    for size in SIZES:
        yield _in(lambda folder, size=size: ledger_bytes.run(folder, size, short=short))
    yield _in(lambda folder: ledger_postgres.run(folder, SIZES[0], short=short))


def _in(part: Callable[[Path], tuple[str, list[Goal]]]) -> tuple[str, list[Goal]]:
    """Run *part* in a folder of its own: every database is a fresh one."""
    with _folder() as folder:
        return part(folder)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ephor-bench-") as folder:
        yield Path(folder)
