"""An erasure that is killed at any step goes on, does nothing twice, and its certificate is true."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from conftest import populate
from ephor.adapters.connectors.sql import connect
from ephor.engine.plane import Engine
from ephor.rooms.dsr.request import RequestStatus
from planes import Made, sqlite_plane
from sample_shop import MARY, ROWS, build_shop, rows_of, shop_map
from strikes import gets_through, strike

GONE = {"customers": 1, "orders": 2, "order_items": 3, "payments": 1, "newsletter": 1, "addresses": 2}


def fulfil(made: Made, url: str, id: str, steps: int) -> bool:
    def work() -> None:
        storage = made.open()
        store = connect(url)
        strike(steps)
        Engine(made.world(storage)).dsr.fulfil(id, by="dora", given=shop_map(), stores={"shop": store})
        storage.close()

    return gets_through(work)


@pytest.mark.parametrize("seed", range(3))
def test_an_erasure_killed_at_any_step_goes_on_to_a_true_certificate(tmp_path: Path, seed: int) -> None:
    made, url = sqlite_plane(tmp_path), build_shop(tmp_path / "shop.db", wal=True)
    storage = made.open()
    engine = populate(Engine(made.world(storage)))
    store = connect(url)
    request = engine.dsr.open("erasure", {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, shop_map(), {"shop": store}, by="ada")
    engine.dsr.approve(request.id, by="dora")
    store.close()
    made.close()
    dice, struck = random.Random(seed), 0
    for _ in range(5):
        if fulfil(made, url, request.id, dice.randint(1, 14)):
            break
        struck += 1
    assert struck
    assert fulfil(made, url, request.id, 10_000)
    for table, rows in ROWS.items():
        assert len(rows_of(tmp_path / "shop.db", table)) == len(rows) - GONE.get(table, 0), table
    storage = made.open()
    view = Engine(made.world(storage)).dsr.show(request.id)
    assert view.request.status is RequestStatus.PARTLY_FULFILLED
    assert view.certificate is not None
    assert {line.collection[5:]: line.act for line in view.certificate.lines if line.act} == GONE
    assert storage.ledger.payload(request.entry) is None
    entries = [json.loads(one) for one in storage.ledger.entries(0, storage.ledger.head().size)]
    kinds = Counter(one["kind"] for one in entries)
    assert kinds["dsr.fulfilled/1"] == kinds["erasure/1"] == 1
    deleted = Counter()
    for one in entries:
        if one["kind"] == "data.deleted/1":
            deleted[one["metadata"]["collection"][5:]] += one["metadata"]["rows"]
    assert all(count <= GONE[table] for table, count in deleted.items()), "nothing is said to have gone twice"
    made.close()
    assert MARY.encode() not in (tmp_path / "shop.db").read_bytes()
    with sqlite3.connect(tmp_path / "shop.db") as base:
        assert base.execute("pragma foreign_key_check").fetchall() == []
