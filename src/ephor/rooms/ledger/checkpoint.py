"""Checkpoints: a log's size and root as the text of a signed note (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.note import parse_key, verify
from ephor.rooms.ledger.tree import EMPTY_ROOT, HASH_SIZE

MAX_SIZE = 2**63 - 1
"""Largest tree size; what a signed 64-bit column holds."""
_NO_LINE = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log states about itself: at this size, this root. Extension lines are opaque."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def encode(checkpoint: Checkpoint) -> str:
    """Return the text that is signed.

    >>> print(encode(Checkpoint("ephor.example/acme/audit", 0, EMPTY_ROOT)), end="")
    ephor.example/acme/audit
    0
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

    Raises:
        InvalidInputError: an empty or broken line, a size or a root that cannot be.
    """
    for line in (checkpoint.origin, *checkpoint.extensions):
        if not line or _NO_LINE.search(line):
            raise InvalidInputError(f"`{line[:80]!r}` cannot be a line of a checkpoint")
    if not 0 <= checkpoint.size <= MAX_SIZE:
        raise InvalidInputError(f"`{checkpoint.size}` cannot be the size of a log", size=checkpoint.size)
    if problem := _problem_of(checkpoint.size, checkpoint.root):
        raise InvalidInputError(problem, size=checkpoint.size)
    root = base64.b64encode(checkpoint.root).decode()
    return "\n".join((checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions, ""))


def parse(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint; the signatures are the note's own affair.

    Raises:
        VerificationError: not a checkpoint, or not written in the one allowed way.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise VerificationError("a checkpoint has three lines or more, none empty, and ends in a newline")
    origin, size, encoded, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise VerificationError(f"`{size[:40]}` is not a tree size; digits only, without leading zeroes")
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if base64.b64encode(root).decode() != encoded:
        raise VerificationError(f"`{encoded[:80]}` is not a root hash in base64")
    if problem := _problem_of(int(size), root):
        raise VerificationError(problem, size=int(size))
    return Checkpoint(origin, int(size), root, tuple(extensions))


def open_checkpoint(data: bytes, key: str) -> Checkpoint:
    """Return the checkpoint in the signed note *data*, signed by the verifier key *key* under its origin's name.

    Raises:
        InvalidInputError: *key* is not a verifier key.
        VerificationError: not a checkpoint, not signed by that key, or of another log than the key is for.
    """
    trusted = parse_key(key)
    found = parse(verify(data, [trusted]).text)
    if found.origin != trusted.name:
        raise VerificationError(f"`{found.origin[:80]}` is not the log `{trusted.name}`")
    return found


def check_progress(old: Checkpoint, new: Checkpoint) -> None:
    """Check that *new* may be published after *old*; that the tree grew honestly needs a consistency proof besides.

    Raises:
        VerificationError: another log, a smaller tree, or another root at the same size.
    """
    if old.origin != new.origin:
        raise VerificationError(f"`{new.origin[:80]}` is not the log `{old.origin[:80]}`")
    if new.size < old.size:
        raise VerificationError(
            f"the log shrank from {old.size} to {new.size} entries", old=old.size, new=new.size
        )
    if new.size == old.size and new.root != old.root:
        raise VerificationError(f"the log has two roots at size {old.size}", size=old.size)


def _problem_of(size: int, root: bytes) -> str | None:
    if len(root) != HASH_SIZE:
        return f"the root is {len(root)} bytes long; SHA-256 gives {HASH_SIZE}"
    if size == 0 and root != EMPTY_ROOT:
        return "the root is not that of the empty tree"
    return None
