"""Reading the fields of a mapping that somebody wrote by hand, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day

_METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@/-]{0,79}")


def only(given: Mapping[str, object], what: str, known: frozenset[str]) -> None:
    """Check that *given* has no key but the *known* ones.

    Raises:
        InvalidInputError: it has; the message lists those there are.
    """
    if unknown := sorted(str(key) for key in given if key not in known):
        raise InvalidInputError(
            f"{what}: unknown field `{unknown[0][:80]}`; use: {', '.join(sorted(known))}", fields=unknown
        )


def text(given: Mapping[str, object], key: str, default: str | None = None) -> str:
    """Return a field that must be text with something in it.

    Raises:
        InvalidInputError: it is missing, empty, or something else than text.
    """
    value = given.get(key, default)
    if value is None:
        raise InvalidInputError(f"field `{key}` is missing; add it", field=key)
    if not isinstance(value, str):
        raise InvalidInputError(f"field `{key}` is not text; put `{value}` in quotes", field=key)
    if not value.strip():
        raise InvalidInputError(f"field `{key}` is empty; fill it in", field=key)
    return value.strip()


def texts(given: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return a field that must be a list of text; empty where it is missing.

    Raises:
        InvalidInputError: it is something else.
    """
    value = given.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise InvalidInputError(f"field `{key}` is not a list of text; write [a, b]", field=key)
    return tuple(value)


def mapping(given: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return a field that must be a mapping; empty where it is missing.

    Raises:
        InvalidInputError: it is something else, or one of its keys is no plain name.
    """
    value = given.get(key, {})
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            f"field `{key}` is not a mapping; write one `name: value` per line", field=key
        )
    for name in value:
        if not (isinstance(name, str) and _METRIC.fullmatch(name)):
            raise InvalidInputError(
                f"`{str(name)[:80]}` in `{key}` is not a plain name; use letters, digits, `_`, `.`", field=key
            )
    return value


def figures(given: Mapping[str, object], key: str) -> dict[str, str]:
    """Return a field that maps names to numbers, as decimal text.

    Raises:
        InvalidInputError: it does not.
    """
    return {name: figure(value, f"{key}.{name}") for name, value in sorted(mapping(given, key).items())}


def figure(value: object, where: str) -> str:
    """Return a number as decimal text that says exactly what was written; no rounding, no exponent.

    >>> figure(0.93, "accuracy"), figure("1e-3", "toxicity"), figure(9350, "points")
    ('0.93', '0.001', '9350')

    Raises:
        InvalidInputError: it is not a finite number of at most 40 digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidInputError(f"`{where}` is not a number", at=where)
    try:
        written = (repr(value) if isinstance(value, float) else str(value)).strip()
        number = Decimal(written)
    except (InvalidOperation, ValueError):
        raise InvalidInputError(
            f"`{where}` is not a number; write digits, for example 0.93", at=where
        ) from None
    if not number.is_finite() or len(written) > 40 or abs(number.adjusted()) > 40:
        raise InvalidInputError(
            f"`{where}` is not a finite number of at most 40 digits; leave out what was not measured",
            at=where,
        )
    return format(number, "f")


def when(given: Mapping[str, object], key: str) -> date | None:
    """Return a field that must be a day; None where it is missing.

    Raises:
        InvalidInputError: it is something else.
    """
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else day(str(value))
