"""The life of a request: every pair of statuses, and every right of every law."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.dsr.opening import by_collection, check_opening
from ephor.rooms.dsr.request import ENDED, Request, RequestStatus, check_step, is_overdue, next_steps
from ephor.rooms.dsr.rights import (
    GROUNDS,
    RIGHTS,
    DsrLaw,
    Fulfilment,
    Right,
    fulfilment_of,
    ground_of,
    needs_identity,
    right_of,
)

AT = datetime(2026, 3, 5, tzinfo=UTC)
S = RequestStatus
ERASURE = {
    (S.RECEIVED, S.IDENTITY_VERIFIED),
    (S.RECEIVED, S.REFUSED),
    (S.IDENTITY_VERIFIED, S.PLANNED),
    (S.IDENTITY_VERIFIED, S.REFUSED),
    (S.PLANNED, S.PLANNED),
    (S.PLANNED, S.APPROVED),
    (S.PLANNED, S.REFUSED),
    (S.APPROVED, S.PLANNED),
    (S.APPROVED, S.IN_PROGRESS),
    (S.APPROVED, S.REFUSED),
    (S.IN_PROGRESS, S.FULFILLED),
    (S.IN_PROGRESS, S.PARTLY_FULFILLED),
}
ACCESS = {pair for pair in ERASURE if pair[0] is not S.IN_PROGRESS and pair[1] is not S.IN_PROGRESS} | {
    (S.APPROVED, S.FULFILLED),
    (S.APPROVED, S.PARTLY_FULFILLED),
}
OBJECTION = {
    (S.RECEIVED, S.IDENTITY_VERIFIED),
    (S.RECEIVED, S.REFUSED),
    (S.IDENTITY_VERIFIED, S.FULFILLED),
    (S.IDENTITY_VERIFIED, S.REFUSED),
}
OPT_OUT = {(S.RECEIVED, S.FULFILLED), (S.RECEIVED, S.REFUSED)}


def request(status: RequestStatus, right: Right = Right.ERASURE) -> Request:
    return Request(
        "dsr_1", right, DsrLaw.GDPR, "sub_1", "web", AT, AT.date(), AT.date(), status, "evt_1", "ada"
    )


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        (Right.ERASURE, ERASURE),
        (Right.CORRECT, ERASURE),
        (Right.ACCESS, ACCESS | {(S.IN_PROGRESS, S.FULFILLED), (S.IN_PROGRESS, S.PARTLY_FULFILLED)}),
        (Right.OBJECTION, OBJECTION),
        (Right.AUTOMATED_DECISION, OBJECTION),
        (Right.OPT_OUT, OPT_OUT),
        (Right.LIMIT, OPT_OUT),
    ],
)
def test_every_pair_of_statuses_is_allowed_or_refused(
    right: Right, allowed: set[tuple[RequestStatus, RequestStatus]]
) -> None:
    for before, after in itertools.product(S, S):
        if (before, after) in allowed:
            check_step(request(before, right), after)
        else:
            with pytest.raises(ConflictError, match=f"is {before} and cannot become {after}"):
                check_step(request(before, right), after)


@pytest.mark.parametrize("right", list(Right))
def test_nothing_follows_an_end_and_erasure_and_access_never_skip_the_identity(right: Right) -> None:
    for status in ENDED:
        assert not next_steps(request(status, right))
    if needs_identity(right):
        assert next_steps(request(S.RECEIVED, right)) == {S.IDENTITY_VERIFIED, S.REFUSED}


def test_only_opting_out_and_limiting_take_no_identity() -> None:
    assert [right for right in Right if not needs_identity(right)] == [Right.OPT_OUT, Right.LIMIT]


@pytest.mark.parametrize(("law", "right"), [(law, right) for law in DsrLaw for right in Right])
def test_a_law_gives_the_rights_it_lists_and_no_others(law: DsrLaw, right: Right) -> None:
    if right in RIGHTS[law]:
        assert right_of(law.value, right.value) == (law, right)
        assert right_of(law.value.upper(), right.value.title()) == (law, right)
    else:
        with pytest.raises(InvalidInputError, match="gives no right"):
            right_of(law.value, right.value)


@pytest.mark.parametrize(
    ("law", "right"), [("gdpr", "forget"), ("lgpd", "access"), ("", ""), ("GDPR ", "access")]
)
def test_unknown_words_are_refused(law: str, right: str) -> None:
    with pytest.raises(InvalidInputError, match="unknown"):
        right_of(law, right)


def test_a_ground_belongs_to_its_law_and_right() -> None:
    assert ground_of(DsrLaw.GDPR, Right.ERASURE, "legal_claims").source.startswith("GDPR Art. 17(3)(e)")
    for wrong in ("legal_claims", "", "because"):
        with pytest.raises(InvalidInputError, match="use one of"):
            ground_of(DsrLaw.GDPR, Right.ACCESS, wrong)
    for law, listed in GROUNDS.items():
        assert all(right in RIGHTS[law] for ground in listed.values() for right in ground.rights)


def test_a_request_is_overdue_the_day_after_its_last_one() -> None:
    late = AT.date().replace(day=6)
    assert not is_overdue(request(S.PLANNED), AT.date())
    assert is_overdue(request(S.PLANNED), late)
    assert not is_overdue(request(S.FULFILLED), late)


@pytest.mark.parametrize(
    ("right", "identities", "purposes", "corrections"),
    [
        (Right.ACCESS, {}, (), {}),
        (Right.ACCESS, {"email": " "}, (), {}),
        (Right.ACCESS, {"email": "a\0b"}, (), {}),
        (Right.ACCESS, {"email": "x" * 501}, (), {}),
        (Right.ACCESS, {"E-Mail": "x"}, (), {}),
        (Right.ACCESS, {"email": "x"}, ("news",), {}),
        (Right.ACCESS, {"email": "x"}, (), {"shop.a.b": "c"}),
        (Right.OBJECTION, {"email": "x"}, (), {}),
        (Right.OBJECTION, {"email": "x"}, ("Direct Mail",), {}),
        (Right.CORRECT, {"email": "x"}, (), {}),
        (Right.CORRECT, {"email": "x"}, (), {"phone": "1"}),
        (Right.CORRECT, {"email": "x"}, (), {"shop..phone": "1"}),
    ],
)
def test_a_request_that_does_not_say_what_its_right_takes_is_refused(
    right: Right, identities: dict[str, str], purposes: tuple[str, ...], corrections: dict[str, str]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_opening(right, identities, purposes, corrections)
    assert "x" * 20 not in str(caught.value)


def test_corrections_are_grouped_by_collection() -> None:
    grouped = by_collection({"shop.a.x": 1, "shop.b.x": 2, "shop.a.y": None})
    assert grouped == {"shop.a": {"x": 1, "y": None}, "shop.b": {"x": 2}}


def test_what_ephor_can_do_is_said_for_every_right() -> None:
    by_hand = [right for right in Right if fulfilment_of(right) is Fulfilment.BY_HAND]
    assert by_hand == [Right.AUTOMATED_DECISION, Right.ACCOUNTING]
