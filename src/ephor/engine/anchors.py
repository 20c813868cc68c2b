"""Heads of streams as entries of the main log, so that one checkpoint, signed and witnessed, vouches for all of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ephor.engine.ports import MAIN, Head, LogName, World
from ephor.kernel.errors import NotFoundError
from ephor.kernel.events import Event

KIND = "stream.anchored/1"


@dataclass(frozen=True, slots=True)
class Standing:
    """A log and how much of it the main log vouches for."""

    log: LogName
    size: int
    anchored: int | None
    """Entries under the newest anchor; None for the main log itself, which its witnesses vouch for."""


def find(names: Sequence[LogName], stream: str, epoch: int | None = None) -> LogName:
    """Return the log of a stream: its newest epoch unless *epoch* names one.

    Raises:
        NotFoundError: there is none.
    """
    found = [one for one in names if one.stream == stream and epoch in (None, one.epoch)]
    if not found:
        known = ", ".join(f"`{one}`" for one in sorted({one.stream for one in names} | {MAIN}))
        which = f"stream `{stream[:60]}`" if epoch is None else f"epoch {epoch} of `{stream[:60]}`"
        raise NotFoundError(
            f"there is no {which} here; the streams are {known}, see `ephor ledger streams list`"
        )
    return max(found, key=lambda one: one.epoch)


def standings(world: World) -> Sequence[Standing]:
    """Return every log with its size and what of it is anchored."""
    logs = world.storage.logs
    return [
        Standing(one, logs.of(one.number).head().size, None if one.stream == MAIN else anchored(world, one))
        for one in logs.names()
    ]


def anchored(world: World, log: LogName) -> int:
    """Return how many entries of *log* the newest anchor in the main log covers."""
    ledger = world.storage.ledger
    for place in ledger.search({"kind": KIND, "resource": f"log:{log.origin}"}, before=None, limit=1):
        size = orjson.loads(next(iter(ledger.entries(place, place + 1))))["metadata"]["size"]
        return int(size)
    return 0


def anchor(world: World) -> Sequence[LogName]:
    """Record in the main log the head of every stream that grew since its last anchor; return those.

    Two who do this at once record one head twice, which does no harm.
    """
    grown = [
        one
        for one in standings(world)
        if one.anchored is not None and not one.log.ended and one.size > one.anchored
    ]
    events = [_event(world, world.storage.logs.of(one.log.number).head()) for one in grown]
    if events:
        world.storage.append(events)
    return [one.log for one in grown]


def _event(world: World, head: Head) -> Event:
    root = base64.b64encode(head.root).decode()
    return Event(
        KIND,
        at=world.clock.now(),
        actor="ephor",
        resource=f"log:{head.origin}",
        metadata={"origin": head.origin, "size": head.size, "root": root},
    )
