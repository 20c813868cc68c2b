"""`ephor decisions`: recorded decisions made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.decide import print_path, read_arguments
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import emit
from ephor.engine.replaying import Replay, Replayed

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="decisions", help="Recorded decisions, made again.", no_args_is_help=True)


@app.callback()
def decisions() -> None:
    """Recorded decisions, made again."""


@app.command()
def replay(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="DECISION", help="The decision, dec_…, or its entry, evt_….")],
    arguments: Annotated[
        str | None,
        typer.Option(
            "--arguments",
            metavar="JSON",
            help="The call's arguments, which are not kept; without them, what they said to each rule is taken from the entry.",
            callback=given,
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Make a recorded decision again, as of its time, from what it rested on, and compare. Nothing is recorded.

    Exits 1 when it gives another answer, and when that cannot be known.

    Example: ephor decisions replay dec_0193…
    """
    told = read_arguments(arguments) if arguments is not None else None
    done = context.obj.open(database).replays.replay(id, told)
    emit(done, lambda out: _print(out, done), json=json)
    if done.replay is not Replay.SAME:
        raise typer.Exit(1)


def _print(out: Console, done: Replayed) -> None:
    found = "not known" if done.outcome is None else done.outcome.value
    out.print(f"{done.replay.value.replace('_', ' ')}: recorded {done.recorded.value}, made again {found}")
    if done.because:
        out.print(f"  {done.because}")
    print_path(out, done.path)
