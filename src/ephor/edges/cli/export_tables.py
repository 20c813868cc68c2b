"""`ephor export csv`, `xlsx` and `parquet`: every register as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

import typer

from ephor.edges.cli.dsr_package import MARK, csv_line
from ephor.edges.cli.export import Output, app
from ephor.edges.cli.ledger_archive import Format, export_as
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import emit, exact
from ephor.edges.door import Door
from ephor.engine.registers import LEDGER, NAMES
from ephor.kernel.errors import NotFoundError
from ephor.kernel.time import stamp
from ephor.rooms.exports.tables import Cell, Column, Row, is_formula

_Register = Annotated[
    str, typer.Argument(metavar="REGISTER", help=f"One of: {', '.join(NAMES)}.", show_default=False)
]
_File = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="Write it into this new file.", callback=given)
]


@dataclass(slots=True)
class Csv:
    """A table on its way out as CSV; counts the cells that got an apostrophe, so that it can be said."""

    send: Callable[[bytes], object]
    neutralised: int = field(default=0)

    @contextmanager
    def open(self, columns: Sequence[Column]) -> Iterator[Callable[[Row], object]]:
        """Write the head, and give what writes a row."""
        self.send(MARK + csv_line([one.name for one in columns]))
        yield self.write

    def write(self, row: Row) -> None:
        """Write one row."""
        self.neutralised += sum(map(is_formula, row))
        self.send(csv_line([_told(cell) for cell in row]))


def _told(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return stamp(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


@app.command()
def registers(context: typer.Context, json: Json = False) -> None:
    """List the registers that can be exported.

    Example: ephor export registers
    """
    emit(list(NAMES), lambda out: out.print("\n".join(NAMES)), json=json)


@app.command()
def csv(
    context: typer.Context,
    register: _Register,
    output: Output = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export a register as CSV (RFC 4180, UTF-8), a line at a time. Printed where no file is named.

    No cell is a formula: text that a spreadsheet would take for one gets an apostrophe before it, and how many did is told.

    Example: ephor export csv risks -o risks.csv
    """
    door: Door = context.obj
    rows = door.open(database).registers
    if output is None:
        table = Csv(exact)
        rows.export(register, table.open)
        if table.neutralised:
            typer.echo(_said(table.neutralised), err=True)
        return
    _check(register)
    with door.new_file(output) as write:
        table = Csv(write)
        count = rows.export(register, table.open)
    told = {"file": output, "register": register, "rows": count, "neutralised": table.neutralised}
    _tell(told, json=json)


@app.command()
def xlsx(
    context: typer.Context,
    register: _Register,
    output: _File,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export a register as an XLSX workbook (extra `xlsx`), a row at a time.

    Every text is a cell of text and no cell a formula; what looks like one is marked as text, so that it stays so when
    somebody edits it. Times are UTC.

    Example: ephor export xlsx agents -o agents.xlsx
    """
    door: Door = context.obj
    _check(register)
    count = door.open(database).registers.export(
        register, lambda columns: door.workbook(output, columns, register)
    )
    _tell({"file": output, "register": register, "rows": count, "neutralised": 0}, json=json)


@app.command()
def parquet(
    context: typer.Context,
    register: _Register,
    output: _File,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export a register as a Parquet file (extra `parquet`). The ledger becomes a folder that can be verified.

    `ephor export parquet ledger` is `ephor ledger export --format parquet`: an archive with the tree and the signed head.

    Example: ephor export parquet consents -o consents.parquet
    """
    door: Door = context.obj
    _check(register)
    engine = door.open(database)
    if register == LEDGER:
        told = dict(export_as(Format.PARQUET, door, engine, output))
        emit(told, lambda out: out.print(f"{told['size']} entries in {output}"), json=json)
        return
    count = engine.registers.export(register, lambda columns: door.parquet(output, columns))
    _tell({"file": output, "register": register, "rows": count, "neutralised": 0}, json=json)


def _check(register: str) -> None:
    if register not in NAMES:
        raise NotFoundError(f"there is no register `{register[:60]}`; there are: {', '.join(NAMES)}")


def _said(neutralised: int) -> str:
    return f"{neutralised} cells would have been formulas and got an apostrophe"


def _tell(told: dict[str, Any], *, json: bool) -> None:
    line = f"{told['file']}: {told['rows']} rows"
    if told["neutralised"]:
        line += f"; {_said(told['neutralised'])}"
    emit(told, lambda out: out.print(line), json=json)
