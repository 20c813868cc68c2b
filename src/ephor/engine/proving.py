"""The hashes that a proof is made of, fetched from a stored log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter

from ephor.engine.ports import Head, Tiles
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import proof, tile
from ephor.rooms.ledger.tree import HASH_SIZE

_PLACE = attrgetter("level", "at")


def fetch(stored: Tiles, plan: proof.Plan, head: Head | None = None) -> Sequence[bytes]:
    """Return the proof that *plan* asks for, each tile read once.

    With *head* the right edge of the tree is taken as it was when that head was signed, whatever the newest entries say
    now: the proof must then be checked against its root.

    Raises:
        VerificationError: the log lacks entries that its head promises.
    """
    hashes = {} if head is None else proof.peaks(head.size, head.edge)
    tiles: dict[tuple[int, int], list[tuple[proof.Node, proof.TileSpan]]] = defaultdict(list)
    missing = {node for step in plan for node in step} - hashes.keys()
    for node in sorted(missing, key=_PLACE):
        span = proof.locate(node)
        tiles[span.level, span.at].append((node, span))
    for (level, index), wanted in tiles.items():
        unfinished = head is not None and level == 0 and index == head.size // tile.WIDTH
        width = max(span.stop for _, span in wanted)
        found = head.partial if head is not None and unfinished else stored.tile(level, index, width)
        if len(found) < width * HASH_SIZE:
            raise VerificationError(
                f"tile {level}/{index} has {len(found)} bytes where the head promises {width} hashes; run `ephor ledger fsck`"
            )
        for node, span in wanted:
            hashes[node] = proof.perfect(found[span.start * HASH_SIZE : span.stop * HASH_SIZE])
    return proof.assemble(plan, hashes)


def note_text(signed: bytes) -> str:
    """Return a signed head as text.

    Raises:
        VerificationError: it was damaged.
    """
    try:
        return signed.decode()
    except UnicodeDecodeError:
        raise VerificationError(
            "the signed head is not text: it was damaged; `ephor ledger fsck` tells what else was, restore a backup"
        ) from None
