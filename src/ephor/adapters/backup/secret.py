"""What a backup is encrypted under: a passphrase or a key file; AES-256-GCM, a key for each purpose (RFC 5869)."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ephor.engine.ports_backup import Given
from ephor.kernel.errors import InvalidInputError, VerificationError

SHORTEST = 12
"""Characters of a passphrase at least."""
SMALLEST = 32
"""Bytes of a key file at least."""
_N, _R, _P = 2**17, 8, 1
"""What OWASP asks of scrypt."""
_MOST = 2**20
_NONCE = 12


def described(given: Given) -> dict[str, Any]:
    """Return new parameters for deriving keys from what was given.

    Raises:
        InvalidInputError: it is too short to protect anything.
    """
    salt = secrets.token_hex(16)
    if given.is_file:
        if len(given.data) < SMALLEST:
            raise InvalidInputError(
                f"the key file holds {len(given.data)} bytes; it needs {SMALLEST} at least, from a random source"
            )
        return {"kind": "file", "salt": salt}
    if len(given.data.decode("utf-8", "replace")) < SHORTEST:
        raise InvalidInputError(f"the passphrase is shorter than {SHORTEST} characters; make a longer one")
    return {"kind": "passphrase", "salt": salt, "n": _N, "r": _R, "p": _P}


def derived(given: Given, told: Mapping[str, Any]) -> Sealer:
    """Return what encrypts under what was given.

    Raises:
        InvalidInputError: a key file where a passphrase is asked for, or the other way round.
        VerificationError: the parameters are none.
    """
    try:
        wanted, salt = str(told["kind"]), bytes.fromhex(told["salt"])
        if wanted != ("file" if given.is_file else "passphrase"):
            raise InvalidInputError(f"this backup is encrypted under a {wanted[:20]}; give that")
        if given.is_file:
            return Sealer(hashlib.sha256(salt + given.data).digest())
        n, r, p = int(told["n"]), int(told["r"]), int(told["p"])
        _check_cost(n, r, p)
        return Sealer(hashlib.scrypt(given.data, salt=salt, n=n, r=r, p=p, maxmem=2**31 - 1, dklen=32))
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationError("the backup's header was changed; it cannot be opened") from error


def _check_cost(n: int, r: int, p: int) -> None:
    if not (2**14 <= n <= _MOST and 1 <= r <= 16 and 1 <= p <= 4):
        raise ValueError("no cost that this version asks for")


class Sealer:
    """Encrypts and opens under one secret."""

    def __init__(self, master: bytes) -> None:
        self._box = AESGCM(_key(master, b"seal"))
        self._naming = _key(master, b"name")
        self.check = _key(master, b"check").hex()[:32]
        """By which a wrong secret is told before anything is written."""

    def name(self, data: bytes) -> str:
        """Return a name for *data* that says nothing of it to whoever does not hold the secret."""
        return hmac.digest(self._naming, data, "sha256").hex()[:40]

    def seal(self, data: bytes, about: bytes) -> bytes:
        """Return *data* encrypted, bound to *about*."""
        nonce = os.urandom(_NONCE)
        return nonce + self._box.encrypt(nonce, data, about)

    def open(self, box: bytes, about: bytes) -> bytes:
        """Return what was sealed. Raises VerificationError: the secret is another, or the bytes were changed."""
        try:
            return self._box.decrypt(box[:_NONCE], box[_NONCE:], about)
        except (InvalidTag, ValueError):
            raise VerificationError(
                "this does not open: the passphrase or key file is another one, or somebody changed the backup"
            ) from None


def _key(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"ephor-backup/1 " + purpose).derive(master)
