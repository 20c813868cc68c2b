"""Legal holds over a plane."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.testing import FrozenClock


def test_a_hold_is_released_by_two_people_and_each_step_is_recorded(engine: Engine) -> None:
    hold = engine.retention.place_hold("Doe v. Shop", ["everything"], by="dora", owner="leo")
    assert hold.owner == "leo"
    assert engine.retention.release_hold(hold.id, by="dora").released_at is None
    with pytest.raises(ConflictError):
        engine.retention.release_hold(hold.id, by="dora")
    assert list(engine.retention.holds(active_only=True))
    assert engine.retention.release_hold(hold.id, by="ada").released_at is not None
    assert not engine.retention.holds(active_only=True)
    assert len(engine.retention.holds()) == 1
    ledger = engine.world.storage.ledger
    assert len(ledger.search({"kind": "hold.released/1"}, before=None, limit=9)) == 2


def test_only_who_may_touches_holds(engine: Engine) -> None:
    with pytest.raises(NotPermittedError):
        engine.retention.place_hold("Doe v. Shop", ["everything"], by="eve")
    with pytest.raises(InvalidInputError):
        engine.retention.place_hold("Doe v. Shop", ["mary@example.org"], by="dora")
    with pytest.raises(NotFoundError):
        engine.retention.release_hold("hold_1", by="dora")


OWN = {
    "laws": ["GDPR"],
    "policies": [
        {
            "category": "conversation_history",
            "purpose": "requests answered long ago",
            "days": 30,
            "method": "crypto-shred",
            "collections": [
                {
                    "collection": "ephor.ledger",
                    "trigger": "received_at",
                    "subject": "subject",
                    "set": {"key": None},
                    "categories": ["user"],
                }
            ],
        }
    ],
}


def test_keys_of_people_whose_newest_payload_is_past_its_time_are_destroyed(
    engine: Engine, clock: FrozenClock
) -> None:
    opened = {name: engine.dsr.open("access", {"email": f"{name}@example.org"}, by="ada") for name in "abcd"}
    for name in "abc":
        engine.dsr.refuse(opened[name].id, "excessive", by="ada")  # d's request is still open
    clock.advance(timedelta(days=40))
    engine.dsr.refuse(
        engine.dsr.open("access", {"email": "b@example.org"}, by="ada").id, "excessive", by="ada"
    )
    engine.retention.place_hold("Doe", [f"subject:{opened['c'].subject}"], by="dora")
    plan = engine.retention.propose(OWN, {}, by="ada")
    [line] = plan.lines
    assert (line.due, line.act) == (3, 1)
    assert {(one.reason.value, one.rows) for one in line.stays} == {("held", 1), ("referenced", 1)}
    engine.retention.approve(plan.id, by="dora")
    done = engine.retention.run(plan.id, {}, by="dora").certificate
    assert done is not None
    assert [one.gone for one in done.lines] == [1]
    ledger = engine.world.storage.ledger
    assert {name: ledger.payload(one.entry) is None for name, one in opened.items()} == {
        "a": True,
        "b": False,
        "c": False,
        "d": False,
    }
    assert engine.ledger.verify(None, None).verdict == "CONSISTENT"


def test_the_plane_has_one_store_of_its_own_and_archives_none_of_it(engine: Engine) -> None:
    def draft(**more: object) -> None:
        policy = dict(OWN["policies"][0])  # type: ignore[call-overload]
        bound = policy["collections"][0] | more
        engine.retention.draft(
            {"laws": ["GDPR"], "policies": [policy | {"collections": [bound]}]}, {}, by="ada"
        )

    for wrong in (
        {"trigger": "at"},
        {"set": {"name": None}},
        {"collection": "ephor.people"},
        {"only": {"subject": "x"}},
    ):
        with pytest.raises(InvalidInputError):
            draft(**wrong)


def test_a_hold_over_a_person_is_kept_by_their_pseudonym(engine: Engine) -> None:
    hold = engine.retention.place_hold("Doe", ["subject:mary@example.org"], by="dora")
    assert hold.scope == (f"subject:{engine.world.pseudonyms.of('mary@example.org')}",)
    again = engine.retention.place_hold("Doe", [hold.scope[0]], by="dora")
    assert again.scope == hold.scope
    for wrong in ("subject:", "subject: ", "person:mary@example.org"):
        with pytest.raises(InvalidInputError):
            engine.retention.place_hold("Doe", [wrong], by="dora")
