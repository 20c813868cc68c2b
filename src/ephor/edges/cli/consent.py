"""`ephor consent`: what data subjects said, purpose by purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import minute
from ephor.edges.cli.options import As, Database, Json, ending, given
from ephor.edges.cli.render import emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.consent.statement import GUARDIAN, SELF, ConsentState, Statement

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


Guardian = Annotated[
    bool,
    typer.Option("--guardian", help="Whoever is responsible for a child said it for them; takes --proof."),
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
    guardian: Guardian = False,
    text: Annotated[
        str | None,
        typer.Option(
            "--text", metavar="FILE", help="What was shown; only its digest is kept.", callback=given
        ),
    ] = None,
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
        given_by=GUARDIAN if guardian else SELF,
        text=context.obj.read_bytes(text) if text else None,
    )
    _said(said, json=json)


@app.command()
def withdraw(
    context: typer.Context,
    subject: Subject,
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="One purpose, for example `newsletter`.", callback=given)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every purpose they consented to.")] = False,
    channel: Channel = "cli",
    proof: Proof = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person withdrew consent to one purpose, or to all; nothing need be shown or explained.

    Example: ephor consent withdraw mary@example.org --purpose newsletter
    """
    by = person or context.obj.person
    if (purpose is None) is not every:
        raise InvalidInputError("a withdrawal names one --purpose, or --all")
    consent = context.obj.open(database).consent
    if purpose is not None:
        said = consent.state(subject, purpose, ConsentState.WITHDRAWN, by=by, channel=channel, proof=proof)
        _said(said, json=json)
        return
    found = consent.withdraw_all(subject, by=by, channel=channel, proof=proof)
    told = ", ".join(one.purpose for one in found) or "nothing: no consent stands"
    emit(found, lambda out: out.print(f"withdrawn: {told}"), json=json)


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
    if view.opted_out:
        out.print(f"opted out of {', '.join(view.opted_out)}")
    if view.minor:
        out.print(
            f"known as a child, born in {view.minor.birth_year}, {view.minor.place or 'place not known'}"
        )
    table(out, ("purpose", "holds"), list(view.standings.items()), empty="this person has said nothing yet")
    rows = [
        (one.number, minute(one.at), one.purpose, one.state, one.notice_version, one.channel)
        for one in view.history
    ]
    if rows:
        table(out, ("no.", "at", "purpose", "said", "notice", "channel"), rows, empty="")
