"""Proof files: one text, one meaning, and no proof for what was never logged."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import checkpoint, note, proof_file, tree
from ephor.rooms.ledger.proof_file import ProofFile

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))


@dataclass(frozen=True)
class Pen:
    name: str = "ephor.example/acme"

    @property
    def public_key(self) -> bytes:
        return SECRET.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return SECRET.sign(message)


KEY = note.verifier_key(Pen().name, Pen().public_key)
ENTRIES = [bytes([i]) * 9 for i in range(11)]
LEAVES = [tree.leaf_hash(one) for one in ENTRIES]
HEAD = checkpoint.Checkpoint(Pen().name, 11, tree.root_hash(LEAVES))
SIGNED = note.sign(checkpoint.encode(HEAD), Pen())


def proof_of(index, extra=None):
    return ProofFile(index, tuple(tree.inclusion_proof(LEAVES, index)), SIGNED, extra)


@pytest.mark.parametrize("index", range(11))
@pytest.mark.parametrize("extra", [None, b"", b"anything"])
def test_a_proof_survives_its_file_and_holds(index, extra):
    found = proof_file.parse(proof_file.encode(proof_of(index, extra)))
    assert found == proof_of(index, extra)
    assert proof_file.verify(found, ENTRIES[index], KEY) == HEAD


def test_the_only_entry_of_a_log_has_a_proof_without_hashes():
    head = checkpoint.Checkpoint(Pen().name, 1, LEAVES[0])
    data = proof_file.encode(ProofFile(0, (), note.sign(checkpoint.encode(head), Pen())))
    assert proof_file.verify(proof_file.parse(data), ENTRIES[0], KEY) == head


def test_the_layout_is_that_of_the_specification():
    lines = proof_file.encode(proof_of(10, b"abc")).decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra YWJj", "index 10"]
    assert [base64.b64decode(line) for line in lines[3:5]] == list(proof_of(10).hashes)
    assert lines[5:8] == ["", "ephor.example/acme", "11"]


def test_every_changed_byte_of_a_proof_without_extra_is_noticed():
    data = proof_file.encode(proof_of(4))
    for at in range(len(data)):
        with pytest.raises(VerificationError):
            proof_file.verify(
                proof_file.parse(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]), ENTRIES[4], KEY
            )


def test_another_entry_another_place_and_another_key_are_refused():
    for wrong, entry in ((proof_of(4), ENTRIES[5]), (replace(proof_of(4), index=5), ENTRIES[4])):
        with pytest.raises(VerificationError):
            proof_file.verify(wrong, entry, KEY)
    with pytest.raises(VerificationError):
        proof_file.verify(proof_of(4), ENTRIES[4], note.verifier_key("other", Pen().public_key))


GOOD = proof_file.encode(proof_of(4)).decode()
HASH = base64.b64encode(LEAVES[0]).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n" + SIGNED.decode(),
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 4", "index 04"),
        GOOD.replace("index 4", "index -4"),
        GOOD.replace("index 4", "index 4 "),
        GOOD.replace("index 4", f"index {2**63}"),
        GOOD.replace("index 4", "extra YWI=\nextra YWI=\nindex 4"),
        GOOD.replace("index 4", "extra YWJ=\nindex 4"),
        GOOD.replace("index 4", "index 4\nindex 4"),
        GOOD.replace("index 4", "index 4\nYWJj"),
        GOOD.replace("index 4", "index 4\n" + HASH + "é"),
        GOOD.replace("index 4", "index 4" + 64 * ("\n" + HASH)),
    ],
)
def test_a_malformed_proof_file_is_refused(text):
    with pytest.raises(VerificationError):
        proof_file.parse(text.encode())


@pytest.mark.parametrize(
    "wrong", [ProofFile(-1, (), b""), ProofFile(2**63, (), b""), ProofFile(0, (b"short",), b"")]
)
def test_what_cannot_be_read_is_not_written(wrong):
    with pytest.raises(InvalidInputError):
        proof_file.encode(wrong)
