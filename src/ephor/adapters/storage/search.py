"""Which fields of an entry the ledger can be searched by."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ephor.adapters.storage.catalogue import MAX_TEXT
from ephor.kernel.errors import InvalidInputError

COLUMNS = ("kind", "actor", "resource", "subject", "tool", "decision", "session")
"""Searchable fields, in the order of the projection's columns."""


def summary(entry: bytes) -> Mapping[str, str | None]:
    """Return the searchable fields of an entry, its id and its time; nothing of one that somebody damaged.

    A search must go on past such an entry: naming it is what verification is for.
    """
    try:
        fields = orjson.loads(entry)
    except orjson.JSONDecodeError:
        fields = {}
    known = fields if isinstance(fields, dict) else {}
    found = {name: known.get(name) for name in ("id", "at", *COLUMNS)}
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
