"""One byte string for one value: the JSON profile that Ephor hashes.

RFC 8785 restricted until the fast encoder and the standard agree on every byte: ASCII object keys, no floats, integers
within the range every JSON reader keeps exact, no lone surrogates. Scores and money travel as scaled integers or text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from ephor.kernel.errors import InvalidInputError

Json: TypeAlias = "str | int | bool | list[Json] | tuple[Json, ...] | Mapping[str, Json] | None"

MAX_BYTES = 65_535
"""Longest canonical text in bytes: an entry of a C2SP tlog-tiles bundle carries a 16-bit length."""
MAX_DEPTH = 8
_LARGEST = 2**53 - 1
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
"""Not 0 and not False: whoever says those says something."""


def canonical(value: object, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the canonical bytes of *value*.

    >>> canonical({"b": [1, True, None], "a": "é"}).decode()
    '{"a":"é","b":[1,true,null]}'

    Raises:
        InvalidInputError: a float, a non-ASCII key, a lone surrogate, an integer beyond 2^53 - 1, nesting deeper
            than `MAX_DEPTH`, or more than *max_bytes*; the message says where.
    """
    _check(value, "$", MAX_DEPTH)
    try:
        text = orjson.dumps(value, default=_as_dict, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"cannot be written as canonical JSON: {error}") from error
    if len(text) > max_bytes:
        raise InvalidInputError(f"is {len(text)} bytes long; at most {max_bytes} fit", bytes=len(text))
    return text


def digest(value: object) -> str:
    """Return ``sha256:`` and the hexadecimal digest of the canonical bytes of *value*.

    Raises:
        InvalidInputError: *value* has no canonical form.
    """
    return "sha256:" + hashlib.sha256(canonical(value, max_bytes=1 << 26)).hexdigest()


def digest_of_record(record: object) -> str:
    """Return the digest of what *record* says; fields that say nothing are left out, so one that comes later changes no digest.

    Raises:
        InvalidInputError: a field has no canonical form.
    """
    return digest(_saying(msgspec.to_builtins(record)))


def _saying(value: Any) -> Any:
    if type(value) is dict:
        return {name: said for name, one in value.items() if (said := _saying(one)) not in _NOTHING}
    return [_saying(one) for one in value] if type(value) in (list, tuple) else value


def _check(value: object, where: str, depth: int) -> None:  # noqa: C901, PLR0912 - one branch per JSON type
    kind = type(value)
    if kind is str:
        if not value.isascii():  # type: ignore[attr-defined]
            _check_text(str(value), where)
    elif kind is bool or value is None:
        return
    elif kind is int:
        if not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator]
            raise InvalidInputError(f"integer at {where} is beyond 2^53 - 1; write it as text", at=where)
    elif isinstance(value, Mapping):
        _room(depth, where)
        for key, part in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise InvalidInputError(f"key `{key!r}` at {where} is not ASCII text", at=where)
            _check(part, f"{where}.{key}", depth - 1)
    elif isinstance(value, list | tuple):
        _room(depth, where)
        for index, part in enumerate(value):
            _check(part, f"{where}[{index}]", depth - 1)
    elif isinstance(value, str):
        _check_text(str(value), where)
    elif isinstance(value, float):
        raise InvalidInputError(f"float at {where}; write it as a scaled integer or as text", at=where)
    else:
        raise InvalidInputError(f"{kind.__name__} at {where} is not JSON", at=where)


def _check_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"text at {where} holds a lone surrogate", at=where) from error


def _as_dict(value: object) -> object:
    """A read-only mapping is a mapping; the encoder knows only `dict`."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _room(depth: int, where: str) -> None:
    if depth <= 0:
        raise InvalidInputError(f"nested deeper than {MAX_DEPTH} levels at {where}", at=where)
