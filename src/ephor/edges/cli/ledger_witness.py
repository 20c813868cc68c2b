"""`ephor ledger witness`: whom this plane asks to cosign its checkpoints, and the asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import As, Database, Json, given, read_key
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.witnesses import Asked
from ephor.rooms.ledger.witnesses import Came

FORKED = 6
"""Exit code where a witness holds another history, as of an error of verification: stop, and call a person."""
NOBODY = 7
"""Exit code where nobody cosigned, as of something that did not answer."""

witness = typer.Typer(
    name="witness", help="Who cosigns this ledger's checkpoints, and asking them to.", no_args_is_help=True
)
app.add_typer(witness)


@witness.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where it is asked: `https://HOST/PREFIX`.")],
    key: Annotated[
        str,
        typer.Option("--key", help="The witness's public key, or a file that holds it.", callback=given),
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Name a witness of this ledger. Its operator must be given this log's public key, and should not be you.

    Example: ephor ledger witness add https://witness.example --key witness.pub
    """
    door: Door = context.obj
    added = door.open(database).witnesses.add(url, read_key(door, key), by=person or door.person)
    emit(added, lambda out: out.print(f"{added.id} is asked at {added.url}"), json=json)


@witness.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The witness's name, as in its key.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Ask a witness no more. What it cosigned stays.

    Example: ephor ledger witness remove witness.example/w1
    """
    door: Door = context.obj
    removed = door.open(database).witnesses.remove(name, by=person or door.person)
    emit(removed, lambda out: out.print(f"{removed.id} is asked no more"), json=json)


@witness.command("list")
def list_witnesses(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the witnesses of this ledger.

    Example: ephor ledger witness list
    """
    found = context.obj.open(database).witnesses.list()
    rows = [(one.id, one.url, one.key) for one in found]
    emit(found, lambda out: table(out, ("name", "url", "key"), rows, empty="no witness yet"), json=json)


@witness.command()
def ask(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Ask every witness to cosign the newest checkpoint, and keep what they sign. Run it often: from cron, for example.

    Exit 6 where one holds another history of this log; 7 where nobody cosigned.

    Example: ephor ledger witness ask
    """
    door: Door = context.obj
    asked = door.open(database).witnesses.ask(door.witnesses())
    code = _code(asked)
    emit(list(asked), lambda out: _print(out, asked, code), json=json)
    if code:
        raise typer.Exit(code)


def _code(asked: Sequence[Asked]) -> int:
    came = {one.came for one in asked}
    if came & {Came.FORK, Came.SHRUNK}:
        return FORKED
    return 0 if Came.COSIGNED in came else NOBODY


def _print(out: Console, asked: Sequence[Asked], code: int) -> None:
    rows = [(one.witness, one.came, one.size, one.at or "", one.says) for one in asked]
    table(out, ("witness", "", "entries", "at", "it says"), rows, empty="")
    if code == FORKED:
        out.print(
            "a witness holds another history of this log: entries were lost, an old backup was put back, or somebody rewrote it; "
            "record nothing more, keep every file, and call the people who answer for this plane"
        )
