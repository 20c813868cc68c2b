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


JANE = "jane@example.com"


@pytest.mark.parametrize(
    ("given", "user", "resource"),
    [
        ({"user_id": JANE}, "sub_", None),
        ({"user_id": "person:Jane@Example.com"}, "sub_", None),
        ({"user_id": "+49 151 23456789"}, "sub_", None),
        ({"user_id": "emp-4711", "user_is_subject": True}, "sub_", None),
        ({"user_id": "emp-4711", "user_is_subject": False}, "emp-4711", None),
        ({"user_id": "emp-4711"}, "emp-4711", None),
        ({"resource": f"customer:{JANE}"}, None, "customer:sub_"),
        ({"resource": "order:4711"}, None, "order:4711"),
        ({"subject": JANE, "user_id": "emp-4711"}, "emp-4711", None),
    ],
)
def test_people_in_events_that_are_handed_in_are_named_by_pseudonym(engine, given, user, resource):
    event = {"event_type": "tool.invoked", "agent_id": "bot", "action": "call", **given}
    engine.ledger.append([event], by="ada")
    shown = engine.ledger.list({}, limit=1)[0].entry
    text = str(shown)
    assert "example.com" not in text
    assert "23456789" not in text
    assert str(shown.get("on_behalf_of", "")).startswith(user or "")
    assert str(shown.get("resource", "")).startswith(resource or "")
    assert ("sub_" in text) is ("subject" in shown)


def test_who_was_handed_in_by_address_is_found_again_by_whoever_may_look_for_people(engine):
    event = {"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}
    engine.ledger.append(
        [{**event, "user_id": JANE}, {**event, "user_id": "emp-1", "user_is_subject": True}], by="ada"
    )
    for who in (JANE, "JANE@example.com ", "emp-1"):
        found = engine.ledger.search({}, subject=who, by="dora").entries
        assert [one.entry["on_behalf_of"] for one in found] == [engine.world.pseudonyms.of(who)]
    already = engine.world.pseudonyms.of(JANE)
    engine.ledger.append([{**event, "user_id": already, "subject": already}], by="ada")
    assert len(engine.ledger.search({}, subject=JANE, by="dora").entries) == 2


def test_a_declaration_that_says_neither_yes_nor_no_is_refused(engine):
    with pytest.raises(InvalidInputError, match="event 1: `user_is_subject` is `maybe`"):
        engine.ledger.append(
            [{"event_type": "tool.invoked", "agent_id": "bot", "action": "call", "user_is_subject": "maybe"}],
            by="ada",
        )
