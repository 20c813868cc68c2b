"""Proof files: entry position, inclusion proof and signed checkpoint in one text (C2SP tlog-proof, ``.tlog-proof``).

Whoever holds such a file, the entry and the log's key needs no server: the specification calls it a spicy signature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.checkpoint import MAX_SIZE, Checkpoint, open_checkpoint
from ephor.rooms.ledger.tree import HASH_SIZE, leaf_hash, verify_inclusion

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_LONGEST = 63
"""Hashes of an inclusion proof in the largest tree."""


@dataclass(frozen=True, slots=True)
class ProofFile:
    """What a proof file says; nothing in it is checked yet, and ``extra`` never is."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note, as the log issued it."""
    extra: bytes | None = None


def encode(proof: ProofFile) -> bytes:
    """Return the bytes of the file.

    Raises:
        InvalidInputError: an index or a hash that cannot be.
    """
    if not 0 <= proof.index <= MAX_SIZE or any(len(one) != HASH_SIZE for one in proof.hashes):
        raise InvalidInputError(f"no proof file for index `{proof.index}`: index or hashes cannot be")
    lines = [_FIRST]
    if proof.extra is not None:
        lines.append("extra " + base64.b64encode(proof.extra).decode())
    lines.append(f"index {proof.index}")
    lines.extend(base64.b64encode(one).decode() for one in proof.hashes)
    return "\n".join([*lines, "", ""]).encode() + proof.checkpoint


def parse(data: bytes) -> ProofFile:
    """Read a proof file without believing it.

    Raises:
        VerificationError: not a proof file, or not written in the one allowed way.
    """
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationError("the proof file holds more than ASCII before its checkpoint") from None
    if not blank or lines.pop(0) != _FIRST:
        raise VerificationError(f"not a proof file; the first line is `{_FIRST}`")
    extra = _base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    found = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if found is None or int(found[1]) > MAX_SIZE:
        raise VerificationError("the proof file has no line `index N`")
    hashes = _hashes(lines)
    return ProofFile(int(found[1]), hashes, checkpoint, extra)


def verify(proof: ProofFile, entry: bytes, key: str) -> Checkpoint:
    """Return the checkpoint under which *entry* was logged where *proof* says, signed by the verifier key *key*.

    Raises:
        InvalidInputError: *key* is not a verifier key.
        VerificationError: the checkpoint is not signed by it, or the proof does not lead from the entry to its root.
    """
    head = open_checkpoint(proof.checkpoint, key)
    verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.hashes, head.root)
    return head


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > _LONGEST:
        raise VerificationError(f"the proof file has {len(lines)} hashes; no proof has more than {_LONGEST}")
    hashes = tuple(map(_base64, lines))
    if any(len(one) != HASH_SIZE for one in hashes):
        raise VerificationError("a hash of the proof file has the wrong length")
    return hashes


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if base64.b64encode(raw).decode() != text:
        raise VerificationError(f"`{text[:80]}` is not base64")
    return raw
