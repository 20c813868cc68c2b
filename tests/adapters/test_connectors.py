"""SQL stores: hostile names and values, keys that survive the way through JSON, and nothing left behind."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.sql import connect
from ephor.adapters.connectors.values import from_json, to_json
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from sample_shop import build_shop, rows_of

TABLE = 'robert"); DROP TABLE students; --'
COLUMN = "na'me %s :x (%)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.db"
    quoted, column = TABLE.replace('"', '""'), COLUMN.replace('"', '""')
    with sqlite3.connect(path) as base:
        base.execute(
            f'CREATE TABLE "{quoted}" (id BLOB PRIMARY KEY, "{column}" TEXT, day DATE, odd WEIRDTYPE)'
        )
        base.executemany(
            f'INSERT INTO "{quoted}" VALUES (?, ?, ?, ?)',
            [(b"\x00\xff", "' OR 1=1 --", "not a day", 1.5), (b"\x01", "Ærlig", "2026-01-01", b"\x02")],
        )
        base.execute("CREATE TABLE students (id INTEGER PRIMARY KEY)")
    base.close()
    return path


@pytest.fixture
def store(path: Path) -> Iterator[DataStore]:
    store = connect(f"sqlite:///{path}")
    yield store
    store.close()


def test_hostile_names_are_names_and_hostile_values_are_values(store: DataStore, path: Path) -> None:
    assert set(store.tables()) == {TABLE, "students"}
    name = Name("d", TABLE)
    rows = store.find(Find(name, ("id", COLUMN, "day", "odd"), COLUMN, ("' OR 1=1 --",)))
    assert rows == [{"id": "AP8=", COLUMN: "' OR 1=1 --", "day": "not a day", "odd": 1.5}]
    assert store.tally(Tally(name, ("id",), (("AP8=",), ("AQ==",), ("ZZZ",)))) == {("AP8=",): 1, ("AQ==",): 1}
    assert store.update(TABLE, ("id",), [("AQ==",)], {COLUMN: "'; DROP TABLE students; --"}) == 1
    assert store.delete(TABLE, ("id",), [("AP8=",)]) == 1
    assert [row[1] for row in rows_of(path, TABLE.replace('"', '""'))] == ["'; DROP TABLE students; --"]
    assert set(store.tables()) == {TABLE, "students"}


@pytest.mark.parametrize(("table", "column"), [("nothing", "id"), (TABLE, "nothing"), ("students; --", "id")])
def test_a_table_or_column_that_is_not_there_is_never_asked_for(
    store: DataStore, table: str, column: str
) -> None:
    with pytest.raises(InvalidInputError):
        store.find(Find(Name("d", table), (column,), column, (1,)))


def test_the_database_says_what_hangs_on_what(tmp_path: Path) -> None:
    store = connect(build_shop(tmp_path / "shop.db"))
    tables = store.tables()
    assert tables["order_items"].primary_key == ("order_id", "line")
    assert {(key.columns, key.target, key.target_columns) for key in tables["orders"].foreign_keys} == {
        (("customer_id",), "customers", ("id",)),
        (("shipping_address_id",), "addresses", ("id",)),
    }
    store.close()


def test_foreign_keys_are_enforced_and_a_refused_deletion_changes_nothing(tmp_path: Path) -> None:
    store = connect(build_shop(tmp_path / "shop.db"))
    with pytest.raises(ConflictError, match="constraints forbid"):
        store.delete("customers", ("id",), [(1,), (2,)])
    assert store.tally(Tally(Name("shop", "customers"), ("id",), ((1,), (2,)))) == {(1,): 1, (2,): 1}
    store.close()


def test_composite_keys_and_many_values_are_found_and_deleted(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE t (a INTEGER, b TEXT, PRIMARY KEY (a, b))")
        base.executemany("INSERT INTO t VALUES (?, ?)", [(n, str(n % 7)) for n in range(3000)])
    base.close()
    store = connect(f"sqlite:///{path}")
    name = Name("d", "t")
    rows = store.find(Find(name, ("a", "b"), "a", tuple(range(2500))))
    assert len(rows) == 2500
    keys = [(row["a"], row["b"]) for row in rows]
    assert sum(store.tally(Tally(name, ("a", "b"), tuple(keys))).values()) == 2500
    assert store.delete("t", ("a", "b"), keys) == 2500
    assert store.delete("t", ("a", "b"), keys) == 0
    store.close()


def test_mail_addresses_are_compared_without_regard_to_case_only_when_asked(tmp_path: Path) -> None:
    store = connect(build_shop(tmp_path / "shop.db"))
    name = Name("shop", "customers")
    assert len(store.find(Find(name, ("id",), "email", ("MARY@example.ORG",), fold=True))) == 1
    assert store.find(Find(name, ("id",), "email", ("MARY@example.ORG",))) == []
    store.close()


@pytest.mark.parametrize("url", ["oracle://h/d", "not a url", "sqlite", ""])
def test_a_url_of_something_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises((InvalidInputError, UnavailableError)):
        connect(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:////nowhere/at/all.db"])
def test_no_empty_database_is_made_where_there_is_none(url: str) -> None:
    with pytest.raises(NotFoundError):
        connect(url)


def test_a_locked_database_is_unavailable_and_what_it_says_stays_out(tmp_path: Path) -> None:
    path = tmp_path / "torn.db"
    path.write_bytes(b"mary@example.org is not a database" * 100)
    store = connect(f"sqlite:///{path}")
    with pytest.raises(UnavailableError) as caught:
        store.tables()
    assert "mary" not in str(caught.value)
    store.close()


def test_a_store_that_does_not_answer_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    store = connect("postgresql://mary:secret@127.0.0.1:1/crm")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1/crm` did not answer") as caught:
        store.tables()
    assert not {"mary", "secret"} & set(re.split(r"\W+", str(caught.value)))
    store.close()


def test_a_store_that_is_read_only_says_so_and_which_it_is(path: Path, store: DataStore) -> None:
    engine = store._engine  # type: ignore[attr-defined]
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("pragma query_only = on"))
    with pytest.raises(UnavailableError, match=rf"{path.name}` is read-only here; .* let this account write"):
        store.delete("students", ["id"], [(1,)])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.Integer(), 7),
        (sa.Text(), "x"),
        (sa.Boolean(), True),
        (sa.Numeric(), Decimal("1.10")),
        (sa.Uuid(), UUID(int=7)),
        (sa.LargeBinary(), b"\x00\xff"),
        (sa.DateTime(), datetime(2026, 1, 1, 12, tzinfo=UTC)),
        (sa.Date(), date(2026, 1, 1)),
        (sa.Text(), None),
    ],
)
def test_a_value_comes_back_from_json_as_it_went(kind: sa.types.TypeEngine[object], value: object) -> None:
    assert from_json(kind, to_json(value), "t.c") == value


@pytest.mark.parametrize(
    "kind", [sa.Integer(), sa.Uuid(), sa.Date(), sa.Numeric(), sa.Boolean(), sa.LargeBinary()]
)
def test_a_value_a_column_cannot_hold_is_refused(kind: sa.types.TypeEngine[object]) -> None:
    with pytest.raises(InvalidInputError, match=r"t\.c"):
        from_json(kind, "Bobby Tables!", "t.c")


def test_other_values_leave_as_text() -> None:
    assert to_json({"a": [1]}) == '{"a":[1]}'
    assert to_json(timedelta(seconds=5)) == "0:00:05"
