"""The inventory: registering, changing, stopping; every change in the ledger, and nothing half-stored."""

import dataclasses
from datetime import timedelta

import orjson
import pytest

from ephor.engine.agents import Agents, Outcome
from ephor.engine.approvals import Approvals
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.roles import Permission, Role
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import Argument, ArgumentType, AskRule, Oversight, manifest_digest
from ephor.rooms.approvals.request import RequestStatus, Verdict
from ephor.rooms.policies.governance import POLICIES
from sample_agents import LOOKUP, REFUND, support

ID = "support-assistant"


@pytest.fixture
def agents(engine):
    return Agents(engine.world, POLICIES)


@pytest.fixture
def approvals(engine):
    return Approvals(engine.world, POLICIES, lambda _unit, _agent: "limited")


def entries(agents, kind=None):
    ledger = agents.world.storage.ledger
    found = [orjson.loads(entry) for entry in ledger.entries(0, ledger.head().size)]
    return [one for one in found if kind in (None, one["kind"])]


def approve(approvals, by="eve"):
    asked = approvals.request(ID, "first release", by=by)
    approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam")
    return approvals.submit_review(asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia")


def test_a_new_agent_is_a_draft_and_in_the_ledger(agents):
    done = agents.register(support(), by="eve")
    assert (done.outcome, done.agent.status, done.changes) == (Outcome.REGISTERED, AgentStatus.DRAFT, ())
    assert agents.show(ID) == done.agent
    (entry,) = entries(agents, "agent.registered/1")
    assert (entry["actor"], entry["resource"]) == ("person:eve", f"agent:{ID}")
    assert entry["refs"]["manifest"] == manifest_digest(support())


def test_the_same_manifest_again_changes_nothing_and_says_so(agents):
    first = agents.register(support(), by="eve")
    before = len(entries(agents))
    again = agents.register(support(tools=support().tools[::-1]), by="ada")
    assert (again.outcome, again.agent) == (Outcome.UNCHANGED, first.agent)
    assert len(entries(agents)) == before


def test_a_material_change_to_an_active_agent_stops_it_and_ends_its_approval(agents, approvals):
    agents.register(support(), by="eve")
    asked = approve(approvals)
    assert agents.show(ID).status is AgentStatus.ACTIVE
    done = agents.register(support(autonomy=2), by="ada")
    assert (done.outcome, done.agent.status, done.ended) == (Outcome.REOPENED, AgentStatus.DRAFT, (asked.id,))
    assert approvals.show(asked.id).status is RequestStatus.SUPERSEDED
    (entry,) = entries(agents, "agent.changed/1")
    assert entry["metadata"]["changes"] == [
        {"path": "autonomy", "before": "3", "after": "2", "material": True}
    ]
    assert (entry["metadata"]["before"], entry["refs"]["manifest"]) == (
        manifest_digest(support()),
        manifest_digest(support(autonomy=2)),
    )


def test_going_back_to_what_was_once_approved_does_not_bring_the_approval_back(agents, approvals):
    agents.register(support(), by="eve")
    approve(approvals)
    agents.register(support(autonomy=2), by="eve")
    done = agents.register(support(), by="eve")
    assert done.agent.status is AgentStatus.DRAFT
    assert approvals.standing(ID).approval is None


def test_a_material_change_under_review_ends_the_request(agents, approvals):
    agents.register(support(), by="eve")
    asked = approvals.request(ID, "why", by="eve")
    done = agents.register(support(models=()), by="eve")
    assert (done.agent.status, done.ended) == (AgentStatus.DRAFT, (asked.id,))
    with pytest.raises(ConflictError, match="superseded"):
        approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam")


def test_another_name_is_recorded_and_leaves_the_agent_active(agents, approvals):
    agents.register(support(), by="eve")
    approve(approvals)
    done = agents.register(support(name="New"), by="eve")
    assert (done.outcome, done.agent.status, done.ended) == (Outcome.CHANGED, AgentStatus.ACTIVE, ())
    assert approvals.standing(ID).approval is not None
    assert len(entries(agents, "agent.changed/1")) == 1


def test_a_change_of_everything_still_fits_into_one_entry(agents):
    many = tuple(dataclasses.replace(LOOKUP, name=f"tool{n}", description="x" * 2000) for n in range(300))
    agents.register(support(tools=many), by="eve")
    done = agents.register(support(tools=()), by="eve")
    assert len(done.changes) == 300
    (entry,) = entries(agents, "agent.changed/1")
    assert (entry["metadata"]["changed"], len(entry["metadata"]["changes"])) == (300, 50)


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (support(owner="nobody"), "owner"),
        (support(oversight=Oversight(("ola", "nobody"), "m", "s")), "oversight.people[1]"),
        (support(roles=("customer_service_agent", "customer_servant")), "roles[1]"),
        (
            support(tools=(dataclasses.replace(LOOKUP, permissions=("data:pii:reed",)),)),
            "tools[0].permissions[0]",
        ),
        (support(tools=(LOOKUP, LOOKUP)), "tools[1].name"),
        (support(autonomy=6), "autonomy"),
    ],
)
def test_what_nobody_knows_is_refused_and_nothing_is_stored(agents, manifest, path):
    before = len(entries(agents))
    with pytest.raises(InvalidInputError) as refused:
        agents.register(manifest, by="eve")
    assert [one["path"] for one in refused.value.facts["problems"]] == [path]
    assert (list(agents.all()), len(entries(agents))) == ([], before)


