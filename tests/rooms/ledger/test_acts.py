"""An act is open until somebody records what came of it; whose word that is stays visible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.rooms.ledger import acts as module
from ephor.rooms.ledger.acts import Acts

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def entry(number, kind, actor="agent:bot", **fields):
    shown = {"log": "l", "kind": f"{kind}/1", "id": f"evt_{number}", "actor": actor, **fields}
    return {name: value for name, value in shown.items() if value is not None}


def follow(*entries):
    acts = Acts()
    for number, (kind, fields) in enumerate(entries):
        acts.see(entry(number, kind, **fields), START + timedelta(minutes=number))
    return acts


def open_in(acts, before=START + timedelta(days=1)):
    return [one.entry for one in acts.still_open(before)]


D1, D2 = {"refs": {"decision": "dec_1"}}, {"refs": {"decision": "dec_2"}}


@pytest.mark.parametrize(
    ("entries", "still_open"),
    [
        ([("tool.invoked", D1)], ["evt_0"]),
        ([("tool.invoked", D1), ("tool.completed", D1)], []),
        ([("tool.invoked", D1), ("tool.failed", {**D1, "parent": "evt_of_the_decision"})], []),
        ([("tool.invoked", D1), ("tool.completed", D2)], ["evt_0"]),
        ([("tool.invoked", D1), ("tool.completed", {**D1, "actor": "agent:other"})], ["evt_0"]),
        ([("tool.invoked", D1), ("tool.completed", {"parent": "evt_0"})], []),
        ([("tool.invoked", {"tool": "t"}), ("tool.completed", {"tool": "t"})], []),
        ([("tool.invoked", {"tool": "t"}), ("tool.completed", {"tool": "u"})], ["evt_0"]),
        (
            [("tool.invoked", {"tool": "t", "trace": "1"}), ("tool.completed", {"tool": "t", "trace": "2"})],
            ["evt_0"],
        ),
        ([("tool.invoked", {"tool": "t"}), ("tool.completed", {"tool": "t", **D1})], ["evt_0"]),
        ([("tool.invoked", {"tool": "t", **D1}), ("tool.completed", {"tool": "t"})], ["evt_0"]),
        ([("tool.completed", D1), ("tool.invoked", D1)], ["evt_1"]),
        ([("tool.invoked", D1), ("tool.completed", D1), ("tool.completed", D1)], []),
        ([("tool.invoked", {}), ("tool.invoked", {}), ("tool.failed", {})], ["evt_1"]),
        ([("decision.made", D1), ("data.accessed", D1)], []),
    ],
)
def test_a_result_belongs_to_the_intent_it_names_or_to_the_oldest_like_it(entries, still_open):
    assert open_in(follow(*entries)) == still_open


def test_an_act_is_young_until_it_is_old():
    acts = follow(("tool.invoked", D1), ("tool.invoked", D2))
    assert open_in(acts, START) == ["evt_0"]
    assert open_in(acts, START - timedelta(seconds=1)) == []


def test_the_plane_s_own_intent_that_ends_on_somebodys_word_is_counted_apart():
    word = {"refs": {"decision": "dec_1", "reported_by": "person:ola"}}
    acts = follow(("tool.invoked", D1), ("tool.completed", word))
    assert (acts.invoked, acts.ended, acts.on_word) == (1, 1, 1)
    acts = follow(("tool.invoked", word), ("tool.completed", word))
    assert (acts.invoked, acts.ended, acts.on_word) == (1, 1, 0)
    [act] = follow(("tool.invoked", word)).still_open(START)
    assert (act.reported_by, act.decision, act.log) == ("person:ola", "dec_1", "l")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_as_many_acts_are_open_as_a_list_of_them_would_hold(history):
    waiting: list[tuple[str, int]] = []
    entries = []
    for number, (begins, decision) in enumerate(history):
        refs = {"refs": {"decision": f"dec_{decision}"}}
        entries.append(("tool.invoked" if begins else "tool.completed", refs))
        if begins:
            waiting.append((f"evt_{number}", decision))
        elif found := [one for one in waiting if one[1] == decision]:
            waiting.remove(found[0])
    acts = follow(*entries)
    assert open_in(acts) == [one for one, _ in waiting]
    assert acts.ended == acts.invoked - len(waiting)


def test_more_open_acts_than_can_be_followed_are_counted_and_let_go(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    acts = follow(*[("tool.invoked", {"refs": {"decision": f"dec_{n}"}}) for n in range(5)])
    assert (acts.invoked, acts.let_go, open_in(acts)) == (5, 2, ["evt_2", "evt_3", "evt_4"])
    acts.see(entry(9, "tool.completed", refs={"decision": "dec_0"}), START)
    assert acts.ended == 0
    assert len(acts._waiting) == 2 * 3
