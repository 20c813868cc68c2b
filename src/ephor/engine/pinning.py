"""Entries of the ledger that something rests on: found, pinned by position and leaf hash, and held against it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ephor.engine.ports import Ledger, Storage
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.time import stamp
from ephor.rooms.incidents.record import MAX_PINS, Pin
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.kinds import check_known
from ephor.rooms.ledger.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries: of an agent (its acts, and acts on it), in a time, of some kinds. At least one is given."""

    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()

    def plain(self) -> dict[str, str]:
        """Return the question as texts."""
        times = {"since": self.since, "until": self.until}
        return {
            **({"agent": self.agent} if self.agent else {}),
            **{name: stamp(at) for name, at in times.items() if at is not None},
            **({"kinds": ",".join(self.kinds)} if self.kinds else {}),
        }


def find_pins(ledger: Ledger, query: Query | None, entries: Sequence[str]) -> tuple[str, tuple[Pin, ...]]:
    """Return the log's origin and the entries asked for and named, in the order of the log.

    Raises:
        InvalidInputError: a question that asks nothing, no entry that fits it, or too many.
        NotFoundError: there is no entry of a name.
    """
    positions = {ledger.position(id) for id in entries}
    if query is not None:
        found = _search(ledger, query)
        if not found:
            raise InvalidInputError(
                "no entry of the ledger fits; ask otherwise, or open the incident by hand"
            )
        positions |= found
    if len(positions) > MAX_PINS:
        raise InvalidInputError(
            f"more than {MAX_PINS} entries fit; ask for a shorter time, or for some kinds"
        )
    return ledger.head().origin, tuple(_pin(ledger, position) for position in sorted(positions))


def check_pins(storage: Storage, origin: str, pins: Sequence[Pin]) -> None:
    """Check that every pinned entry still stands where it stood, byte for byte.

    Raises:
        VerificationError: one does not, or the log is gone.
    """
    ledger = storage.ledger
    if ledger.head().origin != origin:
        numbers = [one.number for one in storage.logs.names() if one.origin == origin]
        if not numbers:
            raise VerificationError(
                f"the log `{origin}` of the pinned entries is gone; run `ephor ledger verify`"
            )
        ledger = storage.logs.of(numbers[0])
    for pin in pins:
        data = next(iter(ledger.entries(pin.position, pin.position + 1)), None)
        if data is None or _leaf(data) != pin.leaf:
            raise VerificationError(
                f"entry `{pin.id}` at position {pin.position} is not what it was when it was pinned; run `ephor ledger verify`",
                position=pin.position,
            )


def _search(ledger: Ledger, query: Query) -> set[int]:
    if not query.plain():
        raise InvalidInputError("the question to the ledger is empty; name an agent, a time or a kind")
    if query.since and query.until and query.since >= query.until:
        raise InvalidInputError("the time ends before it begins; exchange --since and --until")
    for kind in query.kinds:
        check_known(kind)
    acts: list[dict[str, str]] = [{}]
    if query.agent:
        acts = [{"actor": f"agent:{query.agent}"}, {"resource": f"agent:{query.agent}"}]
    found: set[int] = set()
    for act in acts:
        for where in [{**act, "kind": kind} for kind in query.kinds] or [act]:
            found |= set(
                ledger.search(where, before=None, limit=MAX_PINS + 1, since=query.since, until=query.until)
            )
    return found


def _pin(ledger: Ledger, position: int) -> Pin:
    data = next(iter(ledger.entries(position, position + 1)))
    fields: Any = parse(data)
    actor = str(fields["actor"])
    return Pin(
        position,
        fields["id"],
        _leaf(data),
        fields["kind"],
        fields["at"],
        actor.removeprefix("agent:") if actor.startswith("agent:") else None,
        fields.get("decision"),
    )


def _leaf(data: bytes) -> str:
    return leaf_hash(data).hex()
