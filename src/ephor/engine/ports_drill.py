"""What a drill of the stop switch needs from the world: processes that ask, and a clock they all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ephor.rooms.agents.drill import Seen


class Probes(Protocol):
    """Processes that decide the same call over and over, each on a plane of its own."""

    def seen(self) -> Sequence[Sequence[Seen]]:
        """Return what each process saw so far."""
        ...

    def failed(self) -> str | None:
        """Return what a process that ended by itself said last; None while all run."""
        ...


class Prober(Protocol):
    """Starts probes."""

    def start(
        self, count: int, agent: str, tool: str, arguments: Mapping[str, Any], session: str
    ) -> AbstractContextManager[Probes]:
        """Start so many processes; they end with the context."""
        ...

    def ticks(self) -> int:
        """Return nanoseconds on the clock that `Seen` is in."""
        ...

    def pause(self) -> None:
        """Wait a few milliseconds."""
        ...
