"""Many events recorded in batches, each durable before the next; what is recorded when one fails is told."""

from __future__ import annotations

from collections.abc import Sequence

from ephor.engine.ports import Logs
from ephor.kernel.errors import UnavailableError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId

BATCH = 1_000
"""Events in one transaction: many enough to be fast, few enough that others need not wait long."""


def record(logs: Logs, stream: str, events: Sequence[Event]) -> Sequence[EntryId]:
    """Record *events* in a stream, and return their entries.

    Raises:
        UnavailableError: the database did not take them all; the message says how many are recorded.
    """
    ids: list[EntryId] = []
    for start in range(0, len(events), BATCH):
        try:
            ids += logs.append(stream, events[start : start + BATCH])
        except UnavailableError as error:
            if not ids:
                raise
            raise UnavailableError(
                f"the first {len(ids)} of {len(events)} events are recorded, and then it failed: {error}; hand in the rest "
                f"from event {len(ids) + 1} on (`ephor ledger append --skip {len(ids)}`)",
                **{**error.facts, "recorded": len(ids), "events": len(events)},
            ) from error
    return ids
