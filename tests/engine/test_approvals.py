"""Approval of an agent from request to expiry, with the ledger and the agent's state in the same unit."""

import dataclasses
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.engine.access import Access
from ephor.engine.agents import Agents
from ephor.engine.approvals import Approvals
from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType, Sensitivity, UseCase
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import DataUse
from ephor.rooms.approvals.request import RequestStatus, Verdict
from ephor.rooms.policies.governance import POLICIES
from ephor.testing import FrozenClock, memory_world
from sample_agents import support

ID = "support-assistant"
REVIEWERS = {
    ReviewType.SECURITY: "sam",
    ReviewType.PRIVACY: "pia",
    ReviewType.ETHICS: "eti",
    ReviewType.LEGAL: "leo",
    ReviewType.EXECUTIVE: "max",
}
SECURITY, PRIVACY = ReviewType.SECURITY, ReviewType.PRIVACY


@pytest.fixture
def agents(engine):
    agents = Agents(engine.world, POLICIES)
    agents.register(support(), by="eve")
    return agents


@pytest.fixture
def approvals(engine, agents):
    return Approvals(engine.world, POLICIES, lambda _unit, _agent: "limited")


def review(approvals, asked, type, decision=Verdict.APPROVE, **other):
    return approvals.submit_review(
        asked.id, type, decision, **{"by": REVIEWERS[type], "notes": "seen", **other}
    )


def approve(approvals, id=ID):
    asked = approvals.request(id, "first release", by="eve")
    for type in asked.required_reviews:
        asked = review(approvals, asked, type)
    return asked


def kinds(approvals, since=0):
    ledger = approvals.world.storage.ledger
    return [orjson.loads(entry)["kind"] for entry in ledger.entries(since, ledger.head().size)]


def size(approvals):
    return approvals.world.storage.ledger.head().size


@pytest.mark.parametrize("case", list(UseCase))
def test_every_use_case_goes_from_request_to_active(agents, approvals, case):
    bare = support(id="bare", use_case=case, autonomy=1, tools=(), data=DataUse(Sensitivity.PUBLIC))
    agents.register(bare, by="eve")
    asked = approvals.request("bare", "why", by="eve")
    assert agents.show("bare").status is AgentStatus.IN_REVIEW
    for type in POLICIES[case].required_reviews:
        assert agents.show("bare").status is AgentStatus.IN_REVIEW
        asked = review(approvals, asked, type)
    one = agents.show("bare")
    assert (asked.status, one.status) == (RequestStatus.APPROVED, AgentStatus.ACTIVE)
    assert (one.approval, one.approved_digest, one.approved_until) == (asked.id, one.digest, asked.expires_at)
    assert kinds(approvals)[-2:] == ["approval.approved/1", "agent.activated/1"]


def test_everything_is_still_there_for_whoever_opens_the_plane_next(agents, approvals):
    asked = approve(approvals)
    later = Approvals(approvals.world, POLICIES, lambda _unit, _agent: None)
    assert later.show(asked.id) == asked
    assert later.standing(ID).approval == asked


@pytest.mark.parametrize("category", [None, "unacceptable", "needs_review"])
def test_what_is_prohibited_or_unknown_is_not_asked_for(agents, category):
    seen = []
    approvals = Approvals(agents.world, POLICIES, lambda _unit, agent: seen.append(agent.id) or category)
    before = size(approvals)
    with pytest.raises(ConflictError):
        approvals.request(ID, "why", by="eve")
    assert (seen, size(approvals), agents.show(ID).status) == ([ID], before, AgentStatus.DRAFT)
    assert list(approvals.all()) == []


def test_what_became_prohibited_under_review_is_not_approved_but_may_be_rejected(agents):
    category = ["limited"]
    approvals = Approvals(agents.world, POLICIES, lambda _unit, _agent: category[0])
    asked = approvals.request(ID, "why", by="eve")
    category[0] = "unacceptable"
    with pytest.raises(ConflictError, match="Article 5"):
        review(approvals, asked, SECURITY)
    assert review(approvals, asked, SECURITY, Verdict.REJECT).status is RequestStatus.REJECTED


def test_one_request_at_a_time(approvals):
    asked = approvals.request(ID, "why", by="eve")
    with pytest.raises(ConflictError, match=asked.id):
        approvals.request(ID, "again", by="ada")
    assert [one.id for one in approvals.all()] == [asked.id]


