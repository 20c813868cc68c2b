"""A drill of the stop switch: what several processes saw when it was pulled, and whether that was soon enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.kernel.errors import InvalidInputError

BOUND = timedelta(seconds=1)
"""Within this time a stop has taken effect everywhere. What the plane states and every drill is held against."""
MAX_BOUND = timedelta(seconds=60)
STOP_DRILL = "stop drill"
"""How evidence of a drill that was passed begins."""
MAX_PROCESSES = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer that one process got: when it asked and when it was answered, on the clock all processes share, in ns."""

    asked: int
    answered: int
    allowed: bool
    stopped: bool = False
    """Whether it was refused because the agent is stopped: a limit that is used up proves nothing of the switch."""


@dataclass(frozen=True, slots=True)
class ProcessSaw:
    """What one process saw. Times are milliseconds after the stop was in force."""

    calls: int
    allowed_after: int
    """Allowed calls that were answered after the stop was in force."""
    last_allowed_ms: float | None
    """When the last of these was answered; None where there was none."""
    first_denied_ms: float | None
    """When it was first refused for the stop; None where it never was."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill and its outcome."""

    id: str
    agent: str
    tool: str
    by: str
    at: datetime
    bound_ms: float
    stop_ms: float
    """How long pulling the switch itself took, until it was durable."""
    processes: tuple[ProcessSaw, ...]
    passed: bool
    evidence: str | None = None
    """The evidence that was recorded; a drill that failed is none."""

    @property
    def last_allowed_ms(self) -> float:
        """Milliseconds from the stop to the last allowed call; 0 where none came after it."""
        return max((one.last_allowed_ms or 0.0 for one in self.processes), default=0.0)

    @property
    def allowed_after(self) -> int:
        """Allowed calls after the stop, in all processes."""
        return sum(one.allowed_after for one in self.processes)


def check_plan(processes: int, bound: timedelta) -> None:
    """Check that a drill can be run so.

    Raises:
        InvalidInputError: no process or too many, or a bound that bounds nothing.
    """
    if not 1 <= processes <= MAX_PROCESSES:
        raise InvalidInputError(f"a drill takes 1 to {MAX_PROCESSES} processes, not {processes}")
    if not timedelta(0) < bound <= MAX_BOUND:
        raise InvalidInputError("the bound of a drill is above 0 and at most 60 seconds")


def saw(seen: Sequence[Seen], stopped_at: int) -> ProcessSaw:
    """Return what one process saw of a stop that was in force at *stopped_at*.

    >>> saw([Seen(0, 1, True), Seen(2_000_000, 5_000_000, True), Seen(6_000_000, 7_000_000, False, True)], 3_000_000)
    ProcessSaw(calls=3, allowed_after=1, last_allowed_ms=2.0, first_denied_ms=4.0)
    """
    after = [one.answered - stopped_at for one in seen if one.allowed and one.answered > stopped_at]
    denied = [one.answered - stopped_at for one in seen if one.stopped]
    return ProcessSaw(
        calls=len(seen),
        allowed_after=len(after),
        last_allowed_ms=round(max(after) / 1e6, 3) if after else None,
        first_denied_ms=round(max(min(denied), 0) / 1e6, 3) if denied else None,
    )


def has_passed(processes: Sequence[ProcessSaw], bound: timedelta) -> bool:
    """Tell whether every process was refused, and none was let through later than the bound. Not seen is not passed."""
    most = bound.total_seconds() * 1000
    return bool(processes) and all(
        one.first_denied_ms is not None and (one.last_allowed_ms or 0.0) <= most for one in processes
    )


def figures(drill: Drill) -> Mapping[str, object]:
    """Return the drill's numbers as they are kept in the ledger; whole microseconds, for it holds no fractions."""
    return {
        "tool": drill.tool,
        "passed": drill.passed,
        "bound_us": _us(drill.bound_ms),
        "stop_us": _us(drill.stop_ms),
        "last_allowed_us": _us(drill.last_allowed_ms),
        "allowed_after": drill.allowed_after,
        "processes": [
            {
                "calls": one.calls,
                "allowed_after": one.allowed_after,
                "last_allowed_us": None if one.last_allowed_ms is None else _us(one.last_allowed_ms),
                "first_denied_us": None if one.first_denied_ms is None else _us(one.first_denied_ms),
            }
            for one in drill.processes
        ],
    }


def _us(milliseconds: float) -> int:
    return round(milliseconds * 1000)
