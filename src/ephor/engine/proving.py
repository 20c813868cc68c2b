"""The hashes that a proof is made of, fetched from a stored log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import orjson

from ephor.engine.ports import FullTile, Head, Tiles
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import proof, tile
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.tree import HASH_SIZE, verify_inclusion

_EACH = tile.WIDTH // tile.MIDDLE
"""Hashes of a tile that each hash in its middle is over."""


def include(stored: Tiles, leaf: bytes, position: int, head: Head) -> Sequence[bytes]:
    """Return the proof that *leaf*, a leaf hash, stands at *position* under *head*'s root.

    Raises:
        VerificationError: what is stored does not lead to the root.
    """
    plan = proof.plan_inclusion(position, head.size)
    path = fetch(stored, plan, head, quickly=True)
    try:
        verify_inclusion(leaf, position, head.size, path, head.root)
    except VerificationError:  # perhaps the tiles' middles alone are damaged, and those nobody needs
        path = fetch(stored, plan, head)
        _check(leaf, position, head, path)
    return path


def _check(leaf: bytes, position: int, head: Head, path: Sequence[bytes]) -> None:
    try:
        verify_inclusion(leaf, position, head.size, path, head.root)
    except VerificationError as error:
        raise VerificationError(
            f"entry {position} cannot be proved: {error}; run `ephor ledger verify`, which names what was changed",
            **error.facts,
        ) from None


def fetch(
    stored: Tiles, plan: proof.Plan, head: Head | None = None, *, quickly: bool = False
) -> Sequence[bytes]:
    """Return the proof that *plan* asks for, each tile read once.

    With *head* the right edge of the tree is taken as it was when that head was signed, whatever the newest entries say
    now; with *quickly* the hashes in the middle of tiles are taken as they are kept. Either way the proof must then be
    checked against the head's root.

    Raises:
        VerificationError: the log lacks entries that its head promises.
    """
    hashes = {} if head is None else proof.peaks(head.size, head.edge)
    tiles: dict[tuple[int, int], list[tuple[proof.Node, proof.TileSpan]]] = defaultdict(list)
    missing = {node for step in plan for node in step} - hashes.keys()
    for node in sorted(missing):
        span = proof.locate(node)
        tiles[span.level, span.at].append((node, span))
    for (level, index), wanted in tiles.items():
        width = max(span.stop for _, span in wanted)
        unfinished = head is not None and index == head.size >> tile.HEIGHT * (level + 1)
        if head is not None and unfinished and level == 0:
            found = FullTile(head.partial, None)
        else:
            kept = stored.tiles(level, index, index + 1).get(index) if quickly and not unfinished else None
            found = kept or FullTile(stored.tile(level, index, width), None)
        if len(found.hashes) < width * HASH_SIZE:
            raise VerificationError(
                f"tile {level}/{index} has {len(found.hashes)} bytes where the head promises {width} hashes; run "
                "`ephor ledger fsck`"
            )
        for node, span in wanted:
            hashes[node] = _hash_of(found, span)
    return proof.assemble(plan, hashes)


def _hash_of(found: FullTile, span: proof.TileSpan) -> bytes:
    """Return the hash of the node that *span* is of: from the middle of the tile, if it lies above that."""
    hashes, start, stop = found.hashes, span.start, span.stop
    if stop - start >= _EACH and found.middle is not None and len(found.middle) == tile.MIDDLE * HASH_SIZE:
        hashes, start, stop = found.middle, start // _EACH, stop // _EACH
    return proof.perfect(hashes[start * HASH_SIZE : stop * HASH_SIZE])


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


def id_of(data: bytes) -> str:
    """Return the id of an entry that is known to be the one that was recorded; only one that has none is looked at closely."""
    try:
        return str(orjson.loads(data)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return str(parse(data)["id"])