def test_a_request_about_an_older_policy_takes_no_reviews_and_gives_way(agents, approvals):
    asked = approvals.request(ID, "why", by="eve")
    case = support().use_case
    stricter = {**POLICIES, case: dataclasses.replace(POLICIES[case], retention_days=100)}
    new = Approvals(agents.world, stricter, approvals.category_of)
    with pytest.raises(ConflictError, match="has changed"):
        review(new, asked, SECURITY)
    again = new.request(ID, "under the new policy", by="eve")
    assert new.show(asked.id).status is RequestStatus.SUPERSEDED
    assert again.policy_digest != asked.policy_digest


@pytest.mark.parametrize("who", ["sam", "max", "ola", "aud", "nobody"])
def test_only_who_may_asks(approvals, who):
    with pytest.raises(NotPermittedError):
        approvals.request(ID, "why", by=who)


@pytest.mark.parametrize("type", list(ReviewType))
def test_a_review_needs_its_role(approvals, type):
    """In the guide's sketch anybody may submit any review."""
    asked = approvals.request(ID, "why", by="eve")
    for who in [
        "ada",
        "eve",
        "ola",
        "aud",
        "nobody",
        *(one for one in REVIEWERS.values() if one != REVIEWERS[type]),
    ]:
        with pytest.raises(NotPermittedError):
            review(approvals, asked, type, by=who)
    assert approvals.show(asked.id).reviews == ()


def test_nobody_reviews_what_they_requested_own_or_registered_whatever_their_roles(engine, agents, approvals):
    both = [PlaneRole.ENGINEER, PlaneRole.SECURITY_REVIEWER]
    for who in ("olga", "rita", "anna", "free"):
        engine.access.add_person(who, who, both, by="ada")
    agents.register(support(owner="olga"), by="anna")
    asked = approvals.request(ID, "why", by="rita")
    for who, says in (
        ("olga", "owns"),
        ("rita", "requested"),
        ("anna", "registered"),
        ("eve", "holds engineer"),
    ):
        with pytest.raises(NotPermittedError, match=says):
            review(approvals, asked, SECURITY, by=who)
    assert review(approvals, asked, SECURITY, by="free").reviews[0].reviewer == "free"


def test_a_rejection_is_final_for_its_request_and_not_for_the_agent(agents, approvals):
    """In the guide's sketch the remaining favourable review approves what was rejected."""
    asked = approvals.request(ID, "why", by="eve")
    review(approvals, asked, SECURITY, Verdict.REJECT, notes="leaks")
    assert agents.show(ID).status is AgentStatus.DRAFT
    with pytest.raises(ConflictError, match="rejected"):
        review(approvals, asked, PRIVACY)
    assert approvals.show(asked.id).status is RequestStatus.REJECTED
    assert approve(approvals).id != asked.id
    assert agents.show(ID).status is AgentStatus.ACTIVE


def test_a_rejection_says_why_and_a_refused_review_leaves_nothing(approvals):
    asked = approvals.request(ID, "why", by="eve")
    before = size(approvals)
    with pytest.raises(InvalidInputError, match="note"):
        review(approvals, asked, SECURITY, Verdict.REJECT, notes="")
    assert (size(approvals), approvals.show(asked.id)) == (before, asked)


def test_a_review_is_recorded_with_who_what_and_which_manifest(approvals):
    asked = approvals.request(ID, "why", by="eve")
    review(approvals, asked, SECURITY, notes="scoped", conditions=("rotate the key",))
    ledger = approvals.world.storage.ledger
    (entry,) = [orjson.loads(one) for one in ledger.entries(size(approvals) - 1, size(approvals))]
    assert (entry["kind"], entry["actor"], entry["decision"]) == (
        "review.submitted/1",
        "person:sam",
        "approve",
    )
    assert entry["refs"] == {"agent": ID, "manifest": asked.digest}
    assert entry["policy_digest"] == asked.policy_digest
    assert entry["metadata"] == {"type": "security", "notes": "scoped", "conditions": ["rotate the key"]}


@pytest.mark.parametrize("who", ["sam", "pia", "max", "ada"])
def test_revoking_an_approval_suspends_the_agent_in_the_same_unit(agents, approvals, who):
    asked = approve(approvals)
    before = size(approvals)
    assert approvals.revoke(asked.id, "found a leak", by=who).status is RequestStatus.REVOKED
    one = agents.show(ID)
    assert (one.status, one.approval, one.approved_until) == (AgentStatus.SUSPENDED, None, None)
    assert kinds(approvals, before) == ["approval.revoked/1", "agent.suspended/1"]
    with pytest.raises(ConflictError, match="no approval"):
        agents.resume(ID, "why not", by="ola")
    with pytest.raises(ConflictError, match="revoked already"):
        approvals.revoke(asked.id, "again", by=who)


