"""Keys handed over in settings: they are never written anywhere, so whoever starts the process keeps them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from itertools import pairwise

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.adapters.keys.local import SECRET, LocalSigningKey, LocalWrapping
from ephor.adapters.keys.provider import SigningKey, Wrapping
from ephor.kernel.errors import ConflictError, UnavailableError

_SIGNING, _WRAPPING, _PSEUDONYM = "EPHOR_SIGNING_KEY", "EPHOR_WRAPPING_KEY", "EPHOR_PSEUDONYM_KEY"


class GivenSigning:
    """Signing keys from EPHOR_SIGNING_KEY: PEM or the seed in base64; after a comma, the one that is to follow."""

    name = f"environment ({_SIGNING})"

    def __init__(self, text: str) -> None:
        self._text = text

    def make(self) -> None:
        self.at_hand()

    def at_hand(self) -> Sequence[SigningKey]:
        return [LocalSigningKey(_private(part)) for part in _parts(self._text)]

    def successor(self, current: bytes) -> SigningKey:
        for key, following in pairwise(self.at_hand()):
            if key.public_key == current and following.public_key != current:
                return following
        raise _missing(_SIGNING)

    def retire(self, current: bytes, *, keep: bool) -> int:
        """Destroy nothing: whoever set the old key takes it out."""
        return 0

    def close(self) -> None:
        """Nothing is open."""


class GivenWrapping:
    """Wrapping keys from EPHOR_WRAPPING_KEY: 32 bytes in base64; after a comma, the one that is to follow."""

    name = f"environment ({_WRAPPING})"

    def __init__(self, text: str) -> None:
        self._text = text

    def make(self) -> None:
        self.at_hand()

    def at_hand(self) -> Sequence[Wrapping]:
        return [LocalWrapping(_secret(part, _WRAPPING)) for part in _parts(self._text)]

    def successor(self, current: int) -> Wrapping:
        for key, following in pairwise(self.at_hand()):
            if key.mark == current and following.mark != current:
                return following
        raise _missing(_WRAPPING)

    def retire(self, current: int) -> int:
        """Destroy nothing: whoever set the old key takes it out."""
        return 0

    def close(self) -> None:
        """Nothing is open."""


class GivenPseudonym:
    """The pseudonym key from EPHOR_PSEUDONYM_KEY, 32 bytes in base64."""

    name = f"environment ({_PSEUDONYM})"

    def __init__(self, text: str) -> None:
        self._text = text

    def make(self) -> None:
        self.read()

    def read(self) -> bytes:
        return _secret(self._text.strip(), _PSEUDONYM)


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",")]


def _missing(name: str) -> ConflictError:
    return ConflictError(
        f"there is no key to follow: put the new one into {name} after the current one and a comma, for every process of this "
        "plane, then rotate again"
    )


def _private(text: str) -> Ed25519PrivateKey:
    key: object = None
    try:
        if text.startswith("-----BEGIN"):
            key = serialization.load_pem_private_key(text.replace("\\n", "\n").encode(), password=None)
        else:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):  # its words could repeat what is secret
        pass
    if not isinstance(key, Ed25519PrivateKey):
        raise UnavailableError(f"{_SIGNING} holds no Ed25519 key; write its PEM, or its 32 bytes in base64")
    return key


def _secret(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SECRET:
        raise UnavailableError(f"{name} does not hold {SECRET} bytes in base64; restore it")
    return key
