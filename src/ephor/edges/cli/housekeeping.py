"""`ephor housekeeping`: what decisions left behind and none needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import minute
from ephor.edges.cli.options import As, Database, Json, given, lasting
from ephor.edges.cli.render import emit

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.housekeeping import Cleared


def housekeeping(
    context: typer.Context,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="TIME", help="How long ago it changed last, at least 32d.", callback=given
        ),
    ] = "180d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and clear nothing.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Clear away sessions that changed long ago and counters of limits whose windows are long past, with one entry.

    A session that is named again afterwards has touched nothing: choose a time that no session of yours lasts. Counters of
    a window without an end stay as long as their limit is there.

    Example: ephor housekeeping --older-than 180d
    """
    engine = context.obj.open(database)
    done = engine.housekeeping.clear(lasting(older_than), by=person or context.obj.person, dry_run=dry_run)
    emit(done, lambda out: _print(out, done, dry_run=dry_run), json=json)


def _print(out: Console, done: Cleared, *, dry_run: bool) -> None:
    what = "would be cleared" if dry_run else "cleared"
    out.print(
        f"{done.sessions} sessions and {done.counters} counters from before {minute(done.before)} {what}"
    )