def test_the_requester_may_withdraw_a_pending_request_and_not_revoke_an_approval(agents, approvals):
    asked = approvals.request(ID, "why", by="eve")
    assert approvals.revoke(asked.id, "a typing error", by="eve").status is RequestStatus.REVOKED
    assert agents.show(ID).status is AgentStatus.DRAFT
    with pytest.raises(NotPermittedError):
        approvals.revoke(approve(approvals).id, "mine", by="eve")


def test_nobody_else_without_the_permission_withdraws_a_request(engine, approvals):
    engine.access.add_person("emil", "Emil", [PlaneRole.ENGINEER], by="ada")
    asked = approvals.request(ID, "why", by="eve")
    with pytest.raises(NotPermittedError):
        approvals.revoke(asked.id, "not mine", by="emil")


def test_an_approval_runs_out_and_the_agent_is_a_draft_again(agents, approvals, clock):
    asked = approve(approvals)
    clock.advance(timedelta(days=365, microseconds=-1))
    assert approvals.standing(ID).approval == asked
    assert list(approvals.expire()) == []
    clock.advance(timedelta(microseconds=1))
    assert approvals.standing(ID).approval is None  # before anybody records it
    assert approvals.show(asked.id).status is RequestStatus.EXPIRED
    assert [one.id for one in approvals.all(status=RequestStatus.EXPIRED)] == [asked.id]
    before = size(approvals)
    assert [one.id for one in approvals.expire()] == [asked.id]
    one = agents.show(ID)
    assert (one.status, one.approval) == (AgentStatus.DRAFT, None)
    assert kinds(approvals, before) == ["approval.expired/1"]
    assert list(approvals.expire()) == []
    assert approve(approvals).status is RequestStatus.APPROVED
    assert agents.show(ID).status is AgentStatus.ACTIVE


def test_asking_again_records_what_ran_out_meanwhile(agents, approvals, clock):
    asked = approve(approvals)
    clock.advance(timedelta(days=400))
    again = approvals.request(ID, "renewal", by="eve")
    assert approvals.show(asked.id).ended_because == "its time ran out"
    assert agents.show(ID).status is AgentStatus.IN_REVIEW
    review(approvals, again, SECURITY)
    review(approvals, again, PRIVACY)
    assert agents.show(ID).approval == again.id


def test_a_renewal_keeps_the_agent_active_and_takes_the_place_of_the_old_approval(agents, approvals):
    first = approve(approvals)
    second = approvals.request(ID, "renewal", by="eve")
    assert agents.show(ID).status is AgentStatus.ACTIVE
    review(approvals, second, SECURITY)
    second = review(approvals, second, PRIVACY)
    assert approvals.show(first.id).status is RequestStatus.SUPERSEDED
    assert agents.show(ID).approval == second.id
    approvals.revoke(second.id, "found a leak", by="sam")
    assert approvals.standing(ID).approval is None


def test_a_rejected_renewal_leaves_the_old_approval(agents, approvals):
    first = approve(approvals)
    review(approvals, approvals.request(ID, "renewal", by="eve"), SECURITY, Verdict.REJECT)
    assert agents.show(ID).status is AgentStatus.ACTIVE
    assert approvals.standing(ID).approval == first


def test_an_approval_that_runs_out_during_its_renewal_leaves_the_agent_in_review(agents, approvals, clock):
    approve(approvals)
    clock.advance(timedelta(days=360))
    second = approvals.request(ID, "renewal", by="eve")
    clock.advance(timedelta(days=10))
    review(approvals, second, SECURITY)
    assert agents.show(ID).status is AgentStatus.IN_REVIEW
    review(approvals, second, PRIVACY)
    assert agents.show(ID).status is AgentStatus.ACTIVE


def test_a_suspended_agent_can_be_approved_and_stays_suspended(agents, approvals):
    agents.suspend(ID, "because", by="ola")
    assert approve(approvals).status is RequestStatus.APPROVED
    assert agents.show(ID).status is AgentStatus.SUSPENDED
    approvals.revoke(approvals.standing(ID).approval.id, "no", by="sam")
    assert agents.show(ID).status is AgentStatus.SUSPENDED


