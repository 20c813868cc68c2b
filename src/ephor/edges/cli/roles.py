"""`ephor roles`: what agents may be permitted to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.definitions import load_file, warned
from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit, table
from ephor.rooms.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from ephor.engine.plane import Engine

app = typer.Typer(name="roles", help="Roles of agents: permissions, tools, ceilings.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The role's name, for example `refund_clerk`.")]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    max_sensitivity: Annotated[
        str, typer.Option("--max-sensitivity", help="public, internal, confidential or restricted.")
    ],
    permission: Annotated[
        list[str] | None,
        typer.Option("--permission", help="A permission, for example data:pii:read; may be repeated."),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option("--tool", help="A tool it may call; may be repeated. Patterns are not read."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Create a role for agents. The standard roles cannot be redefined.

    Example: ephor roles add refund_clerk --permission data:financial:write --tool refund_issue --max-sensitivity confidential
    """
    engine = context.obj.open(database)
    role = engine.access.add_role(
        name, permission or [], tool or [], max_sensitivity, by=person or context.obj.person
    )
    _tell(engine, role, {}, f"role {role.id} is there; name it under `roles:` in a manifest", json=json)


@app.command()
def load(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A YAML or JSON file with `roles:`; `-` reads standard input.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Create the roles in a file, and change those that are there; all of them, or none. It counts at once.

    A tool that no agent declares yet, or whose data is above what the role admits, is warned of.

    Example: ephor roles load roles.yaml
    """
    load_file(context, "roles", "role", file, json=json, database=database, person=person)


@app.command()
def change(
    context: typer.Context,
    name: Name,
    max_sensitivity: Annotated[
        str | None,
        typer.Option(
            "--max-sensitivity", help="public, internal, confidential or restricted.", callback=given
        ),
    ] = None,
    permission: Annotated[
        list[str] | None,
        typer.Option(
            "--permission", help="A permission, in place of all those granted before; may be repeated."
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option("--tool", help="A tool, in place of all those allowed before; may be repeated."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Change what a role grants; what is not named stays. It counts at the next call of every agent that has it.

    Example: ephor roles change refund_clerk --tool refund_issue --tool refund_status
    """
    changes: dict[str, object] = {
        key: value
        for key, value in (
            ("permissions", permission),
            ("tools", tool),
            ("max_data_sensitivity", max_sensitivity),
        )
        if value
    }
    engine = context.obj.open(database)
    role, done = engine.custom_roles.change(name, changes, by=person or context.obj.person)
    _tell(engine, role, {"outcome": done.value}, f"role {role.id}: {done.value}", json=json)


@app.command()
def remove(
    context: typer.Context, name: Name, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Take a role away. Agents whose manifests name it are denied everything until they name another.

    Example: ephor roles remove refund_clerk
    """
    engine = context.obj.open(database)
    role = engine.custom_roles.remove(name, by=person or context.obj.person)
    left = [one.id for one in engine.agents.all() if name in one.manifest.roles]
    told = f"; denied from now on: {', '.join(left)}" if left else ""
    emit({**as_json(role), "agents": left}, lambda out: out.print(f"role {role.id} is gone{told}"), json=json)


@app.command("list")
def list_roles(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the roles agents can have, the standard ones first.

    Example: ephor roles list
    """
    roles = context.obj.open(database).access.roles()
    emit(roles, lambda out: _print(out, roles), json=json)


@app.command()
def show(context: typer.Context, name: Name, json: Json = False, database: Database = None) -> None:
    """Show one role.

    Example: ephor roles show customer_service_agent
    """
    role = context.obj.open(database).access.role(name)
    emit(role, lambda out: fields(out, _rows(role)), json=json)


def _tell(engine: Engine, role: Role, more: Mapping[str, str], text: str, *, json: bool) -> None:
    said = engine.custom_roles.warnings([role]).get(role.id, ())

    def human(out: Console) -> None:
        out.print(text)
        warned(out, said)

    emit({**as_json(role), **more, "warnings": list(said)}, human, json=json)


def _rows(role: Role) -> list[tuple[str, object]]:
    return [
        ("role", role.id),
        ("kind", "standard" if role.builtin else "custom"),
        ("permissions", listed(role.permissions)),
        ("tools", listed(role.allowed_tools)),
        ("up to", role.max_data_sensitivity.value),
    ]


def _print(out: Console, roles: Sequence[Role]) -> None:
    rows = [
        (role.id, listed(role.permissions), listed(role.allowed_tools), role.max_data_sensitivity.value)
        for role in roles
    ]
    table(out, ("role", "permissions", "tools", "up to"), rows, empty="no roles")
