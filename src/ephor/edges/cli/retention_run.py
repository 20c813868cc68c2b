"""`ephor retention approve, run, …`: data past its time, from the plan to the certificate."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.edges.cli.retention import app
from ephor.edges.cli.retention_view import (
    Map,
    StoreUrls,
    open_stores,
    print_plan,
    print_report,
    print_reports,
)
from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.retention.disposal import total
from ephor.rooms.retention.rule import RetentionLaw
from ephor.rooms.retention.schedule import parse_schedule

Id = Annotated[str, typer.Argument(help="The plan's id, `ret_…`.")]


@app.command()
def approve(
    context: typer.Context, id: Id, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Release a plan; somebody else than who made it.

    Example: ephor retention approve ret_0190… --as paul
    """
    approved = context.obj.open(database).retention.approve(id, by=person or context.obj.person)
    emit(approved, lambda out: out.print(f"{id} is approved: {total(approved.lines)} rows go"), json=json)


@app.command()
def run(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help="The plan's id. Default: every approved plan.")] = None,
    store: StoreUrls = None,
    archive: Annotated[
        str | None,
        typer.Option("--archive", metavar="DIR", help="Where archives go before deletion.", callback=given),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="At most so many rows in this run.")
    ] = 1_000_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy", metavar="FILE", help="With --dry-run: the schedule to plan by.", callback=given
        ),
    ] = None,
    map: Map = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Carry out what was approved, or on from where it stopped; fit for cron. With --dry-run, show the plan.

    Example: ephor retention run ret_0190… --store shop=sqlite:///shop.db --archive archive
    """
    door: Door = context.obj
    by = person or door.person
    if policy and not dry_run:
        raise InvalidInputError("a run takes an approved plan; `ephor retention plan --policy` makes one")
    schedule, data_map = door.read_yaml(policy) if policy else None, door.read_yaml(map) if map else None
    with open_stores(door.disposal, store) as stores:
        retention = door.open(database).retention
        if dry_run:
            if (schedule is None) == (id is None):
                raise InvalidInputError("a dry run takes a plan's id, or a schedule with --policy")
            made = (
                retention.draft(schedule, stores, by=by, data_map=data_map)
                if schedule is not None
                else retention.show(id or "").plan
            )
            emit(made, lambda out: print_plan(out, made), json=json)
            return
        chosen = [id] if id else [one.id for one in retention.waiting()]
        boxes = door.row_archive(archive) if archive else None
        reports = [retention.run(one, stores, by=by, archive=boxes, limit=limit) for one in chosen]
    emit(reports[0] if id else reports, lambda out: print_reports(out, reports), json=json)


@app.command()
def decide(
    context: typer.Context,
    category: Annotated[str, typer.Argument(help="The category whose rules conflict: pii_data, …")],
    days: Annotated[int, typer.Option("--days", min=0, help="After how many days the data goes.")],
    because: Annotated[str, typer.Option("--because", help="Why; no personal data.")],
    law: Annotated[
        list[str] | None, typer.Option("--law", help="GDPR, HIPAA, SOC2 or PCI_DSS; one or more.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy", metavar="FILE", help="The schedule whose own rules count as well.", callback=given
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Decide between rules that exclude each other, and record who did and why.

    Example: ephor retention decide pii_data --law GDPR --law HIPAA --days 2192 --because "patients' records only"
    """
    laws = [word(RetentionLaw, text.upper(), "law") for text in law or ()]
    own = parse_schedule(context.obj.read_yaml(policy)).rules if policy else ()
    retention = context.obj.open(database).retention
    made = retention.decide(category, laws, days, because, by=person or context.obj.person, own=own)
    emit(
        made, lambda out: out.print(f"{made.category} goes after {made.days} days: {made.because}"), json=json
    )


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show a plan, how far it is, and its certificate.

    Example: ephor retention show ret_0190…
    """
    report = context.obj.open(database).retention.show(id)
    emit(report, lambda out: print_report(out, report), json=json)


@app.command("list")
def list_plans(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the plans.

    Example: ephor retention list
    """
    found = context.obj.open(database).retention.plans()
    rows = [(one.id, one.as_of.isoformat(), one.status, total(one.lines), one.made_by) for one in found]
    emit(
        found,
        lambda out: table(out, ("id", "as of", "status", "rows", "made by"), rows, empty="no plans"),
        json=json,
    )
