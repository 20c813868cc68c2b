"""The main log and those it goes on from: what was recorded before a loss is looked for there."""

from __future__ import annotations

from collections.abc import Sequence

from ephor.engine.ports import MAIN, Ledger, World
from ephor.kernel.errors import NotFoundError


def main_logs(world: World) -> Sequence[Ledger]:
    """Return the main log and then every one that an epoch of it ended, the newest first."""
    ended = [one for one in world.storage.logs.names() if one.stream == MAIN and one.ended]
    return world.storage.ledger, *(world.storage.logs.of(one.number) for one in reversed(ended))


def payload_of(world: World, entry: str) -> bytes | None:
    """Return the sealed payload of an entry in the clear; None when its subject was forgotten.

    Raises:
        NotFoundError: there is no such entry.
    """
    *newer, first = main_logs(world)
    for log in newer:
        try:
            return log.payload(entry)
        except NotFoundError:
            continue
    return first.payload(entry)
