"""The hashes that a proof is made of, fetched from a stored log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ephor.engine.ports import Head, Ledger
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import proof, tile
from ephor.rooms.ledger.frontier import split


def fetch(ledger: Ledger, plan: proof.Plan, head: Head | None = None) -> Sequence[bytes]:
    """Return the proof that *plan* asks for, each tile read once.

    With *head* the right edge of the tree is taken as it was when that head was signed, whatever the newest entries say
    now: the proof must then be checked against its root.

    Raises:
        VerificationError: the log lacks entries that its head promises.
    """
    hashes = {} if head is None else proof.peaks(head.size, head.edge)
    tiles: dict[tuple[int, int], list[tuple[proof.Node, proof.TileSpan]]] = defaultdict(list)
    for node in sorted({node for step in plan for node in step} - hashes.keys()):
        span = proof.locate(node)
        tiles[span.level, span.index].append((node, span))
    for (level, index), wanted in tiles.items():
        unfinished = head is not None and level == 0 and index == head.size // tile.WIDTH
        width = max(span.stop for _, span in wanted)
        found = head.partial if head is not None and unfinished else ledger.tile(level, index, width)
        row = split(found)
        hashes.update({node: proof.perfect(row[span.start : span.stop]) for node, span in wanted})
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
