"""`ephor pii mask` of folders, Parquet files and databases: what comes out holds no value, and nor does the report."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer

from ephor import bootstrap
from ephor.adapters.texts import masked_parquet
from ephor.edges.cli import pii
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.settings import Settings

Run = Callable[..., dict[str, object]]
JANE, CARD = "jane@example.com", "4111 1111 1111 1111"


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    door = bootstrap._door(Settings(), bootstrap.open_engine)
    command = typer.main.get_command(pii.app)

    def call(*words: object) -> dict[str, object]:
        command.main(["mask", *map(str, words), "--json"], standalone_mode=False, obj=door)
        out = capsysbinary.readouterr().out.decode()
        assert JANE not in out
        assert "4111" not in out
        told: dict[str, object] = json.loads(out)
        return told

    return call


def test_a_folder_is_masked_into_a_new_one_and_what_is_not_read_is_not_there(
    run: Run, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "deep").mkdir(parents=True)
    (old / "a.txt").write_text(f"write to {JANE}\n")
    (old / "deep" / "b.jsonl").write_text(json.dumps({"to": JANE}) + "\n" + json.dumps({"n": 1}) + "\n")
    (old / "c.csv").write_text(f"name,card\nx,{CARD}\n")
    (old / "d.txt.gz").write_bytes(gzip.compress(f"card {CARD}".encode()))
    (old / "e.png").write_bytes(b"\x89PNG" + JANE.encode())
    (old / "link").symlink_to("/etc/hostname")
    told = run(old, "--output", new)
    assert told["counts"] == {"credit_card": 2, "email": 2}
    assert {one["name"] for one in told["not_read"]} == {"e.png", "link"}  # type: ignore[attr-defined]
    assert sorted(str(one.relative_to(new)) for one in new.rglob("*") if one.is_file()) == [
        "a.txt", "c.csv", "d.txt.gz", "deep/b.jsonl",
    ]  # fmt: skip
    assert (new / "a.txt").read_text() == "write to [email]\n"
    assert gzip.decompress((new / "d.txt.gz").read_bytes()) == b"card [credit_card]"
    assert (old / "a.txt").read_text() == f"write to {JANE}\n", "the old one stays as it is"


def test_a_folder_is_not_masked_into_itself_nor_over_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for target in (tmp_path / "old" / "new", tmp_path / "old"):
        with pytest.raises(InvalidInputError, match="new folder"):
            run(tmp_path / "old", "--output", target)
    with pytest.raises(InvalidInputError, match="--output"):
        run(tmp_path / "old")


def test_parquet_keeps_its_shape_and_a_number_with_a_find_becomes_text(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_parquet, "ROWS", 64)
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.table(
        {
            "who": [JANE, "nobody", None] * 100,
            "ssn": arrow.array([123456789, None, 987654321] * 100, arrow.int64()),
            "n": arrow.array([1, 2, 3] * 100, arrow.int32()),
            "more": [{"mail": [JANE]}, {"mail": []}, None] * 100,
        }
    )
    parquet.write_table(table, tmp_path / "old.parquet")
    told = run(tmp_path / "old.parquet", "--output", tmp_path / "new.parquet")
    masked = parquet.read_table(tmp_path / "new.parquet")
    assert masked.num_rows == 300
    assert masked.schema.field("n").type == arrow.int32()
    assert masked.schema.field("more").type == table.schema.field("more").type
    assert masked.slice(0, 3).to_pylist() == [
        {"who": "[email]", "ssn": "[us_ssn]", "n": 1, "more": {"mail": ["[email]"]}},
        {"who": "nobody", "ssn": None, "n": 2, "more": {"mail": []}},
        {"who": None, "ssn": "[us_ssn]", "n": 3, "more": None},
    ]
    assert {(one["column"], one["rows"]) for one in told["columns"]} == {  # type: ignore[attr-defined]
        ("who", 100), ("ssn", 200), ("more", 100),
    }  # fmt: skip
    with pytest.raises(ConflictError):
        run(tmp_path / "old.parquet", "--output", tmp_path / "new.parquet")


def shop(path: Path, rows: int = 1100) -> str:
    with sqlite3.connect(path) as db:
        db.execute(
            "create table customers (id integer primary key, name text, email text unique, born integer)"
        )
        db.execute(
            'create table "order ""x""" (id integer primary key, who integer references customers, note text)'
        )
        db.executemany("insert into customers values (?, ?, ?, ?)",
                       [(n, f"Name {n}", f"jane{n}@example.com", 1990) for n in range(rows)])  # fmt: skip
        db.executemany(
            'insert into "order ""x""" values (?, ?, ?)', [(n, n, f"card {CARD}") for n in range(rows)]
        )
    db.close()
    return f"sqlite:///{path}"


