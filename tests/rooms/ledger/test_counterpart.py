"""A kind that stops while what calls for it goes on is noticed, however irregular both are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.rooms.ledger.counterpart import COUNTERPARTS, Counterpart

ALLOWED = {"kind": "decision.made/1", "decision": "allow", "actor": "agent:bot"}
INVOKED = {"kind": "tool.invoked/1", "actor": "agent:bot", "tool": "lookup"}
COMPLETED = {"kind": "tool.completed/1", "actor": "agent:bot", "tool": "lookup"}
LEAVES = {("bot", "lookup"): "data.accessed/1"}


def history(text, kind="tool.invoked/1", call=ALLOWED):
    """Read `c` as what calls for the kind, and `k` as an entry of it."""
    counted = Counterpart(COUNTERPARTS[kind])
    for letter in text:
        counted.answered() if letter == "k" else counted.see(call, kind, LEAVES)
    return counted


@pytest.mark.parametrize(
    ("text", "suspicious"),
    [
        ("ck" * 20, False),
        ("ck" * 19 + "c", None),
        ("ck" * 20 + "cc", False),
        ("ck" * 20 + "ccc", True),
        ("cck" * 20 + "cccccccccccc", True),
        ("cck" * 20 + "cccc", False),
        ("c" * 100 + "k" * 100 + "c" * 150, False),
        ("c" * 100 + "k" * 100 + "c" * 201, True),
        ("c" * 30 + "k", False),
        ("k", False),
        ("kc", None),
    ],
)
def test_a_run_without_an_entry_is_judged_by_chance_and_habit(text, suspicious):
    assert history(text).judge()[0] is suspicious


@given(st.text("ck", max_size=80))
def test_the_counters_are_those_of_the_whole_history(text):
    counted = history(text)
    assert counted.calls == text.count("c")
    assert counted.answers == text.count("k")
    assert counted.since == len(text) - len(text.rstrip("c"))


@given(st.text("ck", max_size=80))
def test_an_entry_ends_every_suspicion(text):
    assert history(text + "k").judge()[0] is False


@pytest.mark.parametrize(
    ("kind", "entry", "calls"),
    [
        ("tool.invoked/1", ALLOWED, 1),
        ("tool.invoked/1", {**ALLOWED, "decision": "deny"}, 0),
        ("tool.invoked/1", {"kind": "decision.made/1", "metadata": {"reported": {"decision": "allow"}}}, 0),
        ("decision.made/1", INVOKED, 1),
        ("agent.started/1", INVOKED, 1),
        ("agent.started/1", {**ALLOWED, "actor": "person:ola"}, 0),
        ("agent.stopped/1", {"kind": "agent.started/1"}, 1),
        ("data.accessed/1", COMPLETED, 1),
        ("data.accessed/1", INVOKED, 0),
        ("data.accessed/1", {**COMPLETED, "tool": "mail"}, 0),
        ("data.accessed/1", {**COMPLETED, "actor": "agent:other"}, 0),
        ("data.accessed/1", {"kind": "tool.completed/1", "actor": "agent:bot"}, 0),
        ("data.modified/1", COMPLETED, 0),
    ],
)
def test_only_what_calls_for_a_kind_counts(kind, entry, calls):
    counted = Counterpart(COUNTERPARTS[kind])
    counted.see(entry, kind, LEAVES)
    assert counted.calls == calls
