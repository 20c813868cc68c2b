"""`ephor consent`: what data subjects said, purpose by purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import minute
from ephor.edges.cli.options import As, Database, Json, ending, given
from ephor.edges.cli.render import emit, table
from ephor.rooms.consent.statement import ConsentState, Statement

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.consent import ConsentView

app = typer.Typer(name="consent", help="What data subjects said about each purpose.", no_args_is_help=True)

Subject = Annotated[str, typer.Argument(help="How your systems know the person; kept only as a pseudonym.")]
Purpose = Annotated[str, typer.Option("--purpose", help="One purpose, for example `newsletter`.")]
Channel = Annotated[str, typer.Option("--channel", help="How they said it: web, app, phone, paper, gpc.")]
Notice = Annotated[str, typer.Option("--notice", help="Version of the notice that was shown.")]
Proof = Annotated[
    str | None,
    typer.Option(
        "--proof",
        metavar="DIGEST",
        help="`sha256:…` of what shows it: the form, the recording.",
        callback=given,
    ),
]


@app.command()
def give(
    context: typer.Context,
    subject: Subject,
    purpose: Purpose,
    notice: Notice,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="TIME",
            help="When it ends by itself: 2027-08-02T00:00:00Z, or a day, at whose beginning (UTC) it ends.",
            callback=given,
        ),
    ] = None,
    channel: Channel = "cli",
    proof: Proof = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person consented to one purpose.

    Example: ephor consent give mary@example.org --purpose newsletter --notice 2026-03
    """
    said = context.obj.open(database).consent.state(
        subject,
        purpose,
        ConsentState.GIVEN,
        by=person or context.obj.person,
        notice_version=notice,
        channel=channel,
        expires_at=ending(expires) if expires else None,
        proof=proof,
    )
    _said(said, json=json)


@app.command()
def withdraw(
    context: typer.Context,
    subject: Subject,
    purpose: Purpose,
    channel: Channel = "cli",
    proof: Proof = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person withdrew consent to one purpose; the others stay.

    Example: ephor consent withdraw mary@example.org --purpose newsletter
    """
    by = person or context.obj.person
    consent = context.obj.open(database).consent
    _said(
        consent.state(subject, purpose, ConsentState.WITHDRAWN, by=by, channel=channel, proof=proof),
        json=json,
    )


@app.command()
def refuse(
    context: typer.Context,
    subject: Subject,
    purpose: Purpose,
    channel: Channel = "cli",
    proof: Proof = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person was asked for consent to one purpose and said no.

    Example: ephor consent refuse mary@example.org --purpose profiling
    """
    by = person or context.obj.person
    consent = context.obj.open(database).consent
    _said(
        consent.state(subject, purpose, ConsentState.REFUSED, by=by, channel=channel, proof=proof), json=json
    )


@app.command()
def show(context: typer.Context, subject: Subject, json: Json = False, database: Database = None) -> None:
    """Show what holds now for each purpose of a person, and the whole history.

    Example: ephor consent show mary@example.org
    """
    view = context.obj.open(database).consent.view(subject)
    emit(view, lambda out: _show(out, view), json=json)


def _said(said: Statement, *, json: bool) -> None:
    emit(
        said,
        lambda out: out.print(f"{said.subject}: {said.purpose} {said.state}, statement {said.number}"),
        json=json,
    )


def _show(out: Console, view: ConsentView) -> None:
    out.print(f"{view.subject}{': processing is restricted' if view.restricted else ''}")
    table(out, ("purpose", "holds"), list(view.standings.items()), empty="this person has said nothing yet")
    rows = [
        (one.number, minute(one.at), one.purpose, one.state, one.notice_version, one.channel)
        for one in view.history
    ]
    if rows:
        table(out, ("no.", "at", "purpose", "said", "notice", "channel"), rows, empty="")
