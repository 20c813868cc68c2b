"""The shape of PostgreSQL's tables, asked in two questions, is the one that SQLAlchemy's inspector tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.sql import _inspected, connect
from ephor.adapters.connectors.sql_shape import described, shape_of

PLAIN = """
create table "odd "" name %" ("a b" int, "C" bigint, primary key ("C", "a b"));
create table people (id integer primary key, email varchar(200) unique, born date not null, score numeric(10, 2), seen timestamptz(3));
create table talks (id uuid primary key, dropped int, person_id integer references people on delete cascade, said text not null,
    at timestamp, also varchar(200) references people (email), b bytea, j json, jb jsonb, r real, d double precision, s smallint,
    t time, yes boolean, x int, y bigint, foreign key (y, x) references "odd "" name %" ("C", "a b"));
alter table talks drop column dropped;
create table selfish (id int primary key, parent int references selfish);
create table keyless (a int);
create table empty ();
create view seen as select id from people;
create temporary table passing (id int primary key);
"""


@pytest.fixture
def database(postgres_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute(PLAIN)  # type: ignore[union-attr]  # the driver's own: no marks are looked for
        yield connection


def told(tables: Any) -> dict[str, Any]:
    return {
        name: (
            [(one["name"], one["type"].python_type, getattr(one["type"], "timezone", None), one["nullable"]) for one in columns],
            list(key["constrained_columns"]),
            sorted((one["constrained_columns"], one["referred_table"], one["referred_columns"]) for one in ties),
        )
        for name, columns, key, ties in tables
    }  # fmt: skip


def test_plain_tables_are_told_as_the_inspector_tells_them(database: sa.Connection) -> None:
    shape = shape_of(database)
    assert shape is not None
    mine = described(shape)
    assert mine is not None
    assert told(mine) == told(_inspected(database))
    assert {"empty", "keyless", 'odd " name %'} <= told(mine).keys()
    assert not {"seen", "passing"} & told(mine).keys()


UNUSUAL = (
    ("create type mood as enum ('good', 'bad'); create table felt (mood mood)", "drop table felt"),
    ("create domain code as text; create table coded (id code primary key)", "drop table coded"),
    ("create table listed (words text[])", "drop table listed"),
    ("create table parted (id int primary key) partition by range (id)", "drop table parted"),
    ("create schema away; create table away.far (id int primary key); create table near (id int references away.far)", ""),
)  # fmt: skip


def test_whatever_is_not_plain_is_left_to_the_inspector(database: sa.Connection, postgres_url: str) -> None:
    store = connect(postgres_url)
    for made, gone in UNUSUAL:
        driver: Any = database.connection.driver_connection
        driver.execute(made)
        shape = shape_of(database)
        assert shape is not None
        assert described(shape) is None, made
        assert set(store.tables()) == {name for name, *_ in _inspected(database) if name != "passing"}
        driver.execute(gone or "select 1")
    store.close()


def test_a_store_sees_that_its_tables_changed(database: sa.Connection, postgres_url: str) -> None:
    store = connect(postgres_url)
    try:
        before = store.tables()
        assert store.tables() is before
        database.exec_driver_sql("alter table people add column name text")
        assert "name" in store.tables()["people"].columns
        database.exec_driver_sql("alter table selfish drop constraint selfish_parent_fkey")
        assert store.tables()["selfish"].foreign_keys == ()
    finally:
        store.close()
