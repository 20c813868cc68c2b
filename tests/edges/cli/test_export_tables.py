"""Registers as tables: all of them, every record, in its types, and no cell a formula."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyarrow import parquet

import standards_judges
from ephor.adapters.files import new_file
from ephor.adapters.parquet.folder import new_archive
from ephor.adapters.storage.catalogue import SHELVES
from ephor.adapters.tables.parquet_file import new_parquet
from ephor.adapters.tables.workbook import new_workbook
from ephor.edges.cli.app import run
from ephor.edges.cli.export_tables import Csv
from ephor.engine.plane import Engine
from ephor.engine.registers import NAMES, REGISTERS
from ephor.rooms.exports.tables import Column, ColumnType
from ephor.rooms.risk.rules import RiskCategory
from sample_gate import AGENT, make_ready

MACHINERY = {
    "PersonRights",
    "Channel",
    "Notice",
    "IdentityCode",
    "DataPlan",
    "Usage",
    "Session",
    "AuthorityRecord",
    "Role",
}
"""Record types that are no register: parts of others, codes, counters, copies, addresses; roles are derived."""
EVIL = '=HYPERLINK("http://example.org","x")'

Ephor = Callable[..., str]


@pytest.fixture
def ephor(engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]) -> Ephor:
    door = SimpleNamespace(
        open=lambda _database: engine,
        person="ada",
        new_file=new_file,
        archive=new_archive,
        workbook=new_workbook,
        parquet=new_parquet,
    )

    def call(*words: str, code: int = 0) -> str:
        assert run(words, door) == code, capsysbinary.readouterr().err.decode()  # type: ignore[arg-type]
        return capsysbinary.readouterr().out.decode("utf-8-sig")

    return call


def seed(engine: Engine) -> Engine:
    make_ready(engine)
    for title in (EVIL, " @evil", "plain, with a comma", "-1 is no number"):
        engine.risks.register(AGENT, title, RiskCategory.SAFETY, 3, 3, owner="ola", by="sam")
    return engine


def test_every_kind_of_record_is_a_register_or_machinery() -> None:
    known = {kind.__name__ for kind in REGISTERS.values()}
    assert {kind.__name__ for kind in SHELVES} == known | MACHINERY
    assert not known & MACHINERY


def test_every_register_has_a_row_for_every_record_in_every_form(engine: Engine, tmp_path: Path) -> None:
    seed(engine)
    told: dict[str, list[dict[str, Any]]] = {}
    for name in NAMES:
        lines: list[bytes] = []
        count = engine.registers.export(name, Csv(lines.append).open)
        told[name] = list(csv.DictReader(io.StringIO(b"".join(lines).decode("utf-8-sig"), newline="")))
        header = next(csv.reader(io.StringIO(lines[0].decode("utf-8-sig"))))
        assert (len(told[name]), len(set(header))) == (count, len(header)), name
        if name in REGISTERS:
            with engine.world.storage.reading() as unit:
                kept = [one.id for one in unit.shelf(REGISTERS[name]).all()]
            assert [row["id"] for row in told[name]] == kept, name
        path = str(tmp_path / f"{name}.parquet")
        assert engine.registers.export(name, partial(new_parquet, path)) == count
        table = parquet.read_table(path)
        assert (table.num_rows, table.column_names) == (count, header)
    assert {"id": "ada", "name": "Ada", "roles": '["administrator"]'}.items() <= told["people"][0].items()
    assert {one["agent"] for one in told["reviews"]} == {AGENT}
    assert len(told["policies"]) == 5
    assert len(told["ledger"]) == engine.ledger.head().size


def test_no_cell_of_a_csv_is_a_formula_and_how_many_would_have_been_is_told(
    engine: Engine, ephor: Ephor, tmp_path: Path
) -> None:
    seed(engine)
    told = json.loads(ephor("export", "csv", "risks", "-o", str(tmp_path / "risks.csv"), "--json"))
    assert (told["rows"], told["neutralised"]) == (4, 3)
    data = (tmp_path / "risks.csv").read_bytes().decode("utf-8-sig")
    titles = {one["title"] for one in csv.DictReader(io.StringIO(data, newline=""))}
    assert titles == {"'" + EVIL, "'@evil", "plain, with a comma", "'-1 is no number"}
    ephor("export", "csv", "risks", "-o", str(tmp_path / "risks.csv"), code=4)
    ephor("export", "csv", "secrets", code=3)


def test_a_workbook_has_texts_numbers_and_times_and_no_formula(
    engine: Engine, ephor: Ephor, tmp_path: Path
) -> None:
    seed(engine)
    path = tmp_path / "risks.xlsx"
    ephor("export", "xlsx", "risks", "-o", str(path))
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("<row ") == 5
    again = tmp_path / "again.xlsx"
    ephor("export", "xlsx", "risks", "-o", str(again))
    assert again.read_bytes() == path.read_bytes()
    rows = standards_judges.judged(sheet=path)["sheet"]
    header = [cell[1] for cell in rows[0]]
    types = {name: rows[1][place][0] for place, name in enumerate(header)}
    assert (types["title"], types["residual.score"], types["registered_at"]) == ("s", "n", "d")
    titles = {row[header.index("title")][1] for row in rows[1:]}
    assert EVIL in titles, "as it is: the cell is text"


def test_tables_of_many_rows_are_written_in_memory_that_does_not_grow(tmp_path: Path) -> None:
    columns = (Column("id", ColumnType.TEXT, ()), Column("n", ColumnType.INTEGER, ()))
    peaks = []
    for size in (400, 8_000):
        tracemalloc.start()
        with new_workbook(str(tmp_path / f"{size}.xlsx"), columns, "many") as write:
            for number in range(size):
                write((f"row {number:08d} {'x' * 40}", number))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 3
    with zipfile.ZipFile(tmp_path / "8000.xlsx") as book:
        assert len(re.findall(b"<row ", book.read("xl/worksheets/sheet1.xml"))) == 8_001


def test_a_table_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    columns = (Column("day", ColumnType.DAY, ()),)
    for opened in (
        new_workbook(str(tmp_path / "a.xlsx"), columns, "days"),
        new_parquet(str(tmp_path / "a.parquet"), columns),
    ):
        with pytest.raises(RuntimeError), opened as write:
            write((date(2027, 1, 1),))
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_as_parquet_is_the_archive_that_verifies(
    engine: Engine, ephor: Ephor, tmp_path: Path
) -> None:
    ephor("export", "parquet", "ledger", "-o", str(tmp_path / "archive"))
    assert (tmp_path / "archive" / "checkpoint").read_bytes() == engine.ledger.checkpoint().note
