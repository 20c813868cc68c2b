"""The record of processing as it leaves the plane."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from ephor.adapters.files import new_file
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
    door = SimpleNamespace(open=lambda _database: engine, person="ada", new_file=new_file)
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
