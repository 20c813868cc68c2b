"""What was once written stays readable and keeps its hash: golden bytes, and the list of kinds ever shipped.

Other implementations may check themselves against ``vectors/ledger-1.json``: everything in it follows from its
``event`` and ``place``, and from a key whose secret is 32 zero bytes.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.events import Event
from ephor.rooms.ledger import chain, checkpoint, entry, kinds, note, tile, tree

HERE = Path(__file__).parent / "vectors"


class Pen:
    name = "ephor.example/acme/audit"
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public_key = key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


def derive(given):
    """Return what the golden file must hold for its own event and place."""
    event = Event(**{**given["event"], "at": datetime.fromisoformat(given["event"]["at"])})
    received = datetime.fromisoformat(given["place"]["received_at"])
    entries = [
        entry.encode(event, **{**given["place"], "n": n, "id": f"evt_{n}", "received_at": received})
        for n in (1, 2, 3)
    ]
    leaves = [tree.leaf_hash(one) for one in entries]
    head = checkpoint.Checkpoint(Pen.name, 3, tree.root_hash(leaves))
    return {
        "entry": entries[0].decode(),
        "leaf_hash": leaves[0].hex(),
        "root_of_three": head.root.hex(),
        "inclusion_of_second": [one.hex() for one in tree.inclusion_proof(leaves, 1)],
        "consistency_of_two": [one.hex() for one in tree.consistency_proof(leaves, 2)],
        "bundle_of_three_leaf_hash": tree.leaf_hash(tile.encode_bundle(entries)).hex(),
        "chain_hashes": [link.entry_hash.hex() for link in chain.link_all(entries)],
        "commitment": entry.commitment(entry.PAYLOAD_TAG, bytes(range(32)), b"payload"),
        "verifier_key": note.verifier_key(Pen.name, Pen.public_key),
        "checkpoint": note.sign(checkpoint.encode(head), Pen()).decode(),
    }


def test_golden_bytes_have_not_changed():
    given = json.loads((HERE / "ledger-1.json").read_text())
    assert derive(given) == given["expected"]


def test_no_kind_ever_shipped_has_vanished_and_each_new_one_is_listed():
    assert (HERE / "kinds.lock").read_text().split() == sorted(kinds.KINDS)
