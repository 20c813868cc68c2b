"""`ephor roles`: what agents may be permitted to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.rooms.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

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
    access = context.obj.open(database).access
    role = access.add_role(
        name, permission or [], tool or [], max_sensitivity, by=person or context.obj.person
    )
    emit(
        role,
        lambda out: out.print(f"role {role.id} is there; name it under `roles:` in a manifest"),
        json=json,
    )


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
