"""Pull and release the stop switch within a unit. A step that the switch and its drill share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ephor.engine.ports import Unit
from ephor.kernel.canonical import Json
from ephor.kernel.events import Event
from ephor.rooms.agents.stop import Stop, StopStatus, lift


def order(unit: Unit, stop: Stop, agents: Sequence[str]) -> None:
    """Put a stop in force and record it."""
    unit.shelf(Stop).add(stop)
    touched: list[Json] = list(agents[:100])
    unit.append(_event("stop.ordered/1", stop, stop.by, stop.at, {"reason": stop.reason, "agents": touched}))


def release(unit: Unit, stop: Stop, by: str, reason: str, at: datetime) -> Stop:
    """Lift a stop, or ask for it where it takes two, and record which."""
    lifted = lift(stop, by=by, reason=reason, at=at)
    unit.shelf(Stop).replace(stop, lifted)
    kind = "stop.lifted/1" if lifted.status is StopStatus.LIFTED else "stop.lift-asked/1"
    unit.append(_event(kind, lifted, by, at, {"reason": lifted.because}))
    return lifted


def _event(kind: str, stop: Stop, by: str, at: datetime, metadata: dict[str, Json]) -> Event:
    named = f"{stop.what.value}:{stop.name}" if stop.name is not None else "plane"
    return Event(
        kind=kind,
        at=at,
        actor=f"person:{by}",
        resource=named,
        tool=stop.name if stop.what.value == "tool" else None,
        refs={"stop": stop.id},
        metadata={"what": stop.what.value, **metadata},
    )
