"""Text folded to one byte per character, so that full-width digits, zero-width characters and look-alikes hide nothing."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, chain

from ephor.rooms.pii.foreign import IN_WORDS, known_words
from ephor.rooms.pii.model import Find

LETTER = 0xFF
"""Stands for a letter outside ASCII that has no ASCII form."""
SYMBOL = 0xFE
"""Stands for any other character outside ASCII; also for scripts written without spaces, which end a word."""
BLANK = 0x00
"""Stands for what is masked already; no pattern matches it."""
_DROPPED = 0xFD
_MARK = b"\xfd"

# C0 controls other than tab, line feed, carriage return, and DEL: invisible, so they may not split a value.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_DROP_CONTROLS = bytes(_DROPPED if code in _CONTROLS else code for code in range(256))
_SPACELESS = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xD7FF), (0xF900, 0xFAFF))
# Cyrillic and Greek letters that look like a Latin one (a subset of Unicode TS 39 confusables).
_LOOK_ALIKE = dict(
    zip("АВЕЅІЈКМНОРСТХУаеоѕіјрсхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXYaeosijpcxyABEZHIKMNOPTYXo", strict=True)  # noqa: RUF001
)
_SPELLED = {
    "\u2032": "'",
    "\u2019": "'",
    "\u2018": "'",
    "\u2033": '"',
    "\u201c": '"',
    "\u201d": '"',
    "\u3002": ".",
    **dict(zip("łŁøØđĐßæÆœŒıħ", "lLoOdDsaAoOih", strict=True)),
}
# Ideographs of the few words and date marks that stand beside numbers (電話 携帯 手机 生年月日): each a byte of its own.
_WORDS = dict(
    zip("年月日生電电話话携帯手机機", b"\x81\x82\x83\x84\x85\x85\x86\x86\x87\x88\x89\x8a\x8a", strict=True)
)
# What masking writes, so that it is never read as a word before a value. `user[password]=` is a form field, not ours.
_OURS = re.compile(rb"(?<![A-Za-z0-9_])\[[a-z][a-z0-9_]{1,31}(?::[a-p]{20}|:enc:[a-p]{64,})?\]|\*{8}")
# Where characters fold to anything but a symbol; the ideographs and syllables between are symbols all.
_FEW, _SAMPLE, _BLOCK = 16, 1_024, 4_096
_TABLED = (
    (0, 0x3400),
    (0xA000, 0xAC00),
    (0xF900, 0x12000),
    (0x16000, 0x17000),
    (0x1D000, 0x1F200),
    (0x1FB00, 0x1FC00),
)


@dataclass(frozen=True, slots=True)
class Folded:
    """One byte per visible character; ``full`` also has a byte where an invisible one was dropped."""

    data: bytes
    full: bytes

    def original(self, finds: Iterable[Find]) -> tuple[Find, ...]:
        """Return *finds* in ``data`` at their places in the original text."""
        if len(self.full) == len(self.data):
            return tuple(finds)
        places = _Places(self.full)
        return tuple(
            replace(find, start=places.of(find.start), end=places.of(find.end - 1) + 1) for find in finds
        )


class _Places:
    """Where each byte that was kept stood among those that were dropped; only the blocks asked about are looked into."""

    def __init__(self, full: bytes) -> None:
        self._full = full
        dropped = [full.count(_MARK, at, at + _BLOCK) for at in range(0, len(full), _BLOCK)]
        self._before = [0, *accumulate(_BLOCK - count for count in dropped)]
        self._known: dict[int, list[int]] = {}

    def of(self, place: int) -> int:
        """Return the place in the whole of the byte at *place* among those kept."""
        block = bisect_right(self._before, place) - 1
        if (kept := self._known.get(block)) is None:
            begin = block * _BLOCK
            part = self._full[begin : begin + _BLOCK]
            kept = self._known[block] = [begin + at for at, code in enumerate(part) if code != _DROPPED]
        return kept[place - self._before[block]]


def fold(text: str) -> Folded:
    """Return *text* as bytes to match on: decimal digits of any script, full-width forms, accents and look-alikes
    become ASCII; zero-width characters, controls, combining marks and lone surrogates are dropped; what this room
    has masked already is blank.

    >>> fold("\\uff14\\uff11\\u200b11 caf\\u00e9").data
    b'4111 cafe'
    """
    full = _bytes(text)
    data = full.translate(None, _MARK) if _MARK in full else full
    if b"********" in data or b"[" in data:
        data = _OURS.sub(lambda match: bytes(match.end() - match.start()), data)
    return Folded(data, full)


def fold_each(texts: Sequence[str]) -> list[bytes]:
    """Return the folded data of each of *texts*; in one go where all are plain ASCII.

    >>> fold_each(["caf\u00e9", "b"])
    [b'cafe', b'b']
    """
    joined = "\x1e".join(texts)
    if joined.isascii():
        data = joined.encode("ascii")
        if (
            len(data.translate(None, _CONTROLS)) == len(data) - len(texts) + 1
            and b"********" not in data
            and b"[" not in data
        ):
            return data.split(b"\x1e")
    return [fold(text).data for text in texts]


def _bytes(text: str) -> bytes:
    if text.isascii():
        data = text.encode("ascii")
        clean = len(data.translate(None, _CONTROLS)) == len(data)
        return data if clean else data.translate(_DROP_CONTROLS)
    if (narrow := _narrowed(text)) is not None:
        return narrow.translate(_table()[:256])
    # A bytes object maps a code point to the code it folds to, at the speed of an index.
    return known_words(text).translate(_table()).encode("latin-1")


def _narrowed(text: str) -> bytes | None:
    """Return *text* as Latin-1 with each of the few characters outside it as one inside that folds to the same; None where
    they are many. To replace a character everywhere is ten times as fast as to look up every character."""
    if sum(character > "\xff" for character in {*text[:_SAMPLE], *text[-_SAMPLE:]}) > _FEW:
        return None
    for _ in range(_FEW + 1):
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError as error:
            strange = text[error.start]
        same = None if strange in IN_WORDS else _stand_ins().get(_table()[ord(strange)])
        if same is None:
            return None
        text = text.replace(strange, same)
    return None


@cache
def _stand_ins() -> dict[int, str]:
    """Return for each code that a character can fold to a character of Latin-1 that folds to it, where there is one."""
    return {_table()[code]: chr(code) for code in reversed(range(256))}


@cache
def _table() -> bytes:
    table = bytearray([SYMBOL]) * 0x110000
    for code in chain.from_iterable(range(low, high) for low, high in _TABLED):
        table[code] = _folded(chr(code))
    table[0xD800:0xE000] = bytes([_DROPPED]) * 0x800  # lone surrogates
    table[0xE0000:0xE0200] = bytes([_DROPPED]) * 0x200  # tags and variation selectors
    for character, code in _WORDS.items():
        table[ord(character)] = code
    table[0xE08B:0xE0A0] = range(0x8B, 0xA0)  # words told apart before: see `foreign`
    return bytes(table)


def _folded(character: str) -> int:
    if character.isascii():
        return _DROPPED if ord(character) in _CONTROLS else ord(character)
    kind = unicodedata.category(character)
    if kind in {"Cf", "Mn", "Me", "Cs", "Cc"} or character in "\u115f\u1160\u3164\uffa0":
        return _DROPPED
    plain = _ascii_form(character, kind)
    if plain:
        return ord(plain)
    code = ord(character)
    spaceless = any(low <= code <= high for low, high in _SPACELESS)
    return LETTER if kind.startswith("L") and not spaceless else SYMBOL


def _ascii_form(character: str, kind: str) -> str:
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind == "Zs":
        return " "
    if kind in {"Zl", "Zp"}:
        return "\n"
    if kind == "Pd" or character == "\u2212":
        return "-"
    known = _LOOK_ALIKE.get(character) or _SPELLED.get(character)
    if known:
        return known
    bare = unicodedata.normalize("NFKD", character)
    first, rest = bare[:1], bare[1:]
    return first if first.isascii() and all(unicodedata.combining(part) for part in rest) else ""
