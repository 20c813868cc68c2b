"""Erasures that keep rows: what Fides' overrides write, worked out once; and fields that lie inside a column."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conftest import populate
from ephor.adapters.connectors.opening import connect
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import Name, parse_map
from ephor.rooms.dsr.request import RequestStatus
from ephor.rooms.dsr.store import Find, Table, Tally, fit
from planes import sqlite_plane
from sample_shop import JOHN, MARY, ROWS, build_shop, field, rows_of, shop_map
from strikes import gets_through, strike


def override(strategy: str, **configuration: Any) -> dict[str, Any]:
    said = {"strategy": strategy} | ({"configuration": configuration} if configuration else {})
    return {"masking_strategy_override": said}


def customers(given: Any, **masks: dict[str, Any]) -> Mapping[str, Any]:
    """Return the shop's map with overrides on fields of its customers; `collection` is the collection's own."""
    made = copy.deepcopy(given)
    [one] = [one for one in made["dataset"][0]["collections"] if one["name"] == "customers"]
    if "collection" in masks:
        one["fides_meta"] = {**one.get("fides_meta", {}), **masks.pop("collection")}
    for each in one["fields"]:
        if each["name"] in masks:
            each["fides_meta"] = {**each.get("fides_meta", {}), **masks[each["name"]]}
    return dict(made)


MASKED = customers(
    shop_map(),
    email=override("random_string_rewrite", length=8, format_preservation={"suffix": "@masked.invalid"}),
    name=override("string_rewrite", rewrite_value="MASKED"),
    phone=override("hash", algorithm="SHA-512"),
)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Mapping[str, DataStore]]:
    store = connect(build_shop(tmp_path / "shop.db"))
    yield {"shop": store}
    store.close()


def ready(
    engine: Engine,
    stores: Mapping[str, DataStore],
    given: Mapping[str, Any],
    right: str = "erasure",
    **facts: Any,
) -> str:
    request = engine.dsr.open(right, {"email": MARY}, by="ada", **facts)
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, given, stores, by="ada")
    return engine.dsr.approve(request.id, by="dora").id


def test_a_collection_with_an_override_keeps_its_rows_and_nothing_of_the_person(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    id = ready(engine, stores, MASKED)
    plan = engine.dsr.show(id).plan
    assert plan is not None
    [line] = [line for line in plan.lines if line.collection == "shop.customers"]
    assert (line.act, line.fields) == (1, ("email", "name", "phone", "score"))
    done = engine.dsr.fulfil(id, by="dora", given=MASKED, stores=stores)
    mary, john = rows_of(tmp_path / "shop.db", "customers")
    assert john == ROWS["customers"][1]
    assert (mary[0], mary[2], mary[4], mary[5]) == (1, "MASKED", None, 2)
    assert mary[1].endswith("@masked.invalid")
    assert len(mary[1]) == 8 + len("@masked.invalid")
    assert len(mary[3]) == 64
    assert "+47" not in mary[3]
    assert len(rows_of(tmp_path / "shop.db", "orders")) == 1, "what has no override goes as before"
    assert (
        "shop.customers: 1 rows asked for by key, email, name, phone, score overwritten in each"
        in done.verified
    )
    assert engine.dsr.show(id).request.status is RequestStatus.PARTLY_FULFILLED
    assert MARY.encode() not in (tmp_path / "shop.db").read_bytes().lower()


def test_rows_that_were_overwritten_are_back_only_when_they_say_something_else_again(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    before = rows_of(tmp_path / "shop.db", "customers")[0]
    engine.dsr.fulfil(ready(engine, stores, MASKED), by="dora", given=MASKED, stores=stores)
    masked = rows_of(tmp_path / "shop.db", "customers")[0]
    again = engine.dsr_reapplying
    assert again.reapply(MASKED, stores, by="dora", dry_run=True) == []
    stores["shop"].update("customers", ("id",), [(1,)], {"name": before[2]})
    [found] = again.reapply(MASKED, stores, by="dora")
    assert (found.collection, found.rows) == ("shop.customers", 1)
    assert rows_of(tmp_path / "shop.db", "customers")[0] == masked
    assert again.reapply(MASKED, stores, by="dora") == []


def test_an_override_of_the_collection_is_for_all_its_personal_fields_and_delete_deletes(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    deleted = parse_map(customers(shop_map(), collection=override("delete"), name=override("null_rewrite")))
    assert deleted.get("shop.customers").masks == {}
    given = customers(shop_map(), collection=override("string_rewrite", rewrite_value="x"))
    engine.dsr.fulfil(ready(engine, stores, given), by="dora", given=given, stores=stores)
    assert rows_of(tmp_path / "shop.db", "customers")[0] == (1, "x", "x", "x", "x", 2)


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        ({"name": override("aes_encrypt")}, "can be undone"),
        ({"name": override("string_rewrite")}, "rewrite_value"),
        ({"name": override("random_string_rewrite", length=0)}, "length"),
        ({"name": override("null_rewrite", what=1)}, "configuration"),
        ({"name": override("delete")}, "only rows"),
        ({"id": override("null_rewrite")}, "key stays"),
        ({"name": {"masking_strategy_override": "null_rewrite"}}, "configuration"),
    ],
)
def test_overrides_that_would_not_erase_are_refused(masks: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        parse_map(customers(shop_map(), **masks))


def test_a_column_that_cannot_be_empty_is_not_emptied(engine: Engine, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as base:
        base.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL)")
        base.execute("INSERT INTO people VALUES (1, ?)", (MARY,))
    base.close()
    fields = [field("id", "user.unique_id", primary_key=True),
              field("email", "user.contact.email", identity="email", **override("null_rewrite"))]  # fmt: skip
    given = {"dataset": [{"fides_key": "x", "collections": [{"name": "people", "fields": fields}]}]}
    with pytest.raises(InvalidInputError, match="cannot be empty"):
        ready(engine, {"x": connect(f"sqlite:///{tmp_path}/x.db")}, given)


@pytest.mark.parametrize("steps", [2, 6, 9])
def test_a_masking_that_is_killed_writes_the_same_again(tmp_path: Path, steps: int) -> None:
    made, url = sqlite_plane(tmp_path), build_shop(tmp_path / "shop.db", wal=True)
    engine = populate(Engine(made.world(made.open())))
    store = connect(url)
    id = ready(engine, {"shop": store}, MASKED)
    store.close()
    made.close()

    def fulfil(after: int) -> None:
        mine, opened = made.open(), connect(url)
        strike(after)
        Engine(made.world(mine)).dsr.fulfil(id, by="dora", given=MASKED, stores={"shop": opened})
        made.close()

    gets_through(lambda: fulfil(steps))
    assert gets_through(lambda: fulfil(10_000))
    assert rows_of(tmp_path / "shop.db", "customers")[0][2] == "MASKED"
    assert MARY.encode() not in (tmp_path / "shop.db").read_bytes().lower()


NESTED = {
    "dataset": [
        {
            "fides_key": "app",
            "collections": [
                {
                    "name": "profiles",
                    "fields": [
                        {
                            "name": "id",
                            "data_categories": ["user.unique_id"],
                            "fides_meta": {"primary_key": True},
                        },
                        {
                            "name": "doc",
                            "data_categories": ["user.content"],
                            "fides_meta": {"data_type": "object"},
                            "fields": [
                                {
                                    "name": "who",
                                    "fides_meta": {"data_type": "object"},
                                    "fields": [
                                        {
                                            "name": "e'mail",
                                            "data_categories": ["user.contact.email"],
                                            "fides_meta": {"identity": "email"},
                                        },
                                        {"name": "town", "fides_meta": {"data_type": "string"}},
                                    ],
                                }
                            ],
                        },
                    ],
                }
            ],
        }
    ]
}


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def nested(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, DataStore]]:
    if request.param == "mariadb":
        from served_stores import mariadb_running  # noqa: PLC0415 - only here

        with mariadb_running() as server:
            base = sa.create_engine(server)
            with base.begin() as connection:
                connection.exec_driver_sql("CREATE DATABASE app CHARACTER SET utf8mb4")
            base.dispose()
            yield from with_profiles(f"{server}/app", "JSON")
        return
    url = (
        f"sqlite:///{tmp_path}/app.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    yield from with_profiles(url, "TEXT" if request.param == "sqlite" else "JSONB")


def with_profiles(url: str, kind: str) -> Iterator[tuple[str, DataStore]]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE profiles (id INT PRIMARY KEY, doc {kind})"))
        for id, mail in ((1, "Mary@example.org"), (2, JOHN)):
            doc = json.dumps({"who": {"e'mail": mail, "town": "Oslo", "n": id}, "other": [1]})
            connection.execute(sa.text("INSERT INTO profiles VALUES (:id, :doc)"), {"id": id, "doc": doc})
        if kind == "TEXT":
            connection.execute(sa.text("INSERT INTO profiles VALUES (3, 'no json')"))
    engine.dispose()
    store = connect(url)
    yield url, store
    store.close()


def test_what_lies_inside_a_column_is_found_given_corrected_and_erased(
    nested: tuple[str, DataStore], engine: Engine
) -> None:
    _, store = nested
    stores, name = {"app": store}, Name("app", "profiles")
    assert [one.name for one in parse_map(NESTED).get("app.profiles").fields] == [
        "id",
        "doc.who.e'mail",
        "doc.who.town",
    ]
    assert store.tally(Tally(name, ("doc.who.n",), ((1,), ("2",), (9,)))) == {("1",): 1, ("2",): 1}
    box: dict[str, bytes] = {}
    id = ready(engine, stores, NESTED, "access")
    engine.dsr.fulfil(id, by="dora", given=NESTED, stores=stores, deliver=box.__setitem__)
    given = json.loads(next(iter(box.values())))["collections"]["app.profiles"]
    assert given == [{"id": 1, "doc.who.e'mail": "Mary@example.org", "doc.who.town": "Oslo"}]
    id = ready(engine, stores, NESTED, "rectification", corrections={"app.profiles.doc.who.town": "Bergen"})
    assert engine.dsr.fulfil(id, by="dora", given=NESTED, stores=stores).verified
    [row] = store.find(Find(name, ("id", "doc", "doc.who.town"), "doc.who.town", ("Bergen",)))
    assert json.loads(str(row["doc"])) == {
        "who": {"e'mail": "Mary@example.org", "town": "Bergen", "n": 1},
        "other": [1],
    }
    id = ready(engine, stores, NESTED)
    engine.dsr.fulfil(id, by="dora", given=NESTED, stores=stores)
    assert store.tally(Tally(name, ("id",), ((1,), (2,)))) == {(2,): 1}


LISTED: dict[str, Any] = {"dataset": [{"fides_key": "app", "collections": [{"name": "notes", "fields": [
    {"name": "id", "fides_meta": {"primary_key": True}},
    {"name": "doc", "fields": [
        {"name": "to", "data_categories": ["user.contact.email"],
         "fides_meta": {"identity": "email", "data_type": "string[]"}},
        {"name": "parts", "fides_meta": {"data_type": "object[]"},
         "fields": [{"name": "said", "data_categories": ["user.content"]}]}]}]}]}]}  # fmt: skip


@pytest.fixture
def notes(nested: tuple[str, DataStore]) -> Iterator[tuple[DataStore, Callable[[], dict[int, Any]]]]:
    url, profiles = nested
    profiles.close()
    engine = sa.create_engine(url)
    kind = "TEXT" if engine.dialect.name == "sqlite" else "JSON"
    texts = {
        1: {"to": ["Mary@example.org", JOHN], "parts": [{"said": "to both"}]},
        2: {"to": ["mary@EXAMPLE.org"], "parts": [{"said": "one", "n": 1.5}, {"said": "two"}], "é": "é"},
        3: {"to": "mary@example.org", "parts": {"said": "no list"}},
        4: {"to": [JOHN], "parts": []},
        5: {"to": []},
    }
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE notes (id INT PRIMARY KEY, doc {kind})"))
        for id, text in texts.items():
            connection.execute(
                sa.text("INSERT INTO notes VALUES (:id, :doc)"), {"id": id, "doc": json.dumps(text)}
            )

    def held() -> dict[int, Any]:
        with engine.begin() as connection:
            rows = connection.execute(sa.text("SELECT id, doc FROM notes ORDER BY id"))
            return {id: json.loads(doc) if isinstance(doc, str) else doc for id, doc in rows}

    store = connect(url)
    yield store, held
    store.close()
    engine.dispose()


def test_lists_inside_a_column_are_looked_into(
    notes: tuple[DataStore, Callable[[], dict[int, Any]]], engine: Engine
) -> None:
    store, held = notes
    stores, before = {"app": store}, held()
    id = ready(engine, stores, LISTED, "rectification", corrections={"app.notes.doc.parts.said": "corrected"})
    engine.dsr.fulfil(id, by="dora", given=LISTED, stores=stores)
    after = held()
    assert after[2]["parts"] == [{"said": "corrected", "n": 1.5}, {"said": "corrected"}]
    assert after[2]["é"] == "é"
    assert after[3]["parts"] == {"said": "corrected"}
    assert {one: after[one] for one in (1, 4, 5)} == {one: before[one] for one in (1, 4, 5)}
    id = ready(engine, stores, LISTED)
    [line] = engine.dsr.show(id).plan.lines  # type: ignore[union-attr]
    assert (line.found, line.act, [stay.because for stay in line.stays]) == (3, 2, ["others in doc.to"])
    engine.dsr.fulfil(id, by="dora", given=LISTED, stores=stores)
    assert held() == {one: before[one] for one in (1, 4, 5)}
    found = store.tally(Tally(Name("app", "notes"), ("doc.to", "id"), ((JOHN, 1), (JOHN, 4), (JOHN, 5))))
    assert found == {(JOHN, 1): 1, (JOHN, 4): 1}


@pytest.mark.parametrize("nested", ["sqlite", "postgres"], indirect=True)
def test_what_lies_in_a_list_is_overwritten_where_rows_stay(
    notes: tuple[DataStore, Callable[[], dict[int, Any]]], engine: Engine
) -> None:
    store, held = notes
    given = copy.deepcopy(LISTED)
    fields: Any = given["dataset"][0]["collections"][0]["fields"]
    fields[1]["fields"][1]["fields"][0]["fides_meta"] = {
        "masking_strategy_override": {
            "strategy": "string_rewrite",
            "configuration": {"rewrite_value": "gone"},
        }
    }
    id = ready(engine, {"app": store}, given)
    before = held()
    engine.dsr.fulfil(id, by="dora", given=given, stores={"app": store})
    after = held()
    assert after[2]["parts"] == [{"said": "gone", "n": 1.5}, {"said": "gone"}]
    assert after[3]["parts"] == {"said": "gone"}
    assert "mary" not in json.dumps([after[2], after[3]]).lower()
    assert [after[one] for one in (1, 4, 5)] == [before[one] for one in (1, 4, 5)]


def test_lists_inside_a_column_are_refused_where_nobody_looks_into_them() -> None:
    given = copy.deepcopy(LISTED)
    table = Table("notes", ("id", "doc"), ("id",))
    assert fit(parse_map(given), {"app": {"notes": replace(table, lists=True)}}).unmapped == ()
    with pytest.raises(InvalidInputError, match="list inside a column"):
        fit(parse_map(given), {"app": {"notes": table}})
