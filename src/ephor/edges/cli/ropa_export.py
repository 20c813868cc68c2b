"""`ephor ropa export`: the whole record of processing as a table or workbook for a spreadsheet, or as a document to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.dsr_package import as_table, page, table_as_csv
from ephor.edges.cli.options import Database, given
from ephor.edges.cli.render import as_json, console, exact
from ephor.edges.cli.ropa import app, said
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.exports.tables import Column, ColumnType
from ephor.rooms.ropa.record import ProcessingRecord

if TYPE_CHECKING:
    from ephor.engine.ropa import RopaView


@app.command()
def export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--form", help="csv, xlsx (extra `xlsx`) or html.")] = "csv",
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write it there.", callback=given)
    ] = None,
    database: Database = None,
) -> None:
    """Export every record with all its fields and what it lacks (GDPR Article 30): what an authority is shown.

    In the table no cell is a formula. A field that nobody filled in says so.

    Example: ephor ropa export --form html --output record.html
    """
    if form not in ("csv", "xlsx", "html"):
        raise InvalidInputError(f"`{form[:40]}` is no form of the record; use csv, xlsx or html")
    if form == "xlsx" and output is None:
        raise InvalidInputError("a workbook is a file; name a new one with --output")
    views = context.obj.open(database).ropa.records()
    lacking = f"{len(views)} records, {sum(not one.complete for one in views)} not complete"
    if form == "xlsx" and output is not None:
        with context.obj.workbook(output, _COLUMNS, "record of processing") as write_row:
            for one in views:
                row = _row(one)
                write_row([row[column.name] for column in _COLUMNS])
        console().print(f"{output}: {lacking}")
        return
    data = table_as_csv([_row(one) for one in views]) if form == "csv" else _document(views)
    if output is None:
        exact(data)
        return
    with context.obj.new_file(output) as write:
        write(data)
    console().print(f"{output}: {lacking}")


_COLUMNS = tuple(
    Column(name, ColumnType.TEXT, (name,))
    for name in (*(one.name for one in fields(ProcessingRecord)), "complete", "missing")
)


def _row(view: RopaView) -> Mapping[str, str]:
    given: Mapping[str, Any] = as_json(view.record)
    told = {name: said(value) for name, value in given.items()}
    return told | {"complete": "yes" if view.complete else "no", "missing": "; ".join(view.missing)}


def _document(views: Sequence[RopaView]) -> bytes:
    parts = ["<h1>Record of processing activities</h1><p>GDPR Article 30.</p>"]
    for view in views:
        rows = [{"field": name, "says": told} for name, told in _row(view).items() if told]
        parts.append(as_table(rows) + "<p></p>")
    if not views:
        parts.append("<p>No records yet.</p>")
    return page(
        "Record of processing activities", "".join(parts), "default-src 'none'; style-src 'unsafe-inline'"
    ).encode()
