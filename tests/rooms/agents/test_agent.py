"""The life of an agent: every pair of states, and what another manifest does to each."""

import dataclasses

import msgspec
import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.agents.agent import MOVES, Agent, AgentStatus, approve, move, new_agent, revise, unapproved
from ephor.rooms.agents.manifest import manifest_digest, material_digest
from sample_agents import AT, agent, support

ALLOWED = {
    ("draft", "in_review"),
    ("draft", "suspended"),
    ("draft", "retired"),
    ("in_review", "draft"),
    ("in_review", "approved"),
    ("in_review", "suspended"),
    ("in_review", "retired"),
    ("approved", "draft"),
    ("approved", "active"),
    ("approved", "suspended"),
    ("approved", "retired"),
    ("active", "draft"),
    ("active", "suspended"),
    ("active", "retired"),
    ("suspended", "active"),
    ("suspended", "retired"),
}
LATER = AT.replace(hour=15)


@pytest.mark.parametrize("to", list(AgentStatus))
@pytest.mark.parametrize("start", list(AgentStatus))
def test_every_pair_of_states(start, to):
    one = agent(status=start)
    if (start, to) in ALLOWED:
        moved = move(one, to, reason=" because ", at=LATER)
        assert (moved.status, moved.status_reason, moved.changed_at) == (to, "because", LATER)
        assert (
            dataclasses.replace(moved, status=start, status_reason="newly registered", changed_at=AT) == one
        )
    else:
        with pytest.raises(ConflictError, match=start.value) as refused:
            move(one, to, reason="because", at=LATER)
        assert refused.value.facts["status"] == start


def test_every_step_says_what_brings_it_about():
    assert set(MOVES) == set(AgentStatus)
    assert all(why for steps in MOVES.values() for why in steps.values())


def test_no_way_leads_past_a_review_to_active():
    """An agent gets from draft to active only through in_review and approved, whatever else happens to it."""
    reached, frontier = set(), {AgentStatus.DRAFT}
    while frontier:
        reached |= frontier
        steps = {to for one in frontier for to in MOVES[one]} - {AgentStatus.APPROVED, AgentStatus.SUSPENDED}
        frontier = steps - reached
    assert AgentStatus.ACTIVE not in reached


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "x\x1b[1A"])
def test_a_step_needs_a_reason_that_can_be_read(reason):
    with pytest.raises(InvalidInputError):
        move(agent(), AgentStatus.RETIRED, reason=reason, at=AT)


def test_a_new_agent_is_a_draft_under_its_manifests_digests():
    one = new_agent(support(), by="eve", at=AT)
    assert (one.status, one.digest, one.material_digest) == (
        AgentStatus.DRAFT,
        manifest_digest(support()),
        material_digest(support()),
    )
    assert (one.approval, one.approved_digest, one.approved_until) == (None, None, None)


@pytest.mark.parametrize("status", [one for one in AgentStatus if one is not AgentStatus.RETIRED])
def test_the_same_manifest_changes_nothing(status):
    one = agent(status=status)
    assert revise(one, support(tools=support().tools[::-1]), by="ola", at=LATER) == (one, ())


MATERIAL = {
    "draft": "draft",
    "in_review": "draft",
    "approved": "draft",
    "active": "draft",
    "suspended": "suspended",
}


@pytest.mark.parametrize("status", MATERIAL)
def test_a_material_change_ends_the_approval(status):
    one = agent(status=AgentStatus(status), approval="apr_1", approved_digest="d", approved_until=AT)
    changed, found = revise(one, support(autonomy=2), by="ola", at=LATER)
    assert [change.material for change in found] == [True]
    assert changed.status == MATERIAL[status]
    assert (changed.approval, changed.approved_digest, changed.approved_until) == (None, None, None)
    assert (changed.manifest, changed.digest) == (support(autonomy=2), manifest_digest(support(autonomy=2)))
    assert changed.material_digest == material_digest(support(autonomy=2))


@pytest.mark.parametrize("status", MATERIAL)
def test_another_name_leaves_the_approval(status):
    one = agent(status=AgentStatus(status), approval="apr_1", approved_digest="d", approved_until=AT)
    changed, found = revise(one, support(name="New"), by="ola", at=LATER)
    assert [change.material for change in found] == [False]
    assert (changed.status, changed.approval, changed.approved_until) == (status, "apr_1", AT)
    assert changed.digest == manifest_digest(support(name="New"))
    assert changed.material_digest == one.material_digest


def test_retired_is_final_even_for_the_same_manifest():
    with pytest.raises(ConflictError, match="final"):
        revise(agent(status=AgentStatus.RETIRED), support(), by="eve", at=LATER)


def test_everybody_who_changed_what_is_to_be_approved_is_remembered():
    one, _ = revise(agent(), support(autonomy=2), by="ada", at=LATER)
    one, _ = revise(one, support(autonomy=1), by="ola", at=LATER)
    one, _ = revise(one, support(autonomy=1, name="New"), by="max", at=LATER)
    assert one.authors == ("ada", "eve", "ola")
    approved = dataclasses.replace(one, approval="apr_1")
    assert revise(approved, support(), by="sam", at=LATER)[0].authors == ("sam",)


def test_approval_makes_active_what_is_in_review_and_leaves_suspended_what_somebody_stopped():
    active = approve(agent(status=AgentStatus.IN_REVIEW), approval="apr_1", until=LATER, at=AT)
    stopped = approve(agent(status=AgentStatus.SUSPENDED), approval="apr_1", until=LATER, at=AT)
    assert (active.status, stopped.status) == (AgentStatus.ACTIVE, AgentStatus.SUSPENDED)
    for one in (active, stopped):
        assert (one.approval, one.approved_digest, one.approved_until) == ("apr_1", one.digest, LATER)
    assert unapproved(stopped) == agent(status=AgentStatus.SUSPENDED)


def test_an_agent_survives_storage():
    one = approve(agent(status=AgentStatus.IN_REVIEW), approval="apr_1", until=LATER, at=AT)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Agent) == one
