"""Which fields of an entry the ledger can be searched by, and whether an entry is what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from ephor.adapters.storage.catalogue import MAX_TEXT
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import stamp
from ephor.rooms.ledger.words import Word, read_question, says_all, words_of

COLUMNS = ("kind", "actor", "resource", "subject", "tool", "decision", "session")
"""Searchable fields, in the order of the projection's columns."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an entry must be: the fields as given, stated to have happened from `since` on and before `until`, these words."""

    where: Mapping[str, str]
    since: str | None = None
    until: str | None = None
    words: tuple[Word, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether every entry fits."""
        return not (self.where or self.words or self.since or self.until)

    @property
    def by_fields(self) -> bool:
        """Whether anything but words is asked for."""
        return bool(self.where or self.since or self.until)

    def fits(self, entry: bytes) -> bool:
        """Tell whether an entry itself, whatever an index says of it, is what was asked for."""
        fields = read(entry)
        found = _summary(fields)
        at = found["at"]
        if (self.since or self.until) and (at is None or at < (self.since or "")):
            return False
        if self.until is not None and (at is None or at >= self.until):
            return False
        return matches(found, self.where) and (not self.words or says_all(words_of(fields), self.words))


def ask(where: Mapping[str, str], since: datetime | None, until: datetime | None, text: str | None) -> Asked:
    """Return what is asked for.

    Raises:
        InvalidInputError: a field that is not searchable, no text, or a time without a zone.
    """
    check_fields(where)
    return Asked(
        where,
        None if since is None else stamp(since),
        None if until is None else stamp(until),
        () if text is None else read_question(text),
    )


def read(entry: bytes) -> Mapping[str, Any]:
    """Return the fields of an entry; nothing of one that somebody damaged.

    A search must go on past such an entry: naming it is what verification is for.
    """
    try:
        fields = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def summary(entry: bytes) -> Mapping[str, str | None]:
    """Return the searchable fields of an entry, its id and its time."""
    return _summary(read(entry))


def _summary(fields: Mapping[str, Any]) -> Mapping[str, str | None]:
    found = {name: fields.get(name) for name in ("id", "at", *COLUMNS)}
    return {name: value if isinstance(value, str) else None for name, value in found.items()}


def indexed(value: str | None) -> str | None:
    """Return what of *value* an index holds: databases differ on long texts and on NUL, so a hit must be looked at again.

    >>> indexed("a\\0b"), len(indexed("x" * 9_000) or "")
    ('a\\ufffdb', 500)
    """
    return None if value is None else value.replace("\0", "\ufffd")[:MAX_TEXT]


def matches(found: Mapping[str, str | None], where: Mapping[str, str]) -> bool:
    """Tell whether an entry's summary has every field as asked."""
    return all(found[name] == value for name, value in where.items())


def check_fields(where: Mapping[str, str]) -> None:
    """Refuse a field that is not searchable, rather than find nothing by it.

    Raises:
        InvalidInputError: it names the fields there are.
    """
    if unknown := sorted(set(where) - set(COLUMNS)):
        raise InvalidInputError(
            f"the ledger cannot be searched by `{unknown[0]}`; use one of: {', '.join(COLUMNS)}"
        )
    for name, value in where.items():
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise InvalidInputError(f"`{name}` is not text; no entry holds such a thing")
