"""Declared against observed: what reopens a review, what does not, and that it is recorded once."""

from datetime import timedelta

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.kernel.errors import NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import Effect, Sensitivity
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.drift import Aspect, departures
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.decisions.model import Call, Outcome
from sample_plane import ID, approve, entries, kinds, manifest, ready, size

LOOK = Call(ID, "customer_lookup", {"id": 7})


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def seen(plane, **event):
    plane.ledger.append([{"event_type": "tool.invoked", "agent_id": ID, **event}], by="eve")


def found(compared):
    return [(one.aspect.value, one.name, one.times, one.denied) for one in compared.departures]


def test_an_agent_that_keeps_to_its_manifest_stays_as_it_is(plane):
    plane.decide(LOOK)
    seen(plane, tool="refund", metadata={"data": ["contact"], "sensitivity": "internal"})
    before = size(plane)
    compared = plane.drift.check(ID, by="ola")
    assert (found(compared), compared.reopened, size(plane)) == ([], False, before)
    assert plane.decide(LOOK).outcome is Outcome.ALLOW


def test_what_the_manifest_does_not_name_ends_the_approval_in_one_recorded_step(plane):
    seen(plane, tool="wire_transfer")
    seen(plane, tool="wire_transfer", metadata={"model": "gpt@1", "data_categories": ["health"]})
    seen(plane, tool="refund", metadata={"sensitivity": "restricted"})
    plane.decide(Call(ID, "format_disk"))
    before = size(plane)
    compared = plane.drift.check(ID, by="ola")
    assert found(compared) == [
        ("tool", "format_disk", 1, True),
        ("tool", "wire_transfer", 2, False),
        ("model", "gpt@1", 1, False),
        ("data", "health", 1, False),
        ("sensitivity", "restricted", 1, False),
    ]
    assert compared.departures[1].first == entries(plane, "tool.invoked/1")[0]["id"]
    assert (compared.reopened, compared.status) == (True, AgentStatus.DRAFT)
    assert kinds(plane, before) == ["agent.drifted/1"]
    (entry,) = entries(plane, "agent.drifted/1")
    assert (entry["actor"], entry["resource"], entry["metadata"]["departures"]) == (
        "person:ola",
        f"agent:{ID}",
        5,
    )
    assert "agent-not-approved" in [reason.code for reason in plane.decide(LOOK).reasons]
    assert plane.approvals.standing(ID).approval is None
    again = plane.drift.check(ID, by="ola")
    assert (again.reopened, len(again.departures)) == (False, 5)
    assert len(entries(plane, "agent.drifted/1")) == 1


def test_a_review_done_again_settles_it_and_so_does_a_manifest_that_names_it(plane, clock):
    seen(plane, tool="wire_transfer")
    assert plane.drift.check(ID, by="ola").reopened
    clock.advance(timedelta(seconds=1))
    approve(plane)
    assert plane.decide(LOOK).outcome is Outcome.ALLOW
    assert found(plane.drift.check(ID, by="ola")) == []
    seen(plane, tool="wire_transfer")
    wire = Tool("wire_transfer", Effect.EXTERNAL, Sensitivity.INTERNAL)
    plane.agents.register(manifest(tools=(*manifest().tools, wire)), by="eve")
    assert found(plane.drift.look(ID)) == []


def test_what_the_catalogue_says_a_tool_touches_was_touched(plane):
    plane.tools.load([{"name": "customer_lookup", "effect": "read", "sensitivity": "internal", "data": ["health"]}], by="ada")  # fmt: skip
    assert found(plane.drift.look(ID)) == []
    plane.decide(LOOK)
    assert found(plane.drift.look(ID)) == [("data", "health", 1, False)]


def test_a_suspended_agent_stays_suspended_and_cannot_be_resumed_on_the_old_approval(plane):
    seen(plane, tool="wire_transfer")
    plane.agents.suspend(ID, "enough", by="ola")
    compared = plane.drift.check(ID, by="ola")
    assert (compared.reopened, compared.status) == (True, AgentStatus.SUSPENDED)
    assert plane.agents.show(ID).approval is None


def test_looking_changes_nothing_and_only_some_may_do_more(plane):
    seen(plane, tool="wire_transfer")
    before = size(plane)
    assert not plane.drift.look(ID).reopened
    with pytest.raises(NotPermittedError):
        plane.drift.check(ID, by="dora")
    for ask in (plane.drift.look, lambda id: plane.drift.check(id, by="ola")):
        with pytest.raises(NotFoundError):
            ask("ghost")
    assert size(plane) == before


@pytest.mark.parametrize("word", ["secret", "", None, 7, ["top", {"x": 1}]])
def test_whatever_stands_in_an_entry_is_read_or_passed_over(word):
    entry = {
        "id": "e",
        "at": "t",
        "tool": word,
        "metadata": {"sensitivity": word, "model": word, "looked_at": word},
    }
    names = {one.name for one in departures(manifest(), [entry, {"metadata": None}], {})}
    assert names <= {"secret", "top"}
    assert [one.value for one in Aspect] == ["tool", "model", "data", "sensitivity"]
