"""`ephor retention plan, approve, run, …`: data past its time, from the plan to the certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.edges.cli.retention import app, print_policies
from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.retention.disposal import RetentionPlan, total
from ephor.rooms.retention.plan import plan as compute
from ephor.rooms.retention.rule import RetentionLaw
from ephor.rooms.retention.schedule import parse_schedule

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.ports_retention import RetentionStore
    from ephor.engine.retention_run import RunReport

Id = Annotated[str, typer.Argument(help="The plan's id, `ret_…`.")]
StoreUrls = Annotated[
    list[str] | None,
    typer.Option("--store", metavar="DATASET=URL", help="The store of a dataset: shop=sqlite:///shop.db."),
]
Map = Annotated[
    str | None,
    typer.Option(
        "--map", metavar="FILE", help="The data map: categories for holds are taken from it.", callback=given
    ),
]


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
    emit(made, lambda out: _print_plan(out, made), json=json)


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
            emit(made, lambda out: _print_plan(out, made), json=json)
            return
        chosen = [id] if id else [one.id for one in retention.waiting()]
        boxes = door.row_archive(archive) if archive else None
        reports = [retention.run(one, stores, by=by, archive=boxes, limit=limit) for one in chosen]
    emit(reports[0] if id else reports, lambda out: _print_reports(out, reports), json=json)


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
    emit(report, lambda out: _print_report(out, report), json=json)


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


@contextmanager
def open_stores(
    connect: Callable[[str], RetentionStore], urls: Sequence[str] | None
) -> Iterator[Mapping[str, RetentionStore]]:
    """Open the stores of ``DATASET=URL`` texts, and close them in the end. Raises InvalidInputError."""
    with ExitStack() as stack:
        stores: dict[str, RetentionStore] = {}
        for text in urls or ():
            dataset, equals, url = text.partition("=")
            if not (dataset and equals and url) or dataset in stores:
                raise InvalidInputError(f"--store `{text[:40]}` is not DATASET=URL, or names a dataset twice")
            stores[dataset] = connect(url)
            stack.callback(stores[dataset].close)
        yield stores


def _print_plan(out: Console, plan: RetentionPlan) -> None:
    rows = [
        (
            one.collection,
            one.category,
            "not decided" if one.days is None else f"{one.days} days",
            one.method,
            "yes" if one.archive else "no",
            one.due,
            one.act,
        )
        for one in plan.lines
    ]
    columns = ("collection", "category", "kept for", "method", "archive", "past its time", "goes")
    table(out, columns, rows, empty="nothing")
    for line in plan.lines:
        for stay in line.stays:
            count = f"{stay.rows} rows " if stay.rows else ""
            out.print(f"{line.collection}: {count}{stay.reason}: {stay.because}")
        if line.days is None and line.proposal:
            out.print(f"  {line.proposal}")
    name = plan.id or "not recorded"
    out.print(f"{name}: as of {plan.as_of.isoformat()}, {plan.status}, digest {plan.digest}")


def _print_reports(out: Console, reports: Sequence[RunReport]) -> None:
    if not reports:
        out.print("nothing is approved; there is nothing to do")
    for report in reports:
        _print_report(out, report)


def _print_report(out: Console, report: RunReport) -> None:
    done = report.certificate
    if done is None:
        _print_plan(out, report.plan)
        if report.next:
            out.print(f"{report.rows} rows in this run; {report.next}")
        return
    rows = [
        (one.collection, one.method, one.planned, one.gone, one.archived.rows, one.archived.files)
        for one in done.lines
    ]
    table(out, ("collection", "method", "planned", "gone", "archived", "files"), rows, empty="nothing")
    for line in done.lines:
        for stay in line.stays:
            out.print(f"{line.collection}: {stay.rows} rows stay, {stay.reason}: {stay.because}")
    for said in done.verified:
        out.print(said)
    out.print(
        f"certificate of {done.id}: out of reach {done.deleted_at.isoformat()}, "
        f"out of the files {done.erased_at.isoformat()}, entry {done.entry}"
    )
