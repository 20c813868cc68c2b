"""Signed notes: a text and the Ed25519 signatures under it (C2SP signed-note)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ephor.kernel.errors import InvalidInputError, VerificationError

MAX_SIGNATURES = 100
MAX_BYTES = 1_000_000
"""Longest note that is read at all."""
_ED25519 = b"\x01"  # signature type of the specification
_DASH = "\N{EM DASH} "
_FIELD = 2**255 - 19
_D = -121665 * pow(121666, -1, _FIELD) % _FIELD

_NO_NAME = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Signer(Protocol):
    """Holds an Ed25519 key and signs with it."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who signed, with which key, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its final newline included, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and the Ed25519 public key it signs with.

    Raises:
        InvalidInputError: the name cannot stand in a signature line, or the key is no key or one of small order.
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise InvalidInputError(f"`{self.name[:80]}` cannot name a key; leave out spaces and `+`")
        if len(self.public_key) != 32:
            raise InvalidInputError(
                f"the key of `{self.name}` is {len(self.public_key)} bytes long; Ed25519 has 32"
            )
        if not _is_strong(self.public_key):
            raise InvalidInputError(
                f"the key of `{self.name}` is of small order or no point; it would accept forgeries"
            )

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public_key)

    def __str__(self) -> str:
        key = base64.b64encode(_ED25519 + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the text by which others know the key: ``name+key id+key``.

    Raises:
        InvalidInputError: as for `VerifierKey`.
    """
    return str(VerifierKey(name, public_key))


@lru_cache(maxsize=64)  # asked for at every commit
def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that tell keys of one name apart.

    >>> key_id("ephor.example/acme", bytes(32)).hex()
    'f4b4c254'
    """
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def is_key_name(text: str) -> bool:
    """Return whether *text* can name a key: not empty, no Unicode space, no ``+``, no control character.

    >>> is_key_name("ephor.example/acme/audit"), is_key_name("a b"), is_key_name("a+b")
    (True, False, False)
    """
    return bool(text) and _NO_NAME.search(text) is None


def parse_key(text: str) -> VerifierKey:
    """Read a verifier key: ``name+key id in hexadecimal+base64 of 0x01 and the key``.

    Raises:
        InvalidInputError: not of this form, another algorithm, or an id that is not the key's own.
    """
    parts = text.split("+", 2)
    raw = base64_of(parts[2]) if len(parts) == 3 else None
    if raw is None:
        raise InvalidInputError(f"`{text[:80]}` is not a verifier key; write `name+id+key`")
    if raw[:1] != _ED25519:
        raise InvalidInputError(
            f"the key of `{parts[0][:80]}` is not for Ed25519; other algorithms are not read"
        )
    key = VerifierKey(parts[0], raw[1:])
    if key.key_id.hex() != parts[1]:
        raise InvalidInputError(
            f"the id `{parts[1][:16]}` is not that of the key of `{key.name}`; it was altered"
        )
    return key


def sign(text: str, *signers: Signer) -> bytes:
    """Return the note of *text* with one signature of each signer.

    Raises:
        InvalidInputError: the text cannot be signed: no final newline, a control character, a lone surrogate.
    """
    if problem := _problem_of(text):
        raise InvalidInputError(f"the text of a note {problem}")
    message = text.encode()
    lines = []
    for signer in signers:
        key = key_of(signer.name, signer.public_key)
        mark = base64.b64encode(key.key_id + signer.sign(message)).decode()
        lines.append(f"{_DASH}{key.name} {mark}\n")
    return message + b"\n" + "".join(lines).encode()


@lru_cache(maxsize=64)
def key_of(name: str, public_key: bytes) -> VerifierKey:
    """Return the verifier key, checked once for all the notes that it will sign.

    Raises:
        InvalidInputError: it cannot be one.
    """
    return VerifierKey(name, public_key)


def parse(data: bytes) -> Note:
    """Read a note without believing it: the signatures are not checked.

    Raises:
        VerificationError: the bytes are not a signed note.
    """
    if len(data) > MAX_BYTES:
        raise VerificationError(f"the note is {len(data)} bytes long; at most {MAX_BYTES} are read")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise VerificationError("the note is not UTF-8") from None
    if problem := _problem_of(whole):
        raise VerificationError(f"the note {problem}")
    cut = whole.rfind("\n\n")
    if cut < 0:
        raise VerificationError("the note has no blank line before its signatures")
    lines = whole[cut + 2 : -1].split("\n")
    if not lines[0]:
        raise VerificationError("the note has no signature")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(f"the note has {len(lines)} signatures; at most {MAX_SIGNATURES} are read")
    return Note(whole[: cut + 1], tuple(_parse_line(line) for line in lines))


def verify(data: bytes, keys: Iterable[VerifierKey]) -> Note:
    """Return the note *data* with the signatures that hold, which are one or more of *keys*.

    Signatures of unknown keys are left out, as the specification asks; one of a known key that fails spoils the note.

    Raises:
        VerificationError: not a note, no signature of a known key, or a wrong one.
    """
    note = parse(data)
    known = {(key.name, key.key_id): key for key in keys}
    message = note.text.encode()
    held: dict[tuple[str, bytes], Signature] = {}
    for found in note.signatures:
        key = known.get((found.name, found.key_id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(found.signature, message)
        except InvalidSignature:
            raise VerificationError(
                f"the signature of `{found.name}` does not hold", name=found.name
            ) from None
        if (found.name, found.key_id) in held:
            raise VerificationError(f"`{found.name}` signed twice with one key", name=found.name)
        held[found.name, found.key_id] = found
    if not held:
        names = ", ".join(f"`{key.name}`" for key in known.values()) or "nobody"
        raise VerificationError(f"the note bears no signature of {names}")
    return Note(note.text, tuple(held.values()))


def _parse_line(line: str) -> Signature:
    name, space, mark = line.removeprefix(_DASH).partition(" ")
    raw = base64_of(mark)
    if not line.startswith(_DASH) or not space or not is_key_name(name) or raw is None or len(raw) < 5:
        raise VerificationError(f"`{line[:80]}` is not a signature line")
    return Signature(name, raw[:4], raw[4:])


def _problem_of(text: str) -> str | None:
    if not text.endswith("\n"):
        return "does not end in a newline"
    if _CONTROL.search(text):
        return "holds a control character"
    return "holds a lone surrogate" if _SURROGATE.search(text) else None


def base64_of(text: str) -> bytes | None:
    """Return the bytes *text* stands for, if it is the one way to write them (RFC 4648, sections 3.5 and 4)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


@lru_cache(maxsize=256)  # a log signs every commit with one key
def _is_strong(public_key: bytes) -> bool:
    """Return whether the key is a point of the curve whose order the cofactor 8 does not exhaust (RFC 8032, 5.1.3).

    A key of small order accepts one signature for many messages.
    """
    point = _decompress(public_key)
    if point is None:
        return False
    for _ in range(3):
        point = _double(*point)
    return point != (0, 1)


def _decompress(public_key: bytes) -> tuple[int, int] | None:
    number = int.from_bytes(public_key, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _FIELD:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _FIELD) % _FIELD
    x = pow(square, (_FIELD + 3) // 8, _FIELD)
    if x * x % _FIELD != square:
        x = x * pow(2, (_FIELD - 1) // 4, _FIELD) % _FIELD
    if x * x % _FIELD != square or (x == 0 and sign):
        return None
    return (_FIELD - x if x & 1 != sign else x), y


def _double(x: int, y: int) -> tuple[int, int]:
    product = _D * x * x * y * y % _FIELD
    return (
        2 * x * y * pow(1 + product, -1, _FIELD) % _FIELD,
        (y * y + x * x) * pow(1 - product, -1, _FIELD) % _FIELD,
    )
