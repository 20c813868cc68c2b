"""Whatever a shop looks like, an erasure takes what is one person's and leaves every other person whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import DataMap, Name, parse_map
from ephor.rooms.dsr.investigate import Investigation, held_collections, investigate, ledger_fate
from ephor.rooms.dsr.judge import Stay, erasure_order
from ephor.rooms.dsr.plan import make_plan
from ephor.rooms.dsr.rights import Fulfilment
from ephor.rooms.dsr.store import Find, ForeignKey, Key, Shapes, Table, Tally, fit
from sample_shop import MARY, shop_map

T = TypeVar("T")
Rows = dict[str, list[dict[str, Any]]]
MAP = parse_map(shop_map())
TIES = {
    "customers": {"address_id": "addresses"},
    "orders": {"customer_id": "customers", "shipping_address_id": "addresses"},
    "order_items": {"order_id": "orders", "product_id": "products"},
    "payments": {"order_id": "orders"},
}


def shapes(*, tied: bool = True) -> Shapes:
    tables = {}
    for collection in MAP.collections:
        table = collection.name.collection
        key = tuple(one.name for one in collection.fields if one.primary_key)
        ties = tuple(
            ForeignKey((column,), target, ("id",))
            for column, target in (TIES.get(table, {}) if tied else {}).items()
        )
        tables[table] = Table(table, tuple(one.name for one in collection.fields), key, ties)
    return fit(MAP, {"shop": tables})


def answer(asking: Generator[Any, Any, T], rows: Rows) -> T:
    """Answer the questions from plain lists."""
    reply: Any = None
    while True:
        try:
            ask = asking.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result
        held = rows[ask.name.collection]
        if isinstance(ask, Find):
            fold = (lambda value: str(value).lower()) if ask.fold else (lambda value: value)
            wanted = {fold(value) for value in ask.values}
            reply = [
                {name: row[name] for name in ask.columns} for row in held if fold(row[ask.column]) in wanted
            ]
        else:
            assert isinstance(ask, Tally)
            counts = Counter(tuple(row[name] for name in ask.columns) for row in held)
            reply = {key: counts[key] for key in ask.values if counts[key]}


def erasure(rows: Rows, held: dict[Name, str] | None = None, *, tied: bool = True) -> Investigation:
    return answer(investigate(MAP, shapes(tied=tied), {"email": MARY}, Fulfilment.ERASE, held or {}), rows)


def after(rows: Rows, found: Investigation) -> Rows:
    """Return what an erasure leaves."""
    gone: dict[str, set[Key]] = {str(one.collection.name): set(one.act) for one in found.verdicts}
    left: Rows = {}
    for table, held in rows.items():
        key = found.shapes.mapped[Name("shop", table)].key
        left[table] = [
            row for row in held if tuple(row[name] for name in key) not in gone.get(f"shop.{table}", set())
        ]
    return left


@st.composite
def shops(draw: st.DrawFn) -> Rows:
    """Any small shop; customer 1 is Mary."""
    some = st.integers(1, 3)
    addresses = [{"id": n, "street": "s", "city": "c"} for n in range(1, 4)]
    customers = [
        {
            "id": n,
            "email": MARY if n == 1 else f"{n}@x",
            "name": "n",
            "phone": "p",
            "score": 1,
            "address_id": draw(some),
        }
        for n in range(1, draw(st.integers(1, 4)) + 1)
    ]
    orders = [
        {
            "id": n,
            "customer_id": draw(st.integers(1, len(customers))),
            "shipping_address_id": draw(st.none() | some),
            "note": None,
        }
        for n in range(draw(st.integers(0, 6)))
    ]
    lines = [
        {"order_id": order["id"], "line": n, "product_id": draw(some), "quantity": 1}
        for order in orders
        for n in range(draw(st.integers(0, 2)))
    ]
    paid = [
        {"id": f"p{order['id']}", "order_id": order["id"], "iban": "x"}
        for order in orders
        if draw(st.booleans())
    ]
    return {
        "addresses": addresses,
        "customers": customers,
        "products": [{"id": n, "title": "t"} for n in range(1, 4)],
        "orders": orders,
        "order_items": lines,
        "payments": paid,
        "newsletter": [{"email": MARY, "since": "x"}, {"email": "2@x", "since": "y"}],
        "page_views": [{"id": 1, "cookie": "c"}],
    }


def belongings(rows: Rows, customer: int) -> list[Any]:
    """Everything of one customer, found by a plain loop rather than by the map."""
    [me] = [row for row in rows["customers"] if row["id"] == customer]
    orders = [row for row in rows["orders"] if row["customer_id"] == customer]
    numbers = {row["id"] for row in orders}
    homes = {me["address_id"], *(row["shipping_address_id"] for row in orders)}
    return [
        me,
        orders,
        [row for row in rows["order_items"] if row["order_id"] in numbers],
        [row for row in rows["payments"] if row["order_id"] in numbers],
        [row for row in rows["addresses"] if row["id"] in homes],
        [row for row in rows["newsletter"] if row["email"] == me["email"]],
    ]


def dangling(rows: Rows) -> list[Any]:
    return [
        (table, row)
        for table, ties in TIES.items()
        for column, target in ties.items()
        for row in rows[table]
        if row[column] is not None and row[column] not in {one["id"] for one in rows[target]}
    ]


@settings(max_examples=150, deadline=None)
@given(shops(), st.booleans())
def test_every_other_customer_keeps_everything_and_mary_keeps_only_what_is_shared(
    rows: Rows, tied: bool
) -> None:
    """With the foreign keys in the database, and with the map alone to say what belongs to what."""
    found = erasure(rows, tied=tied)
    left = after(rows, found)
    for customer in rows["customers"][1:]:
        assert belongings(left, customer["id"]) == belongings(rows, customer["id"])
    assert not dangling(left)
    assert left["products"] == rows["products"]
    [_, orders, lines, paid, homes, _] = belongings(rows, 1)
    gone = [*orders, *lines, *paid, rows["customers"][0], rows["newsletter"][0]]
    assert not [row for row in gone if any(row in held for held in left.values())]
    others = {row["address_id"] for row in rows["customers"][1:]} | {
        row["shipping_address_id"] for row in rows["orders"] if row["customer_id"] != 1
    }
    assert [row for row in homes if row in left["addresses"]] == [row for row in homes if row["id"] in others]


@settings(max_examples=100, deadline=None)
@given(shops(), st.sets(st.sampled_from([one.name for one in MAP.collections])))
def test_a_hold_keeps_its_rows_and_never_leaves_one_without_what_it_names(
    rows: Rows, held: set[Name]
) -> None:
    found = erasure(rows, dict.fromkeys(held, "hold_1"))
    left = after(rows, found)
    for name in held:
        assert left[name.collection] == rows[name.collection]
    assert not dangling(left)


@settings(max_examples=50, deadline=None)
@given(shops())
def test_rows_are_deleted_before_the_rows_they_name(rows: Rows) -> None:
    left = {table: list(held) for table, held in rows.items()}
    for verdict in erasure(rows).verdicts:
        name = verdict.collection.name
        key = shapes().mapped[name].key
        left[name.collection] = [
            row for row in left[name.collection] if tuple(row[one] for one in key) not in verdict.act
        ]
        assert not dangling(left)


def test_a_message_to_somebody_else_is_left_for_review() -> None:
    given_ = {
        "dataset": [
            {
                "fides_key": "d",
                "collections": [
                    {
                        "name": "people",
                        "fields": [
                            {"name": "id", "fides_meta": {"primary_key": True}},
                            {
                                "name": "email",
                                "data_categories": ["user.contact"],
                                "fides_meta": {"identity": "email"},
                            },
                        ],
                    },
                    {
                        "name": "messages",
                        "fields": [
                            {"name": "id", "fides_meta": {"primary_key": True}},
                            {"name": "text", "data_categories": ["user.content"]},
                            *(
                                {
                                    "name": name,
                                    "fides_meta": {"references": [{"dataset": "d", "field": "people.id"}]},
                                }
                                for name in ("sender", "recipient")
                            ),
                        ],
                    },
                ],
            }
        ]
    }
    data_map = parse_map(given_)
    tables = {
        "people": Table("people", ("id", "email"), ("id",)),
        "messages": Table("messages", ("id", "text", "sender", "recipient"), ("id",)),
    }
    rows: Rows = {
        "people": [{"id": 1, "email": MARY}, {"id": 2, "email": "john"}],
        "messages": [
            {"id": 1, "text": "a", "sender": 1, "recipient": 2},
            {"id": 2, "text": "b", "sender": 1, "recipient": 1},
            {"id": 3, "text": "c", "sender": 2, "recipient": 2},
        ],
    }
    asking = investigate(data_map, fit(data_map, {"d": tables}), {"email": MARY}, Fulfilment.ERASE, {})
    people, messages = sorted(
        answer(asking, rows).verdicts, key=lambda one: -len(one.collection.name.collection)
    )[::-1]
    assert people.act == ((1,),)
    assert messages.act == ((2,),)
    assert [(kept.reason, kept.keys) for kept in messages.kept] == [(Stay.SHARED, ((1,),))]


def test_a_circle_of_foreign_keys_still_has_an_order() -> None:
    ring = {
        one: Table(one, ("id", "next"), ("id",), (ForeignKey(("next",), other, ("id",)),))
        for one, other in (("a", "b"), ("b", "a"))
    }
    fields = [{"name": "id"}, {"name": "next"}]
    data_map = parse_map(
        {"dataset": [{"fides_key": "d", "collections": [{"name": one, "fields": fields} for one in ring]}]}
    )
    names = [one.name for one in data_map.collections]
    assert sorted(erasure_order(fit(data_map, {"d": ring}), names), key=str) == names


def test_a_collection_whose_rows_nobody_can_tell_apart_is_refused() -> None:
    data_map: DataMap = parse_map(
        {"dataset": [{"fides_key": "d", "collections": [{"name": "t", "fields": [{"name": "x"}]}]}]}
    )
    with pytest.raises(InvalidInputError, match="no primary key"):
        fit(data_map, {"d": {"t": Table("t", ("x",), ())}})
    with pytest.raises(InvalidInputError, match="no column `x`"):
        fit(data_map, {"d": {"t": Table("t", ("y",), ("y",))}})


@given(shops())
@settings(max_examples=20, deadline=None)
def test_the_same_shop_comes_to_the_same_plan(rows: Rows) -> None:
    def digest(shop: Rows) -> str:
        found = erasure(shop)
        return make_plan(
            "dsr_1",
            Fulfilment.ERASE,
            MAP,
            found.verdicts,
            map_digest="m",
            unreachable=found.unreachable,
            unmapped=(),
            corrections={},
            release_shared=False,
            ledger="destroyed",
            made_at=None,  # type: ignore[arg-type]  # neither time nor person is part of the digest
            made_by="",
        ).digest

    assert digest(rows) == digest({table: list(reversed(held)) for table, held in rows.items()})


def test_without_holds_nothing_is_held_and_only_an_erasure_destroys_keys() -> None:
    from datetime import date  # noqa: PLC0415 - only here

    on = date(2026, 1, 1)
    assert held_collections(MAP, (), on=on, subject="sub_1") == {}
    assert ledger_fate(Fulfilment.ERASE, (), on=on, subject="sub_1") == "destroyed"
    assert ledger_fate(Fulfilment.PACKAGE, (), on=on, subject="sub_1") == "untouched"
