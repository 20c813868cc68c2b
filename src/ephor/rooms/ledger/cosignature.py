"""Cosignatures: what a witness signs under the checkpoint of somebody else's log (C2SP tlog-cosignature, Ed25519)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.note import Note, Signature, Signer, base64_of, key_of

_TIMED = b"\x04"  # signature type of the specification: Ed25519 over a time and the text
_LATEST = 2**63 - 1
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and the Ed25519 public key it cosigns with.

    Raises:
        InvalidInputError: the name cannot stand in a signature line, or the key is no key or one of small order.
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        key_of(self.name, self.public_key)

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _TIMED + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_TIMED + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That a witness saw a checkpoint, at *at* seconds since 1970, and none before it that contradicts."""

    witness: str
    at: int
    line: str
    """The signature line, its newline included."""


def parse_witness_key(text: str) -> WitnessKey:
    """Read a witness's verifier key: ``name+key id in hexadecimal+base64 of 0x04 and the key``.

    Raises:
        InvalidInputError: not of this form, a log's key instead of a witness's, or an id that is not the key's own.
    """
    parts = text.split("+", 2)
    raw = base64_of(parts[2]) if len(parts) == 3 else None
    if not raw:
        raise InvalidInputError(f"`{text[:80]}` is not a verifier key; write `name+id+key`")
    if raw[:1] != _TIMED:
        raise InvalidInputError(
            f"the key of `{parts[0][:80]}` is not a witness's (Ed25519, algorithm 4); `ephor witness key` prints one"
        )
    key = WitnessKey(parts[0], raw[1:])
    if key.key_id.hex() != parts[1]:
        raise InvalidInputError(
            f"the id `{parts[1][:16]}` is not that of the key of `{key.name}`; it was altered"
        )
    return key


def cosign(text: str, witness: Signer, at: int) -> Cosignature:
    """Return the cosignature of *witness* under the checkpoint *text*, made *at* seconds since 1970.

    Raises:
        InvalidInputError: the time cannot be written in 63 bits, or the witness has no key that can sign.
    """
    if not 0 <= at <= _LATEST:
        raise InvalidInputError(f"`{at}` cannot be the time of a cosignature; set the clock right")
    key = WitnessKey(witness.name, witness.public_key)
    signature = witness.sign(_message(text, at))
    mark = base64.b64encode(key.key_id + at.to_bytes(8, "big") + signature).decode()
    return Cosignature(key.name, at, f"{_DASH}{key.name} {mark}\n")


def cosignatures(note: Note, keys: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """Return those cosignatures under *note* that are of *keys*, after checking each; others' are left out.

    Raises:
        VerificationError: one of a known key does not hold, or a witness signed twice.
    """
    known = {(key.name, key.key_id): key for key in keys}
    held: dict[tuple[str, bytes], Cosignature] = {}
    for found in note.signatures:
        place = found.name, found.key_id
        if place not in known:
            continue
        if place in held:
            raise VerificationError(f"`{found.name}` cosigned twice with one key", name=found.name)
        held[place] = _checked(note.text, found, known[place])
    return tuple(held.values())


def line_of(signature: Signature) -> str:
    """Return the line that *signature* was read from."""
    mark = base64.b64encode(signature.key_id + signature.signature).decode()
    return f"{_DASH}{signature.name} {mark}\n"


def _checked(text: str, found: Signature, key: WitnessKey) -> Cosignature:
    at = int.from_bytes(found.signature[:8], "big")
    problem = VerificationError(f"the cosignature of `{found.name}` does not hold", name=found.name)
    if at > _LATEST:  # the specification's limit; beyond it readers differ on the sign
        raise problem
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(found.signature[8:], _message(text, at))
    except InvalidSignature:
        raise problem from None
    return Cosignature(found.name, at, line_of(found))


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
