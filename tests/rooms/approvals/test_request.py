"""Requests and reviews: who may, what decides, and that a rejection is final whatever follows."""

import dataclasses
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType, RiskLevel, Sensitivity, UseCase
from ephor.rooms.agents.agent import AgentStatus, new_agent
from ephor.rooms.agents.manifest import DataUse
from ephor.rooms.approvals.request import (
    VALIDITY,
    ApprovalRequest,
    RequestStatus,
    Review,
    Verdict,
    pending_reviews,
    request,
    review,
)
from ephor.rooms.policies.governance import POLICIES, policy_digest
from sample_agents import AT, agent, support

REVIEWERS = {"security": "sam", "privacy": "pia", "ethics": "eti", "legal": "leo", "executive": "max"}


def ask(case=UseCase.CUSTOMER_SERVICE, by="eva", category="limited", justification="first release", one=None):
    manifest = support(use_case=case, autonomy=1, data=DataUse(Sensitivity.PUBLIC), tools=())
    one = one or new_agent(manifest, by="eve", at=AT)
    return request(one, POLICIES[case], category, id="apr_1", by=by, justification=justification, at=AT)


def given_by(type, decision="approve", *, by=None, notes="seen", conditions=(), at=AT):
    return Review(ReviewType(type), by or REVIEWERS[type], Verdict(decision), notes, conditions, at)


@pytest.mark.parametrize("case", list(UseCase))
def test_every_use_case_can_be_asked_for_and_approved(case):
    """The guide's sketch crashes for content and code generation, which have no policy there."""
    asked = ask(case)
    assert (asked.status, pending_reviews(asked)) == (RequestStatus.PENDING, POLICIES[case].required_reviews)
    for type in asked.required_reviews:
        assert asked.status is RequestStatus.PENDING
        asked = review(asked, given_by(type))
    assert asked.status is RequestStatus.APPROVED
    assert asked.expires_at == AT + VALIDITY[POLICIES[case].risk_level]


def test_how_long_approvals_last():
    assert [VALIDITY[level].days for level in RiskLevel] == [365, 365, 180, 90]


def test_a_request_is_bound_to_what_was_shown():
    one = agent()
    asked = request(
        one, POLICIES[UseCase.CUSTOMER_SERVICE], "high", id="apr_1", by="eva", justification=" why ", at=AT
    )
    assert (asked.agent, asked.use_case, asked.digest, asked.material_digest, asked.policy_digest) == (
        one.id,
        one.manifest.use_case,
        one.digest,
        one.material_digest,
        policy_digest(POLICIES[UseCase.CUSTOMER_SERVICE]),
    )
    assert (asked.owner, asked.authors, asked.justification) == ("eve", ("eve",), "why")


@pytest.mark.parametrize(
    ("category", "says"),
    [
        (None, "is not classified"),
        ("unacceptable", "can never be approved"),
        ("needs_review", "is not known yet"),
    ],
)
def test_prohibited_and_unknown_are_refused(category, says):
    with pytest.raises(ConflictError, match=says):
        ask(category=category)


@pytest.mark.parametrize("category", ["high", "limited", "minimal", "out_of_scope"])
def test_every_other_class_may_be_asked_for(category):
    assert ask(category=category).status is RequestStatus.PENDING


def test_what_breaks_its_policy_cannot_be_asked_for():
    one = new_agent(support(use_case=UseCase.DECISION_SUPPORT), by="eve", at=AT)
    with pytest.raises(ConflictError, match="autonomy `3` is above the 2") as refused:
        ask(UseCase.DECISION_SUPPORT, one=one)
    assert len(refused.value.facts["breaches"]) == 2


def test_the_retired_cannot_be_asked_for():
    with pytest.raises(ConflictError, match="final"):
        ask(one=agent(status=AgentStatus.RETIRED))


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001, "\x1b[2J"])
def test_a_justification_can_be_read(text):
    with pytest.raises(InvalidInputError):
        ask(justification=text)


