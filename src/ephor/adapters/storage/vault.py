"""Sealed payloads: personal data beside the ledger, under each subject's own key.

The entry commits to SHA-256(tag, salt, payload). Salt, ciphertext and wrapped key lie outside the ledger, so destroying
them erases the person while every hash still holds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ephor.adapters.keys.ring import WrappingRing
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger.entry import commitment

ALGORITHM = "aes-256-gcm"
_TAG = b"ephor/payload/1"
_NONCE = 12
_SECRET = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload as it is kept: useless without its subject's key."""

    entry: str
    subject: str
    salt: bytes
    box: bytes
    """Nonce, then ciphertext and authentication tag."""

    commitment: str


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A subject's key as it is kept, and the mark of the wrapping key that opens it, in 14 hexadecimal digits."""

    data: bytes
    kek: str


class Vault:
    """Seals and opens payloads with subject keys that are themselves wrapped by a key from outside."""

    def __init__(self, ring: WrappingRing) -> None:
        self._ring = ring

    def new_key(self, subject: str, mark: int | None = None) -> Wrapped:
        """Return a fresh subject key, wrapped by the key of that mark, or the one a new plane would use.

        Raises:
            UnavailableError: whoever holds the wrapping key does not answer.
            VerificationError: the key of that mark is not at hand.
        """
        key = self._ring.first() if mark is None else self._ring.marked(mark)
        return Wrapped(key.wrap(secrets.token_bytes(32), subject.encode()), kek_of(key.mark))

    def rewrap(self, wrapped: Wrapped, subject: str, mark: int) -> Wrapped:
        """Return the same subject key, wrapped by the key of that mark."""
        key = self._unwrap(wrapped, subject)
        return Wrapped(self._ring.marked(mark).wrap(key, subject.encode()), kek_of(mark))

    def check(self, mark: int) -> None:
        """Return if the wrapping key of that mark is at hand.

        Raises:
            UnavailableError: whoever holds it does not answer.
            VerificationError: it is not at hand.
        """
        self._ring.marked(mark)

    def seal(self, wrapped: Wrapped, *, entry: str, subject: str, payload: bytes) -> Sealed:
        """Return *payload* sealed for *subject* and bound to its ledger entry."""
        salt, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
        box = nonce + self._key(wrapped, subject).encrypt(nonce, payload, entry.encode())
        return Sealed(entry, subject, salt, box, commitment(_TAG, salt, payload))

    def open(self, wrapped: Wrapped, sealed: Sealed) -> bytes:
        """Return the payload, checked against the commitment that the ledger holds.

        Raises:
            VerificationError: key, box or commitment do not belong together.
        """
        try:
            payload = self._key(wrapped, sealed.subject).decrypt(
                sealed.box[:_NONCE], sealed.box[_NONCE:], sealed.entry.encode()
            )
        except InvalidTag as error:
            raise VerificationError(
                f"payload of `{sealed.entry}` does not open under its subject's key"
            ) from error
        if commitment(_TAG, sealed.salt, payload) != sealed.commitment:
            raise VerificationError(f"payload of `{sealed.entry}` is not the one the ledger committed to")
        return payload

    def _key(self, wrapped: Wrapped, subject: str) -> AESGCM:
        return AESGCM(self._unwrap(wrapped, subject))

    def _unwrap(self, wrapped: Wrapped, subject: str) -> bytes:
        if re.fullmatch(r"[0-9a-f]{14}", wrapped.kek) is None:
            raise VerificationError(f"the key of `{subject}` names no wrapping key; restore it from a backup")
        try:
            key = self._ring.marked(int(wrapped.kek, 16)).unwrap(wrapped.data, subject.encode())
        except VerificationError as error:
            raise VerificationError(
                f"the key of `{subject}` does not open under the wrapping key: {error}"
            ) from error
        if len(key) != _SECRET:
            raise VerificationError(f"the key of `{subject}` is {len(key)} bytes long, not {_SECRET}")
        return key


def kek_of(mark: int) -> str:
    """Return how a wrapping key is named beside what it wrapped.

    >>> kek_of(255)
    '000000000000ff'
    """
    return f"{mark:014x}"


def committed(entry: Mapping[str, Any]) -> str:
    """Return what an entry commits its payload to; nothing opens under the commitment of an entry that has none."""
    payload = entry.get("payload")
    return str(payload["commitment"]) if isinstance(payload, Mapping) else ""
