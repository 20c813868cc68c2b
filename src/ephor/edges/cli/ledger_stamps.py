"""`ephor ledger timestamp`: time stamps of others on this ledger's checkpoints."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated

import typer

from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.kernel.time import stamp

timestamp = typer.Typer(
    name="timestamp", help="Time stamps of others (RFC 3161) on checkpoints.", no_args_is_help=True
)
app.add_typer(timestamp)
_SAYS = {True: "holds", False: "DOES NOT HOLD", None: "not judged"}


@timestamp.command()
def ask(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The authority's address: `https://HOST/PATH`.")],
    root: Annotated[str, typer.Option("--root", metavar="FILE", help="Its root certificate, PEM.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Have the newest checkpoint stamped. Only its hash is sent; an answer that the root does not vouch for is refused.

    Example: ephor ledger timestamp ask https://tsa.example/ts --root tsa-root.pem
    """
    door: Door = context.obj
    stamps = door.open(database).stamps
    made = stamps.ask(door.stamps(), url, door.read_bytes(root), by=person or door.person)
    emit(
        made,
        lambda out: out.print(
            f"{made.id}  the first {made.size} entries were there at {stamp(made.at)}, says {made.authority or url}"
        ),
        json=json,
    )


@timestamp.command("list")
def list_stamps(
    context: typer.Context,
    root: Annotated[
        str | None, typer.Option("--root", metavar="FILE", help="Judge their signatures by these roots, PEM.")
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the stamps that are kept, and whether they hold. Exits 1 when one does not.

    Example: ephor ledger timestamp list --root tsa-root.pem
    """
    door: Door = context.obj
    stamps = door.open(database).stamps
    found = stamps.judge() if root is None else stamps.judge(door.stamps(), door.read_bytes(root))
    rows = [
        (one.id, str(one.size), stamp(one.at), one.authority, _SAYS[one.holds], one.because) for one in found
    ]
    emit(
        found,
        lambda out: table(
            out, ("stamp", "entries", "at", "authority", "", "because"), rows, empty="no time stamps yet"
        ),
        json=json,
    )
    if any(one.holds is False for one in found):
        raise typer.Exit(1)


@timestamp.command()
def export(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The stamp.")],
    folder: Annotated[str, typer.Argument(help="A new folder.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Write a stamp for other programs: the checkpoint that was stamped, and the authority's answer.

    `openssl ts -verify -data checkpoint -in answer.tsr -CAfile tsa-root.pem` judges it without Ephor.

    Example: ephor ledger timestamp export tst_… stamp
    """
    door: Door = context.obj
    kept = door.open(database).stamps.get(id)
    write = door.bundle(folder)
    write("checkpoint", b64decode(kept.checkpoint))
    write("answer.tsr", b64decode(kept.answer))
    emit(
        {"id": kept.id, "folder": folder},
        lambda out: out.print(f"written to {folder}: checkpoint, answer.tsr"),
        json=json,
    )
