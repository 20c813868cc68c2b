"""What a witness is asked, and the rule by which it cosigns (C2SP tlog-witness, ``add-checkpoint``)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import checkpoint, note
from ephor.rooms.ledger.checkpoint import MAX_SIZE, Checkpoint
from ephor.rooms.ledger.note import VerifierKey
from ephor.rooms.ledger.tree import EMPTY_ROOT, HASH_SIZE, verify_consistency

MAX_PROOF = 63
"""Hashes of a consistency proof in the largest tree; a client must not send more."""
MAX_BYTES = 1 << 18
"""Longest request that is read: a proof, and a checkpoint with room for sixteen post-quantum signatures."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@unique
class Ruling(StrEnum):
    """What a witness answers."""

    COSIGN = "cosign"
    MALFORMED = "malformed"
    """Not a request, or an old size beyond the checkpoint's."""
    UNKNOWN_LOG = "unknown-log"
    UNSIGNED = "unsigned"
    """No key the witness trusts for this log signed."""
    MOVED = "moved"
    """The old size is not that of what the witness cosigned last."""
    FORK = "fork"
    """Another root at the size it cosigned last."""
    INCONSISTENT = "inconsistent"
    """The tree does not begin with the one it cosigned last, or the proof does not show that it does."""


STATUS = MappingProxyType(
    {
        Ruling.COSIGN: 200,
        Ruling.MALFORMED: 400,
        Ruling.UNSIGNED: 403,
        Ruling.UNKNOWN_LOG: 404,
        Ruling.MOVED: 409,
        Ruling.FORK: 409,
        Ruling.INCONSISTENT: 422,
    }
)
"""The HTTP status by which the specification has each of them told."""
SIZE_TYPE = "text/x.tlog.size"
"""The media type of the size that goes with `Ruling.MOVED`."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint, and the proof that its tree begins with the one of *old* leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """The tree that a witness cosigned last for a log."""

    size: int
    root: bytes


NOTHING_SEEN = Seen(0, EMPTY_ROOT)
"""What a witness that never cosigned for a log goes by: every tree begins with the empty one."""


def encode(asked: Submission) -> bytes:
    """Return the body of the request.

    Raises:
        InvalidInputError: an old size or a proof that cannot be.
    """
    sized = all(len(one) == HASH_SIZE for one in asked.proof)
    if not 0 <= asked.old <= MAX_SIZE or len(asked.proof) > MAX_PROOF or not sized:
        raise InvalidInputError(
            f"no request from old size `{asked.old}` with {len(asked.proof)} hashes can be"
        )
    lines = [f"old {asked.old}", *(base64.b64encode(one).decode() for one in asked.proof)]
    return "\n".join([*lines, "", ""]).encode() + asked.note


def parse(data: bytes) -> Submission:
    """Read the body of a request; its checkpoint is not read yet.

    >>> parse(b"old 7\\n\\nnote").old
    7

    Raises:
        InvalidInputError: not a request, or not written in the one allowed way.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInputError(f"the request is longer than {MAX_BYTES} bytes")
    head, blank, rest = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise InvalidInputError("the request holds more than ASCII before its checkpoint") from None
    found = _OLD.fullmatch(first)
    if not blank or found is None or int(found[1]) > MAX_SIZE:
        raise InvalidInputError(
            "the request does not begin with a line `old N` and end its proof with an empty one"
        )
    if len(lines) > MAX_PROOF:
        raise InvalidInputError(f"the request has {len(lines)} hashes; no proof has more than {MAX_PROOF}")
    hashes = [note.base64_of(line) or b"" for line in lines]
    if any(len(one) != HASH_SIZE for one in hashes):
        raise InvalidInputError("a line of the proof is not one hash in base64")
    return Submission(int(found[1]), tuple(hashes), rest)


def stated(asked: Submission) -> Checkpoint:
    """Return the checkpoint submitted, without believing it: no signature is checked.

    Raises:
        InvalidInputError: what was submitted is not a signed checkpoint.
    """
    try:
        return checkpoint.parse(note.parse(asked.note).text)
    except VerificationError as error:
        raise InvalidInputError(str(error)) from None


def judge(asked: Submission, keys: Sequence[VerifierKey], last: Seen) -> Ruling:
    """Return what a witness answers that trusts *keys* for the log of this origin and cosigned *last* of it.

    The order is the specification's: who is not trusted learns nothing of what was seen.

    >>> judge(Submission(0, (), b"no note"), [], NOTHING_SEEN).value
    'malformed'
    """
    try:
        claim = stated(asked)
    except InvalidInputError:
        return Ruling.MALFORMED
    if not any(key.name == claim.origin for key in keys):
        return Ruling.UNKNOWN_LOG
    if not _is_signed(asked, [key for key in keys if key.name == claim.origin]):
        return Ruling.UNSIGNED
    if asked.old > claim.size:
        return Ruling.MALFORMED
    if asked.old != last.size:
        return Ruling.MOVED
    if claim.size == last.size and claim.root != last.root:
        return Ruling.FORK
    return Ruling.COSIGN if _is_proven(asked, claim, last) else Ruling.INCONSISTENT


def _is_signed(asked: Submission, keys: Sequence[VerifierKey]) -> bool:
    try:
        note.verify(asked.note, keys)
    except VerificationError:
        return False
    return True


def _is_proven(asked: Submission, claim: Checkpoint, last: Seen) -> bool:
    try:
        verify_consistency(last.size, claim.size, last.root, claim.root, asked.proof)
    except VerificationError:
        return False
    return True
