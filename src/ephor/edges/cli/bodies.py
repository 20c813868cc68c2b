"""`ephor bodies`: the governance structure and who sits where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ephor.edges.cli.fields import listed
from ephor.edges.cli.options import Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.errors import NotFoundError
from ephor.rooms.approvals.bodies import seat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.approvals.bodies import SeatedBody

app = typer.Typer(name="bodies", help="Governance bodies, their mandates and members.", no_args_is_help=True)


@app.callback()
def bodies() -> None:
    """Governance bodies, their mandates and members."""


@app.command("list")
def list_bodies(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the bodies, the reviews each owns, and its members.

    The bodies come with the version. Where no plane is there and none is named, nobody sits on them yet.

    Example: ephor bodies list
    """
    found, seated = _seated(context.obj, database)
    emit([_document(one, seated) for one in found], lambda out: _print(out, found, seated), json=json)


def _seated(door: Door, database: str | None) -> tuple[Sequence[SeatedBody], bool]:
    """Return the bodies, and whether there is a plane whose people were looked at."""
    try:
        return door.open(database).approvals.bodies(), True
    except NotFoundError:
        if database is not None:  # somebody named a plane: that it is not there is the answer
            raise
        return seat(()), False


def _document(one: SeatedBody, seated: bool) -> dict[str, Any]:
    return {**as_json(one.body), "members": list(one.members) if seated else None}


def _print(out: Console, found: Sequence[SeatedBody], seated: bool) -> None:
    rows = [
        (one.body.name, "; ".join(one.body.mandate), listed(one.body.reviews), listed(one.members))
        for one in found
    ]
    table(out, ("body", "mandate", "reviews", "members"), rows, empty="none")
    if not seated:
        out.print("members: no plane; run `ephor init`, then `ephor people add`")
