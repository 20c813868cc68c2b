"""A call's arguments as one byte string, so that the same arguments always have the same digest."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from ephor.kernel.errors import InvalidInputError

MAX_BYTES = 1 << 20
"""Longest arguments of one call, in bytes."""
MAX_DEPTH = 64
"""Deepest nesting of one call's arguments; masking for the person who is asked goes as deep."""
MAX_BITS = 4_096
"""Largest whole number; Python refuses to write one of more than 4,300 digits."""
_FEW, _SHORT, _WIDE = 64, 4_096, 1 << 63
"""Arguments, characters of one, and numbers that the fast writer is given."""

_written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def encode_arguments(arguments: Mapping[str, Any]) -> bytes:
    """Return *arguments* as JSON with sorted keys; numbers keep their kind, so 1 and 1.0 and "1" stay three things.

    >>> encode_arguments({"b": 1.0, "a": "é"})
    b'{"a":"\\\\u00e9","b":1.0}'

    Raises:
        InvalidInputError: something that is not JSON, a key that is not text, text with a lone surrogate, nesting deeper
            than `MAX_DEPTH` (a value that holds itself is), or more than `MAX_BYTES`.
    """
    return read_arguments(arguments)[1]


def read_arguments(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return a copy of *arguments* that nobody else holds, and its bytes: what is decided on is what is recorded.

    Raises:
        InvalidInputError: as `encode_arguments`.
    """
    if type(arguments) is dict and _is_plain(plain := {**arguments}):  # looked at when nobody else holds it
        return plain, orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    if not isinstance(arguments, Mapping):
        raise InvalidInputError(
            f"the arguments are {type(arguments).__name__}, not a mapping; pass them by name, as in {{'id': 7}}"
        )
    copy = _Copy().object(arguments, "$", MAX_DEPTH)
    text = _written(copy).encode()
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            f"the arguments are {len(text)} bytes long; at most {MAX_BYTES} fit", bytes=len(text)
        )
    return copy, text


def _is_plain(arguments: dict[str, Any]) -> bool:
    """Tell whether these are a few visible words and numbers, as mostly they are: the fast writer then writes the same bytes."""
    if len(arguments) > _FEW:
        return False
    for name, value in arguments.items():
        kind = type(value)
        if type(name) is not str or not (name.isascii() and name.isprintable()):
            return False
        if kind is str:
            if len(value) > _SHORT or not (value.isascii() and value.isprintable()):
                return False
        elif kind is int:
            if not -_WIDE <= value < _WIDE:
                return False
        elif value is not None and kind is not bool:
            return False
    return True


class _Copy:
    """One copy in the making. Each value takes at least a byte, so whoever needs more values than bytes is refused early:
    a list that holds one list twice, and that one another twice, would be walked for ever.
    """

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def value(self, value: object, where: str, room: int) -> Any:
        """Return *value* as plain JSON; a text or number of a class of its own is the text or number it is written as."""
        self._left -= 1
        if self._left < 0:
            raise InvalidInputError(f"the arguments hold more than {MAX_BYTES} values; pass fewer")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return _text(value, where)
        if isinstance(value, int | float):
            return _number(value, where)
        if isinstance(value, Mapping):
            return self.object(value, where, room)
        if isinstance(value, list | tuple):
            _check_room(where, room)
            return [self.value(part, f"{where}[{index}]", room - 1) for index, part in enumerate(value)]
        raise InvalidInputError(
            f"the arguments are not JSON: {type(value).__name__} at {where}; pass text, numbers, truth values, lists "
            "and mappings",
            at=where,
        )

    def object(self, value: Mapping[Any, Any], where: str, room: int) -> dict[str, Any]:
        _check_room(where, room)
        plain: dict[str, Any] = {}
        for key, part in value.items():
            if not isinstance(key, str):
                # JSON would write the key 1 as "1" without a word, and two different calls would look the same.
                raise InvalidInputError(f"the arguments are not JSON: a key at {where} is not text", at=where)
            name = _text(key, where)
            if name in plain:
                raise InvalidInputError(f"two keys at {where} are written alike; name each once", at=where)
            plain[name] = self.value(part, f"{where}.{name[:40]}", room - 1)
        return plain


def _text(value: str, where: str) -> str:
    text = str.__str__(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            # Two lone halves would be written like the one character they make together.
            raise InvalidInputError(f"text at {where} holds a lone surrogate; remove it", at=where) from None
    return text


def _number(value: float, where: str) -> float:
    if isinstance(value, int):
        number = int.__index__(value)
        if number.bit_length() > MAX_BITS:
            raise InvalidInputError(
                f"the number at {where} is larger than {MAX_BITS} bits; write it as text", at=where
            )
        return number
    real = float.__float__(value)
    if not math.isfinite(real):
        raise InvalidInputError(f"the number at {where} is not finite, which JSON cannot say", at=where)
    return real


def _check_room(where: str, room: int) -> None:
    if room <= 0:
        raise InvalidInputError(
            f"the arguments are nested deeper than {MAX_DEPTH} levels at {where[:80]}; flatten them",
            levels=MAX_DEPTH,
        )
