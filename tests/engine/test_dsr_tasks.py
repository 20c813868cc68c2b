"""What a person does by hand for a request: their word, in time, in the certificate, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors.opening import connect
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.dsr.request import RequestStatus
from sample_shop import MARY, build_shop, refers, rows_of, shop_map


def paper_map() -> Mapping[str, Any]:
    field = {
        "name": "folder",
        "data_categories": ["user.contact"],
        "fides_meta": {"references": refers("customers.id")},
    }
    paper = {"fides_key": "paper", "collections": [{"name": "letters", "fields": [field]}]}
    return {"dataset": [*shop_map()["dataset"], paper]}


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Mapping[str, DataStore]]:
    store = connect(build_shop(tmp_path / "shop.db"))
    yield {"shop": store, "paper": connect("manual:eve")}
    store.close()


def ready(engine: Engine, right: str, stores: Mapping[str, DataStore]) -> str:
    request = engine.dsr.open(right, {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    plan = engine.dsr.plan(request.id, paper_map(), stores, by="ada")
    assert [(one.dataset, one.person) for one in plan.by_hand] == [("paper", "eve")]
    return engine.dsr.approve(request.id, by="dora").id


def test_an_erasure_waits_for_the_word_of_whoever_shreds_paper(
    engine: Engine, stores: Mapping[str, DataStore], tmp_path: Path
) -> None:
    id = ready(engine, "erasure", stores)

    def again() -> Any:
        return engine.dsr.fulfil(id, by="dora", given=paper_map(), stores=stores)

    with pytest.raises(ConflictError, match="`eve` has until"):
        again()
    assert len(rows_of(tmp_path / "shop.db", "customers")) == 1, "what machines reach does not wait"
    with pytest.raises(ConflictError):
        again()
    [(request, task)] = engine.dsr_tasks.tasks(open_only=True)
    assert (request, task.person, task.due) == (id, "eve", engine.dsr.show(id).request.due)
    for by, said, error in (
        ("ada", "shredded", NotPermittedError),
        ("eve", "  ", InvalidInputError),
        ("nobody", "shredded", NotFoundError),
    ):
        with pytest.raises(error):
            engine.dsr_tasks.done(task.id, said, by=by)
    engine.dsr_tasks.done(task.id, "two letters\nshredded", by="eve")
    with pytest.raises(ConflictError):
        engine.dsr_tasks.done(task.id, "again", by="eve")
    done = again()
    day = engine.world.clock.now().date().isoformat()
    assert f"paper: by hand; eve said on {day}: two letters shredded" in done.verified
    assert again() == done
    assert engine.dsr_tasks.tasks(open_only=True) == []
    ledger = engine.world.storage.ledger
    kinds = [json.loads(one)["kind"] for one in ledger.entries(0, ledger.head().size)]
    assert kinds.count("dsr.task-given/1") == kinds.count("dsr.task-done/1") == 1


def test_a_package_waits_as_well_and_says_who_answered(
    engine: Engine, stores: Mapping[str, DataStore]
) -> None:
    id, box = ready(engine, "access", stores), dict[str, bytes]()
    facts: dict[str, Any] = {"given": paper_map(), "stores": stores, "deliver": box.__setitem__}
    with pytest.raises(ConflictError, match="by hand"):
        engine.dsr.fulfil(id, by="dora", **facts)
    assert not box, "nothing is handed out before"
    assert engine.dsr.show(id).request.status is RequestStatus.APPROVED
    [(_, task)] = engine.dsr_tasks.tasks(person="eve")
    engine.dsr_tasks.done(task.id, "copies sent by letter", by="eve")
    done = engine.dsr.fulfil(id, by="dora", **facts)
    assert done.verified[1].endswith("copies sent by letter")


def test_the_hands_must_be_somebodys_and_those_that_were_approved(
    engine: Engine, stores: Mapping[str, DataStore]
) -> None:
    with pytest.raises(NotFoundError):
        ready(engine, "erasure", {**stores, "paper": connect("manual:nobody")})
    id = ready(engine, "erasure", stores)
    with pytest.raises(ConflictError, match="plan and approve again"):
        engine.dsr.fulfil(id, by="dora", given=paper_map(), stores={**stores, "paper": connect("manual:sam")})
    with pytest.raises(InvalidInputError):
        connect("manual:")
    with pytest.raises(InvalidInputError, match="by hand"):
        connect("manual:eve").sample("letters", 1)
