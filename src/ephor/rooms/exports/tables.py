"""A register as a table: which columns a record has, and what stands in them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum, unique
from typing import Any, TypeAlias

import msgspec

from ephor.kernel.time import stamp

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula; full-width letters too, in some."""
Cell: TypeAlias = "str | int | float | bool | date | datetime | None"
Row: TypeAlias = "Sequence[Cell]"


@unique
class ColumnType(StrEnum):
    """What a column holds. Lists and objects are text: JSON."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TRUTH = "truth"
    DAY = "day"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``path`` leads to its value within a record."""

    name: str
    type: ColumnType
    path: tuple[str, ...]


_PLAIN: Mapping[Any, ColumnType] = {
    str: ColumnType.TEXT,
    int: ColumnType.INTEGER,
    float: ColumnType.NUMBER,
    bool: ColumnType.TRUTH,
    date: ColumnType.DAY,
    datetime: ColumnType.TIME,
}


def columns_of(kind: type[Any]) -> tuple[Column, ...]:
    """Return the columns of a record type, in the order of its fields; a part of one meaning is laid out flat."""
    return tuple(_columns(kind, ()))


def _columns(kind: type[Any], path: tuple[str, ...]) -> Iterator[Column]:
    hints = typing.get_type_hints(kind)
    for one in dataclasses.fields(kind):
        where, hint = (*path, one.name), _unwrapped(hints[one.name])
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and len(where) < 4:
            yield from _columns(hint, where)
        else:
            yield Column(".".join(where), _type(hint), where)


def _unwrapped(hint: Any) -> Any:
    """Return the one type that an optional one may have."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [one for one in typing.get_args(hint) if one is not type(None)]
        return parts[0] if len(parts) == 1 else hint
    return getattr(hint, "__supertype__", hint)


def _type(hint: Any) -> ColumnType:
    return _PLAIN.get(hint, ColumnType.TEXT) if isinstance(hint, type) else ColumnType.TEXT


def row_of(record: object, columns: Sequence[Column]) -> Row:
    """Return what a record says in each column.

    >>> @dataclass
    ... class Dog:
    ...     name: str
    ...     teeth: tuple[int, ...]
    >>> row_of(Dog("Rex", (1, 2)), columns_of(Dog))
    ('Rex', '[1,2]')
    """
    return tuple(_cell(_at(record, one.path), one.type) for one in columns)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if value is None:
            return None
        value = getattr(value, name)
    return value


def _cell(value: Any, type: ColumnType) -> Cell:
    if value is None:
        return None
    if isinstance(value, Enum):
        value = value.value
    if type is not ColumnType.TEXT:
        return typing.cast("Cell", value)
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    return msgspec.json.encode(value, enc_hook=_plain, order="deterministic").decode()


def is_formula(value: object) -> bool:
    """Tell whether a spreadsheet might take *value* for a formula (OWASP, CSV injection).

    >>> is_formula("=1+1"), is_formula(" @x"), is_formula("a=b"), is_formula(-2)
    (True, True, False, False)
    """
    return isinstance(value, str) and value.lstrip(" ").startswith(FORMULA)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


ENTRY_TEXTS = (
    "id", "log", "kind", "src", "actor", "on_behalf_of", "session", "trace", "parent", "action", "resource", "tool", "subject",
    "args_digest", "input_hash", "output_hash", "decision", "policy_digest", "approver", "confidence", "error",
)  # fmt: skip
ENTRY_JSON = ("reasons", "refs", "metadata", "payload")
ENTRY_COLUMNS = (
    Column("position", ColumnType.INTEGER, ()),
    Column("at", ColumnType.TIME, ()),
    Column("received_at", ColumnType.TIME, ()),
    *(Column(name, ColumnType.TEXT, ()) for name in ENTRY_TEXTS),
    Column("n", ColumnType.INTEGER, ()),
    Column("duration_ms", ColumnType.INTEGER, ()),
    *(Column(name, ColumnType.TEXT, ()) for name in ENTRY_JSON),
    Column("leaf", ColumnType.TEXT, ()),
)
"""The columns of the ledger's entries. A table cannot be verified; a bundle can."""


def row_of_entry(entry: Mapping[str, Any], position: int, leaf: str) -> Row:
    """Return an entry in `ENTRY_COLUMNS`."""
    return (
        position,
        datetime.fromisoformat(entry["at"]),
        datetime.fromisoformat(entry["received_at"]),
        *(entry.get(name) for name in ENTRY_TEXTS),
        entry["n"],
        entry.get("duration_ms"),
        *(
            msgspec.json.encode(entry[name], order="deterministic").decode() if name in entry else None
            for name in ENTRY_JSON
        ),
        leaf,
    )
