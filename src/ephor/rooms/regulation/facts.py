"""What has been stated about a system, in the words of one pack's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError

Value: TypeAlias = "str | bool | tuple[str, ...]"
UNKNOWN = "unknown"
"""Said of a fact that nobody knows, in place of its value."""
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Kind(StrEnum):
    """The types a fact can have."""

    TEXT = "text"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class FactType:
    """One word of the vocabulary.

    ``open`` facts may carry a value that is not listed: that is a question, not an error. A ``claim`` is an exception
    somebody must invoke: unstated, it is not invoked, for it could only ever lighten what the law asks. A ``derived``
    fact is computed and never stated. ``places`` are ISO codes: a part lies in its country, and a code of another
    country is an answer, not a question.
    """

    name: str
    kind: Kind
    means: str
    values: tuple[str, ...] = ()
    open: bool = False
    claim: bool = False
    derived: bool = False
    places: bool = False

    def listed(self, word: str, among: Collection[str | bool]) -> bool:
        """Tell whether *word* is one of *among*; of places, a part counts as the country it lies in."""
        return word in among or (self.places and word.partition("-")[0] in among)

    def settled(self, word: str) -> bool:
        """Tell whether *word* is known: listed, or the code of a place that holds none of the listed ones.

        >>> places = FactType("in", Kind.LIST, "where", ("DE", "US-CA"), open=True, places=True)
        >>> [places.settled(one) for one in ("DE-BY", "FR", "US", "everywhere")]
        [True, True, False, False]
        """
        if self.listed(word, self.values):
            return True
        whole = any(one.startswith(f"{word}-") for one in self.values)
        return self.places and not whole and _PLACE.fullmatch(word) is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """Checked facts; what is left out is false, none or empty only where ``complete`` says so."""

    vocabulary: Mapping[str, FactType]
    stated: Mapping[str, Value]
    complete: bool = False
    open: frozenset[str] = frozenset()
    """Facts that were said to be unknown: of these, nothing follows from `complete` either."""

    def unknown(self, name: str) -> bool:
        """Tell whether nobody has said anything about *name* and nothing follows from that silence."""
        if name in self.open:
            return not self.vocabulary[name].claim
        return not (name in self.stated or self.complete or self.vocabulary[name].claim)

    def unlisted(self, name: str) -> bool:
        """Tell whether *name* carries a value the vocabulary does not list, so that nothing follows from it."""
        return bool(self.unlisted_words(name))

    def unlisted_words(self, name: str) -> tuple[str, ...]:
        """Return the words stated for *name* that the vocabulary does not list."""
        value, kind = self.stated.get(name), self.vocabulary[name]
        words = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
        return tuple(one for one in words if not kind.settled(one))


def state(vocabulary: Mapping[str, FactType], raw: Mapping[str, object], *, complete: bool = False) -> Facts:
    """Return *raw* as checked facts; a fact given as null or as ``unknown`` is not known, even in a complete list.

    >>> words = {"domain": FactType("domain", Kind.TEXT, "the field", ("finance",), open=True)}
    >>> state(words, {"domain": "finance"}).stated
    {'domain': 'finance'}
    >>> state(words, {"domain": "space"}).unlisted("domain")
    True

    Raises:
        InvalidInputError: a fact the vocabulary does not know, a value of the wrong type, or a value not listed for a
            fact that is not open.
    """
    stated: dict[str, Value] = {}
    unknown: set[str] = set()
    for name, value in raw.items():
        kind = vocabulary.get(name)
        if kind is None or kind.derived:
            raise InvalidInputError(
                f"unknown fact `{str(name)[:60]}`; use one of: {_known(vocabulary)}", fact=str(name)[:60]
            )
        if value is None or (value == UNKNOWN and UNKNOWN not in kind.values):
            unknown.add(name)
        else:
            stated[name] = _checked(kind, value)
    return Facts(vocabulary, stated, complete, frozenset(unknown))


def _known(vocabulary: Mapping[str, FactType]) -> str:
    return ", ".join(name for name, kind in vocabulary.items() if not kind.derived)


def _checked(kind: FactType, value: object) -> Value:
    if kind.kind is Kind.BOOLEAN and isinstance(value, bool):
        return value
    if kind.kind is Kind.TEXT and isinstance(value, str) and value:
        return _listed(kind, value)
    if kind.kind is Kind.LIST and isinstance(value, list | tuple):
        return tuple(_listed(kind, _text(kind, one)) for one in value)
    wanted = {Kind.BOOLEAN: "true or false", Kind.TEXT: "one word", Kind.LIST: "a list of words"}[kind.kind]
    raise InvalidInputError(f"fact `{kind.name}` is `{str(value)[:60]}`; write {wanted}", fact=kind.name)


def _text(kind: FactType, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise InvalidInputError(
        f"fact `{kind.name}` lists `{str(value)[:60]}`; write a list of words", fact=kind.name
    )


def _listed(kind: FactType, value: str) -> str:
    if kind.open or not kind.values or value in kind.values:
        return value
    known = ", ".join(kind.values)
    raise InvalidInputError(
        f"fact `{kind.name}` does not know `{value[:60]}`; use one of: {known}",
        fact=kind.name,
        value=value[:60],
    )