@pytest.mark.parametrize(
    ("who", "says"),
    [("eva", "requested"), ("eve", "owns"), ("ada", "registered the manifest")],
)
def test_nobody_reviews_their_own(who, says):
    asked = dataclasses.replace(ask(), authors=("ada", "eve"))
    with pytest.raises(NotPermittedError, match=says):
        review(asked, given_by("security", by=who))


def test_a_review_that_is_not_required_is_refused():
    with pytest.raises(ConflictError, match="needs no `legal` review; it needs: security, privacy"):
        review(ask(), given_by("legal"))


@pytest.mark.parametrize("again", ["approve", "reject"])
def test_each_review_counts_once(again):
    asked = review(ask(), given_by("security"))
    with pytest.raises(ConflictError, match="already in"):
        review(asked, given_by("security", again, by="zoe"))


def test_a_rejection_needs_notes_and_an_approval_does_not():
    with pytest.raises(InvalidInputError, match="note that says why is missing"):
        review(ask(), given_by("security", "reject", notes=" "))
    assert review(ask(), given_by("security", notes=" ")).reviews[0].notes == ""


def test_conditions_are_kept_and_counted():
    asked = review(ask(), given_by("security", conditions=(" rotate the key ",)))
    assert asked.reviews[0].conditions == ("rotate the key",)
    with pytest.raises(InvalidInputError, match="11 conditions"):
        review(ask(), given_by("security", conditions=("x",) * 11))


def test_a_rejection_is_final_though_the_rest_comes_in_favourable():
    """In the guide's sketch the last favourable review approves a request that was rejected before."""
    asked = review(ask(), given_by("security", "reject"))
    assert asked.status is RequestStatus.REJECTED
    with pytest.raises(ConflictError, match="rejected and takes no more reviews"):
        review(asked, given_by("privacy"))


@pytest.mark.parametrize("status", [one for one in RequestStatus if one is not RequestStatus.PENDING])
def test_a_decided_or_ended_request_takes_no_reviews(status):
    with pytest.raises(ConflictError, match=status.value):
        review(dataclasses.replace(ask(), status=status), given_by("security"))


def test_the_expiry_counts_from_the_last_review():
    asked = review(ask(), given_by("security"))
    asked = review(asked, given_by("privacy", at=AT + timedelta(days=30)))
    assert asked.expires_at == AT + timedelta(days=395)
    assert asked.decided_at == AT + timedelta(days=30)


def test_a_request_survives_storage():
    asked = review(ask(UseCase.AUTONOMOUS_ACTION), given_by("security", conditions=("c",)))
    assert msgspec.json.decode(msgspec.json.encode(asked), type=ApprovalRequest) == asked


steps = st.lists(
    st.builds(
        given_by,
        st.sampled_from(list(REVIEWERS)),
        st.sampled_from(["approve", "approve", "approve", "reject"]),
        by=st.sampled_from([None, "eva", "eve", "zoe"]),
    ),
    max_size=12,
)


@given(case=st.sampled_from(UseCase), attempts=steps)
def test_no_order_of_reviews_turns_a_rejection_or_skips_a_review(case, attempts):
    """Against an oracle that only remembers: what was accepted, in which order."""
    asked, accepted = ask(case), []
    for attempt in attempts:
        before = asked
        try:
            asked = review(asked, attempt)
        except EphorError:
            assert asked == before
            continue
        accepted.append(attempt)
    needed = set(POLICIES[case].required_reviews)
    said = {one.type: one.decision for one in accepted}
    assert len(said) == len(accepted)
    assert not {"eva", "eve"} & {one.reviewer for one in accepted}
    if Verdict.REJECT in said.values():
        assert asked.status is RequestStatus.REJECTED
        assert accepted[-1].decision is Verdict.REJECT
    elif set(said) == needed:
        assert asked.status is RequestStatus.APPROVED
    else:
        assert asked.status is RequestStatus.PENDING
    assert (asked.expires_at is not None) == (asked.status is RequestStatus.APPROVED)
