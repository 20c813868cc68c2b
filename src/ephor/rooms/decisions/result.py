"""What a governed tool may return: something that can be masked, down to its last value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.decisions.arguments import encode_arguments
from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.structure import MAX_DEPTH, mask_structure

MAX_VALUES = 2_000_000
"""Most values in one result; more is a file, not an answer."""


def mask_result(value: object, reveal: Iterable[str] = ()) -> Any:
    """Return *value* with its personal data masked, except the PII types in *reveal*; times stay times.

    >>> mask_result({"to": "jane@example.com", "open": True})
    {'to': '[email]', 'open': True}

    Raises:
        InvalidInputError: it holds something that cannot be looked into, such as an object of a class or a generator;
            it is nested too deep, holds itself, or is too large. Nothing of it may then be passed on.
    """
    lift = _Lift()
    lifted = lift.value(value, MAX_DEPTH)
    masked, _ = mask_structure(lifted, types=chosen(None) - frozenset(reveal))
    return _lowered(masked) if lift.times else masked


def encode_result(value: object) -> bytes:
    """Return bytes that are the same for the same result in every process, to be fingerprinted.

    >>> encode_result(7), encode_result({3})
    (b'{"result":7}', b'["set",["int","0x3"]]')
    """
    try:
        return encode_arguments({"result": value})
    except InvalidInputError:  # results may be more than JSON: sets, bytes, times
        return json.dumps(_told(value), separators=(",", ":")).encode()


class _Time(str):
    """A time as the text that is searched for personal data, and the time itself."""

    __slots__ = ("time",)
    time: object


class _Lift:
    """Checks every value of a result and turns its times into text, so that a date of birth can be found."""

    def __init__(self) -> None:
        self.times = False
        self._left = MAX_VALUES

    def value(self, value: object, room: int) -> object:
        self._left -= 1
        if self._left < 0 or room < 0:
            what = (
                f"more than {MAX_VALUES} values"
                if room >= 0
                else f"values nested deeper than {MAX_DEPTH} levels"
            )
            raise InvalidInputError(f"the result holds {what}; return less at a time")
        if value is None or isinstance(value, str | bytes | int | float | Decimal):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, room - 1)
        if isinstance(value, list | tuple | set | frozenset):
            return self._sequence(value, room - 1)
        if isinstance(value, date | time | timedelta):
            self.times = True
            lifted = _Time(str(value))
            lifted.time = value
            return lifted
        raise InvalidInputError(
            f"the result holds a `{type(value).__name__[:80]}`, which cannot be masked; return text, numbers, times, "
            "lists and mappings"
        )

    def _mapping(self, value: Mapping[Any, Any], room: int) -> object:
        parts = {}
        same = True
        for key, part in value.items():
            if isinstance(key, tuple | frozenset):
                raise InvalidInputError(
                    f"the result has a key that is a {type(key).__name__}, which cannot be masked; use text"
                )
            name, lifted = self.value(key, room), self.value(part, room)
            parts[name] = lifted
            same = same and name is key and lifted is part
        return value if same else parts

    def _sequence(self, value: Iterable[Any], room: int) -> object:
        parts = [self.value(part, room) for part in value]
        return value if all(map(_is, parts, value)) else _like(value, parts)


def _is(one: object, other: object) -> bool:
    return one is other


def _like(value: Iterable[Any], parts: list[Any]) -> object:
    if hasattr(value, "_fields"):  # a named tuple takes its parts one by one
        return type(value)(*parts)
    kind = next(kind for kind in (list, tuple, set, frozenset) if isinstance(value, kind))
    return kind(parts)


def _lowered(value: object) -> object:
    """Return *value* with the times that were not masked as times again."""
    if isinstance(value, _Time):
        return value.time
    if isinstance(value, Mapping):
        return {_lowered(key): _lowered(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return _like(value, [_lowered(part) for part in value])
    return value


def _told(value: object) -> object:
    """Return *value* as JSON in which every kind of value is told from every other, in one order."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        pairs = [[_told(key), _told(part)] for key, part in value.items()]
        return ["mapping", *sorted(pairs, key=json.dumps)]
    if isinstance(value, set | frozenset):
        return ["set", *sorted(map(_told, value), key=json.dumps)]
    if isinstance(value, list | tuple):
        return ["list", *map(_told, value)]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    # Hexadecimal, because Python writes no decimal number of more than 4,300 digits.
    return [type(value).__name__, hex(value) if isinstance(value, int) else str(value)]
