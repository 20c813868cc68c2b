"""`ephor ledger verify`, `prove`, `checkpoint` and `export`: what others can check, and what they check it with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ephor import verifier
from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import emit, exact
from ephor.edges.door import Door
from ephor.engine.ledger import Ledgers
from ephor.kernel.errors import InvalidInputError


@app.command()
def verify(
    context: typer.Context,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", metavar="FILE", help="A checkpoint you kept from before.", callback=given
        ),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", metavar="DIR", help="Judge an export instead of the database.", callback=given
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="The public key you trust, or a file that holds it.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Check every entry, every tile and the signed head; exit 1 when the ledger does not hold.

    A database names its own key, so without --key this finds damage but proves nothing against an administrator.

    Example: ephor ledger verify --checkpoint kept-in-may --key auditor.pub
    """
    door: Door = context.obj
    earlier = door.read_bytes(checkpoint) if checkpoint else None
    trusted = _key(door, key)
    if bundle is not None:
        if trusted is None:
            raise InvalidInputError(
                "a bundle cannot vouch for itself; name the public key you trust with --key"
            )
        report = _judge_bundle(bundle, trusted, earlier)
    else:
        report = door.open(database).ledger.verify(trusted, earlier)
    emit(asdict(report), lambda out: _print_report(out, report, trusted), json=json)
    if report.verdict != verifier.CONSISTENT:
        raise typer.Exit(1)


@app.command()
def prove(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="An entry's id, or its position from 0.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Prove that an entry is in the ledger as its signed checkpoint states it (RFC 9162, section 2.1.3).

    Example: ephor ledger prove 12 --json
    """
    made = context.obj.open(database).ledger.prove(entry)

    def human(out: Console) -> None:
        out.print(f"entry {made.position} ({made.id}) is in the tree of {made.size}\nleaf {made.leaf}")
        for one in made.path:
            out.print(f"  + {one}")
        out.print(f"root {made.root}\n")
        exact(made.checkpoint.encode())

    emit(made, human, json=json)


@app.command()
def checkpoint(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Print the signed checkpoint. Keep it where no administrator of this plane can change it.

    Example: ephor ledger checkpoint > kept-in-may
    """
    head = context.obj.open(database).ledger.head()
    told = {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "key": head.key,
        "checkpoint": head.note.decode(),
    }
    emit(told, lambda _: exact(head.note), json=json)


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Write the ledger as a C2SP tlog-tiles folder that others' tools verify. Erased payloads are not in it.

    Example: ephor ledger export bundle && python -m ephor.verifier bundle --key auditor.pub
    """
    door: Door = context.obj
    ledger: Ledgers = door.open(database).ledger
    head = ledger.export(door.bundle(folder))
    told = {"folder": folder, "size": head.size, "root": head.root.hex(), "key": head.key}
    emit(told, lambda out: out.print(f"{head.size} entries in {folder}\npublic key: {head.key}"), json=json)


def _key(door: Door, text: str | None) -> str | None:
    """A key on the command line holds a `+`; anything else is the file that holds it."""
    if text is None or (text.count("+") >= 2 and not Path(text).exists()):
        return text
    return door.read_bytes(text).decode("utf-8", "replace").strip()


def _judge_bundle(bundle: str, key: str, earlier: bytes | None) -> verifier.Report:
    try:
        return verifier.verify(Path(bundle), key, earlier)
    except verifier.UsageError as error:
        raise InvalidInputError(str(error)) from error


def _print_report(out: Console, report: verifier.Report, key: str | None) -> None:
    for line in verifier.lines_of(report):
        out.print(line)
    if key is None:
        out.print(
            "the key was taken from the database itself; to rule out its administrator, give --key and --checkpoint from elsewhere"
        )
