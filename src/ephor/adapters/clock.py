"""The machine's clock and its dice: the only place that asks for either."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from ephor.kernel.ids import uuid7s


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class FreshIds:
    """Identifiers from the time and 74 random bits (RFC 9562, section 5.7)."""

    def __init__(self, clock: SystemClock | None = None) -> None:
        self._clock = clock or SystemClock()

    def new(self, prefix: str) -> str:
        """Return ``prefix_`` and a UUID version 7."""
        return f"{prefix}_{self._drawn(1)[0]}"

    def many(self, prefix: str, count: int) -> list[str]:
        """Return *count* of them, of one millisecond: asking the clock costs more than all the rest."""
        return [f"{prefix}_{one}" for one in self._drawn(count)]

    def _drawn(self, count: int) -> list[str]:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return uuid7s(milliseconds, os.urandom(10 * count))
