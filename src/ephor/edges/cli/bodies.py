"""`ephor bodies`: the governance structure and who sits where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ephor.edges.cli.fields import listed
from ephor.edges.cli.options import Database, Json
from ephor.edges.cli.render import as_json, emit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.approvals.bodies import SeatedBody

app = typer.Typer(name="bodies", help="Governance bodies, their mandates and members.", no_args_is_help=True)


@app.callback()
def bodies() -> None:
    """Governance bodies, their mandates and members."""


@app.command("list")
def list_bodies(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the bodies, the reviews each owns, and who sits on it.

    Example: ephor bodies list
    """
    found = context.obj.open(database).approvals.bodies()
    emit([_document(one) for one in found], lambda out: _print(out, found), json=json)


def _document(one: SeatedBody) -> dict[str, Any]:
    return {**as_json(one.body), "members": list(one.members)}


def _print(out: Console, found: Sequence[SeatedBody]) -> None:
    rows = [
        (one.body.name, "; ".join(one.body.mandate), listed(one.body.reviews), listed(one.members))
        for one in found
    ]
    table(out, ("body", "mandate", "reviews", "members"), rows, empty="none")
