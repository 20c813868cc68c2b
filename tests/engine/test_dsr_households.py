"""People who ask together: what only they share is theirs once each was verified, and nobody gets another's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors.sql import connect
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.dsr.judge import Stay
from ephor.rooms.dsr.request import Request, RequestStatus
from sample_shop import JOHN, MARY, build_shop, rows_of, shop_map


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Mapping[str, DataStore]]:
    store = connect(build_shop(tmp_path / "shop.db"))
    yield {"shop": store}
    store.close()


def household(engine: Engine, right: str) -> tuple[Request, ...]:
    return engine.dsr_households.open(right, [{"email": MARY}, {"email": JOHN}], by="ada")


def planned(engine: Engine, id: str, stores: Mapping[str, DataStore]) -> Any:
    return engine.dsr.plan(id, shop_map(), stores, by="ada")


def shared(plan: Any) -> Sequence[int]:
    return [stay.rows for line in plan.lines for stay in line.stays if stay.reason is Stay.SHARED]


def answer(engine: Engine, id: str, stores: Mapping[str, DataStore]) -> dict[str, Any]:
    planned(engine, id, stores)
    engine.dsr.approve(id, by="dora")
    box: dict[str, bytes] = {}
    engine.dsr.fulfil(id, by="dora", given=shop_map(), stores=stores, deliver=box.__setitem__)
    return dict(json.loads(next(iter(box.values())))) if box else {}


def test_what_two_people_share_goes_to_neither_before_both_were_verified(
    engine: Engine, stores: Mapping[str, DataStore]
) -> None:
    mary, john = household(engine, "access")
    assert mary.household == john.household != ""
    engine.dsr.verify_identity(mary.id, "seen", by="ada")
    plan = planned(engine, mary.id, stores)
    assert (shared(plan), plan.household) == ([1], ()), "John has not shown that it is he who asks"
    with pytest.raises(ConflictError):
        planned(engine, john.id, stores)
    engine.dsr.approve(mary.id, by="dora")
    engine.dsr.verify_identity(john.id, "seen", by="ada")
    with pytest.raises(ConflictError, match="plan and approve again"):
        engine.dsr.fulfil(mary.id, by="dora", given=shop_map(), stores=stores, deliver=lambda *_: None)
    given = answer(engine, mary.id, stores)
    assert engine.dsr.show(mary.id).request.status is RequestStatus.FULFILLED
    assert {one["street"] for one in given["collections"]["shop.addresses"]} == {
        "1 Mary Lane",
        "2 Shared Street",
        "3 Gift Road",
    }
    assert [one["name"] for one in given["collections"]["shop.customers"]] == ["Mary Miller"]
    assert JOHN not in json.dumps(given)
    assert "for John" not in json.dumps(given), "what is John's alone is in John's own answer"
    his = answer(engine, john.id, stores)
    assert [one["name"] for one in his["collections"]["shop.customers"]] == ["John Jones"]
    assert "mary" not in json.dumps({**his, "consents": []}["collections"]).lower()


def test_a_household_that_is_erased_leaves_nothing_behind(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    mary, john = household(engine, "erasure")
    for one in (mary, john):
        engine.dsr.verify_identity(one.id, "seen", by="ada")
    assert planned(engine, mary.id, stores).household == (john.id,)
    for one in (mary, john):
        answer(engine, one.id, stores)
    for table in ("customers", "orders", "payments", "newsletter", "addresses"):
        assert rows_of(tmp_path / "shop.db", table) == [], table


def test_somebody_outside_the_household_still_keeps_a_row_back(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    import sqlite3  # noqa: PLC0415 - only here

    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("INSERT INTO customers VALUES (3, 'zoe@example.org', 'Zoe', '', 1, 2)")
    base.close()
    mary, john = household(engine, "access")
    for one in (mary, john):
        engine.dsr.verify_identity(one.id, "seen", by="ada")
    assert shared(planned(engine, mary.id, stores)) == [1]


def test_a_household_is_two_people_each_named_once_who_ask_for_what_can_be_shared(engine: Engine) -> None:
    for members in ([], [{"email": MARY}], [{"email": MARY}, {"email": MARY}], [{"email": MARY}, {}]):
        with pytest.raises(InvalidInputError):
            engine.dsr_households.open("access", members, by="ada")
    with pytest.raises(InvalidInputError, match="for each person"):
        household(engine, "restriction")
    with pytest.raises(NotPermittedError):
        engine.dsr_households.open("access", [{"email": MARY}, {"email": JOHN}], by="eve")
    assert engine.dsr.requests() == [], "all or none"


def test_a_request_that_repeats_an_open_one_is_closed_with_it(engine: Engine) -> None:
    first = engine.dsr.open("access", {"email": MARY}, by="ada")
    again = engine.dsr.open("access", {"email": MARY}, by="ada")
    with pytest.raises(ConflictError, match="repeats no request"):
        engine.dsr_households.duplicate(first.id, by="ada")
    engine.dsr.verify_identity(again.id, "seen", by="ada")
    with pytest.raises(ConflictError, match="is not known"):
        engine.dsr_households.duplicate(again.id, by="ada")
    engine.dsr.verify_identity(first.id, "seen", by="ada")
    closed = engine.dsr_households.duplicate(again.id, by="ada")
    assert (closed.status, closed.duplicate_of) == (RequestStatus.DUPLICATE, first.id)
    assert [one.id for one in engine.dsr.requests(open_only=True)] == [first.id]
    with pytest.raises(ConflictError):
        engine.dsr_households.duplicate(again.id, by="ada")
    with pytest.raises(NotPermittedError):
        engine.dsr_households.duplicate(again.id, by="eve")
