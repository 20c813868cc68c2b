"""Events handed in: what no entry can hold is found before the first is recorded."""

import pytest

from ephor.kernel.errors import InvalidInputError


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
