"""Drafting a data map: the shop's own, without anybody having described it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters import strict_yaml
from ephor.adapters.connectors.sql import connect
from ephor.engine.dsr_mapping import draft
from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import parse_map
from sample_shop import MARY, ROWS, build_shop, rows_of, shop_map


def erase(engine: Engine, url: str, data_map: Any) -> None:
    store = connect(url)
    request = engine.dsr.open("erasure", {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, data_map, {"shop": store}, by="ada")
    engine.dsr.approve(request.id, by="dora")
    engine.dsr.fulfil(request.id, by="dora", given=data_map, stores={"shop": store})
    store.close()


def test_a_drafted_map_erases_what_the_written_one_does(engine: Engine, tmp_path: Path) -> None:
    drafted, written = tmp_path / "drafted.db", tmp_path / "written.db"
    url = build_shop(drafted)
    store = connect(url)
    made = draft(store, "shop")
    store.close()
    erase(engine, url, made.data_map)
    erase(engine, build_shop(written), shop_map())
    for table in ROWS:
        assert rows_of(drafted, table) == rows_of(written, table), table
    assert rows_of(drafted, "customers") == [ROWS["customers"][1]]


def test_a_draft_files_what_it_found_and_what_nobody_can_tell_and_holds_no_value(tmp_path: Path) -> None:
    store = connect(build_shop(tmp_path / "shop.db"))
    made = draft(store, "shop")
    store.close()
    read = parse_map(made.data_map)
    categories = {
        f"{one.name}.{field.name}": field.categories for one in read.collections for field in one.fields
    }
    assert categories["shop.customers.email"] == ("user.contact.email",)
    assert categories["shop.payments.iban"] == ("user.financial.bank_account",)
    assert categories["shop.addresses.street"] == ("user.contact.address.street",)
    assert categories["shop.orders.note"] == ("user",), (
        "text beside a person's data is personal until somebody says"
    )
    assert categories["shop.products.title"] == ("system.operations",)
    [customers] = [one for one in read.collections if str(one.name) == "shop.customers"]
    assert [field.name for field in customers.fields if field.identity] == ["email"]
    text = json.dumps(made.data_map) + " ".join(made.notes)
    for table, rows in ROWS.items():
        for row in rows:
            assert not any(isinstance(one, str) and len(one) > 4 and one in text for one in row), table
    assert any("orders.note" in note for note in made.notes)


def test_a_draft_needs_a_name_and_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    store = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    for name, rows in (("shop", 10), ("a.b", 10), ("", 10), ("shop", 0)):
        with pytest.raises(InvalidInputError):
            draft(store, name, rows=rows)
    store.close()


def test_names_that_yaml_or_sql_would_take_for_more_come_through(tmp_path: Path) -> None:
    import yaml  # noqa: PLC0415

    base = sqlite3.connect(tmp_path / "odd.db")
    base.execute('create table "NO" ("on" integer primary key, "e""mail: x" text, "2026-01-01" text)')
    base.execute('insert into "NO" values (1, ?, ?)', (MARY, "x"))
    base.commit()
    base.close()
    store = connect(f"sqlite:///{tmp_path / 'odd.db'}")
    made = draft(store, "odd")
    store.close()
    again = strict_yaml.read(yaml.safe_dump(made.data_map, sort_keys=False).encode())
    assert again == made.data_map
    [table] = parse_map(again).collections  # type: ignore[arg-type]
    assert [field.name for field in table.fields] == ["on", 'e"mail: x', "2026-01-01"]


_TENANTS = """
create table addr (id integer primary key, street text);
create table customer (tenant text, no integer, name text, email text unique, addr_id integer references addr(id),
  primary key (tenant, no));
create table ordr (id integer primary key, tenant text, cust integer, total integer,
  foreign key (tenant, cust) references customer(tenant, no));
create table line (ordr integer references ordr(id), pos integer, product text, primary key (ordr, pos));
create table note (id integer primary key, data json);
create table tally (id integer primary key, data json);
insert into addr values (1, 'Hauptstr. 1'), (2, 'Nebenweg 2');
insert into customer values ('de', 1, 'Mary', 'mary@example.org', 1), ('de', 2, 'Bob', 'bob@example.org', 1),
  ('fr', 1, 'Chloe', 'chloe@example.org', 2);
insert into ordr values (10, 'de', 1, 500), (11, 'de', 2, 70), (12, 'fr', 1, 9);
insert into line values (10, 1, 'book'), (10, 2, 'pen'), (11, 1, 'cup'), (12, 1, 'hat');
insert into note values (1, '{"to": ["mary@example.org", "bob@example.org"], "body": "hi"}'),
  (2, '{"to": ["mary@example.org"], "body": "yonder", "meta": {"phone": "+49 30 1234567"}}');
insert into tally values (1, '{"mary@example.org": 3}');
"""


def test_keys_of_several_columns_and_what_lies_in_json_are_drafted_and_followed(
    engine: Engine, tmp_path: Path
) -> None:
    """The first customer of one tenant is not the first of another, though their numbers are the same."""
    url = f"sqlite:///{tmp_path / 'tenants.db'}"
    with sqlite3.connect(tmp_path / "tenants.db") as base:
        base.executescript(_TENANTS)
    store = connect(url)
    made = draft(store, "shop")
    store.close()
    text = json.dumps(made.data_map) + " ".join(made.notes)
    assert not any(one in text for one in (MARY, "yonder", "30 1234567"))
    fields = {
        f"{one.name}.{field.name}": field
        for one in parse_map(made.data_map).collections
        for field in one.fields
    }
    assert (fields["shop.note.data.to"].identity, fields["shop.note.data.to"].many) == ("email", True)
    assert fields["shop.note.data.meta.phone"].categories == ("user.contact.phone_number",)
    assert fields["shop.tally.data"].identity is None
    assert any("shop.tally.data: JSON" in note for note in made.notes)
    assert {one.field for one in fields["shop.ordr.tenant"].references} == {"tenant"}
    erase(engine, url, made.data_map)
    assert [row[:2] for row in rows_of(tmp_path / "tenants.db", "customer")] == [("de", 2), ("fr", 1)]
    assert [row[0] for row in rows_of(tmp_path / "tenants.db", "ordr")] == [11, 12]
    assert [row[0] for row in rows_of(tmp_path / "tenants.db", "line")] == [11, 12]
    assert [row[0] for row in rows_of(tmp_path / "tenants.db", "note")] == [1]
    assert [row[0] for row in rows_of(tmp_path / "tenants.db", "addr")] == [1, 2]
