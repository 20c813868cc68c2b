"""`ephor agents drift`: what an agent declares against what the ledger saw of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.agents import Id, app
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit
from ephor.engine.drift import Compared

if TYPE_CHECKING:
    from rich.console import Console


@app.command()
def drift(
    context: typer.Context,
    id: Id,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; the agent stays as it is.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Compare the tools, models and data that the manifest names with those the ledger saw since the last approval.

    Exits 1 when something differs: then the agent counts as approved no more, and may not act until its review is done
    again. A call that was denied was tried, and counts as seen.

    Example: ephor agents drift support-assistant
    """
    drifting = context.obj.open(database).drift
    found = drifting.look(id) if dry_run else drifting.check(id, by=person or context.obj.person)
    emit(found, lambda out: _print(out, found), json=json)
    if found.departures:
        raise typer.Exit(1)


def _print(out: Console, found: Compared) -> None:
    since = "ever" if found.since is None else f"since its approval of {found.since:%Y-%m-%d %H:%M} UTC"
    if not found.departures:
        out.print(
            f"{found.agent} was seen to use nothing its manifest does not name ({found.entries} entries {since})"
        )
        return
    out.print(
        f"{found.agent} was seen to use what its manifest does not name ({found.entries} entries {since}):"
    )
    for one in found.departures:
        denied = ", denied each time" if one.denied else ""
        out.print(f"  {one.aspect.value} {one.name}: {one.times} times, first in {one.first}{denied}")
    if found.reopened:
        out.print("its review is open again: it may not act until it is approved once more")
