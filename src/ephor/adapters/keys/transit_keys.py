"""Keys that Vault's transit engine holds: Ed25519 for signing, AES-GCM for wrapping, and a sealed pseudonym key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ephor.adapters.keys.local import SECRET, checked
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.provider import SigningKey, Wrapping
from ephor.adapters.keys.transit import Transit
from ephor.kernel.errors import UnavailableError, VerificationError

_SEALED = "pseudonym.vault"
_CONTEXT = b"ephor/pseudonym"
_AEAD = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305")
_CIPHERTEXT = re.compile(rb"vault:v([1-9][0-9]{0,9}):[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class TransitSigningKey:
    """One version of an Ed25519 key in Vault."""

    transit: Transit
    version: int
    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        answer = self.transit.act("sign", input=_text(message), key_version=self.version)
        signature = str(answer.get("signature", "")).removeprefix(f"vault:v{self.version}:")
        return checked(_bytes(signature), message, self.public_key, f"Vault at `{self.transit.address}`")

    def settled(self, note: bytes) -> None:
        """Vault remembers nothing of what it signed."""


class TransitSigning:
    """The versions of an Ed25519 transit key. Each request names its version, so Vault's own rotation changes nothing."""

    def __init__(self, transit: Transit) -> None:
        self._transit = transit
        self.name = f"vault ({transit.address})"

    def make(self) -> None:
        self.at_hand()

    def at_hand(self) -> Sequence[SigningKey]:
        return self._keys()

    def successor(self, current: bytes) -> SigningKey:
        version = self._version_of(current)
        if not (newer := [key for key in self._keys() if key.version > version]):
            self._transit.change("rotate")
            newer = [key for key in self._keys() if key.version > version]
        return newer[0]

    def retire(self, current: bytes, *, keep: bool) -> int:
        version = self._version_of(current)
        return _retire(self._transit, version, keep=keep)

    def close(self) -> None:
        self._transit.close()

    def _version_of(self, current: bytes) -> int:
        for key in self._keys():
            if key.public_key == current:
                return key.version
        raise VerificationError(
            f"the ledger is signed with a key that is no version of `{self._transit.address}`; point EPHOR_SIGNER at its own"
        )

    def _keys(self) -> Sequence[TransitSigningKey]:
        """Return the versions, the newest first."""
        told = self._transit.read()
        if told.get("type") != "ed25519" or told.get("derived"):
            raise UnavailableError(
                f"the Vault key `{self._transit.address}` is not a plain Ed25519 key; make one with type=ed25519"
            )
        versions = told.get("keys", {})
        found = [
            TransitSigningKey(self._transit, int(one), _bytes(str(versions[one].get("public_key", ""))))
            for one in sorted(versions, key=int, reverse=True)
        ]
        if not found or any(len(key.public_key) != SECRET for key in found):
            raise UnavailableError(f"Vault tells no public key of `{self._transit.address}`")
        return found


@dataclass(frozen=True, slots=True)
class TransitWrapping:
    """One version of an AEAD key in Vault; the context is associated data."""

    transit: Transit
    version: int
    mark: int

    def wrap(self, key: bytes, context: bytes) -> bytes:
        answer = self.transit.act(
            "encrypt", plaintext=_text(key), associated_data=_text(context), key_version=self.version
        )
        wrapped = str(answer.get("ciphertext", "")).encode()
        found = _CIPHERTEXT.fullmatch(wrapped)
        if found is None or int(found[1]) != self.version:
            raise UnavailableError(
                f"Vault at `{self.transit.address}` returned no ciphertext of the version asked for"
            )
        return wrapped

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if not _CIPHERTEXT.fullmatch(wrapped):
            raise VerificationError("a wrapped key was not wrapped by Vault")
        answer = self.transit.act("decrypt", ciphertext=wrapped.decode(), associated_data=_text(context))
        return _bytes(str(answer.get("plaintext", "")))


