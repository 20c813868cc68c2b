"""Replacements that keep more of a value: a token of its format, and its encryption, which the key reverses."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.pii.catalogue import KINDS
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.folding import fold

Operator = Callable[[str, str], str]
_MASK = "*" * 8
_EVERYTHING = frozenset(KINDS)
_TRIES = 64
_LONGEST = 256
_SHORTEST = 6
_BLOCK = 32
_HEX, _LETTERS = "0123456789abcdef", "abcdefghijklmnop"
_TO_LETTERS, _TO_HEX = str.maketrans(_HEX, _LETTERS), str.maketrans(_LETTERS, _HEX)
_SEALED = re.compile(r"\[([a-z][a-z0-9_]{1,31}):enc:([a-p]{64,})\]")


def format_token(key: bytes) -> Operator:
    """Return the operator that writes a token of the value's format under *key*: digits for digits, letters for letters,
    separators where they were; an address ends in ``.invalid`` (RFC 2606).

    The same value gives the same token. No token is a find by its form: its check digit is wrong on purpose, so it is
    never taken for a person's number. Where the word before it would make it a find all the same (`account number …`),
    and for values of fewer than six letters and digits, `mask` writes the mask instead.

    >>> len(format_token(b"sixteen bytes or more")("us_ssn", "123-45-6789"))
    11

    Raises:
        InvalidInputError: *key* is shorter than 16 bytes.
    """
    _long_enough(key)

    def operator(type_: str, value: str) -> str:
        plain = fold(value).data.decode("latin-1")
        bare = "".join(part for part in plain.lower() if part.isalnum())
        if not _SHORTEST <= len(bare) <= _LONGEST:
            return _MASK
        secret = f"{type_}\x00{bare}\x00{value if not bare.isascii() else ''}".encode(
            "utf-8", "surrogatepass"
        )
        for turn in range(_TRIES):
            stream = hashlib.shake_256(hmac.new(key, bytes([turn]) + secret, hashlib.sha256).digest()).digest(
                2 * len(plain)
            )
            token = _shaped(plain, stream)
            if not detect(token, _EVERYTHING):
                return token
        return _MASK

    return operator


def _shaped(plain: str, stream: bytes) -> str:
    local, at, domain = plain.rpartition("@")
    if at:
        return (
            f"{_letters(local, stream)}@{_letters(domain.rpartition('.')[0], stream[len(local) :])}.invalid"
        )
    return _letters(plain, stream)


def _letters(plain: str, stream: bytes) -> str:
    written = []
    for place, part in enumerate(plain):
        chance = stream[2 * place % len(stream)] << 8 | stream[(2 * place + 1) % len(stream)]
        if part.isdigit():
            written.append(str(chance % 10))
        elif part.isalpha():
            written.append(chr((65 if part.isupper() else 97) + chance % 26))
        else:
            written.append(part if part in " -./:()+_@," else "-")
    return "".join(written)


def encryption(key: bytes) -> Operator:
    """Return the operator that writes the value encrypted under *key*: AES-SIV (RFC 5297), the type authenticated with it.

    The same value gives the same text; its length shows in steps of 32 bytes. `decrypted` turns it back.

    >>> sealed = encryption(b"sixteen bytes or more")("email", "jane@example.com")
    >>> sealed[:11], decrypted(f"to {sealed}", b"sixteen bytes or more")
    ('[email:enc:', 'to jane@example.com')

    Raises:
        InvalidInputError: *key* is shorter than 16 bytes.
    """
    cipher = _cipher(key)

    def operator(type_: str, value: str) -> str:
        data = value.encode("utf-8", "surrogatepass") + b"\x80"
        data += bytes(-len(data) % _BLOCK)
        return f"[{type_}:enc:{cipher.encrypt(data, [type_.encode()]).hex().translate(_TO_LETTERS)}]"

    return operator


def decrypted(text: str, key: bytes) -> str:
    """Return *text* with every value that `encryption` wrote under *key* as it was.

    Raises:
        VerificationError: one of them was made with another key, or changed since.
        InvalidInputError: *key* is shorter than 16 bytes.
    """
    cipher = _cipher(key)

    def opened(match: re.Match[str]) -> str:
        try:
            data = cipher.decrypt(bytes.fromhex(match[2].translate(_TO_HEX)), [match[1].encode()])
        except (InvalidTag, ValueError):
            raise VerificationError(
                f"the `{match[1]}` at character {match.start()} does not open with this key; was it changed, or is the key another?"
            ) from None
        return data.rpartition(b"\x80")[0].decode("utf-8", "surrogatepass")

    return _SEALED.sub(opened, text)


def _cipher(key: bytes) -> AESSIV:
    _long_enough(key)
    return AESSIV(HKDF(SHA256(), 64, None, b"ephor pii encryption 1").derive(key))


def _long_enough(key: bytes) -> None:
    if len(key) < 16:
        raise InvalidInputError(
            "key of the operator is shorter than 16 bytes; give 16 or more from a random source"
        )
