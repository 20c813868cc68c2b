"""Keys in a folder of files: the signing key, the wrapping key, the pseudonym key, and the last head seen.

The folder has mode 0700 and each secret 0600. The head lies here because it must not lie in the database: it is how a
restored backup is told from the log it was taken of.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.errors import UnavailableError

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


class KeyFolder:
    """The keys of one plane, made on first use and never overwritten."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Tell whether the signing key is there."""
        return (self.path / "signing.key").exists()

    def create(self) -> None:
        """Make whatever key is missing. Two processes that start at once end up with the same keys.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._once("signing.key", lambda: Ed25519PrivateKey.generate().private_bytes(*_PEM))
            self._once("wrapping.key", lambda: secrets.token_bytes(32))
            self._once("pseudonym.key", lambda: secrets.token_bytes(32))
        except OSError as error:
            raise UnavailableError(f"cannot write keys to `{self.path}`: {error.strerror}; make it writable or set EPHOR_KEYS") from error

    def signing(self) -> Ed25519PrivateKey:
        """Return the signing key.

        Raises:
            UnavailableError: it is missing or not an Ed25519 key.
        """
        try:
            key = serialization.load_pem_private_key(self._read("signing.key"), password=None)
        except ValueError as error:
            raise UnavailableError(f"`{self.path / 'signing.key'}` is not a private key; restore it from your backup") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UnavailableError(f"`{self.path / 'signing.key'}` is not an Ed25519 key; restore it from your backup")
        return key

    def wrapping(self) -> bytes:
        """Return the 32-byte key that wraps the keys of data subjects."""
        return self._read("wrapping.key")

    def pseudonym(self) -> bytes:
        """Return the 32-byte key that names data subjects."""
        return self._read("pseudonym.key")

    def publish(self, verifier_key: str) -> None:
        """Write the public key, for auditors to take away."""
        self._replace("signing.pub", verifier_key.encode() + b"\n", 0o644)

    def head(self) -> bytes | None:
        """Return the last signed head that was kept outside the database."""
        try:
            return (self.path / "head").read_bytes()
        except OSError:
            return None

    def keep_head(self, note: bytes, size: int, size_of: Callable[[bytes], int]) -> None:
        """Keep *note* unless a later head is kept already."""
        with open(self.path / "head.lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.head()
            if kept is None or size_of(kept) <= size:
                self._replace("head", note, 0o600)

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{self.path / name}`: {error.strerror}; restore the key folder or point EPHOR_KEYS at it"
            ) from error

    def _once(self, name: str, make: Callable[[], bytes]) -> None:
        final = self.path / name
        if final.exists():
            return
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        self._write(draft, make(), 0o600)
        try:
            os.link(draft, final)  # atomic, and fails where another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def _replace(self, name: str, data: bytes, mode: int) -> None:
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        self._write(draft, data, mode)
        draft.replace(self.path / name)

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)


class KeyedPseudonyms:
    """Names of data subjects: HMAC-SHA-256 (RFC 2104) under the pseudonym key, the first 128 bits."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._load_key = key

    @cached_property
    def _key(self) -> bytes:
        return self._load_key()

    def of(self, subject: str) -> str:
        """Return ``sub_…`` for a subject's own identifier; case and surrounding space do not matter."""
        data = subject.strip().casefold().encode("utf-8", "surrogatepass")
        return "sub_" + hmac.new(self._key, data, hashlib.sha256).hexdigest()[:32]

    def fingerprint(self, data: bytes) -> str:
        """Return ``hmac-sha256:`` and the digest, under a key of its own derived from the pseudonym key."""
        key = hmac.new(self._key, b"ephor/fingerprint/1", hashlib.sha256).digest()
        return "hmac-sha256:" + hmac.new(key, data, hashlib.sha256).hexdigest()
