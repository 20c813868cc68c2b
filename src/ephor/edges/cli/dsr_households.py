"""`ephor dsr household` and `ephor dsr duplicate`: people who ask together, and people who ask twice."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.dsr import Id, _pairs, app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.kernel.time import day


@app.command()
def household(
    context: typer.Context,
    right: Annotated[str, typer.Option("--right", help="access, portability, erasure, know, delete.")],
    member: Annotated[
        list[str],
        typer.Option(
            "--member", metavar="KIND=VALUE[,…]", help="One person: email=mary@example.org; twice or more."
        ),
    ],
    law: Annotated[str, typer.Option("--law", help="gdpr, ccpa or hipaa.")] = "gdpr",
    channel: Annotated[str, typer.Option("--channel", help="How it came: mail, web, phone.")] = "cli",
    received_on: Annotated[
        str | None,
        typer.Option("--received-on", metavar="DATE", help="Default: today (UTC).", callback=given),
    ] = None,
    holiday: Annotated[
        list[str] | None,
        typer.Option("--holiday", metavar="DATE", help="A public holiday that moves the last day."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record the request of people who ask together: one for each, verified and answered for itself.

    What only they share is given or erased when all whose it is were verified; nobody gets what is another's alone.

    Example: ephor dsr household --right access --member email=mary@example.org --member email=john@example.org
    """
    made = context.obj.open(database).dsr_households.open(
        right,
        [_pairs(one.split(","), "--member") for one in member],
        by=person or context.obj.person,
        law=law,
        channel=channel,
        received_on=day(received_on) if received_on else None,
        holidays=[day(text) for text in holiday or ()],
    )
    rows = [(one.id, one.household, one.due.isoformat(), one.duplicate_of) for one in made]
    emit(made, lambda out: table(out, ("request", "household", "due", "repeats"), rows, empty=""), json=json)


@app.command()
def duplicate(
    context: typer.Context, id: Id, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Close a request that repeats an open one of the same person, which answers both.

    Example: ephor dsr duplicate dsr_0190…
    """
    closed = context.obj.open(database).dsr_households.duplicate(id, by=person or context.obj.person)
    emit(closed, lambda out: out.print(f"{closed.id} is answered with {closed.duplicate_of}"), json=json)
