"""Sealed payloads: personal data beside the ledger, under each subject's own key.

The entry commits to SHA-256(tag, salt, payload). Salt, ciphertext and wrapped key lie outside the ledger, so destroying
them erases the person while every hash still holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger.entry import commitment

ALGORITHM = "aes-256-gcm"
_TAG = b"ephor/payload/1"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload as it is kept: useless without its subject's key."""

    entry: str
    subject: str
    salt: bytes
    box: bytes
    """Nonce, then ciphertext and authentication tag."""

    commitment: str


class Vault:
    """Seals and opens payloads with subject keys that are themselves wrapped by one key from outside."""

    def __init__(self, wrapping_key: Callable[[], bytes]) -> None:
        self._load_key = wrapping_key

    @cached_property
    def _wrap(self) -> AESGCM:
        """Read when first needed: a ledger can be verified where its wrapping key is not."""
        return AESGCM(self._load_key())

    def new_key(self, subject: str) -> bytes:
        """Return a fresh subject key, wrapped."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._wrap.encrypt(nonce, secrets.token_bytes(32), subject.encode())

    def seal(self, wrapped: bytes, *, entry: str, subject: str, payload: bytes) -> Sealed:
        """Return *payload* sealed for *subject* and bound to its ledger entry."""
        salt, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
        box = nonce + self._key(wrapped, subject).encrypt(nonce, payload, entry.encode())
        return Sealed(entry, subject, salt, box, commitment(_TAG, salt, payload))

    def open(self, wrapped: bytes, sealed: Sealed) -> bytes:
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

    def _key(self, wrapped: bytes, subject: str) -> AESGCM:
        try:
            return AESGCM(self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode()))
        except InvalidTag as error:
            raise VerificationError(f"the key of `{subject}` does not open under the wrapping key") from error


def committed(entry: Mapping[str, Any]) -> str:
    """Return what an entry commits its payload to; nothing opens under the commitment of an entry that has none."""
    payload = entry.get("payload")
    return str(payload["commitment"]) if isinstance(payload, Mapping) else ""
