"""The right edge of a growing tree: all that is needed to append leaves and to know the root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger.tree import EMPTY_ROOT, HASH_SIZE


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the perfect subtrees that *size* leaves fall into, the largest first.

    One hash for each bit set in *size*; a compact range that starts at leaf 0.
    """

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise VerificationError(
                f"a frontier of size {self.size} with {len(self.hashes)} hashes cannot be: entries are missing, "
                "or the head's row was changed; run `ephor ledger fsck`, and restore a backup",
                size=self.size,
            )


EMPTY = Frontier(0, ())
"""The frontier before the first leaf."""


def extend(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> Frontier:
    """Return *frontier* with *leaf_hashes* appended.

    Works level by level, so a batch costs one hash for each inner node that it completes.

    >>> extend(EMPTY, [b"a" * 32, b"b" * 32, b"c" * 32]).size
    3
    """
    if len(leaf_hashes) == 1:
        return _push(frontier, leaf_hashes[0])
    size = frontier.size
    waiting = list(frontier.hashes)  # the left neighbours not yet consumed, the smallest last
    kept: list[bytes] = []  # the new frontier, the smallest first
    row = list(leaf_hashes)
    digest = sha256
    bits = size
    while row or bits:
        if bits & 1:
            row.insert(
                0, waiting.pop()
            )  # a level with an unpaired left node: it pairs with the first newcomer
        if len(row) & 1:
            kept.append(row.pop())
        lefts = iter(row)
        row = [digest(b"\x01" + left + right).digest() for left, right in zip(lefts, lefts, strict=True)]
        bits >>= 1
    kept.reverse()
    return Frontier(size + len(leaf_hashes), tuple(kept))


def _push(frontier: Frontier, running: bytes) -> Frontier:
    """Append one leaf: it pairs with the last of the perfect subtrees as long as that is as large as what it has become."""
    bits, at, hashes = frontier.size, len(frontier.hashes), frontier.hashes
    while bits & 1:
        at -= 1
        running = sha256(b"\x01" + hashes[at] + running).digest()
        bits >>= 1
    return Frontier(frontier.size + 1, (*hashes[:at], running))


def root(frontier: Frontier) -> bytes:
    """Return the root of the tree that *frontier* is the edge of.

    >>> root(EMPTY) == EMPTY_ROOT
    True
    """
    if not frontier.hashes:
        return EMPTY_ROOT
    running = frontier.hashes[-1]
    for left in frontier.hashes[-2::-1]:
        running = sha256(b"\x01" + left + running).digest()
    return running


def encode(frontier: Frontier) -> bytes:
    """Return the hashes of *frontier* end to end; its size is stored beside them."""
    return b"".join(frontier.hashes)


def split(data: bytes) -> tuple[bytes, ...]:
    """Return the hashes of an encoded frontier, whatever size it is of.

    >>> split(b"a" * 32 + b"b" * 32) == (b"a" * 32, b"b" * 32)
    True
    """
    return tuple(bytes(data[at : at + HASH_SIZE]) for at in range(0, len(data), HASH_SIZE))


def decode(size: int, data: bytes) -> Frontier:
    """Return the frontier of *size* leaves whose hashes are *data*.

    Raises:
        VerificationError: the number of bytes does not belong to that size.
    """
    if size < 0 or len(data) != size.bit_count() * HASH_SIZE:
        raise VerificationError(
            f"{len(data)} bytes are not the frontier of {size} entries: the head's row was changed; run `ephor ledger fsck`, "
            "and restore a backup",
            size=size,
        )
    return Frontier(size, split(data))