def test_what_nobody_asked_for_is_not_found(approvals):
    for attempt in (
        lambda: approvals.show("apr_ghost"),
        lambda: approvals.standing("ghost"),
        lambda: approvals.request("ghost", "why", by="eve"),
        lambda: approvals.revoke("apr_ghost", "why", by="ada"),
        lambda: approvals.submit_review("apr_ghost", SECURITY, Verdict.APPROVE, by="sam"),
    ):
        with pytest.raises(NotFoundError):
            attempt()


def test_bodies_are_seated_with_the_people_of_the_plane(approvals):
    members = {one.body.id: one.members for one in approvals.bodies()}
    assert members == {
        "executive-oversight": ("max",),
        "ai-ethics-committee": ("eti", "leo"),
        "model-governance": ("val",),
        "data-governance": ("dora", "pia"),
        "operations-governance": ("cal", "ola", "sam"),
    }


steps = st.lists(
    st.sampled_from(
        [
            "request",
            "approve",
            "approve",
            "security",
            "privacy",
            "reject",
            "revoke",
            "change",
            "rename",
            "suspend",
            "resume",
            "wait",
            "expire",
        ]
    ),
    min_size=3,
    max_size=25,
)


@given(steps)
def test_whatever_happens_an_agent_is_active_only_on_an_approval_of_exactly_itself(steps):
    clock = FrozenClock()
    world = memory_world(clock)
    access = Access(world)
    access.found("ada", "Ada")
    roles = {"eve": PlaneRole.ENGINEER, "ola": PlaneRole.OPERATOR, "sam": PlaneRole.SECURITY_REVIEWER}
    for who, role in {**roles, "pia": PlaneRole.PRIVACY_REVIEWER}.items():
        access.add_person(who, who, [role], by="ada")
    agents = Agents(world, POLICIES)
    approvals = Approvals(world, POLICIES, lambda _unit, _agent: "limited")
    agents.register(support(), by="eve")
    reviewed = {}
    for n, step in enumerate(steps):
        before = agents.show(ID)
        try:
            _do(step, n, agents, approvals, clock, reviewed)
        except EphorError:
            assert step == "approve" or agents.show(ID) == before
        _check(agents.show(ID), approvals, reviewed, clock, swept=step != "wait")


def _do(step, n, agents, approvals, clock, reviewed):
    latest = max((one.id for one in approvals.all(agent=ID)), default="apr_none")
    if step == "request":
        asked = approvals.request(ID, "why", by="eve")
        reviewed[asked.id] = {"digest": agents.show(ID).material_digest, "by": set()}
    elif step == "approve":
        for part in ("request", "security", "privacy"):
            _do(part, n, agents, approvals, clock, reviewed)
    elif step in ("security", "privacy"):
        type = ReviewType(step)
        approvals.submit_review(latest, type, Verdict.APPROVE, by=REVIEWERS[type])
        reviewed[latest]["by"].add(type)
    elif step == "reject":
        approvals.submit_review(latest, PRIVACY, Verdict.REJECT, by="pia", notes="no")
        reviewed[latest]["rejected"] = True
    elif step == "revoke":
        approvals.revoke(latest, "no", by="ada")
        reviewed[latest]["rejected"] = True
    elif step in ("change", "rename"):
        other = {"purpose": f"Purpose {n}."} if step == "change" else {"name": f"Name {n}"}
        agents.register(dataclasses.replace(agents.show(ID).manifest, **other), by="eve")
    elif step == "wait":
        clock.advance(timedelta(days=200))
    elif step == "expire":
        approvals.expire()
    else:
        getattr(agents, step)(ID, "because", by="ola")


def _check(one, approvals, reviewed, clock, *, swept):
    live = [request for request in approvals.all(agent=ID) if request.status is RequestStatus.PENDING]
    assert len(live) <= 1
    holds = approvals.standing(ID).approval
    if holds:
        facts = reviewed[holds.id]
        assert facts["by"] == {SECURITY, PRIVACY}
        assert "rejected" not in facts
        assert facts["digest"] == one.material_digest
        assert holds.expires_at > clock.now()
        assert one.approval == holds.id
    if one.status is AgentStatus.ACTIVE:
        assert holds or one.approved_until <= clock.now()
    if one.status is AgentStatus.IN_REVIEW:
        assert live
