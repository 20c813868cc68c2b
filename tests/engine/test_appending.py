"""Events handed in: what no entry can hold is found before the first is recorded."""

import pytest

from ephor.engine import batches as module
from ephor.kernel.errors import InvalidInputError, UnavailableError


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            {"metadata": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}},
            "event 1501: .*nested deeper",
        ),
        ({"metadata": {"big": 2**53}}, "event 1501: "),
        ({"action": "x" * 66_000}, "event 1501: .*65,?535"),
        ({"agent_id": "bot\x1b[2J"}, "event 1501: `agent_id` holds the control character"),
        ({"agent_id": " "}, "event 1501: `agent_id` is empty"),
    ],
)
def test_what_no_entry_can_hold_is_told_with_its_number_before_any_is_recorded(engine, bad, says):
    good = {"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}
    before = engine.ledger.head().size
    with pytest.raises(InvalidInputError, match=says) as told:
        engine.ledger.append([*[good] * 1_500, {**good, **bad}], by="ada")
    assert "nothing was recorded" in str(told.value)
    assert engine.ledger.head().size == before


def test_what_is_recorded_before_it_failed_is_told_and_where_to_go_on(engine, monkeypatch):
    events = [
        {"event_type": "tool.invoked", "agent_id": "bot", "action": f"call {number}"} for number in range(10)
    ]
    monkeypatch.setattr(module, "BATCH", 3)
    real, calls = engine.world.storage.logs.append, []

    def full(stream, some):
        calls.append(len(some))
        if len(calls) == 3:
            raise UnavailableError("no space left")
        return real(stream, some)

    monkeypatch.setattr(engine.world.storage.logs, "append", full)
    before = engine.ledger.head().size
    with pytest.raises(UnavailableError, match=r"the first 6 of 10 .*--skip 6") as told:
        engine.ledger.append(events, by="ada")
    assert (told.value.facts["recorded"], engine.ledger.head().size - before) == (6, 6)
    engine.ledger.append(events[6:], by="ada")
    said = [one.entry["action"] for one in engine.ledger.list({}, limit=10)][::-1]
    assert said == [one["action"] for one in events]
