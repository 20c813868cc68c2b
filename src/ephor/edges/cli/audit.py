"""`ephor audit report`: a period, counted from the ledger, in a bundle that verifies offline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

import orjson
import typer

from ephor.edges.cli.options import As, Database, Json, ending, given
from ephor.edges.cli.render import emit
from ephor.edges.documents.html import html
from ephor.edges.documents.markdown import markdown
from ephor.edges.door import Door
from ephor.rooms.exports.audit_page import document
from ephor.rooms.exports.audit_report import AuditReport, plain

app = typer.Typer(name="audit", help="Reports for auditors, on a period.", no_args_is_help=True)


@app.command()
def report(
    context: typer.Context,
    since: Annotated[
        str,
        typer.Option("--from", metavar="TIME", help="A day, or a time: its first moment.", callback=given),
    ],
    until: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TIME",
            help="A day that still belongs to it, or a time that does not.",
            callback=given,
        ),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="DIR", help="A new folder for the bundle.", callback=given),
    ],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="AGENT", help="Only this agent. May be repeated. Default: all."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Report on a period: decided, denied, asked, reviewed, incidents, requests, retention, coverage, verification, proofs.

    The folder holds the ledger as a bundle, and `report/` beside it: a page to read, the figures, a proof for each entry cited,
    and the manifest of their digests, which an entry of the ledger holds. `ephor ledger verify --bundle DIR --key KEY` checks all
    of it, without a database.

    Example: ephor audit report --from 2026-10-01 --to 2026-12-31 -o audit-2026-q4
    """
    door: Door = context.obj
    made = door.open(database).audit.issue(
        ending(since), _end(until), scope or (), door.bundle(output), render, by=person or door.person
    )
    figures = made.report.figures
    told = {
        "folder": output,
        "report": made.report.id,
        "entry": made.entry,
        "position": made.position,
        "manifest": made.manifest,
        "entries": figures.entries,
        "cited": len(figures.cited),
        "not_cited": figures.not_cited,
        "verdict": made.report.logs[0].verdict,
        "key": made.key,
    }
    emit(
        told,
        lambda out: out.print(
            f"{output}: {figures.entries} entries of the period, {len(figures.cited)} cited with proofs; "
            f"ledger {told['verdict']}\nread {output}/report/report.html\npublic key: {made.key}"
        ),
        json=json,
    )


def _end(text: str) -> datetime:
    """Return the first moment after a day, or the time itself."""
    return ending(text) + timedelta(days=1) if len(text) == 10 else ending(text)


def render(made: AuditReport) -> Mapping[str, bytes]:
    """Return the figures and the pages of a report, by their files' names."""
    page = document(made)
    return {
        "report.json": orjson.dumps(plain(made), option=orjson.OPT_INDENT_2) + b"\n",
        "report.md": markdown(page).encode(),
        "report.html": html(page).encode(),
    }
