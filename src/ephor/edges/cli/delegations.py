"""`ephor delegations`: authority lent to agents, and what people may lend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.definitions import warned
from ephor.edges.cli.fields import listed, minute
from ephor.edges.cli.options import As, Database, Json, ending, given
from ephor.edges.cli.render import as_json, emit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.delegations import LentNow

app = typer.Typer(
    name="delegations", help="Authority lent to agents: grant, list, revoke.", no_args_is_help=True
)

Agent = Annotated[str, typer.Argument(help="The agent that receives it.")]
Permissions = Annotated[
    list[str] | None,
    typer.Option("--permission", help="A permission; may be repeated."),
]
Tools = Annotated[
    list[str] | None,
    typer.Option("--tool", help="A tool; may be repeated."),
]
Ceiling = Annotated[
    str, typer.Option("--max-sensitivity", help="public, internal, confidential or restricted.")
]


@app.command()
def allow(
    context: typer.Context,
    holder: Annotated[str, typer.Argument(metavar="PERSON", help="Whose rights these are.")],
    max_sensitivity: Ceiling,
    permission: Permissions = None,
    tool: Tools = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Set what a person holds and may lend to agents, in place of what they held before.

    Naming no permission and no tool takes everything away, and every delegation that rests on it ends at once.

    Example: ephor delegations allow eve --permission data:pii:read --tool customer_lookup --max-sensitivity confidential
    """
    delegations = context.obj.open(database).delegations
    held = delegations.allow(
        holder, permission or [], tool or [], max_sensitivity, by=person or context.obj.person
    )
    warnings = delegations.warnings(held) if held.permissions or held.tools else ()
    told = f"{held.id} may lend {listed((*held.permissions, *held.tools))}, up to {held.max_sensitivity.value} data"

    def human(out: Console) -> None:
        out.print(told)
        warned(out, warnings)

    emit({**as_json(held), "warnings": list(warnings)}, human, json=json)


@app.command()
def grant(
    context: typer.Context,
    *,
    agent: Agent,
    max_sensitivity: Ceiling,
    until: Annotated[str, typer.Option("--until", help="When it ends: 2026-12-24T18:00:00Z, or a day, at whose beginning (UTC) it ends.")],
    permission: Permissions = None,
    tool: Tools = None,
    purpose: Annotated[str, typer.Option("--purpose", help="What it is for. With --parent: the parent's purpose.")] = "",
    depth: Annotated[int, typer.Option("--depth", help="How often it may be passed on, 0 to 5.")] = 0,
    parent: Annotated[
        str | None,
        typer.Option("--parent", metavar="DELEGATION", help="Pass this delegation on; its receiver lends.", callback=given),
    ] = None,
    from_agent: Annotated[
        str | None,
        typer.Option("--from-agent", metavar="AGENT", help="This agent lends from its own roles. Default: you lend.", callback=given),
    ] = None,
    spawn: Annotated[bool, typer.Option("--spawn", help="The giver starts the receiver for this.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:  # fmt: skip
    """Lend authority to an agent: never more than giver and receiver both hold, for one purpose, until a time.

    Example: ephor delegations grant support-assistant --tool customer_lookup --permission data:pii:read --max-sensitivity confidential --purpose "December inbox" --until 2026-12-31
    """
    lent = context.obj.open(database).delegations.grant(
        agent,
        permissions=permission or [],
        tools=tool or [],
        max_sensitivity=max_sensitivity,
        until=ending(until),
        by=person or context.obj.person,
        purpose=purpose,
        depth=depth,
        parent=parent,
        from_agent=from_agent,
        spawned=spawn,
    )
    emit(
        lent,
        lambda out: out.print(f"{lent.id}: {lent.giver} lends to {agent} until {minute(lent.expires_at)}"),
        json=json,
    )


@app.command("list")
def list_delegations(
    context: typer.Context,
    agent: Annotated[
        str | None,
        typer.Option("--agent", help="Only those to this agent.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List delegations, each with whether it holds now and, if not, why.

    Example: ephor delegations list --agent support-assistant
    """
    lent = context.obj.open(database).delegations.all(agent)
    emit(lent, lambda out: _print(out, lent), json=json)


@app.command()
def revoke(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="DELEGATION", help="The delegation, dlg_….")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take lent authority back at once, and with it everything that was passed on from it.

    Example: ephor delegations revoke dlg_0193…
    """
    gone = context.obj.open(database).delegations.revoke(id, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"{gone.id} is revoked"), json=json)


def _now(one: LentNow) -> str:
    if one.reasons:
        return "; ".join(reason.text for reason in one.reasons)
    return "; ".join(("holds", *(reason.text for reason in one.lost)))


def _print(out: Console, lent: Sequence[LentNow]) -> None:
    rows = [
        (
            one.delegation.id,
            one.delegation.giver,
            one.delegation.to_agent,
            one.delegation.granted_by or "",
            one.delegation.purpose,
            listed((*one.delegation.permissions, *one.delegation.tools)),
            minute(one.delegation.expires_at),
            _now(one),
        )
        for one in lent
    ]
    table(
        out, ("id", "from", "to", "lent by", "purpose", "what", "until", "now"), rows, empty="nothing is lent"
    )