def test_a_copy_of_a_database_is_masked_whole_and_no_page_keeps_a_value(run: Run, tmp_path: Path) -> None:
    url = shop(tmp_path / "shop.db")
    (tmp_path / "key").write_bytes(b"a key of the tests, not of anyone")
    told = run(url, "--output", tmp_path / "copy.db", "--operator", "hash", "--key-file", tmp_path / "key")
    assert told["counts"] == {"credit_card": 1100, "email": 1100}
    data = (tmp_path / "copy.db").read_bytes()
    assert b"@example.com" not in data
    assert b"4111" not in data
    assert b"Name 7" in data, "only what is found is masked where no column is named"
    assert b"jane7@example.com" in (tmp_path / "shop.db").read_bytes()
    with sqlite3.connect(tmp_path / "copy.db") as db:
        assert db.execute(
            'select count(distinct email), count(*) from customers c join "order ""x""" o on o.who = c.id'
        ).fetchone() == (1100, 1100)
    db.close()


def test_named_columns_lose_every_value_in_place_and_twice_is_once(run: Run, tmp_path: Path) -> None:
    url = shop(tmp_path / "shop.db")
    tried = run(url, "--column", "customers.name", "--dry-run")
    assert b"Name 7" in (tmp_path / "shop.db").read_bytes()
    done = run(url, "--column", "customers.name", "--in-place")
    assert tried["columns"] == done["columns"]
    data = (tmp_path / "shop.db").read_bytes()
    assert b"Name 7" not in data
    assert b"jane7@example.com" in data
    assert run(url, "--column", "customers.name", "--in-place")["counts"] == {}
    assert (tmp_path / "shop.db").read_bytes() == data or b"Name" not in data


@pytest.mark.parametrize(
    "column", ["customers.id", 'order "x".who', "customers.shoe", "customer.name", "customers"]
)
def test_keys_and_what_is_not_there_are_refused_before_anything_is_written(
    run: Run, tmp_path: Path, column: str
) -> None:
    url = shop(tmp_path / "shop.db", 3)
    before = (tmp_path / "shop.db").read_bytes()
    with pytest.raises(InvalidInputError):
        run(url, "--column", "customers.name", "--column", column, "--in-place")
    with pytest.raises(InvalidInputError, match="one of the two"):
        run(url, "--column", "customers.name")
    assert (tmp_path / "shop.db").read_bytes() == before


def test_values_that_must_be_unique_stop_it_and_nothing_is_changed(run: Run, tmp_path: Path) -> None:
    url = shop(tmp_path / "shop.db", 3)
    with pytest.raises(ConflictError, match="hash"):
        run(
            url, "--column", "customers.name", "--column", "customers.email", "--output", tmp_path / "copy.db"
        )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["shop.db"], "no half copy"


def test_a_postgresql_database_is_masked_in_place_in_one_step(run: Run, postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as db:
        db.exec_driver_sql("create table people (a text, b int, mail text, doc json, primary key (a, b))")
        db.exec_driver_sql(
            "insert into people select 'k' || mod(n, 7), n, 'jane' || n || '@example.com', '{}' from generate_series(1, 2500) n"
        )
    told = run(postgres_url, "--in-place")
    assert told["counts"] == {"email": 2500}
    assert told["not_masked"] == ["people.a", "people.b"]
    with engine.connect() as db:
        assert db.exec_driver_sql("select distinct mail from people").scalars().all() == ["[email]"]
    engine.dispose()


def test_what_is_for_databases_is_refused_for_files(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="databases"):
        run(tmp_path, "--dry-run")


def test_what_is_found_in_keys_and_stays_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE people (mail TEXT PRIMARY KEY, note TEXT, n INTEGER)")
        base.execute("INSERT INTO people VALUES ('jane@example.com', 'ask joe@example.com', 7)")
    base.close()
    told = run(f"sqlite:///{path}", "--output", tmp_path / "copy.db")
    assert (told["counts"], told["not_masked"]) == ({"email": 1}, ["people.mail"])
    assert told["left"] == [{"column": "people.mail", "type": "email", "rows": 1}]
    assert "jane" not in json.dumps(told)
