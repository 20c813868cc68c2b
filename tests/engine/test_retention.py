"""Legal holds over a plane."""

from __future__ import annotations

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError


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