def test_an_unknown_role_names_the_known_ones_and_a_custom_role_is_known(agents, engine):
    wanted = support(roles=("refund_clerk",))
    with pytest.raises(InvalidInputError, match="use one of: analytics_agent, customer_service_agent"):
        agents.register(wanted, by="eve")
    role = Role("refund_clerk", (Permission.WRITE_FINANCIAL,), LOOKUP.sensitivity, ("refund",))
    with engine.world.storage.unit() as unit:
        unit.shelf(Role).add(role)
        unit.append(Event("role.added/1", at=engine.world.clock.now(), actor="person:ada"))
    assert agents.register(wanted, by="eve").outcome is Outcome.REGISTERED


def test_all_unknown_names_come_in_one_error(agents):
    strange = dataclasses.replace(LOOKUP, permissions=("data:pii:raed",), reveals=("email", "emial"))
    with pytest.raises(InvalidInputError, match="has 4 problems") as caught:
        agents.register(support(owner="x", roles=("y",), tools=(strange,)), by="eve")
    assert caught.value.facts["problems"][-1] == {
        "line": None,
        "path": "tools[0].reveals[1]",
        "message": "unknown type `emial` of personal data; did you mean `email`?",
    }


def test_a_question_that_rests_on_an_argument_the_tool_does_not_have_is_warned_of(agents):
    tool = dataclasses.replace(REFUND, arguments=(Argument("amount_cents", ArgumentType.INTEGER),))
    assert not any("argument" in text for text in agents.warnings(support(tools=(tool,))))
    tool = dataclasses.replace(tool, ask=(AskRule(argument="amonut_cents", above=5),))
    (told,) = (text for text in agents.warnings(support(tools=(tool,))) if "argument" in text)
    assert told == (
        "tool `refund` declares no argument `amonut_cents`: a person is asked about every call that lacks it; "
        "did you mean `amount_cents`?"
    )


@pytest.mark.parametrize("who", ["sam", "ola", "max", "aud", "dora", "nobody"])
def test_only_who_may_registers_and_retires(agents, who):
    with pytest.raises(NotPermittedError):
        agents.register(support(), by=who)
    agents.register(support(), by="eve")
    with pytest.raises(NotPermittedError):
        agents.retire(ID, "because", by=who)


def test_the_stop_switch_works_for_many_and_resuming_for_few(agents, approvals):
    agents.register(support(), by="eve")
    approve(approvals)
    with pytest.raises(NotPermittedError):
        agents.suspend(ID, "because", by="aud")
    for who in ("ola", "eve", "sam", "max"):
        assert agents.suspend(ID, "because", by=who).status is AgentStatus.SUSPENDED
        for other in ("eve", "sam", "max", "aud"):
            with pytest.raises(NotPermittedError):
                agents.resume(ID, "fixed", by=other)
        assert agents.resume(ID, "fixed", by="ola").status is AgentStatus.ACTIVE
    assert len(entries(agents, "agent.suspended/1")) == len(entries(agents, "agent.resumed/1")) == 4


