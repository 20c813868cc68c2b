"""The hashes that a proof is made of, fetched from a stored log."""

from __future__ import annotations

from collections.abc import Sequence

from ephor.engine.ports import Ledger
from ephor.rooms.ledger import proof, tree
from ephor.rooms.ledger.tree import HASH_SIZE


def fetch(ledger: Ledger, plan: proof.Plan) -> Sequence[bytes]:
    """Return the proof that *plan* asks for.

    Raises:
        VerificationError: the log lacks entries that its head promises.
    """
    hashes: dict[proof.Node, bytes] = {}
    for node in {node for step in plan for node in step}:
        span = proof.locate(node)
        data = ledger.tile(span.level, span.index, span.stop)
        places = range(span.start * HASH_SIZE, span.stop * HASH_SIZE, HASH_SIZE)
        hashes[node] = tree.root_hash([data[at : at + HASH_SIZE] for at in places])
    return proof.assemble(plan, hashes)
