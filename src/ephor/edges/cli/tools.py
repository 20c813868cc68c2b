"""`ephor tools`: the tool catalogue, which holds for every agent whatever its manifest says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.definitions import lines_of, listing, load_all
from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.rooms.decisions.catalogue import ToolEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

app = typer.Typer(
    name="tools", help="The tool catalogue: what each tool does, for every agent.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The tool's name, for example `email_send`.")]


@app.command()
def load(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A YAML or JSON file with `tools:`; `-` reads standard input.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Describe the tools in a file, in place of those of the same names. What it says counts at once.

    Where a manifest describes the tool as well, the stricter counts: the graver effect, the higher sensitivity, every
    permission, every question to a person that either asks for. `approvers` names the roles one of which must approve.

    Example: ephor tools load tools.yaml
    """
    done = load_all(context, "tools", file, database, person)
    emit(lines_of(done), lambda out: listing(out, "tool", done), json=json)


@app.command("list")
def list_tools(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the tools in the catalogue.

    Example: ephor tools list
    """
    found = context.obj.open(database).tools.all()
    emit(found, lambda out: _print(out, found), json=json)


@app.command()
def show(context: typer.Context, name: Name, json: Json = False, database: Database = None) -> None:
    """Show one tool of the catalogue.

    Example: ephor tools show email_send
    """
    found = context.obj.open(database).tools.show(name)
    emit(found, lambda out: fields(out, _rows(found)), json=json)


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a tool out of the catalogue; what manifests say of it counts alone again.

    Example: ephor tools remove email_send
    """
    gone = context.obj.open(database).tools.remove(name, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"tool {gone.id} is not in the catalogue any more"), json=json)


def _rows(one: ToolEntry) -> list[tuple[str, object]]:
    asks = ["always" if rule.always else f"{rule.argument} above {rule.above}" for rule in one.ask]
    return [
        ("tool", one.id),
        ("effect", one.effect.value),
        ("sensitivity", one.sensitivity.value),
        ("data", listed(one.data)),
        ("permissions", listed(one.permissions)),
        ("a person approves", listed(asks or (["always"] if one.approvers else []))),
        ("who", listed(one.approvers)),
        ("labels", listed(one.labels)),
        ("description", one.description or "-"),
    ]


def _print(out: Console, found: Sequence[ToolEntry]) -> None:
    rows = [
        (one.id, one.effect.value, one.sensitivity.value, listed(one.permissions), listed(one.approvers))
        for one in found
    ]
    table(out, ("tool", "effect", "sensitivity", "permissions", "approvers"), rows, empty="no tools")
