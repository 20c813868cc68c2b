"""`ephor reviews`: giving one of the reviews that an approval needs."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

import typer

from ephor.edges.cli.approvals import document, print_request
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import ReviewType, word
from ephor.rooms.approvals.request import Verdict

app = typer.Typer(name="reviews", help="Reviews that approvals need.", no_args_is_help=True)


@app.callback()
def reviews() -> None:
    """Reviews that approvals need."""


@app.command()
def submit(
    context: typer.Context,
    *,
    request: Annotated[str, typer.Argument(help="The request's id, apr_….")],
    type: Annotated[str, typer.Option("--type", help="security, privacy, ethics, legal or executive.")],
    decision: Annotated[str, typer.Option("--decision", help="approve or reject.")],
    notes: Annotated[str, typer.Option("--notes", help="What you found; a rejection needs them.")] = "",
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", help="A condition of your approval; may be given more than once."),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence",
            metavar="FILE",
            help="A file it rests on; its digest is kept. May be given more than once.",
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Give a review in the role it needs. One rejection ends the request; the last approval makes the agent active.

    Example: ephor reviews submit apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --type security --decision approve
    --notes "tools are scoped" --as sam
    """
    kind, verdict = word(ReviewType, type, "review"), word(Verdict, decision, "decision")
    door = context.obj
    files = {PurePath(path).name: door.read_bytes(path) for path in evidence or ()}
    if len(files) < len(evidence or ()):
        raise InvalidInputError(
            "two files have one name; rename one, so that each can be told from the other"
        )
    reviewed = door.open(database).approvals.submit_review(
        request,
        kind,
        verdict,
        by=person or door.person,
        notes=notes,
        conditions=condition or (),
        evidence=files,
    )
    emit(document(reviewed), lambda out: print_request(out, reviewed), json=json)
