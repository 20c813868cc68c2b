"""Whether an approval holds: bound to agent, use case, manifest and policy, until its day."""

import dataclasses
from datetime import timedelta

import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import ReviewType, UseCase
from ephor.rooms.agents.agent import new_agent
from ephor.rooms.approvals.request import RequestStatus, Review, Verdict, request, review
from ephor.rooms.approvals.standing import (
    approval_in_force,
    expire,
    has_run_out,
    is_approved,
    is_bound_to,
    is_live,
    revoke,
    seen_at,
    supersede,
)
from ephor.rooms.policies.governance import POLICIES
from sample_agents import AT, agent, support

CASE = UseCase.CUSTOMER_SERVICE
DAY = timedelta(days=1)


def pending(one=None, id="apr_1", at=AT):
    return request(one or agent(), POLICIES[CASE], "limited", id=id, by="eva", justification="why", at=at)


def approved(one=None, id="apr_1", at=AT):
    asked = pending(one, id, at)
    for type, who in ((ReviewType.SECURITY, "sam"), (ReviewType.PRIVACY, "pia")):
        asked = review(asked, Review(type, who, Verdict.APPROVE, "", (), at))
    return asked


def holds(requests, one=None, policies=POLICIES, now=AT):
    return is_approved(one or agent(), requests, policies, now)


def test_an_approval_holds_for_exactly_what_was_reviewed():
    assert holds([approved()])
    assert not holds([])
    assert not holds([pending()])


@pytest.mark.parametrize("status", [one for one in RequestStatus if one is not RequestStatus.APPROVED])
def test_only_approved_is_approved(status):
    assert not holds([dataclasses.replace(approved(), status=status)])


@pytest.mark.parametrize(
    ("after", "held"),
    [
        (timedelta(0), True),
        (365 * DAY - timedelta(microseconds=1), True),
        (365 * DAY, False),
        (366 * DAY, False),
    ],
)
def test_it_runs_out_to_the_microsecond(after, held):
    assert holds([approved()], now=AT + after) is held
    assert has_run_out(approved(), AT + after) is not held
    assert seen_at(approved(), AT + after).status == ("approved" if held else "expired")


def test_an_approval_without_a_day_is_none():
    assert not holds([dataclasses.replace(approved(), expires_at=None)])


@pytest.mark.parametrize(
    "change",
    [
        {"autonomy": 2},
        {"models": ()},
        {"owner": "sam"},
        {"tools": support().tools[:1]},
        {"use_case": UseCase.CONTENT_GENERATION},
        {"purpose": "Something else."},
    ],
)
def test_a_material_change_leaves_the_approval_behind(change):
    assert not holds([approved()], one=new_agent(support(**change), by="eve", at=AT))


def test_another_name_does_not():
    assert holds([approved()], one=new_agent(support(name="New"), by="eve", at=AT))


def test_another_agents_approval_is_nobodys():
    assert not holds([approved()], one=new_agent(support(id="other"), by="eve", at=AT))


def test_another_policy_leaves_the_approval_behind_and_another_use_cases_does_not():
    stricter = dataclasses.replace(POLICIES[CASE], retention_days=100)
    assert not holds([approved()], policies={**POLICIES, CASE: stricter})
    other = dataclasses.replace(POLICIES[UseCase.CODE_GENERATION], retention_days=500)
    assert holds([approved()], policies={**POLICIES, UseCase.CODE_GENERATION: other})
    assert not holds([approved()], policies={})


def test_an_old_request_counts_though_a_newer_one_is_pending_or_rejected():
    """The guide's sketch looks at the newest request alone, whatever it was for."""
    assert holds([approved(), pending(id="apr_2")])
    assert holds([approved(), dataclasses.replace(pending(id="apr_2"), status=RequestStatus.REJECTED)])


def test_the_approval_that_lasts_longest_is_named():
    late = approved(id="apr_2", at=AT + DAY)
    for requests in ([approved(), late], [late, approved()]):
        assert approval_in_force(agent(), requests, POLICIES, AT + DAY) == late


@pytest.mark.parametrize("make", [pending, approved])
def test_revoking_and_superseding_end_what_is_live_once(make):
    asked = make()
    assert is_live(asked)
    ended = revoke(asked, by="sam", reason=" found a leak ", at=AT + DAY)
    assert (ended.status, ended.ended_by, ended.ended_because, ended.ended_at) == (
        RequestStatus.REVOKED,
        "sam",
        "found a leak",
        AT + DAY,
    )
    assert supersede(asked, by="eve", reason="changed", at=AT).status is RequestStatus.SUPERSEDED
    assert not is_live(ended)
    for end in (revoke, supersede):
        with pytest.raises(ConflictError, match="revoked already"):
            end(ended, by="sam", reason="again", at=AT)


def test_revoking_needs_a_reason():
    with pytest.raises(InvalidInputError, match="reason is missing"):
        revoke(approved(), by="sam", reason=" ", at=AT)


def test_only_what_ran_out_expires():
    with pytest.raises(ConflictError):
        expire(approved(), at=AT)
    with pytest.raises(ConflictError):
        expire(pending(), at=AT + 999 * DAY)
    assert expire(approved(), at=AT + 365 * DAY).status is RequestStatus.EXPIRED


def test_bound_to_is_about_the_agent_and_the_policy_and_nothing_else():
    assert is_bound_to(pending(), agent(), POLICIES[CASE])
    assert not is_bound_to(pending(), new_agent(support(autonomy=1), by="eve", at=AT), POLICIES[CASE])
    assert not is_bound_to(pending(), agent(), dataclasses.replace(POLICIES[CASE], max_autonomy_level=1))
