"""`ephor dsr send-code`: a code to the address that a request names."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.dsr import Id, app
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit


@app.command("send-code")
def send_code(
    context: typer.Context,
    id: Id,
    mail: Annotated[bool, typer.Option("--mail", help="Mail it by the server of the settings.")] = False,
    kind: Annotated[str, typer.Option("--to", help="The kind of identity it goes to.")] = "email",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Send a code to the address a request names, or print it to be handed over; `verify-identity --code` takes it back.

    Example: ephor dsr send-code dsr_0190… --mail
    """
    door = context.obj
    identity = door.open(database).dsr_identity
    done = identity.send_code(id, by=person or door.person, kind=kind, post=door.post() if mail else None)
    said = f"sent to the {done.kind}: {done.said}" if done.sent else done.said
    emit(done, lambda out: out.print(f"{done.code}  {said}" if done.code else said), json=json)


@app.command()
def pause(
    context: typer.Context,
    id: Id,
    asked: Annotated[
        str,
        typer.Option(
            "--asked", help="What the person was asked for, to know who they are; no personal data."
        ),
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Let the time rest until the person shows who they are, where the law lets it: the GDPR does.

    Example: ephor dsr pause dsr_0190… --asked "a copy of a letter that we sent"
    """
    resting = context.obj.open(database).dsr.pause(id, asked, by=person or context.obj.person)
    emit(
        resting,
        lambda out: out.print(
            f"the time of {id} rests since {resting.paused_on}; it was due on {resting.due}"
        ),
        json=json,
    )
