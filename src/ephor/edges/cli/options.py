"""The options every command takes, spelled once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day, moment


def given(option: typer.CallbackParam, value: str | None) -> str | None:
    """Return the option's value; an empty one is no way of leaving it out, or somebody else would act somewhere else.

    Raises:
        InvalidInputError: it is there and empty, as an unset variable of a shell makes it.
    """
    if value is not None and not value.strip():
        name = option.opts[0]
        what = "nobody" if name == "--as" else "nothing"
        raise InvalidInputError(f"an empty {name} names {what}; write a value, or leave {name} out")
    return value


def ending(text: str) -> datetime:
    """Return the time *text* names; a day stands for its beginning in UTC.

    >>> ending("2027-01-01") == ending("2027-01-01T00:00:00Z")
    True

    Raises:
        InvalidInputError: neither a day nor a time with a zone.
    """
    return datetime.combine(day(text), time(), UTC) if len(text) == 10 else moment(text)


def read_key(door: Door, text: str) -> str:
    """Return the verifier key *text*: on a command line one holds a ``+``, and anything else is the file that holds it."""
    if text.count("+") >= 2 and not Path(text).exists():
        return text
    return door.read_bytes(text).decode("utf-8", "replace").strip()


_LASTING = re.compile(r"([1-9][0-9]{0,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def lasting(text: str) -> timedelta:
    """Return the length of time *text* names: a number and one of ``s``, ``m``, ``h``, ``d``, ``w``.

    >>> lasting("90m") == timedelta(hours=1, minutes=30)
    True

    Raises:
        InvalidInputError: it names none.
    """
    found = _LASTING.fullmatch(text)
    if found is None:
        raise InvalidInputError(
            f"`{text[:40]}` is no length of time; write a number and s, m, h, d or w, for example 10m"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def beginning(text: str) -> datetime | timedelta:
    """Return the time *text* names, or how long before the end it lies.

    >>> beginning("7d") == timedelta(days=7), beginning("2027-01-01") == ending("2027-01-01")
    (True, True)

    Raises:
        InvalidInputError: neither a day, nor a time with a zone, nor a length of time.
    """
    return lasting(text) if text[-1:] in _UNITS else ending(text)


Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Database: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Default: $EPHOR_DATABASE, else sqlite:///ephor.db.",
        callback=given,
    ),
]
As: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="Who acts. Default: $EPHOR_PERSON, else this account's name.",
        callback=given,
    ),
]
Stream: TypeAlias = Annotated[
    str,
    typer.Option("--stream", metavar="NAME", help="Which log of the plane.", callback=given),
]
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="The day the answer is for. Default: today.", callback=given
    ),
]
