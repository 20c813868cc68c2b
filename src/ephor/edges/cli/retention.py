"""`ephor retention`: how long data stays, and legal holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.kernel.time import day
from ephor.rooms.retention.hold import Hold
from ephor.rooms.retention.plan import Policy

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="retention", help="How long data stays, and what must not be deleted.", no_args_is_help=True
)
holds = typer.Typer(
    name="holds", help="Legal holds: placed by one person, released by two.", no_args_is_help=True
)
app.add_typer(holds)


@holds.command()
def place(
    context: typer.Context,
    matter: Annotated[
        str, typer.Option("--matter", help="The lawsuit, audit or duty it is for; no personal data.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope", help="everything, category:user.financial, collection:shop.orders or subject:sub_…"
        ),
    ],
    owner: Annotated[
        str | None,
        typer.Option("--owner", help="Who answers for it. Default: who places it."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="The last day, for duties that end by themselves."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Stop deletion and erasure of what the scope names.

    Example: ephor retention holds place --matter "Doe v. Shop" --scope collection:shop.orders
    """
    last = day(until) if until else None
    retention = context.obj.open(database).retention
    hold = retention.place_hold(matter, scope, by=person or context.obj.person, owner=owner, until=last)
    emit(hold, lambda out: out.print(f"{hold.id} stands over {', '.join(hold.scope)}"), json=json)


@holds.command()
def release(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The hold's id.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Release a hold; it ends when a second person has released it too.

    Example: ephor retention holds release hold_0190… --as dora
    """
    hold = context.obj.open(database).retention.release_hold(id, by=person or context.obj.person)
    emit(hold, lambda out: out.print(_standing(hold)), json=json)


@holds.command("list")
def list_holds(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the legal holds, ended ones included.

    Example: ephor retention holds list
    """
    kept = context.obj.open(database).retention.holds()
    rows = [(one.id, one.matter, ", ".join(one.scope), one.owner, _standing(one)) for one in kept]
    emit(
        kept,
        lambda out: table(out, ("id", "matter", "scope", "owner", "state"), rows, empty="no holds"),
        json=json,
    )


def _standing(hold: Hold) -> str:
    if hold.released_at is not None:
        return f"released by {' and '.join(one.by for one in hold.releases)}"
    if hold.releases:
        return f"stands; released by {hold.releases[0].by}, a second person is needed"
    return f"stands until {hold.until.isoformat()}" if hold.until else "stands"


def print_policies(out: Console, policies: tuple[Policy, ...]) -> None:
    """Print how long each category stays, and every conflict."""
    rows = [
        (
            one.category,
            _days(one.minimum_days),
            _days(one.maximum_days),
            one.status,
            one.method,
            "yes" if one.archive else "no",
        )
        for one in policies
    ]
    table(out, ("category", "at least", "at most", "status", "method", "archive"), rows, empty="")
    for policy in policies:
        for conflict in policy.conflicts:
            out.print(f"conflict in {policy.category}: {conflict.proposal}")


def _days(days: int | None) -> str:
    return "not known" if days is None else f"{days} days"
