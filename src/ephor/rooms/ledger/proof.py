"""Plan a proof, then assemble it.

A plan names the perfect subtrees whose hashes a proof is made of; assembling folds the hashes that somebody fetched in
between. So this module never learns where hashes live, and storage never learns what a proof is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ledger.tile import HEIGHT, WIDTH
from ephor.rooms.ledger.tree import EMPTY_ROOT, HASH_SIZE, node_hash, split


class Node(NamedTuple):
    """A perfect subtree: the leaves from ``at << level`` up to, not including, ``at + 1 << level``.

    A tuple, as a proof looks up some eighty of them.
    """

    level: int
    at: int


Plan: TypeAlias = tuple[tuple[Node, ...], ...]
"""One step for each hash of the proof; the nodes of a step, left to right, fold into that hash."""


class TileSpan(NamedTuple):
    """The hashes *start* to *stop* of a tile; `tree.root_hash` over them is the hash of one node."""

    level: int
    at: int
    start: int
    stop: int


def plan_inclusion(index: int, size: int) -> Plan:
    """Return the steps of the proof that leaf *index* is in the tree of *size*, from the leaf up.

    >>> plan_inclusion(2, 5)
    ((Node(level=0, at=3),), (Node(level=1, at=0),), (Node(level=0, at=4),))

    Raises:
        InvalidInputError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise InvalidInputError(f"no leaf `{index}` in a tree of {size}", index=index, size=size)
    steps = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            steps.append(_cover(middle, high))
            high = middle
        else:
            steps.append(_cover(low, middle))
            low = middle
    return tuple(reversed(steps))


def plan_consistency(old: int, new: int) -> Plan:
    """Return the steps of the proof that the tree of *new* leaves begins with that of *old*.

    >>> plan_consistency(3, 4)
    ((Node(level=0, at=2),), (Node(level=0, at=3),), (Node(level=1, at=0),))

    Raises:
        InvalidInputError: the old tree is larger than the new one.
    """
    if not 0 <= old <= new:
        raise InvalidInputError(f"no tree of `{old}` in a tree of {new}", old=old, size=new)
    if old in (0, new):
        return ()
    steps = []
    low, high = 0, new
    while high != old:
        middle = low + split(high - low)
        if old <= middle:
            steps.append(_cover(middle, high))
            high = middle
        else:
            steps.append(_cover(low, middle))
            low = middle
    if (
        low
    ):  # otherwise the old tree is one perfect subtree, and its root the verifier holds (RFC 9162, 2.1.4.1)
        steps.append(_cover(low, high))
    return tuple(reversed(steps))


def plan_root(size: int) -> Plan:
    """Return the one step that folds into the root of the tree of *size*.

    >>> plan_root(6)
    ((Node(level=2, at=0), Node(level=1, at=2)),)

    Raises:
        InvalidInputError: the size is negative.
    """
    if size < 0:
        raise InvalidInputError(f"no tree of `{size}` leaves", size=size)
    return (_cover(0, size),)


def assemble(plan: Plan, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """Return the proof that *plan* asks for, given the hash of each node it names.

    Raises:
        InvalidInputError: a node was not fetched.
    """
    try:
        return [fold([hashes[node] for node in step]) for step in plan]
    except KeyError as error:
        raise InvalidInputError(f"the hash of {error.args[0]} was not fetched") from None


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over neighbouring perfect subtrees, the largest first, as RFC 9162 joins them.

    >>> fold([]) == EMPTY_ROOT
    True
    """
    if not hashes:
        return EMPTY_ROOT
    running = hashes[-1]
    for left in hashes[-2::-1]:
        running = node_hash(left, running)
    return running


def perfect(hashes: bytes, width: int = 1) -> bytes:
    """Return the root of a perfect subtree, given the hashes of one level of it end to end: 1, 2, 4, … of them.

    Or, end to end as well, the level of it that is *width* hashes wide.

    >>> perfect(b"a" * 32 + b"b" * 32) == node_hash(b"a" * 32, b"b" * 32)
    True
    """
    pair, enough = 2 * HASH_SIZE, width * HASH_SIZE
    while len(hashes) > enough:
        hashes = b"".join(
            [sha256(b"\x01" + hashes[at : at + pair]).digest() for at in range(0, len(hashes), pair)]
        )
    return hashes


def peaks(size: int, hashes: Sequence[bytes]) -> dict[Node, bytes]:
    """Return the perfect subtrees that the tree of *size* falls into with their *hashes*; none where these are not as many.

    >>> peaks(5, [b"a" * 32, b"b" * 32]) == {Node(2, 0): b"a" * 32, Node(0, 4): b"b" * 32}
    True
    """
    nodes = _cover(0, size)
    return dict(zip(nodes, hashes, strict=True)) if len(nodes) == len(hashes) else {}


def locate(node: Node) -> TileSpan:
    """Return the part of a tile that holds *node*, or from which it is hashed.

    >>> locate(Node(0, 300)), locate(Node(3, 1))
    (TileSpan(level=0, at=1, start=44, stop=45), TileSpan(level=0, at=0, start=8, stop=16))
    """
    level, rise = divmod(node.level, HEIGHT)
    index, start = divmod(node.at << rise, WIDTH)
    return TileSpan(level, index, start, start + (1 << rise))


def _cover(low: int, high: int) -> tuple[Node, ...]:
    """Return the fewest perfect subtrees over leaves *low* to *high*, left to right.

    *low* is a multiple of every power of two that fits between the two, as it is at every step down a tree.
    """
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append(Node(level, low >> level))
        low += 1 << level
    return tuple(nodes)
