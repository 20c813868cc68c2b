"""What stands in the columns of a Parquet archive: the entries' bytes, and their useful fields flat beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa

TEXTS = (
    "id",
    "src",
    "kind",
    "actor",
    "on_behalf_of",
    "session",
    "trace",
    "parent",
    "action",
    "resource",
    "tool",
    "subject",
    "decision",
    "approver",
    "error",
)
"""Columns of text, as the entry says it."""
COUNTS = ("n", "duration_ms")
TIMES = ("at", "received_at")
FLAT = (*TEXTS, "reasons", *COUNTS, *TIMES)
"""Columns that repeat what the bytes say. They are for looking; only the bytes are hashed and signed."""
ENTRIES = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("entry", pa.binary(), nullable=False),
        pa.field("leaf", pa.binary(32), nullable=False),
        *[pa.field(name, pa.string()) for name in (*TEXTS, "reasons")],
        *[pa.field(name, pa.int64()) for name in COUNTS],
        *[pa.field(name, pa.timestamp("us", tz="UTC")) for name in TIMES],
    ]
)
TILES = pa.schema(
    [
        pa.field("level", pa.int32(), nullable=False),
        pa.field("index", pa.int64(), nullable=False),
        pa.field("hashes", pa.binary(), nullable=False),
    ]
)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def flatten(entries: Sequence[bytes]) -> Mapping[str, Sequence[Any]]:
    """Return the columns `leaf` and `FLAT` of *entries*: what a field does not say, or says in another type, is ``None``.

    Times are microseconds since 1970, reasons the JSON text of their list. Bytes that are no entry have a leaf hash only.

    >>> columns = flatten([b'{"at":"1970-01-01T00:00:01.000000Z","kind":"x/1","n":2,"tool":7}', b"?"])
    >>> [columns[name] for name in ("kind", "n", "at", "tool")]
    [['x/1', None], [2, None], [1000000, None], [None, None]]
    """
    read = [_fields_of(entry) for entry in entries]
    columns: dict[str, Sequence[Any]] = {"leaf": [sha256(b"\x00" + entry).digest() for entry in entries]}
    for name in FLAT:
        take = _TAKE[name]
        columns[name] = [take(fields.get(name)) for fields in read]
    return columns


def _fields_of(entry: bytes) -> Mapping[str, Any]:
    try:
        fields = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and abs(value) < 2**63 else None


def _reasons(value: object) -> str | None:
    return orjson.dumps(value).decode() if isinstance(value, list) else None


def _time(value: object) -> int | None:
    if not isinstance(value, str) or not _STAMP.fullmatch(value):
        return None
    try:
        since = datetime.fromisoformat(value) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_TAKE: Mapping[str, Callable[[object], Any]] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(COUNTS, _count),
    **dict.fromkeys(TIMES, _time),
    "reasons": _reasons,
}
