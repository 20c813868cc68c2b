"""`ephor retention`: how long data stays, and legal holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.edges.cli.retention_view import Map, StoreUrls, open_stores, print_plan, print_policies
from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.retention.hold import Hold
from ephor.rooms.retention.plan import plan as compute
from ephor.rooms.retention.rule import RetentionLaw

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="retention", help="How long data stays, and what must not be deleted.", no_args_is_help=True
)
holds = typer.Typer(
    name="holds", help="Legal holds: placed by one person, released by two.", no_args_is_help=True
)
app.add_typer(holds)


@app.command()
def plan(
    context: typer.Context,
    law: Annotated[
        list[str] | None,
        typer.Option("--law", help="GDPR, HIPAA, SOC2 or PCI_DSS; may be given more than once."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="The retention schedule, YAML: list what is past its time.",
            callback=given,
        ),
    ] = None,
    store: StoreUrls = None,
    map: Map = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Compute the retention policy under these laws, or list what is past its time by a schedule, for somebody to approve.

    Minimums and maximums that clash are shown, not settled. A list of data is recorded; nothing in the stores changes.

    Example: ephor retention plan --policy retention.yaml --store shop=sqlite:///shop.db
    """
    door: Door = context.obj
    if (policy is None) == (not law):
        raise InvalidInputError("a plan takes the laws with --law, or a schedule with --policy")
    if policy is None:
        policies = compute([word(RetentionLaw, text.upper(), "law") for text in law or ()])
        emit(policies, lambda out: print_policies(out, policies), json=json)
        return
    schedule, data_map = door.read_yaml(policy), door.read_yaml(map) if map else None
    with open_stores(door.disposal, store) as stores:
        retention = door.open(database).retention
        made = retention.propose(schedule, stores, by=person or door.person, data_map=data_map)
    emit(made, lambda out: print_plan(out, made), json=json)


@holds.command()
def place(
    context: typer.Context,
    matter: Annotated[
        str, typer.Option("--matter", help="The lawsuit, audit or duty it is for; no personal data.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="everything, category:user.financial, collection:shop.orders or subject:mary@example.org",
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
    days: Annotated[
        int | None,
        typer.Option("--days", help="Keep each row of the collections for so long, and not all of them."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="FIELD", help="The field that says from when the days count."),
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
    hold = retention.place_hold(
        matter,
        scope,
        by=person or context.obj.person,
        owner=owner,
        until=last,
        days=days,
        since=since or "",
    )
    kept = f" for {hold.days} days from `{hold.since}` of each row" if hold.days else ""
    emit(hold, lambda out: out.print(f"{hold.id} stands over {', '.join(hold.scope)}{kept}"), json=json)


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
    kept = f"keeps rows for {hold.days} days from `{hold.since}`" if hold.days else "stands"
    return f"{kept} until {hold.until.isoformat()}" if hold.until else kept
