"""How retention is shown, and the stores it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import minute
from ephor.edges.cli.options import given
from ephor.edges.cli.render import table
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.retention.disposal import RetentionPlan
from ephor.rooms.retention.plan import Policy

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.ports_retention import RetentionStore
    from ephor.engine.retention_run import RunReport

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


def print_plan(out: Console, plan: RetentionPlan) -> None:
    """Print what goes, what stays and why."""
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
        if line.proposal:
            out.print(f"  {line.proposal}")
    for key, rows_done in (plan.done or {}).items():
        out.print(f"{key.partition('-')[2]}: {rows_done} rows are gone so far")
    name = plan.id or "not recorded"
    out.print(f"{name}: as of {plan.as_of.isoformat()}, {plan.status}, digest {plan.digest}")


def print_reports(out: Console, reports: Sequence[RunReport]) -> None:
    """Print what each run came to."""
    if not reports:
        out.print("nothing is approved; there is nothing to do")
    for report in reports:
        print_report(out, report)


def print_report(out: Console, report: RunReport) -> None:
    """Print how far a plan is, or its certificate."""
    done = report.certificate
    if done is None:
        print_plan(out, report.plan)
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
        f"certificate of {done.id}: out of reach {minute(done.deleted_at)}, "
        f"out of the files {minute(done.erased_at)}, entry {done.entry}"
    )


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