class TransitWrappings:
    """The versions of an AEAD transit key.

    Vault's `rewrap` takes no associated data, so a rotation decrypts and encrypts instead.
    """

    def __init__(self, transit: Transit, folder: PrivateFolder) -> None:
        self._transit, self._folder = transit, folder
        self.name = f"vault ({transit.address})"

    def make(self) -> None:
        """Check that Vault does what is relied on; the key itself is made by who runs Vault."""
        _probe(self._keys()[0])

    def at_hand(self) -> Sequence[Wrapping]:
        return self._keys()

    def successor(self, current: int) -> Wrapping:
        version = self._version_of(current)
        if not (newer := [key for key in self._keys() if key.version > version]):
            self._transit.change("rotate")
            newer = [key for key in self._keys() if key.version > version]
        _probe(newer[0])
        return newer[0]

    def retire(self, current: int) -> int:
        version = self._version_of(current)
        if _overdue(self._transit, version, keep=False):
            TransitPseudonym(self, self._folder).rewrap()
        return _retire(self._transit, version, keep=False)

    def close(self) -> None:
        self._transit.close()

    def newest(self) -> TransitWrapping:
        """Return the newest version."""
        return self._keys()[0]

    def _version_of(self, current: int) -> int:
        for key in self._keys():
            if key.mark == current:
                return key.version
        raise VerificationError(
            f"this plane's wrapping key is no version of `{self._transit.address}`; point EPHOR_WRAPPER at its own"
        )

    def _keys(self) -> Sequence[TransitWrapping]:
        """Return the versions, the newest first."""
        told = self._transit.read()
        if told.get("type") not in _AEAD or told.get("derived"):
            raise UnavailableError(
                f"the Vault key `{self._transit.address}` cannot wrap with a context; make one with type=aes256-gcm96"
            )
        versions: Mapping[str, Any] = told.get("keys", {})
        if not versions:
            raise UnavailableError(f"Vault tells no version of `{self._transit.address}`")
        return [
            TransitWrapping(self._transit, int(one), self._mark(one, versions[one]))
            for one in sorted(versions, key=int, reverse=True)
        ]

    def _mark(self, version: str, created: object) -> int:
        place = f"{self._transit.address.mount}/{self._transit.address.key}"
        told = f"ephor/mark/vault/1\n{place}\n{version}\n{created}\n"
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:7], "big")


class TransitPseudonym:
    """The pseudonym key, sealed by the wrapping key in Vault; the sealed form lies beside the heads."""

    def __init__(self, wrapping: TransitWrappings, folder: PrivateFolder) -> None:
        self._wrapping, self._folder = wrapping, folder
        self.name = wrapping.name

    def make(self) -> None:
        self._folder.create()
        self._folder.write_once(
            _SEALED, lambda: self._wrapping.newest().wrap(secrets.token_bytes(SECRET), _CONTEXT)
        )

    def read(self) -> bytes:
        key = self._wrapping.newest().unwrap(self._folder.read(_SEALED), _CONTEXT)
        if len(key) != SECRET:
            raise UnavailableError(
                f"`{self._folder.path / _SEALED}` does not hold {SECRET} bytes; restore it"
            )
        return key

    def rewrap(self) -> None:
        """Seal the key anew under the newest version, before an older one is destroyed."""
        if (self._folder.path / _SEALED).exists():
            self._folder.replace(_SEALED, self._wrapping.newest().wrap(self.read(), _CONTEXT))


def _probe(key: TransitWrapping) -> None:
    """Check that the context counts: a Vault too old for associated data takes it, and ignores it."""
    wrapped = key.wrap(bytes(SECRET), b"one context")
    try:
        key.unwrap(wrapped, b"another")
    except VerificationError:
        return
    raise UnavailableError(
        f"Vault at `{key.transit.address}` ignores associated data, so wrapped keys could be swapped; upgrade Vault"
    )


def _overdue(transit: Transit, version: int, *, keep: bool) -> int:
    """Return how many versions before *version* can still be used, and are not meant to be."""
    told = transit.read()
    usable, readable, available = (
        int(told.get(f"min_{one}_version") or 1) for one in ("encryption", "decryption", "available")
    )
    if usable < version:
        return version - usable
    # It died between the two requests of `_retire`; a version that was kept can still be read, and stays.
    return int(readable == version and available < version and not keep)


def _retire(transit: Transit, version: int, *, keep: bool) -> int:
    """Let no version before *version* be used again; delete those versions unless they are to be kept."""
    overdue = _overdue(transit, version, keep=keep)
    if overdue and keep:
        transit.change("config", min_encryption_version=version)
    elif overdue:
        transit.change("config", min_decryption_version=version, min_encryption_version=version)
        transit.change("trim", min_available_version=version)
    return overdue


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
