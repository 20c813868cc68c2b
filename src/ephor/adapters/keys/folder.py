"""Keys in a folder of files: the signing key, the wrapping key, the pseudonym key, and the last head seen.

The folder has mode 0700 and each secret 0600. The head lies here because it must not lie in the database: it is how a
restored backup is told from the log it was taken of.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.errors import UnavailableError

_SECRET = 32
"""Bytes of a symmetric key."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


class KeyFolder:
    """The keys of one plane, made on first use and never overwritten."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_made(self) -> bool:
        """Tell whether keys were made here."""
        try:
            return (self.path / "signing.key").exists()
        except (OSError, ValueError):  # out of reach, or no name for a folder
            return False

    def create(self) -> None:
        """Make whatever key is missing. Two processes that start at once end up with the same keys.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._once("signing.key", lambda: Ed25519PrivateKey.generate().private_bytes(*_PEM))
            self._once("wrapping.key", lambda: secrets.token_bytes(_SECRET))
            self._once("pseudonym.key", lambda: secrets.token_bytes(_SECRET))
            self._sync()
        except OSError as error:
            raise UnavailableError(
                f"cannot write keys to `{self.path}`: {error.strerror}; make it writable or set EPHOR_KEYS"
            ) from error

    def signing(self) -> Ed25519PrivateKey:
        """Return the signing key.

        Raises:
            UnavailableError: it is missing or not an Ed25519 key.
        """
        try:
            key = serialization.load_pem_private_key(self._read("signing.key"), password=None)
        except (
            ValueError,
            TypeError,
            UnsupportedAlgorithm,
        ) as error:  # damaged, encrypted, of a kind unknown
            raise UnavailableError(
                f"`{self.path / 'signing.key'}` is not a private key; restore it from your backup"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UnavailableError(
                f"`{self.path / 'signing.key'}` is not an Ed25519 key; restore it from your backup"
            )
        return key

    def wrapping(self) -> bytes:
        """Return the 32-byte key that wraps the keys of data subjects.

        Raises:
            UnavailableError: it is missing or of another length.
        """
        return self._secret("wrapping.key")

    def pseudonym(self) -> bytes:
        """Return the 32-byte key that names data subjects.

        Raises:
            UnavailableError: it is missing or of another length.
        """
        return self._secret("pseudonym.key")

    def publish(self, verifier_key: str) -> None:
        """Write the public key, for auditors to take away.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        draft = self.path / f".signing.pub.{secrets.token_hex(8)}"
        try:
            self._write(draft, verifier_key.encode() + b"\n", 0o644)
            draft.replace(self.path / "signing.pub")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"cannot write to `{self.path}`: {error.strerror}; nothing was recorded, make it writable"
        )

    def _secret(self, name: str) -> bytes:
        data = self._read(name)
        if len(data) != _SECRET:
            raise UnavailableError(
                f"`{self.path / name}` is {len(data)} bytes long, not {_SECRET}; restore it from your backup"
            )
        return data

    def _read(self, name: str) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                self._check_private(self.path / name, os.fstat(file.fileno()).st_mode, _OTHERS)
                self._check_private(self.path, self.path.stat().st_mode, stat.S_IWOTH)
                return file.read()
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{self.path / name}`: {error.strerror}; restore the key folder or point EPHOR_KEYS at it"
            ) from error

    def _check_private(self, path: Path, mode: int, forbidden: int) -> None:
        """Refuse what others can get at, as ssh does: a key that others may have read proves nothing any more."""
        if mode & forbidden:
            right = "700" if stat.S_ISDIR(mode) else "600"
            raise UnavailableError(
                f"`{path}` is open to other accounts (mode {stat.S_IMODE(mode):04o}); run `chmod {right} {path}`, and ask who "
                "could have read it",
                mode=f"{stat.S_IMODE(mode):04o}",
            )

    def _once(self, name: str, make: Callable[[], bytes]) -> None:
        final = self.path / name
        if final.exists():
            return
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        try:
            self._write(draft, make(), 0o600, sync=True)
            os.link(draft, final)  # atomic, and fails where another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)

    def _write(
        self, path: Path, data: bytes, mode: int, existing: int = os.O_EXCL, *, sync: bool = False
    ) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | existing, mode), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())

    def _sync(self) -> None:
        """Make the names of new keys durable: a database must not outlive the keys it was signed with."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
