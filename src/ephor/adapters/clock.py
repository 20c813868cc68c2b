"""The machine's clock and its dice: the only place that asks for either."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from ephor.kernel.ids import uuid7


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
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return f"{prefix}_{uuid7(milliseconds, secrets.randbits(74))}"
