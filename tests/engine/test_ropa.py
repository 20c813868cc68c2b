"""Records of processing over a plane."""

from __future__ import annotations

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, NotFoundError, NotPermittedError


def test_a_record_is_kept_with_its_gaps_and_succeeded_by_the_next_version(engine: Engine) -> None:
    given = {"id": "support", "name": "Support", "agents": ["support-assistant"]}
    first = engine.ropa.register(given, by="dora")
    assert not first.complete
    assert "purposes (Art. 30(1)(b))" in first.missing
    with pytest.raises(ConflictError, match="version 1"):
        engine.ropa.register(given, by="dora")
    second = engine.ropa.register(given | {"purposes": ["answer questions"]}, by="dora")
    assert second.record.version == 2
    assert "purposes (Art. 30(1)(b))" not in second.missing
    assert engine.ropa.show("support") == second


def test_records_are_listed_by_agent(engine: Engine) -> None:
    engine.ropa.register({"id": "b", "agents": ["one"]}, by="dora")
    engine.ropa.register({"id": "a", "agents": ["two"]}, by="dora")
    assert [view.record.id for view in engine.ropa.records()] == ["a", "b"]
    assert [view.record.id for view in engine.ropa.records("one")] == ["b"]


def test_only_who_may_registers_and_nothing_is_found_before(engine: Engine) -> None:
    with pytest.raises(NotPermittedError):
        engine.ropa.register({"id": "a"}, by="eve")
    with pytest.raises(NotFoundError):
        engine.ropa.show("a")
