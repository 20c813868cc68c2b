"""The guide's hash chain (sequence number, previous hash, entry hash) as a view of the same entries.

A chain alone cannot show that its tail was cut or that all of it was written anew; the tree and its signed head can.
The view is for readers who know chains, and it is checked as strictly as a chain can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ephor.kernel.errors import VerificationError

GENESIS = bytes(32)
"""The hash before the first entry."""
_TAG = b"ephor/chain/1\x00"


@dataclass(frozen=True, slots=True)
class Link:
    """One entry's place in the chain; the first sequence number is 1."""

    sequence_number: int
    previous_hash: bytes
    entry_hash: bytes


START = Link(0, GENESIS, GENESIS)
"""What the first link follows."""


def link(previous: Link, entry: bytes) -> Link:
    """Return the link of *entry* behind *previous*.

    >>> link(START, b"{}").sequence_number
    1
    """
    number = previous.sequence_number + 1
    # Every part before the entry has a fixed length, so no byte can move from one part to the next.
    framed = _TAG + number.to_bytes(8, "big") + previous.entry_hash + entry
    return Link(number, previous.entry_hash, sha256(framed).digest())


def link_all(entries: Iterable[bytes], *, after: Link = START) -> Iterator[Link]:
    """Yield the link of each of *entries*, which follow *after*."""
    for entry in entries:
        after = link(after, entry)
        yield after


def verify(rows: Iterable[tuple[Link, bytes]], *, after: Link = START, last: Link | None = None) -> Link:
    """Return the last link of *rows*, links beside their entries, after checking that they follow *after* unbroken.

    Given *last*, a link that somebody kept, the chain must reach it: without one, a cut tail goes unnoticed.

    Raises:
        VerificationError: the message and its facts name the first sequence number that does not hold.
    """
    met = last is None or last == after
    for found, entry in rows:
        expected = link(after, entry)
        number = expected.sequence_number
        if found.sequence_number != number:
            raise VerificationError(
                f"after entry {number - 1} comes {found.sequence_number}", sequence_number=number
            )
        if found.previous_hash != expected.previous_hash:
            raise VerificationError(
                f"entry {number} does not follow entry {number - 1}", sequence_number=number
            )
        if found.entry_hash != expected.entry_hash:
            raise VerificationError(f"entry {number} is not the one that was hashed", sequence_number=number)
        after = found
        met = met or found == last
    if not met and last is not None:
        raise VerificationError(
            f"the chain ends at {after.sequence_number} without the kept link {last.sequence_number}",
            sequence_number=min(after.sequence_number + 1, last.sequence_number),
        )
    return after
