"""Keys in files of a private folder: the default provider."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.adapters.keys.local import SECRET, LocalSigningKey, LocalWrapping
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.provider import SigningKey, Wrapping
from ephor.kernel.errors import UnavailableError, VerificationError

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


class FileSigning:
    """Signing keys in PEM: ``signing.key``, and after rotations ``signing-2.key``, ``signing-3.key``, …"""

    def __init__(self, folder: PrivateFolder) -> None:
        self._folder = folder
        self.name = f"file ({folder.path})"

    def is_made(self) -> bool:
        """Tell whether a signing key lies here."""
        return bool(self._folder.numbered("signing"))

    def make(self) -> None:
        self._folder.create()
        if not self.is_made():
            self._folder.write_once("signing.key", _new_private)

    def at_hand(self) -> Sequence[SigningKey]:
        return [key for _, _, key in reversed(self._keys())]

    def successor(self, current: bytes) -> SigningKey:
        number = self._number_of(current)
        if following := [key for one, _, key in self._keys() if one > number]:
            return following[0]
        self._folder.write_once(f"signing-{number + 1}.key", _new_private)
        return next(key for one, _, key in self._keys() if one > number)

    def retire(self, current: bytes, *, keep: bool) -> int:
        older = [(number, name) for number, name, _ in self._keys() if number < self._number_of(current)]
        for number, name in older:
            if keep:
                self._folder.put_aside(name, f"signing-{number}.key.retired")
            else:
                self._folder.destroy(name)
        self._folder.finish_destroying()
        return len(older)

    def close(self) -> None:
        """Nothing is open."""

    def _number_of(self, current: bytes) -> int:
        for number, _, key in self._keys():
            if key.public_key == current:
                return number
        raise VerificationError(
            f"the ledger is signed with a key that is not in `{self._folder.path}`; restore its own key folder or point EPHOR_KEYS "
            "at it"
        )

    def _keys(self) -> Sequence[tuple[int, str, LocalSigningKey]]:
        found = self._folder.numbered("signing") or ((1, "signing.key"),)
        return [(number, name, LocalSigningKey(self._private(name))) for number, name in found]

    def _private(self, name: str) -> Ed25519PrivateKey:
        path = self._folder.path / name
        try:
            key = serialization.load_pem_private_key(self._folder.read(name), password=None)
        except (
            ValueError,
            TypeError,
            UnsupportedAlgorithm,
        ) as error:  # damaged, encrypted, of a kind unknown
            raise UnavailableError(f"`{path}` is not a private key; restore it from your backup") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UnavailableError(f"`{path}` is not an Ed25519 key; restore it from your backup")
        return key


class FileWrapping:
    """Wrapping keys of 32 bytes: ``wrapping.key``, and after rotations ``wrapping-2.key``, …"""

    def __init__(self, folder: PrivateFolder) -> None:
        self._folder = folder
        self.name = f"file ({folder.path})"

    def make(self) -> None:
        self._folder.create()
        if not self._folder.numbered("wrapping"):
            self._folder.write_once("wrapping.key", lambda: secrets.token_bytes(SECRET))

    def at_hand(self) -> Sequence[Wrapping]:
        return [key for _, _, key in reversed(self._keys())]

    def successor(self, current: int) -> Wrapping:
        number = self._number_of(current)
        if following := [key for one, _, key in self._keys() if one > number]:
            return following[0]
        self._folder.write_once(f"wrapping-{number + 1}.key", lambda: secrets.token_bytes(SECRET))
        return next(key for one, _, key in self._keys() if one > number)

    def retire(self, current: int) -> int:
        older = [name for number, name, _ in self._keys() if number < self._number_of(current)]
        for name in older:
            self._folder.destroy(name)
        self._folder.finish_destroying()
        return len(older)

    def close(self) -> None:
        """Nothing is open."""

    def _number_of(self, current: int) -> int:
        for number, _, key in self._keys():
            if key.mark == current:
                return number
        raise VerificationError(
            f"the wrapping key of this plane is not in `{self._folder.path}`; restore its own key folder or point EPHOR_KEYS at it"
        )

    def _keys(self) -> Sequence[tuple[int, str, LocalWrapping]]:
        found = self._folder.numbered("wrapping") or ((1, "wrapping.key"),)
        return [(number, name, LocalWrapping(secret(self._folder, name))) for number, name in found]


class FilePseudonym:
    """The pseudonym key, 32 bytes in ``pseudonym.key``."""

    def __init__(self, folder: PrivateFolder) -> None:
        self._folder = folder
        self.name = f"file ({folder.path})"

    def make(self) -> None:
        self._folder.create()
        self._folder.write_once("pseudonym.key", lambda: secrets.token_bytes(SECRET))

    def read(self) -> bytes:
        return secret(self._folder, "pseudonym.key")


def secret(folder: PrivateFolder, name: str) -> bytes:
    """Return the 32 bytes in a file.

    Raises:
        UnavailableError: it is missing, open to others, or of another length.
    """
    data = folder.read(name)
    if len(data) != SECRET:
        raise UnavailableError(
            f"`{folder.path / name}` is {len(data)} bytes long, not {SECRET}; restore it from your backup"
        )
    return data


def _new_private() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(*_PEM)
