"""The options every command takes, spelled once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Database: TypeAlias = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Default: $EPHOR_DATABASE, else sqlite:///ephor.db."),
]
As: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="PERSON", help="Who acts. Default: $EPHOR_PERSON, else this account's name."
    ),
]
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The day the answer is for. Default: today."),
]
