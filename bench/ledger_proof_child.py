"""Proves entries in a process of its own, each on a plane opened for it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from children import serve, took
from ledger_events import open_bench

import ephor.adapters.storage.sql.storage  # noqa: F401 - loading code is not what is measured


def prove(folder: str, positions: list[int]) -> list[dict[str, float]]:
    """Return what opening the plane and one proof took, for each position."""
    told = []
    for position in positions:
        planes: list[Any] = []
        opened = took(lambda: planes.append(open_bench(Path(folder))))  # noqa: B023 - called at once
        proved = took(lambda: planes[0].ledger.prove(str(position)))  # noqa: B023
        planes[0].close()
        told.append({"open": opened["wall"], "prove": proved["wall"], "cpu": proved["cpu"]})
    return told


serve({"prove": prove})
