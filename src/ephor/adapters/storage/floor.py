"""What was published before: a log goes on only from what begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import proof, tile
from ephor.rooms.ledger.tree import leaf_hash, verify_consistency


class Hashes(Protocol):
    """Where the hashes of a stored tree are made from."""

    def entries(self, start: int, stop: int) -> Sequence[bytes]: ...
    def tile_roots(self, level: int, start: int, stop: int | None = None) -> Sequence[bytes]: ...


class Tree(Protocol):
    """A size, and the root over so many entries."""

    @property
    def size(self) -> int: ...
    @property
    def root(self) -> bytes: ...


def check_floor(rows: Hashes, head: Tree, floor: Tree) -> None:
    """Return if the stored *head* is *floor*, which was published, or has grown from it.

    Raises:
        VerificationError: entries are missing, or the first ones are others.
    """
    if head.size < floor.size:
        raise VerificationError(
            f"this database holds {head.size} entries, but a head over {floor.size} was published: entries are missing, or an old "
            "backup was restored; nothing was recorded, restore the newest one or see `ephor ledger renew`",
            size=head.size,
            published=floor.size,
        )
    if not has_grown(rows, head, floor):
        raise VerificationError(
            f"this database holds another history: its first {floor.size} entries are not those under a head that was published, "
            "as when a backup is put back that something else was recorded in; nothing was recorded, restore the newest backup "
            "of this plane or see `ephor ledger renew`",
            size=head.size,
            published=floor.size,
        )


def has_grown(rows: Hashes, head: Tree, floor: Tree) -> bool:
    """Tell whether the tree of *head* begins with that of *floor* (RFC 9162, 2.1.4).

    What is stored is not believed: whatever hashes it holds, they lead to both roots or to none.
    """
    if head.size < floor.size:
        return False
    plan = proof.plan_consistency(floor.size, head.size)
    try:
        path = proof.assemble(plan, {node: _hash_of(rows, node) for step in plan for node in step})
        verify_consistency(floor.size, head.size, floor.root, head.root, path)
    except VerificationError:
        return False
    return True


def _hash_of(rows: Hashes, node: proof.Node) -> bytes:
    span = proof.locate(node)
    start, stop = span.at * tile.WIDTH + span.start, span.at * tile.WIDTH + span.stop
    if span.level == 0:
        found = [leaf_hash(bytes(entry)) for entry in rows.entries(start, stop)]
    else:
        found = [bytes(root) for root in rows.tile_roots(span.level - 1, start, stop)]
    if len(found) != stop - start:
        raise VerificationError(f"entries from `{start}` on are missing; run `ephor ledger fsck`")
    return proof.perfect(b"".join(found))
