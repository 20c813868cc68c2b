"""A call's arguments as one byte string, so that the same arguments always have the same digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ephor.kernel.errors import InvalidInputError

MAX_BYTES = 1 << 20
"""Longest arguments of one call, in bytes."""


def encode_arguments(arguments: Mapping[str, Any]) -> bytes:
    """Return *arguments* as JSON with sorted keys; numbers keep their kind, so 1 and 1.0 and "1" stay three things.

    >>> encode_arguments({"b": 1.0, "a": "é"})
    b'{"a":"\\\\u00e9","b":1.0}'

    Raises:
        InvalidInputError: something that is not JSON, a key that is not text, or more than `MAX_BYTES`.
    """
    try:
        _check_keys(arguments)
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except RecursionError:
        raise InvalidInputError("the arguments are nested too deep; flatten them") from None
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"the arguments are not JSON: {error}; pass text, numbers, lists and objects"
        ) from None
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            f"the arguments are {len(text)} bytes long; at most {MAX_BYTES} fit", bytes=len(text)
        )
    return text


def _check_keys(value: object) -> None:
    """JSON would write the key 1 as "1" without a word, and two different calls would look the same."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not text")
            _check_keys(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check_keys(part)
