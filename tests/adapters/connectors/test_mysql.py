"""The SQL connector over a real MariaDB: the whole life of a request, hostile names, keys of every type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.opening import connect
from ephor.adapters.connectors.sql_retention import connect_retention
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from sample_shop import MARY, ROWS, shop_map
from served_stores import mariadb_running

SCHEMA = """
CREATE TABLE addresses (id INT PRIMARY KEY, street TEXT, city TEXT);
CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(200) UNIQUE, name TEXT, phone TEXT, score INT,
    address_id INT, FOREIGN KEY (address_id) REFERENCES addresses(id));
CREATE TABLE products (id INT PRIMARY KEY, title TEXT);
CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, shipping_address_id INT, note TEXT,
    FOREIGN KEY (customer_id) REFERENCES customers(id), FOREIGN KEY (shipping_address_id) REFERENCES addresses(id));
CREATE TABLE order_items (order_id INT, line INT, product_id INT, quantity INT, PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id) REFERENCES orders(id), FOREIGN KEY (product_id) REFERENCES products(id));
CREATE TABLE payments (id VARCHAR(20) PRIMARY KEY, order_id INT, iban TEXT, FOREIGN KEY (order_id) REFERENCES orders(id));
CREATE TABLE newsletter (email VARCHAR(200) PRIMARY KEY, since TEXT);
CREATE TABLE page_views (id INT PRIMARY KEY, cookie TEXT);
CREATE TABLE warehouse_log (id INT PRIMARY KEY, line TEXT);
CREATE TABLE `odd``; DROP TABLE products; -- %s :x` (
    code VARBINARY(20) PRIMARY KEY, `na'me %s` VARCHAR(50), at DATETIME, amount DECIMAL(10,2), doc JSON);
"""
ODD, NAME = "odd`; DROP TABLE products; -- %s :x", "na'me %s"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb_running() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    base = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with base.connect() as connection:
        name = f"shop{len(connection.exec_driver_sql('SHOW DATABASES').all())}"
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    base.dispose()
    engine = sa.create_engine(f"{server}/{name}")
    raw = engine.raw_connection()
    with raw.cursor() as cursor:  # type: ignore[attr-defined]  # the driver's own: no marks are looked for
        for statement in SCHEMA.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        for table, rows in ROWS.items():
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    raw.commit()
    raw.close()
    engine.dispose()
    return f"{server}/{name}"


def rows(url: str, table: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1")]
    engine.dispose()
    return found


def test_one_person_leaves_mariadb_and_nobody_else_does(url: str, engine: Engine) -> None:
    store = connect(url.replace("mysql+pymysql", "mariadb"))  # a URL without a driver takes ours
    stores = {"shop": store}
    request = engine.dsr.open("erasure", {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, shop_map(), stores, by="ada")
    engine.dsr.approve(request.id, by="dora")
    done = engine.dsr.fulfil(request.id, by="dora", given=shop_map(), stores=stores)
    assert {line.collection[5:]: line.act for line in done.lines if line.act} == {
        "customers": 1, "orders": 2, "order_items": 3, "payments": 1, "newsletter": 1, "addresses": 2,
    }  # fmt: skip
    assert any("mariadb: tables rebuilt" in line for line in done.verified)
    assert rows(url, "customers") == [ROWS["customers"][1]]
    assert rows(url, "orders") == [ROWS["orders"][2]]
    assert rows(url, "products") == ROWS["products"]
    store.close()


def test_hostile_names_and_keys_that_come_back_through_json(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        table = sa.table(
            sa.sql.quoted_name(ODD, quote=True), *map(sa.column, ("code", NAME, "at", "amount", "doc"))
        )
        row = {
            "code": b"\x00\xff",
            NAME: "' OR 1=1 -- \\",
            "at": "2026-01-02 03:04:05",
            "amount": "1.50",
            "doc": '{"a": 1}',
        }
        for one in (row, {**row, "code": b"\x01", NAME: "Ærlig"}):
            connection.execute(table.insert().values(list(one.values())))
    engine.dispose()
    store, name = connect(url), Name("d", ODD)
    [found] = store.find(Find(name, ("code", NAME, "at", "amount"), NAME, ("' OR 1=1 -- \\",)))
    assert found == {"code": "AP8=", NAME: "' OR 1=1 -- \\", "at": "2026-01-02T03:04:05", "amount": "1.50"}
    assert [one["code"] for one in store.find(Find(name, ("code",), "at", (found["at"],)))] == [
        "AP8=",
        "AQ==",
    ]
    assert [one["code"] for one in store.find(Find(name, ("code",), NAME, ("ÆRLIG",), fold=True))] == ["AQ=="]
    assert store.tally(Tally(name, ("code",), (("AP8=",), ("AQ==",), ("ZZZ",)))) == {
        ("AP8=",): 1,
        ("AQ==",): 1,
    }
    assert store.update(ODD, ("code",), [("AQ==",)], {NAME: "x"}) == 1
    assert store.update(ODD, ("code",), [("AQ==",)], {NAME: "x"}) == 1, "done twice is done"
    assert store.delete(ODD, ("code",), [("AP8=",), ("AQ==",)]) == 2
    assert store.delete(ODD, ("code",), [("AP8=",)]) == 0
    assert "rebuilt" in store.scrub([ODD])
    assert set(store.sample("customers", 10)["email"]) == {one[1] for one in ROWS["customers"]}
    with pytest.raises(ConflictError):
        store.delete("customers", ("id",), [(2,)])
    store.close()
    assert rows(url, "products") == ROWS["products"]


def test_text_that_begins_like_a_number_is_no_number(url: str) -> None:
    store = connect(url)
    assert store.find(Find(Name("shop", "customers"), ("id",), "id", ("1 OR 1=1",))) == []
    assert store.find(Find(Name("shop", "customers"), ("id",), "name", (0,))) == []
    store.close()


def test_what_is_not_there_or_not_ours_is_said(url: str) -> None:
    with pytest.raises(UnavailableError):
        connect(f"{url}_nothing").tables()
    with pytest.raises(InvalidInputError, match="retention does not run"):
        connect_retention(url)
