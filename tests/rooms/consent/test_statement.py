"""Consent is a history: the newest statement about a purpose holds, and nothing said before is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.consent.record import event_of, stopping
from ephor.rooms.consent.restriction import Restriction, is_restricted
from ephor.rooms.consent.statement import (
    ConsentState,
    Standing,
    Statement,
    check_statement,
    next_number,
    standing,
    standings,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
G, W, R = ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.REFUSED


def said(number: int, state: ConsentState, purpose: str = "news", **facts: object) -> Statement:
    one = Statement(f"s{number}", "sub_1", purpose, state, "v1", "web", AT, number=number)
    return replace(one, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "holds"),
    [
        ([], Standing.NEVER),
        ([G], Standing.GIVEN),
        ([R], Standing.REFUSED),
        ([W], Standing.WITHDRAWN),
        ([G, W], Standing.WITHDRAWN),
        ([G, W, G], Standing.GIVEN),
        ([R, G], Standing.GIVEN),
        ([G, R], Standing.REFUSED),
    ],
)
def test_the_newest_statement_holds(states: list[ConsentState], holds: Standing) -> None:
    history = [said(number, state) for number, state in enumerate(states, 1)]
    assert standing(history, "news", AT) is holds
    assert standing(list(reversed(history)), "news", AT) is holds


def test_withdrawing_one_purpose_leaves_the_others() -> None:
    history = [said(1, G), said(2, G, "offers"), said(3, W)]
    assert standings(history, AT) == {"news": Standing.WITHDRAWN, "offers": Standing.GIVEN}


@pytest.mark.parametrize(
    ("after", "holds"), [(-1, Standing.GIVEN), (0, Standing.EXPIRED), (1, Standing.EXPIRED)]
)
def test_a_consent_ends_at_its_expiry(after: int, holds: Standing) -> None:
    until = AT + timedelta(days=30)
    assert standing([said(1, G, expires_at=until)], "news", until + timedelta(seconds=after)) is holds


def test_of_two_statements_in_one_place_the_one_that_is_not_consent_counts() -> None:
    assert standing([said(1, G), said(1, W)], "news", AT) is Standing.WITHDRAWN
    assert standing([said(1, R), said(1, G)], "news", AT) is Standing.REFUSED


@given(st.lists(st.tuples(st.sampled_from(list(ConsentState)), st.sampled_from(["a", "b", "c"]))))
def test_each_purpose_stands_on_its_own_statements_alone(history: list[tuple[ConsentState, str]]) -> None:
    statements = [said(number, state, purpose) for number, (state, purpose) in enumerate(history, 1)]
    for purpose in "abc":
        own = [state for state, about in history if about == purpose]
        assert standing(statements, purpose, AT) == (own[-1].value if own else "never")


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "Direct Marketing"},
        {"channel": ""},
        {"notice_version": " "},
        {"expires_at": AT},
        {"proof": "md5:00"},
        {"proof": "sha256:" + "g" * 64},
    ],
)
def test_a_statement_that_cannot_be_shown_later_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        check_statement(said(1, G, **wrong))


def test_a_withdrawal_needs_no_notice() -> None:
    one = said(1, W, notice_version="")
    assert check_statement(one) is one


def test_withdrawals_go_behind_the_history() -> None:
    history = [said(1, G), said(2, G, "offers")]
    more = stopping(history, "sub_1", ["news", "offers"], W, at=AT, channel="dsr", by="dora")
    assert [one.number for one in more] == [3, 4]
    assert set(standings([*history, *more], AT).values()) == {Standing.WITHDRAWN}
    assert next_number([*history, *more]) == 5


def test_the_event_names_purpose_and_pseudonym() -> None:
    event = event_of(said(1, G, expires_at=AT + timedelta(1)), actor="person:dora", request="dsr_1")
    assert (event.kind, event.subject, event.refs["request"]) == ("consent.given/1", "sub_1", "dsr_1")
    assert event.metadata["purpose"] == "news"


def test_a_lifted_restriction_no_longer_restricts() -> None:
    one = Restriction("res_1", "sub_1", AT, "asked for", "dsr_1")
    assert is_restricted([one], "sub_1")
    assert not is_restricted([replace(one, lifted_at=AT)], "sub_1")
