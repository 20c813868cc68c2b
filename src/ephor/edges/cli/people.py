"""`ephor people`: who operates the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.kernel.vocabulary import word
from ephor.rooms.access.people import Person, PlaneRole

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="people", help="People who operate the plane, and their roles.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The account name, for example `ada`.")],
    role: Annotated[list[str], typer.Option("--role", help="A role; may be given more than once.")],
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register a person with one or more roles.

    Example: ephor people add grace --name "Grace Hopper" --role security_reviewer
    """
    roles = [word(PlaneRole, text, "role") for text in role]
    engine = context.obj.open(database)
    added = engine.access.add_person(id, name, roles, by=person or context.obj.person)
    emit(added, lambda out: out.print(f"{added.id} is now {', '.join(added.roles)}"), json=json)


@app.command("list")
def list_people(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the people of this plane.

    Example: ephor people list
    """
    people = context.obj.open(database).access.people()
    emit(people, lambda out: _print(out, list(people)), json=json)


@app.command()
def change(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The account name.")],
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="A role, in place of those held before; may be given more than once."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The person's name.", callback=given)] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Give a person other roles, or another name; it counts at once. Nobody changes their own roles.

    Example: ephor people change grace --role security_reviewer --role operator
    """
    roles = [word(PlaneRole, text, "role") for text in role] if role else None
    changed = context.obj.open(database).access.change_person(
        id, roles=roles, name=name, by=person or context.obj.person
    )
    emit(changed, lambda out: out.print(f"{changed.id} is now {', '.join(changed.roles)}"), json=json)


@app.command()
def remove(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The account name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it is kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a person off the plane: they may do nothing any more, and what they lent to agents ends at once.

    Whoever owns an agent, or watches over one, is replaced in its manifest first.

    Example: ephor people remove grace --reason "left the company"
    """
    gone = context.obj.open(database).access.remove_person(id, reason, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"{gone.id} may do nothing here any more"), json=json)


def _print(out: Console, people: list[Person]) -> None:
    rows = [(one.id, one.name, ", ".join(one.roles)) for one in people]
    table(out, ("id", "name", "roles"), rows, empty="nobody yet; run `ephor init`")
