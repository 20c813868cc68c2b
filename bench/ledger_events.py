"""The events that are measured: a plain call of a tool, and one that says all it can; new ones for every turn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ephor.bootstrap import open_engine
from ephor.kernel.events import Event
from ephor.settings import Settings

SIZES = (664, 994)
"""Bytes of an entry. What the counter in it grows by comes on top: a byte at 10,000, another at 100,000."""
ORIGIN = "bench.local/ephor/main"
_START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def open_bench(folder: Path, url: str | None = None, name: str = "ephor") -> Any:
    """Open the plane in *folder*, or the one at *url* with its keys in *folder*."""
    settings = Settings(keys=str(folder / f"{name}.keys"), origin=ORIGIN)
    return open_engine(url or f"sqlite:///{folder / f'{name}.db'}", settings=settings)


class Events:
    """Makes events whose entries are *size* bytes long; no two say the same."""

    def __init__(self, append: Callable[[list[Event]], Any], read: Callable[[], bytes], size: int) -> None:
        self._number, self._padding = 0, ""
        self._full = size > 900
        append([self._one()])
        missing = size - len(read()) - len(',"note":""')
        if missing < 1:
            raise ValueError(f"an entry is longer than {size} bytes without any padding")
        self._padding = "n" * missing

    def make(self, count: int) -> list[Event]:
        return [self._one() for _ in range(count)]

    def _one(self) -> Event:
        self._number += 1
        digest = hashlib.sha256(self._number.to_bytes(8, "big")).hexdigest()
        event = Event(
            kind="tool.completed/1",
            at=_START + timedelta(milliseconds=self._number),
            actor="agent:support",
            tool="lookup",
            session=f"ses_{digest[:32]}",
            args_digest=f"hmac-sha256:{digest}",
            decision="allow",
            reasons=("allowed",),
            policy_digest="sha256:" + "b" * 64,
            refs={"decision": f"dec_{digest[32:]}"},
            metadata={"number": f"{self._number:09d}"} | ({"note": self._padding} if self._padding else {}),
        )
        return _fuller(event, digest) if self._full else event


def _fuller(event: Event, digest: str) -> Event:
    return replace(
        event,
        on_behalf_of="person:ann",
        resource="store:crm",
        trace=digest[:32],
        parent=f"evt_{digest[16:48]}",
        output_hash=f"hmac-sha256:{digest[::-1]}",
        duration_ms=140,
        metadata={
            "model": "m-large",
            "tokens_in": 812,
            "tokens_out": 64,
            **event.metadata,
        },
    )


def events_for(plane: Any, size: int) -> Events:
    """Return a maker of events for *plane*; it appends one to learn how long its entries are."""

    def newest() -> bytes:
        stored = plane.world.storage.ledger
        return next(iter(stored.entries(stored.head().size - 1, stored.head().size)))

    return Events(plane.world.storage.append, newest, size)
