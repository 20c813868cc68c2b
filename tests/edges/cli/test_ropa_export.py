"""The record of processing as it leaves the plane."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from ephor.adapters.files import new_file
from ephor.adapters.tables.workbook import new_workbook
from ephor.edges.cli import ropa_export
from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError

RECORD = {
    "id": "support",
    "name": "=cmd|' /C calc'!A0",
    "part": "controller",
    "purposes": ["<b>support</b>", "returns"],
    "transfers": [],
}


def export(engine: Engine, *words: str) -> None:
    door = SimpleNamespace(
        open=lambda _database: engine, person="ada", new_file=new_file, workbook=new_workbook
    )
    typer.main.get_command(ropa_export.app).main(["export", *words], standalone_mode=False, obj=door)


def test_every_field_is_there_and_what_lacks_is_said(
    engine: Engine, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    engine.ropa.register(RECORD, by="dora")
    export(engine)
    [row] = csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode("utf-8-sig"), newline=""))
    assert row["name"] == "'" + RECORD["name"], "no formula"  # type: ignore[operator]
    assert (row["purposes"], row["transfers"], row["recipients"]) == (
        "<b>support</b>; returns",
        "none",
        "not said",
    )
    assert row["complete"] == "no"
    assert "recipients (Art. 30(1)(d))" in row["missing"]
    export(engine, "--form", "html", "--output", str(tmp_path / "record.html"))
    page = (tmp_path / "record.html").read_text()
    assert "&lt;b&gt;support" in page
    assert "<b>" not in page
    assert b"1 records, 1 not complete" in capsysbinary.readouterr().out
    with pytest.raises(InvalidInputError):
        export(engine, "--form", "xlsx")


def test_the_record_as_a_workbook_holds_every_field_and_no_formula(engine: Engine, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="install ephor[xlsx]")
    engine.ropa.register(RECORD, by="dora")
    export(engine, "--form", "xlsx", "--output", str(tmp_path / "record.xlsx"))
    with zipfile.ZipFile(tmp_path / "record.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert all(f">{name}<" in sheet for name in ("erasure", "measures", "missing", "not said"))
    assert "&lt;b&gt;support&lt;/b&gt;; returns" in sheet
