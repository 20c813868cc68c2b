"""A column's values as JSON can say them, and back again."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.store import Value


def to_json(value: object) -> Value:
    """Return *value* as JSON: numbers and text as they are, bytes in base64, everything else as its own text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return str(value)  # Decimal, UUID, timedelta, ranges: their text says all


def from_json(kind: sa.types.TypeEngine[Any], value: Value, where: str) -> object:
    """Return a JSON value as a column of type *kind* takes it.

    Raises:
        InvalidInputError: the column cannot hold it.
    """
    if value is None:
        return None
    try:
        made = _READ.get(kind.python_type)
    except NotImplementedError:  # a type that SQLAlchemy does not know goes as it came
        return value
    try:
        return made(value) if made else value
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidInputError(f"column `{where}` cannot hold the value given; check its type") from None


def from_json_loosely(kind: sa.types.TypeEngine[Any], value: Value) -> object:
    """Return a JSON value as SQLite takes it, whose columns hold whatever was put there: only bytes are not as they look."""
    try:
        return _bytes(value) if kind.python_type is bytes and isinstance(value, str) else value
    except (NotImplementedError, ValueError):
        return value


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _truth(value: Any) -> bool:
    if value in (True, 1, "true", "1"):
        return True
    if value in (False, 0, "false", "0"):
        return False
    raise ValueError


def _seconds(value: Any) -> timedelta:
    return timedelta(seconds=float(value))


_READ: Mapping[type, Callable[[Any], object]] = {
    int: int,
    str: str,
    float: float,
    bool: _truth,
    Decimal: lambda value: Decimal(str(value)),
    UUID: lambda value: UUID(str(value)),
    bytes: _bytes,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    timedelta: _seconds,
}


def same_row(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Tell whether two rows say the same, one of them as an archive gives it back.

    >>> same_row((1, Decimal("1.50"), b"x"), (1, "1.50", "eA=="))
    True
    """
    return tuple(map(plain, one)) == tuple(map(plain, other))


def plain(value: object) -> object:
    """Return *value* as an archive writes what no type of its own fits; times in UTC, numbers as they are written."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    if isinstance(value, bool | float):
        return repr(value)
    return to_json(value)