def test_suspending_twice_is_a_conflict_and_needs_a_reason(agents):
    agents.register(support(), by="eve")
    with pytest.raises(InvalidInputError, match="reason"):
        agents.suspend(ID, " ", by="ola")
    agents.suspend(ID, "because", by="ola")
    with pytest.raises(ConflictError, match="is suspended and cannot become suspended"):
        agents.suspend(ID, "because", by="ola")


def test_a_suspended_agent_stays_so_through_change_and_approval(agents, approvals):
    agents.register(support(), by="eve")
    approve(approvals)
    agents.suspend(ID, "leaks", by="ola")
    assert agents.register(support(autonomy=2), by="eve").agent.status is AgentStatus.SUSPENDED
    with pytest.raises(ConflictError, match="no approval that covers it today"):
        agents.resume(ID, "fixed", by="ola")
    approve(approvals)
    assert agents.show(ID).status is AgentStatus.SUSPENDED
    assert agents.resume(ID, "fixed", by="ola").status is AgentStatus.ACTIVE


def test_an_agent_is_not_resumed_on_an_approval_that_ran_out_or_for_another_policy(agents, approvals, clock):
    agents.register(support(), by="eve")
    approve(approvals)
    agents.suspend(ID, "holidays", by="ola")
    case = support().use_case
    stricter = {**POLICIES, case: dataclasses.replace(POLICIES[case], retention_days=100)}
    with pytest.raises(ConflictError, match="no approval"):
        Agents(agents.world, stricter).resume(ID, "back", by="ola")
    clock.advance(timedelta(days=365))
    with pytest.raises(ConflictError, match="no approval"):
        agents.resume(ID, "back", by="ola")
    assert agents.show(ID).status is AgentStatus.SUSPENDED


@pytest.mark.parametrize("status", ["draft", "active"])
def test_only_the_suspended_are_resumed(agents, approvals, status):
    agents.register(support(), by="eve")
    if status == "active":
        approve(approvals)
    with pytest.raises(ConflictError, match=f"is {status}, not suspended"):
        agents.resume(ID, "why not", by="ola")


def test_retired_is_final_and_ends_every_request(agents, approvals):
    agents.register(support(), by="eve")
    approve(approvals)
    renewal = approvals.request(ID, "renewal", by="eve")
    retired = agents.retire(ID, "replaced", by="ada")
    assert (retired.status, retired.approval, retired.approved_until) == (AgentStatus.RETIRED, None, None)
    assert {one.status for one in approvals.all(agent=ID)} == {RequestStatus.SUPERSEDED}
    for attempt in (
        lambda: agents.register(support(), by="eve"),
        lambda: agents.retire(ID, "again", by="ada"),
        lambda: agents.suspend(ID, "again", by="ola"),
        lambda: agents.resume(ID, "again", by="ola"),
        lambda: approvals.request(ID, "again", by="eve"),
        lambda: approvals.submit_review(renewal.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam"),
    ):
        with pytest.raises(ConflictError):
            attempt()


def test_an_agent_nobody_registered_is_not_found(agents):
    for attempt in (
        lambda: agents.show("ghost"),
        lambda: agents.suspend("ghost", "r", by="ola"),
        lambda: agents.resume("ghost", "r", by="ola"),
        lambda: agents.retire("ghost", "r", by="ada"),
    ):
        with pytest.raises(NotFoundError, match="`ghost`"):
            attempt()


def test_agents_are_listed_by_id_and_by_status(agents):
    for name in ("b", "a", "c"):
        agents.register(support(id=name), by="eve")
    agents.suspend("b", "because", by="ola")
    assert [one.id for one in agents.all()] == ["a", "b", "c"]
    assert [one.id for one in agents.all(AgentStatus.DRAFT)] == ["a", "c"]
    assert list(agents.all(AgentStatus.RETIRED)) == []
