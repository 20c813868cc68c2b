"""Free text over entries: which words an entry says, and whether it says all that were asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ephor.kernel.errors import InvalidInputError

MOST = 32
"""Words in one question."""
LONGEST = 64
"""Characters of a word that an index holds; longer ones are compared with the entry itself."""
_WORD = re.compile(r"[^\W_]+")
_ASKED = re.compile(r"([^\W_]+)(\*?)")
_UNSAID = frozenset(("v", "log", "src", "n", "at", "received_at", "duration_ms", "payload"))
"""Fields that are no text, or searched for otherwise. A sealed payload is not in the entry, and its commitment says nothing."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word asked for, or how it begins."""

    text: str
    begins: bool = False


def read_question(text: str) -> tuple[Word, ...]:
    """Return the words of a question; with a star at its end, one asks for every word that begins so.

    >>> read_question("Refund ORD-47*")
    (Word(text='refund', begins=False), Word(text='ord', begins=False), Word(text='47', begins=True))

    Raises:
        InvalidInputError: it has no word, too many, or is no text.
    """
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidInputError("the words to search for are not text; no entry holds such a thing")
    words = tuple(dict.fromkeys(Word(word, star == "*") for word, star in _ASKED.findall(_folded(text))))
    if not words:
        raise InvalidInputError(
            f"`{text[:40]}` holds no word to search for; write letters or digits, with `*` at the end of a beginning"
        )
    if len(words) > MOST:
        raise InvalidInputError(
            f"{len(words)} words are too many to search for at once; write at most {MOST}"
        )
    return words


def words_of(fields: Mapping[str, Any]) -> frozenset[str]:
    """Return every word that an entry's fields say: texts and integers at any depth, in small letters.

    >>> sorted(words_of({"tool": "customer_lookup", "metadata": {"order": 4711, "why": ["Größe"]}, "n": 5}))
    ['4711', 'customer', 'grösse', 'lookup']
    """
    said: list[str] = []
    waiting: list[Any] = [value for name, value in fields.items() if name not in _UNSAID]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            said.append(value)
        elif type(value) is int:
            said.append(str(value))
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return frozenset(_WORD.findall(_folded("\n".join(said))))


def says_all(words: Collection[str], asked: Sequence[Word]) -> bool:
    """Tell whether every word asked for is among *words*.

    >>> says_all({"refund", "order"}, read_question("ref* ORDER")), says_all({"refund"}, read_question("fund"))
    (True, False)
    """
    return all(
        any(one.startswith(word.text) for one in words) if word.begins else word.text in words
        for word in asked
    )


def kept(words: Collection[str]) -> list[str]:
    """Return what of *words* an index holds, in order: a hit must be looked at again.

    >>> kept({"b", "a" * 70, "a" * 65}) == ["a" * 64, "b"]
    True
    """
    return sorted({word[:LONGEST] for word in words})


def _folded(text: str) -> str:
    """Letters that only look different are one (Unicode NFKC, case folding)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
