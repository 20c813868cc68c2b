"""`ephor ledger fsck`: everything that is stored, derived anew."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ephor.edges.cli.ledger import app
from ephor.edges.cli.ledger_archive import progress
from ephor.edges.cli.options import Database, Json, given, read_key
from ephor.edges.cli.render import emit
from ephor.edges.door import Door
from ephor.engine.fsck import Fsck
from ephor.engine.plane import Engine
from ephor.kernel.errors import EphorError


@app.command()
def fsck(
    context: typer.Context,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", metavar="FILE", help="A checkpoint you kept from before.", callback=given
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="The public key you trust, or a file that holds it.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Check all that `verify` checks, then everything else that is stored beside it; exit 1 when something does not hold.

    Named is the first thing of each kind: the head's rows, the tiles, what is searched, the counters of sources, sealed
    payloads against what their entries commit to, cosigned checkpoints, and logs that are gone. Each with what it means
    and what to do.

    Example: ephor ledger fsck --key auditor.pub
    """
    door: Door = context.obj
    trusted = None if key is None else read_key(door, key)
    earlier = door.read_bytes(checkpoint) if checkpoint else None
    engine = door.open(database)
    with progress(_entries(engine), "checking") as advance:
        found = engine.fsck.run(trusted, earlier, advance)
    emit(found, lambda out: _print(out, found, named=key is not None), json=json)
    if not found.holds:
        raise typer.Exit(1)


def _entries(engine: Engine) -> int:
    """Return how many there are to look at; 0 where that cannot be told, which is then found."""
    try:
        return sum(one.size for one in engine.streams.list())
    except EphorError:
        return 0


def _print(out: Console, found: Fsck, *, named: bool) -> None:
    for one in found.faults:
        place = "" if one.position is None else f" entry {one.position}"
        more = f" (and {one.more} more)" if one.more else ""
        out.print(f"{one.check}{f' of {one.log}' if one.log else ''}{place}: {one.problem}{more}")
        out.print(f"  means: {one.means}\n  do: {one.remedy}")
    looked = ", ".join(f"{name} {count}" for name, count in found.checked.items())
    out.print(f"{'everything holds' if found.holds else 'NOT EVERYTHING HOLDS'}; looked at: {looked}")
    if not named:
        out.print(
            "the key was taken from the database itself; to rule out its administrator, give --key and --checkpoint"
        )
