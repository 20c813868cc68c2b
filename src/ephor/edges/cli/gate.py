"""`ephor gate`: whether an agent may be deployed, or stay so, item by item."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import AsOf, Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.gate.checklist import Checklist, Report
from ephor.rooms.gate.finding import Status

if TYPE_CHECKING:
    from rich.console import Console

_SIGNS = {Status.MET: "✓", Status.NOT_MET: "✗", Status.NOT_KNOWN: "?"}
_WORDS = {Status.MET: "met", Status.NOT_MET: "not met", Status.NOT_KNOWN: "not known"}


def gate(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    checklist: Annotated[
        str, typer.Option("--checklist", metavar="LIST", help="`pre-deployment` or `ongoing`.")
    ] = Checklist.PRE_DEPLOYMENT.value,
    as_of: AsOf = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Answer a checklist from what is recorded: met, not met or not known. Exits 1 unless every item is met.

    Example: ephor gate support-assistant --checklist ongoing --as-of 2027-03-31
    """
    wanted = word(Checklist, checklist, "checklist")
    on = day(as_of) if as_of else None
    report = context.obj.open(database).gate.check(agent, wanted, as_of=on)
    emit(as_json(report), lambda out: _print(out, report), json=json)
    if not report.passed:
        raise typer.Exit(1)


def _print(out: Console, report: Report) -> None:
    verdict = "passed" if report.passed else "not passed"
    out.print(f"{report.agent}, {report.checklist.value}, as of {report.as_of}: {verdict}")
    signs = _SIGNS if _shows_signs() else _WORDS
    rows = [
        (signs[one.status], one.title, one.because, f"until {one.lapses}" if one.lapses else "")
        for one in report.items
    ]
    table(out, ("", "item", "because", "holds"), rows, empty="")
    if not report.passed:
        out.print("\nwhat to do next:")
    for one in report.items:
        if one.remedy is not None:
            out.print(f"  {one.id}: {one.remedy}")


def _shows_signs() -> bool:
    """Tell whether the terminal can show the signs; elsewhere words stand for them."""
    try:
        "".join(_SIGNS.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
