"""`ephor ropa export`: the whole record of processing as a table for a spreadsheet, or as a document to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.dsr_package import as_table, page, table_as_csv
from ephor.edges.cli.options import Database, given
from ephor.edges.cli.render import as_json, console, exact
from ephor.edges.cli.ropa import app
from ephor.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    from ephor.engine.ropa import RopaView


@app.command()
def export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--form", help="csv or html.")] = "csv",
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write it there.", callback=given)
    ] = None,
    database: Database = None,
) -> None:
    """Export every record with all its fields and what it lacks (GDPR Article 30): what an authority is shown.

    In the table no cell is a formula. A field that nobody filled in says so.

    Example: ephor ropa export --form html --output record.html
    """
    if form not in ("csv", "html"):
        raise InvalidInputError(f"`{form[:40]}` is no form of the record; use csv or html")
    views = context.obj.open(database).ropa.records()
    data = table_as_csv([_row(one) for one in views]) if form == "csv" else _document(views)
    if output is None:
        exact(data)
        return
    with context.obj.new_file(output) as write:
        write(data)
    console().print(f"{output}: {len(views)} records, {sum(not one.complete for one in views)} not complete")


def _row(view: RopaView) -> Mapping[str, str]:
    fields: Mapping[str, Any] = as_json(view.record)
    told = {name: _said(value) for name, value in fields.items()}
    return told | {"complete": "yes" if view.complete else "no", "missing": "; ".join(view.missing)}


def _said(value: Any) -> str:
    if value is None:
        return "not said"
    if isinstance(value, Mapping):
        return "; ".join(
            f"{name}: {_said(one)}" for name, one in value.items() if one not in (None, "", [], {})
        )
    if isinstance(value, list | tuple):
        return "; ".join(map(_said, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _document(views: Sequence[RopaView]) -> bytes:
    parts = ["<h1>Record of processing activities</h1><p>GDPR Article 30.</p>"]
    for view in views:
        rows = [{"field": name, "says": said} for name, said in _row(view).items() if said]
        parts.append(as_table(rows) + "<p></p>")
    if not views:
        parts.append("<p>No records yet.</p>")
    return page(
        "Record of processing activities", "".join(parts), "default-src 'none'; style-src 'unsafe-inline'"
    ).encode()
