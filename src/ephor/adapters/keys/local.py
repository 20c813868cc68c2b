"""Keys held in this process: Ed25519 for signing, AES-256-GCM for wrapping."""

from __future__ import annotations

import hmac
import secrets
from functools import cached_property

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ephor.kernel.errors import VerificationError

SECRET = 32
"""Bytes of a symmetric key."""
_NONCE = 12


class LocalSigningKey:
    """An Ed25519 key in the memory of this process."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @cached_property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def settled(self, note: bytes) -> None:
        """A key in memory remembers nothing: the head is kept beside the keys instead."""


class LocalWrapping:
    """AES-256-GCM under a key in the memory of this process: 12 bytes of nonce, then ciphertext and tag."""

    def __init__(self, key: bytes) -> None:
        self.mark = mark_of(key)
        self._key = AESGCM(key)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._key.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        try:
            return self._key.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise VerificationError("a wrapped key does not open under the wrapping key") from None


def mark_of(key: bytes) -> int:
    """Return a number that tells keys apart and tells nothing about them: 56 bits of HMAC-SHA-256."""
    return int.from_bytes(hmac.digest(key, b"ephor/mark/1", "sha256")[:7], "big")


def checked(signature: bytes, message: bytes, public_key: bytes, whose: str) -> bytes:
    """Return *signature* if it is one: what another process or machine answers is not believed, it is checked.

    Raises:
        VerificationError: it is none.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise VerificationError(
            f"what {whose} returned is no signature by its key; nothing was recorded, find out who answered"
        ) from None
    return signature
