"""Sources that count what they hand in: what never arrived is noticed by its number, and silence by its time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.kernel.events import Event
from ephor.kernel.ids import name
from ephor.kernel.truth import Truth
from ephor.rooms.ledger.rhythm import spoken

HEARTBEAT: Final = "source.heartbeat/1"
KEPT: Final = 20
"""How many gaps a source's record keeps, the newest; every gap stands in the ledger, beside the event after it."""
_LARGEST: Final = 2**53 - 1
_SHORTEST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that never arrived: *first* to *last*; *at* is when a later one came."""

    first: int
    last: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of one source, as one person hands it in: another person's source of the same name is another."""

    id: str
    """``PERSON/NAME``."""
    name: str
    reporter: str
    last: int = 0
    """The largest number that arrived; 0 where none did."""
    seen_at: datetime | None = None
    """When something arrived last."""
    jumps: int = 0
    missing: int = 0
    """How many numbers never arrived."""
    gaps: tuple[Gap, ...] = ()
    every_seconds: int | None = None
    """How often something must arrive; None: nothing is expected."""
    expected_since: datetime | None = None
    expected_by: str | None = None
    delivery: str | None = None
    """The digest of what was handed in last: the same once more is a repetition and no second event."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one source hands in at once: its numbers in order, and the digest of it all."""

    name: str
    sequences: tuple[int, ...]
    digest: str


def key_of(reporter: str, source: str) -> str:
    """Return the id of a source's record. Neither name holds a slash."""
    return f"{reporter}/{source}"


def read_count(raw: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return the ``source`` and the ``sequence`` that an event was handed in with; None where it has neither.

    >>> read_count({"source": "gateway-1", "sequence": 7})
    ('gateway-1', 7)

    Raises:
        InvalidInputError: one without the other, a source that is no name, or a sequence that is no integer from 1.
    """
    source, sequence = raw.get("source"), raw.get("sequence")
    if source is None and sequence is None:
        return None
    if source is None or sequence is None:
        raise InvalidInputError("`source` and `sequence` go together; write both, or neither")
    if type(sequence) is not int or not 1 <= sequence <= _LARGEST:
        raise InvalidInputError(
            f"`sequence` is `{str(sequence)[:40]}`; write an integer from 1, one more for each event of the source"
        )
    return name(source, "a source"), sequence


def deliveries(raws: Iterable[Mapping[str, Any]]) -> tuple[Delivery, ...]:
    """Return what each source hands in, by its name; events without a source are left out.

    Raises:
        InvalidInputError: as `read_count`; or an event that is not JSON.
    """
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for raw in raws:
        if count := read_count(raw):
            found.setdefault(count[0], []).append((count[1], raw))
    return tuple(
        Delivery(source, tuple(number for number, _ in events), _digest([raw for _, raw in events]))
        for source, events in sorted(found.items())
    )


def is_repeated(source: Source | None, delivery: Delivery) -> bool:
    """Tell whether exactly this is what the source handed in last: its answer got lost, and it asks again."""
    return source is not None and source.delivery == delivery.digest


def take(
    source: Source | None, delivery: Delivery, *, reporter: str, at: datetime
) -> tuple[Source, Mapping[int, int]]:
    """Return the source after *delivery*, and how many numbers are missing just before each one, where some are.

    A number that skips others is taken: better late than never, and what is missing is told.

    Raises:
        ConflictError: a number that arrived already, or a smaller one than that.
    """
    now = source or Source(key_of(reporter, delivery.name), delivery.name, reporter)
    missing: dict[int, int] = {}
    gaps: list[Gap] = []
    last = now.last
    for number in delivery.sequences:
        if number <= last:
            raise ConflictError(
                f"source `{delivery.name}` of `{reporter}` has counted to {last}, and {number} came again or late; nothing "
                f"was recorded: go on from {last + 1}, or begin at 1 under another name",
                source=delivery.name,
                last=last,
                sequence=number,
            )
        if number > last + 1:
            missing[number] = number - last - 1
            gaps.append(Gap(last + 1, number - 1, at))
        last = number
    moved = replace(
        now,
        last=last,
        seen_at=at,
        jumps=now.jumps + len(gaps),
        missing=now.missing + sum(missing.values()),
        gaps=(*now.gaps, *gaps)[-KEPT:],
        delivery=delivery.digest,
    )
    return moved, missing


def counted(event: Event, source: str, sequence: int, missing: int) -> Event:
    """Return *event* with its source's number in ``metadata.counted``, and how many before it never arrived."""
    told: dict[str, str | int] = {"source": source, "sequence": sequence}
    if missing:
        told["missing"] = missing
    return replace(event, metadata={**event.metadata, "counted": told})


def expect(
    source: Source | None, *, named: str, reporter: str, every: timedelta, by: str, at: datetime
) -> Source:
    """Return the source from which something must arrive at least *every* so often, from *at* on.

    Raises:
        InvalidInputError: *named* is no name, or the time is not from one second to 366 days.
    """
    if not _SHORTEST <= every <= _LONGEST:
        raise InvalidInputError(f"`{every}` is no time to expect a source every; name one second to 366 days")
    named = name(named, "a source")
    now = source or Source(key_of(reporter, named), named, reporter)
    return replace(now, every_seconds=int(every.total_seconds()), expected_since=at, expected_by=by)


def release(source: Source | None, named: str, reporter: str) -> Source:
    """Return the source from which nothing is expected any more.

    Raises:
        NotFoundError: nothing is expected from it.
    """
    if source is None or source.every_seconds is None:
        raise NotFoundError(
            f"nothing is expected from source `{named}` of `{reporter}`; see `ephor ledger sources`"
        )
    return replace(source, every_seconds=None, expected_since=None, expected_by=None)


def overdue_by(source: Source, now: datetime) -> timedelta | None:
    """Return how long ago something should have arrived; None where nothing is expected, zero where nothing is late."""
    if source.every_seconds is None or source.expected_since is None:
        return None
    since = max(filter(None, (source.seen_at, source.expected_since)))
    return max(now - since - timedelta(seconds=source.every_seconds), timedelta(0))


def heartbeats(sources: Sequence[Source], now: datetime) -> tuple[Truth, str]:
    """Return whether a source is silent that must not be, and why; not known where no source is expected."""
    late = {one.id: by for one in sources if (by := overdue_by(one, now)) is not None}
    if not late:
        return None, "no source is expected to be heard; declare one with `ephor ledger sources expect`"
    overdue = [f"`{id}` by {spoken(by)}" for id, by in sorted(late.items()) if by]
    if overdue:
        return (
            True,
            f"sources that must be heard and are overdue: {len(overdue)} of {len(late)}; {', '.join(overdue[:KEPT])}",
        )
    return False, f"each source that must be heard was heard in time: {len(late)}"


def _digest(raws: Sequence[Mapping[str, Any]]) -> str:
    try:
        data = orjson.dumps(raws, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"an event of a source is not JSON: {error}") from error
    return "sha256:" + hashlib.sha256(data).hexdigest()
