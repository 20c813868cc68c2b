"""A log and a witness to try rules on: keys that are the same every time, and a tree as RFC 9162 writes it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ephor.rooms.ledger import checkpoint, note, tree
from ephor.rooms.ledger.cosignature import WitnessKey
from ephor.rooms.ledger.witness import Submission, encode

ORIGIN = "log.example/acme/main"


@dataclass(frozen=True)
class Pen:
    """Signs notes; `Signer` of the room."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    @property
    def verifier(self) -> note.VerifierKey:
        return note.VerifierKey(self.name, self.public_key)

    @property
    def witness(self) -> WitnessKey:
        return WitnessKey(self.name, self.public_key)


def pen(name: str = ORIGIN, seed: int = 1) -> Pen:
    return Pen(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


LOG = pen()
WITNESS = pen("witness.example/w1", 9)


@dataclass
class SampleLog:
    """A history that can grow, and be rewritten as only its owner could."""

    leaves: list[bytes] = field(default_factory=list)
    signer: Pen = LOG

    def grow(self, count: int, word: str = "entry") -> SampleLog:
        start = len(self.leaves)
        self.leaves += [tree.leaf_hash(f"{word} {number}".encode()) for number in range(start, start + count)]
        return self

    def forked(self, at: int, size: int) -> SampleLog:
        """Return another history that parts from this one at entry *at*."""
        return SampleLog(self.leaves[:at], self.signer).grow(size - at, "other")

    def root(self, size: int | None = None) -> bytes:
        return tree.root_hash(self.leaves[:size])

    def text(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return checkpoint.encode(checkpoint.Checkpoint(self.signer.name, size, self.root(size)))

    def note(self, size: int | None = None) -> bytes:
        return note.sign(self.text(size), self.signer)

    def proof(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        size = len(self.leaves) if size is None else size
        return tuple(tree.consistency_proof(self.leaves[:size], old)) if old <= size else ()

    def ask(self, old: int, size: int | None = None) -> Submission:
        return Submission(old, self.proof(old, size), self.note(size))

    def body(self, old: int, size: int | None = None) -> bytes:
        return encode(self.ask(old, size))


def is_cosigned(data: bytes, key: str) -> bool:
    """Tell whether *key* cosigned the note *data*: the specification read a second time, for tests."""
    name, _, encoded = key.strip().split("+", 2)
    public = base64.b64decode(encoded)[1:]
    mark = hashlib.sha256(f"{name}\n\x04".encode() + public).digest()[:4]
    text, _, lines = data.decode().rpartition("\n\n")
    for line in lines.splitlines():
        dash, signer, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        if (dash, signer, raw[:4]) == ("\N{EM DASH}", name, mark):
            time = int.from_bytes(raw[4:12], "big")
            message = f"cosignature/v1\ntime {time}\n{text}\n".encode()
            Ed25519PublicKey.from_public_bytes(public).verify(raw[12:], message)
            return True
    return False


def noise(seed: str, count: int = 1) -> Sequence[bytes]:
    """Return hashes of nothing in particular."""
    return [hashlib.sha256(f"{seed}{number}".encode()).digest() for number in range(count)]
