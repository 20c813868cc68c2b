"""`ephor dsr tasks` and `ephor dsr done`: what people do by hand for a request."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.dsr import app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table


@app.command()
def tasks(
    context: typer.Context,
    mine: Annotated[
        str | None, typer.Option("--of", metavar="PERSON", help="Only theirs.", callback=given)
    ] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those not done yet.")] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """List what people have to do by hand for requests, those due first at the top.

    Example: ephor dsr tasks --open --of paul
    """
    found = context.obj.open(database).dsr_tasks.tasks(person=mine or "", open_only=open_only)
    rows = [
        (task.id, request, task.dataset, task.person, task.due.isoformat(), task.said or "open")
        for request, task in found
    ]
    listed = [{"request": request, "task": task} for request, task in found]
    emit(
        listed,
        lambda out: table(
            out, ("task", "request", "dataset", "person", "due", "said"), rows, empty="nothing to do by hand"
        ),
        json=json,
    )


@app.command()
def done(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="The task's id, `tsk_…`.")],
    said: Annotated[
        str, typer.Option("--said", help="What you did; it stands in the certificate. No personal data.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Say what you did by hand; only who has the task can.

    Example: ephor dsr done tsk_0190… --said "took both letters out of the folder and shredded them"
    """
    finished = context.obj.open(database).dsr_tasks.done(task, said, by=person or context.obj.person)
    emit(finished, lambda out: out.print(f"{finished.id} is done; fulfil the request again"), json=json)
