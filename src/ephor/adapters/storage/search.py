"""Which fields of an entry the ledger can be searched by."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ephor.kernel.errors import InvalidInputError

COLUMNS = ("kind", "actor", "resource", "subject", "tool", "decision", "session")
"""Searchable fields, in the order of the projection's columns."""


def summary(entry: bytes) -> Mapping[str, str | None]:
    """Return the searchable fields of an entry, its id and its time."""
    fields = orjson.loads(entry)
    return {name: fields.get(name) for name in ("id", "at", *COLUMNS)}


def matches(found: Mapping[str, str | None], where: Mapping[str, str]) -> bool:
    """Tell whether an entry's summary has every field as asked.

    Raises:
        InvalidInputError: a field that cannot be searched.
    """
    check_fields(where)
    return all(found[name] == value for name, value in where.items())


def check_fields(where: Mapping[str, str]) -> None:
    """Refuse a field that is not searchable, rather than find nothing by it.

    Raises:
        InvalidInputError: it names the fields there are.
    """
    if unknown := sorted(set(where) - set(COLUMNS)):
        raise InvalidInputError(f"the ledger cannot be searched by `{unknown[0]}`; use one of: {', '.join(COLUMNS)}")
