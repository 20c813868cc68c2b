"""`ephor gate`: whether an agent may be deployed, or stay so, item by item."""

from __future__ import annotations

import sys
from enum import StrEnum, unique
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.options import AsOf, Database, Json
from ephor.edges.cli.render import as_json, emit, exact, table
from ephor.edges.gate_reports import junit as as_junit
from ephor.edges.gate_reports import sarif as as_sarif
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.gate.checklist import Checklist, Report
from ephor.rooms.gate.finding import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.gate.due import Due

_SIGNS = {Status.MET: "✓", Status.NOT_MET: "✗", Status.NOT_KNOWN: "?"}
_WORDS = {Status.MET: "met", Status.NOT_MET: "not met", Status.NOT_KNOWN: "not known"}


@unique
class Format(StrEnum):
    """How the answer is written to standard output."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


def gate(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    checklist: Annotated[
        str, typer.Option("--checklist", metavar="LIST", help="`pre-deployment` or `ongoing`.")
    ] = Checklist.PRE_DEPLOYMENT.value,
    as_of: AsOf = None,
    next: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--next", metavar="DAYS", help="Also list what falls due within so many days."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what was looked up for each item, and what it rests on.")
    ] = False,
    format: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--format", metavar="FORMAT", help="`text`, `json`, `junit` or `sarif`."),
    ] = None,
    junit: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--junit", metavar="FILE", help="Write JUnit XML into a new file as well."),
    ] = None,
    sarif: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--sarif", metavar="FILE", help="Write SARIF 2.1.0 into a new file as well."),
    ] = None,
    manifest: Annotated[
        str,
        typer.Option(
            "--manifest", metavar="PATH", help="Where the manifest lies in the repository, for SARIF."
        ),
    ] = "ephor.yaml",
    json: Json = False,
    database: Database = None,
) -> None:
    """Answer a checklist from what is recorded: met, not met or not known. Exits 1 unless every item is met.

    Example: ephor gate support-assistant --checklist ongoing --as-of 2027-03-31 --next 90
    """
    wanted = word(Checklist, checklist, "checklist")
    shape = _shape(format, json=json)
    on = day(as_of) if as_of else None
    door = context.obj
    asked = door.open(database).gate
    report = asked.check(agent, wanted, as_of=on)
    due = None if next is None else asked.due(report, next)
    released = version("ephor")
    files = {junit: as_junit(report), sarif: as_sarif(report, manifest, released)}
    for path, made in files.items():
        if path is not None:
            with door.new_file(path) as write:
                write(made)
    if shape is Format.JUNIT:
        exact(as_junit(report))
    elif shape is Format.SARIF:
        exact(as_sarif(report, manifest, released))
    else:
        told = as_json(report) if due is None else {**as_json(report), "lapses": as_json(due)}
        emit(told, lambda out: _print(out, report, due, explain=explain), json=shape is Format.JSON)
    if not report.passed:
        raise typer.Exit(1)


def _shape(format: str | None, *, json: bool) -> Format:
    shape = Format.TEXT if format is None else word(Format, format, "format")
    if not json:
        return shape
    if format is not None and shape is not Format.JSON:
        raise InvalidInputError(f"--json and --format {shape.value} ask for two things; leave one out")
    return Format.JSON


def _print(out: Console, report: Report, due: Sequence[Due] | None, *, explain: bool) -> None:
    verdict = "passed" if report.passed else "not passed"
    out.print(f"{report.agent}, {report.checklist.value}, as of {report.as_of}: {verdict}")
    signs = _SIGNS if _shows_signs() else _WORDS
    rows = [
        (signs[one.status], one.title, one.because, f"until {one.lapses}" if one.lapses else "")
        for one in report.items
    ]
    table(out, ("", "item", "because", "holds"), rows, empty="")
    if explain:
        _explain(out, report)
    if not report.passed:
        out.print("\nwhat to do next:")
    for one in report.items:
        if one.remedy is not None:
            out.print(f"  {one.id}: {one.remedy}")
    if due is not None:
        out.print("\nwhat falls due:")
        coming = [
            (one.due, f"in {one.in_days} days", one.id, one.cycle or "", one.remedy or "") for one in due
        ]
        table(out, ("day", "", "item", "cycle", "to do"), coming, empty="  nothing in that time")


def _explain(out: Console, report: Report) -> None:
    for one in report.items:
        out.print(f"\n{one.id}: {_WORDS[one.status]}\n  looked up: {one.query}")
        for shown in one.evidence:
            out.print(f"  {shown.date}  {shown.entry or 'no entry'}  {shown.what}  {shown.id}")
        if not one.evidence:
            out.print("  nothing was found")


def _shows_signs() -> bool:
    """Tell whether the terminal can show the signs; elsewhere words stand for them."""
    try:
        "".join(_SIGNS.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
