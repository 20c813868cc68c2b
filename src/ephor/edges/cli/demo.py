"""`ephor demo`: the whole story."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.options import Json, given
from ephor.edges.cli.render import emit
from ephor.edges.door import Door


def demo(
    context: typer.Context,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            help="Where to leave the plane, the shop and the bundles.",
            callback=given,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Tell the whole story on an embedded database, on real tools and data, ending with a verified ledger.

    Example: ephor demo --keep story
    """
    door: Door = context.obj
    told = door.demo(keep, quiet=json)
    emit(
        told,
        lambda out: out.print(
            f"\neverything is in {told['folder']}\ntry: ephor ledger list --database {told['database']}"
        ),
        json=json,
    )
