"""The options every command takes, spelled once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from ephor.kernel.errors import InvalidInputError


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
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="The day the answer is for. Default: today.", callback=given
    ),
]
