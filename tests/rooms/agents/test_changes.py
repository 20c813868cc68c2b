"""Differences between manifests: complete, readable, and material exactly where the digest says so."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.agents.changes import Change, changes
from ephor.rooms.agents.manifest import (
    AskRule,
    DataStore,
    DataUse,
    Disclosure,
    manifest_digest,
    material_digest,
)
from sample_agents import LOOKUP, REFUND, SUPPORT, support

MAIL = dataclasses.replace(REFUND, name="mail.send", ask=(), description="Mails.")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (support(), ()),
        (support(name="New"), (Change("name", "Support Assistant", "New", False),)),
        (support(owner="ola"), (Change("owner", "eve", "ola", True),)),
        (support(autonomy=2), (Change("autonomy", "3", "2", True),)),
        (support(models=("b", "a")), (Change("models", "claude-support@2026-10", "a, b", True),)),
        (support(models=()), (Change("models", "claude-support@2026-10", None, True),)),
        (support(disclosure=None), (Change("disclosure", "{notice: You are talking to an AI system., tells_people: true}", None, True),)),
        (support(facts={**SUPPORT.facts, "complete": 1}), (Change("facts.complete", "true", "1", True),)),
        (
            support(tools=(dataclasses.replace(LOOKUP, effect=Effect.WRITE, description="x"), REFUND)),
            (
                Change("tools.customer_lookup.description", "Reads one customer's record.", "x", False),
                Change("tools.customer_lookup.effect", "read", "write", True),
            ),
        ),
        (
            support(tools=(LOOKUP, REFUND, MAIL)),
            (
                Change(
                    "tools.mail.send",
                    None,
                    "{description: Mails., effect: external, name: mail.send, sensitivity: internal}",
                    True,
                ),
            ),
        ),
        (
            support(tools=(LOOKUP, dataclasses.replace(REFUND, ask=(AskRule(always=True),)))),
            (Change("tools.refund.ask", "{above: 5000, always: false, argument: amount_cents}", "{always: true}", True),),
        ),
    ],
)  # fmt: skip
def test_a_change_says_what_was_and_what_is(new, expected):
    assert changes(SUPPORT, new) == expected


def test_without_tools_on_one_side_each_tool_is_a_change_of_its_own():
    assert [one.path for one in changes(support(tools=()), SUPPORT)] == [
        "tools.customer_lookup",
        "tools.refund",
    ]
    assert [one.after for one in changes(SUPPORT, support(tools=()))] == [None, None]


tools = st.lists(
    st.builds(
        dataclasses.replace,
        st.sampled_from([LOOKUP, REFUND, MAIL]),
        description=st.sampled_from(["", "x"]),
        effect=st.sampled_from(Effect),
        data=st.lists(st.sampled_from(["contact", "orders"]), unique=True).map(tuple),
    ),
    unique_by=lambda tool: tool.name,
    max_size=3,
).map(tuple)
manifests = st.builds(
    support,
    name=st.sampled_from(["A", "B"]),
    owner=st.sampled_from(["eve", "ola"]),
    use_case=st.sampled_from(UseCase),
    autonomy=st.integers(1, 5),
    tools=tools,
    data=st.builds(DataUse, st.sampled_from(Sensitivity)),
    disclosure=st.sampled_from([None, Disclosure(True), Disclosure(False)]),
    data_stores=st.sampled_from(
        [(), (DataStore("shop", "sqlite", "a"),), (DataStore("shop", "sqlite", "b"),)]
    ),
    facts=st.dictionaries(
        st.sampled_from(["a", "b"]), st.sampled_from([True, 1, "x", ("x", "y")]), max_size=2
    ),
)


@given(manifests, manifests)
def test_changes_and_digests_always_agree(old, new):
    found = changes(old, new)
    assert bool(found) == (manifest_digest(old) != manifest_digest(new))
    assert any(one.material for one in found) == (material_digest(old) != material_digest(new))


@given(manifests, manifests)
def test_the_way_back_is_the_same_list_turned_round(old, new):
    back = [Change(one.path, one.after, one.before, one.material) for one in changes(new, old)]
    assert back == list(changes(old, new))
