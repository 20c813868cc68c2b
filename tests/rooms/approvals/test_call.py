"""A person's approval of one call: who may answer, what the answer is good for, and how it ends."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.approvals.call import (
    CallApproval,
    CallStatus,
    answer,
    claim,
    forget,
    is_rejected,
    is_usable,
    seen_at,
    standing_of,
)
from ephor.rooms.approvals.rule import PATIENCE
from sample_agents import AT

END = AT + PATIENCE
S = CallStatus


def asked(**other):
    one = CallApproval(
        id="apr_1", agent="bot", owner="eve", tool="pay", call_digest="call", authority="auth", reasons=("tool-asks",),
        shown='{"arguments":{}}', shown_digest="sha256:1", asked_at=AT, expires_at=END, behalf_person="dan",
    )  # fmt: skip
    return dataclasses.replace(one, **other)


def approved(**other):
    return answer(asked(**other), approve=True, by="cal", because="", at=AT)


def rejected(**other):
    return answer(asked(**other), approve=False, by="cal", because="too much", at=AT)


def usable(one, *, call="call", authority="auth", now=AT):
    return is_usable(one, call_digest=call, authority=authority, now=now)


def test_an_approval_is_for_this_call_under_this_authority_and_in_time():
    assert usable(approved())
    assert usable(approved(), now=END - timedelta(microseconds=1))
    assert not usable(approved(), now=END)
    assert not usable(approved(), call="another")
    assert not usable(approved(), authority="another")


@pytest.mark.parametrize("status", [one for one in S if one is not S.APPROVED])
def test_nothing_but_an_approval_lets_a_call_through(status):
    assert not usable(asked(status=status))


def test_it_serves_once():
    used = claim(approved(), decision="dec_1")
    assert (used.status, used.decision, usable(used)) == (S.CLAIMED, "dec_1", False)


@pytest.mark.parametrize("who", ["eve", "dan"])
@pytest.mark.parametrize("approve", [True, False])
def test_neither_the_owner_nor_who_asked_may_answer(who, approve):
    with pytest.raises(NotPermittedError, match="somebody else"):
        answer(asked(), approve=approve, by=who, because="fine", at=AT)


@pytest.mark.parametrize(
    "one", [approved(), rejected(), claim(approved(), decision="dec_1"), asked(status=S.EXPIRED)]
)
def test_an_answer_is_final(one):
    for approve in (True, False):
        with pytest.raises(ConflictError):
            answer(one, approve=approve, by="cal", because="changed my mind", at=AT)


def test_nobody_answers_too_late():
    answer(asked(), approve=True, by="cal", because="", at=END - timedelta(microseconds=1))
    with pytest.raises(ConflictError, match="expired since"):
        answer(asked(), approve=True, by="cal", because="", at=END)


@pytest.mark.parametrize("because", ["", " ", "\n", "x" * 2001, "fine\x1b[2K", "\u202efine", "\ud800"])
def test_a_rejection_says_why_in_words_that_can_be_read(because):
    with pytest.raises(InvalidInputError):
        answer(asked(), approve=False, by="cal", because=because, at=AT)


@pytest.mark.parametrize("because", ["x" * 2001, "fine\x1b[2K"])
def test_an_approval_may_say_why_and_not_hide_it(because):
    assert approved().because == ""
    with pytest.raises(InvalidInputError):
        answer(asked(), approve=True, by="cal", because=because, at=AT)


def test_expired_is_told_apart_from_rejected():
    assert [standing_of(one, END) for one in (asked(), approved(), rejected())] == [
        S.EXPIRED,
        S.EXPIRED,
        S.REJECTED,
    ]
    assert standing_of(claim(approved(), decision="d"), END) is S.CLAIMED
    assert seen_at(asked(), END).status is S.EXPIRED
    assert seen_at(asked(), AT) == asked()


def test_a_rejection_counts_until_the_question_would_have_ended():
    def counts(one, *, call="call", authority="auth", now=AT):
        return is_rejected(one, call_digest=call, authority=authority, now=now)

    assert counts(rejected())
    assert not counts(rejected(), now=END)
    assert not counts(rejected(), call="another")
    assert not counts(rejected(), authority="another")
    assert not counts(approved())
    assert not counts(asked())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (asked(), S.EXPIRED),
        (approved(), S.EXPIRED),
        (rejected(), S.REJECTED),
        (claim(approved(), decision="d"), S.CLAIMED),
    ],
)
def test_forgetting_blanks_what_was_shown_and_keeps_its_digest(before, after):
    gone = forget(before)
    assert (gone.shown, gone.shown_digest, gone.status) == ("", before.shown_digest, after)
    assert (gone.decided_by, gone.decided_at, gone.call_digest) == (
        before.decided_by,
        before.decided_at,
        before.call_digest,
    )
    assert forget(gone) == gone


STEPS = st.lists(st.sampled_from(["approve", "reject", "claim", "wait", "forget"]), max_size=8)


@given(STEPS)
def test_however_it_goes_it_is_used_at_most_once_and_never_after_a_no(steps):
    one, now, used, refused = asked(), AT, 0, False
    for step in steps:
        if step == "wait":
            now += PATIENCE / 2
        elif step == "forget":
            one = forget(one)
        elif step == "claim":
            if is_usable(one, call_digest="call", authority="auth", now=now):
                one, used = claim(one, decision="dec"), used + 1
        else:
            try:
                one = answer(one, approve=step == "approve", by="cal", because="why", at=now)
                refused = refused or step == "reject"
            except ConflictError:
                continue
    assert used <= 1
    assert not (used and refused)
