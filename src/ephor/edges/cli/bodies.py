"""`ephor bodies`: the governance structure, who sits where, and what each body answers for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.errors import NotFoundError
from ephor.rooms.approvals.bodies import body_of, seat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.approvals.bodies import SeatedBody

app = typer.Typer(name="bodies", help="Governance bodies, their mandates and members.", no_args_is_help=True)

BodyId = Annotated[str, typer.Argument(help="The body's id, for example `data-governance`.")]
Member = Annotated[str, typer.Argument(help="The person: the account, or the name.")]


@app.callback()
def bodies() -> None:
    """Governance bodies, their mandates and members."""


@app.command("list")
def list_bodies(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the bodies, the reviews each owns, and its members.

    The bodies come with the version. Where no plane is there and none is named, nobody sits on them yet.

    Example: ephor bodies list
    """
    found, seated = _seated(context.obj, database)
    emit([_document(one, seated) for one in found], lambda out: _print(out, found, seated), json=json)


@app.command()
def show(context: typer.Context, id: BodyId, json: Json = False, database: Database = None) -> None:
    """Show one body: its mandate, the reviews it owns, who sits on it, and which reviews nobody there may give.

    Example: ephor bodies show data-governance
    """
    body_of(id)
    found, seated = _seated(context.obj, database)
    one = next(one for one in found if one.body.id == id)
    emit(_document(one, seated), lambda out: _print_one(out, one, seated), json=json)


@app.command()
def add(
    context: typer.Context,
    id: BodyId,
    member: Member,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Seat a person on a body. From then on its members are named, no longer told by role; who sat so far stays.

    Takes an administrator or an executive, and nobody seats themselves. A review still needs its role, too.

    Example: ephor bodies add data-governance grace
    """
    bodies = context.obj.open(database).bodies
    one = bodies.add(id, member, by=person or context.obj.person)
    who = bodies.meant(member)
    answer = {**_document(one, True), "meant": {"person": who.id, "name": who.name}}
    emit(answer, lambda out: _print_meant(out, f"seated: {who.name} (`{who.id}`)", one), json=json)


@app.command()
def remove(
    context: typer.Context,
    id: BodyId,
    member: Member,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a person off a body. Reviews that nobody there may give any more stay unanswered; the answer names them.

    Example: ephor bodies remove data-governance grace
    """
    bodies = context.obj.open(database).bodies
    before = bodies.show(id).members
    one = bodies.remove(id, member, by=person or context.obj.person)
    gone = next(iter(set(before) - set(one.members)), member)
    answer = {**_document(one, True), "meant": {"person": gone}}
    emit(answer, lambda out: _print_meant(out, f"no longer seated: `{gone}`", one), json=json)


@app.command("by-role")
def by_role(
    context: typer.Context, id: BodyId, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Let roles decide again who sits on a body, as before anybody was named.

    Example: ephor bodies by-role data-governance
    """
    one = context.obj.open(database).bodies.by_role(id, by=person or context.obj.person)
    emit(_document(one, True), lambda out: _print_one(out, one, True), json=json)


@app.command()
def mandate(
    context: typer.Context,
    id: BodyId,
    line: Annotated[
        list[str] | None,
        typer.Argument(help="What it answers for, a line each; none: what comes with the version."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Say what a body answers for, in place of what it answered for before.

    Example: ephor bodies mandate data-governance "data catalogue" "privacy rules" "vendors"
    """
    one = context.obj.open(database).bodies.mandate(id, line or (), by=person or context.obj.person)
    emit(_document(one, True), lambda out: _print_one(out, one, True), json=json)


def _seated(door: Door, database: str | None) -> tuple[Sequence[SeatedBody], bool]:
    """Return the bodies, and whether there is a plane whose people were looked at."""
    try:
        return door.open(database).bodies.all(), True
    except NotFoundError:
        if database is not None:  # somebody named a plane: that it is not there is the answer
            raise
        return seat(()), False


def _document(one: SeatedBody, seated: bool) -> dict[str, Any]:
    return {
        **as_json(one.body),
        "members": list(one.members) if seated else None,
        "by_role": one.by_role,
        "unanswerable": [review.value for review in one.unanswerable] if seated else None,
    }


def _print(out: Console, found: Sequence[SeatedBody], seated: bool) -> None:
    rows = [
        (one.body.name, "; ".join(one.body.mandate), listed(one.body.reviews), listed(one.members))
        for one in found
    ]
    table(out, ("body", "mandate", "reviews", "members"), rows, empty="none")
    if not seated:
        out.print("members: no plane; run `ephor init`, then `ephor people add`")
        return
    for one in found:
        _warn(out, one)


def _print_one(out: Console, one: SeatedBody, seated: bool) -> None:
    rows = [
        ("body", f"{one.body.name} ({one.body.id})"),
        ("reports to", one.body.reports_to),
        ("mandate", "; ".join(one.body.mandate)),
        ("reviews", listed(one.body.reviews)),
        ("seats", "by role: " + listed(one.body.seats) if one.by_role else "by name"),
        ("members", listed(one.members) if seated else "no plane; run `ephor init`"),
    ]
    fields(out, rows)
    if seated:
        _warn(out, one)


def _print_meant(out: Console, said: str, one: SeatedBody) -> None:
    out.print(said)
    _print_one(out, one, True)


def _warn(out: Console, one: SeatedBody) -> None:
    for review in one.unanswerable:
        out.print(
            f"{one.body.name}: nobody on it may give the {review.value} review; what needs it cannot be approved"
        )
