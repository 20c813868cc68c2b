"""`ephor consent opt-out`, `opt-in`, `minor`, `text` and `due`: what stands against a purpose, and what to ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.consent import Channel, Guardian, Proof, Subject, app
from ephor.edges.cli.fields import minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given, lasting
from ephor.edges.cli.render import emit
from ephor.kernel.vocabulary import word
from ephor.rooms.consent.choices import SIGNALLED, Category
from ephor.rooms.consent.statement import GUARDIAN, SELF

if TYPE_CHECKING:
    from ephor.edges.door import Door

_CATEGORIES = ", ".join(f"`{one.value}`" for one in Category)


@app.command("opt-out")
def opt_out(
    context: typer.Context,
    subject: Subject,
    category: Annotated[
        list[str] | None,
        typer.Option(
            "--category", help=f"{_CATEGORIES}. Default: the first three; may be given more than once."
        ),
    ] = None,
    gpc: Annotated[
        bool, typer.Option("--gpc", help="They sent the signal of the Global Privacy Control, `Sec-GPC: 1`.")
    ] = False,
    channel: Channel = "cli",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Opt a person out of the sale, the sharing and targeted advertising; it counts at once and beats every consent.

    Nothing need show who they are. Whoever is opted out already stays so.

    Example: ephor consent opt-out mary@example.org --gpc
    """
    door: Door = context.obj
    chosen = [word(Category, one, "category") for one in category] if category else SIGNALLED
    said = door.open(database).consent.opt_out(
        subject, chosen, by=person or door.person, channel="gpc" if gpc else channel
    )
    told = ", ".join(one.purpose for one in said) or "nothing that was not so before"
    emit(said, lambda out: out.print(f"opted out of {told}"), json=json)


@app.command("opt-in")
def opt_in(
    context: typer.Context,
    subject: Subject,
    category: Annotated[str, typer.Option("--category", help=f"{_CATEGORIES}.")],
    notice: Annotated[str, typer.Option("--notice", help="Version of the notice that was shown.")],
    asked: Annotated[
        bool, typer.Option("--asked", help="You asked them: not before twelve months after they opted out.")
    ] = False,
    guardian: Guardian = False,
    channel: Channel = "cli",
    proof: Proof = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person opted in again, or that somebody under 16, or their parent, opted in.

    Example: ephor consent opt-in mary@example.org --category sale --notice 2026-03
    """
    door: Door = context.obj
    said = door.open(database).consent.opt_in(
        subject, word(Category, category, "category"), by=person or door.person, notice_version=notice,
        asked=asked, channel=channel, proof=proof, given_by=GUARDIAN if guardian else SELF,
    )  # fmt: skip
    emit(said, lambda out: out.print(f"{said.subject}: opted in to {said.purpose}"), json=json)


@app.command()
def minor(
    context: typer.Context,
    subject: Subject,
    born: Annotated[int, typer.Option("--born", metavar="YEAR", help="The year of birth; no day is kept.")],
    place: Annotated[
        str, typer.Option("--place", help="Where they live: DE, US-CA. Default: not known.")
    ] = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a person is a child: under the age of their country a guardian consents; under 16 nothing is sold.

    Example: ephor consent minor kim@example.org --born 2014 --place FR
    """
    door: Door = context.obj
    found = door.open(database).consent.record_minor(subject, born, place, by=person or door.person)
    emit(
        found,
        lambda out: out.print(f"{found.id}: known as a child, {found.place or 'place not known'}"),
        json=json,
    )


@app.command()
def text(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="The version that `give --notice` names.")],
    file: Annotated[str, typer.Argument(help="The text as it is shown; only its digest is kept.")],
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            "--purpose", help="A purpose it is about. Default: every one; may be given more than once."
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Keep the digest of the text that is shown under a version, so that each consent proves what was shown.

    Example: ephor consent text 2026-11 notice.html --purpose newsletter
    """
    door: Door = context.obj
    made = door.open(database).consent.add_text(
        version, door.read_bytes(file), purpose or (), by=person or door.person
    )
    emit(made, lambda out: out.print(f"text {made.id}: {made.digest}"), json=json)


@app.command("due")
def due_consents(
    context: typer.Context,
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="How far to look ahead: 30d, 4w.", callback=given)
    ] = "30d",
    older_than: Annotated[
        str,
        typer.Option("--older-than", metavar="TIME", help="How old a consent may get.", callback=given),
    ] = "730d",
    json: Json = False,
    database: Database = None,
) -> None:
    """List consents to ask for again: ended, ending, old, or given under a text that was replaced. By pseudonym.

    Example: ephor consent due --within 30d
    """
    found = context.obj.open(database).consent.due(lasting(within), lasting(older_than))
    rows = [(one.subject, one.purpose, one.because, minute(one.at)) for one in found]
    emit(
        found,
        lambda out: unfolded(out, ("subject", "purpose", "because", "when"), rows, empty="nothing is due"),
        json=json,
    )
