"""Data maps that point at themselves, in circles, or nowhere: the search ends, and finds each row once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors.sql import connect
from ephor.engine.dsr_work import drive
from ephor.rooms.dsr.datamap import parse_map
from ephor.rooms.dsr.investigate import investigate
from ephor.rooms.dsr.rights import Fulfilment
from ephor.rooms.dsr.store import fit


def field(name: str, *to: str, **meta: Any) -> dict[str, Any]:
    references = [{"dataset": "s", "field": one, "direction": "to"} for one in to]
    return {"name": name, "fides_meta": {**meta, **({"references": references} if to else {})}}


def mapped(**collections: list[dict[str, Any]]) -> dict[str, Any]:
    made = [{"name": name, "fields": fields} for name, fields in collections.items()]
    return {"dataset": [{"fides_key": "s", "collections": made}]}


def found(path: Path, given: dict[str, Any]) -> dict[str, int]:
    store = connect(f"sqlite:///{path}")
    data_map = parse_map(given)
    shapes = fit(data_map, {"s": store.tables()})
    result = drive(
        investigate(data_map, shapes, {"email": "a@example.org"}, Fulfilment.ERASE, {}), {"s": store}
    )
    store.close()
    return {str(one.collection): len(one.rows) for one in result.batches()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("create table a (id integer primary key, mail text, other integer)")
        db.execute("create table b (id integer primary key, other integer)")
        db.executemany(
            "insert into a values (?, ?, ?)", [(1, "a@example.org", 2), (2, "x", 3), (3, "x", 1), (9, "x", 9)]
        )
        db.executemany("insert into b values (?, ?)", [(1, 2), (2, 1), (9, 9)])
    db.close()
    return tmp_path / "s.db"


KEY = {"primary_key": True}


def test_a_field_that_points_at_itself_ends(path: Path) -> None:
    given = mapped(a=[field("id", "a.id", **KEY), field("mail", identity="email"), field("other")])
    assert found(path, given) == {"s.a": 1}


def test_a_table_that_points_at_itself_is_followed_to_its_end(path: Path) -> None:
    given = mapped(a=[field("id", **KEY), field("mail", identity="email"), field("other", "a.id")])
    assert sum(found(path, given).values()) <= 3


def test_two_that_point_at_each_other_end(path: Path) -> None:
    given = mapped(
        a=[field("id", **KEY), field("mail", identity="email"), field("other", "b.id")],
        b=[field("id", **KEY), field("other", "a.id")],
    )
    rows = found(path, given)
    assert rows["s.a"] >= 1
    assert all(count <= 3 for count in rows.values())
