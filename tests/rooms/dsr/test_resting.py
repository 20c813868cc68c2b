"""Time that rested: the months are counted anew and end so much later, on a working day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ephor.rooms.dsr.deadline import deadlines
from ephor.rooms.dsr.request import Request, RequestStatus, pause, resumed
from ephor.rooms.dsr.rights import DsrLaw, Right


def received(on: date, *holidays: date) -> Request:
    days = deadlines(DsrLaw.GDPR, Right.ACCESS, on, holidays)
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    return Request(
        "dsr_1", Right.ACCESS, DsrLaw.GDPR, "sub_1", "mail", at, on, days.due, RequestStatus.RECEIVED, "evt_1", "ada",
        extendable_to=days.extended, holidays=holidays,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "holidays", "due", "paused", "shown", "then"),
    [
        # one month from 28 January is Saturday 28 February, hence Monday 2 March; five days later is Thursday 5 March
        (date(2026, 1, 28), (), date(2026, 3, 2), date(2026, 2, 10), date(2026, 2, 15), date(2026, 3, 5)),
        # Wednesday 4 March and three days are a Saturday, hence Monday 9 March
        (date(2026, 2, 4), (), date(2026, 3, 4), date(2026, 2, 10), date(2026, 2, 13), date(2026, 3, 9)),
        # 23 December and two days are Christmas; the 26th is a holiday and Saturday, hence Monday 28 December
        (
            date(2026, 11, 23),
            (date(2026, 12, 25), date(2026, 12, 26)),
            date(2026, 12, 23),
            date(2026, 12, 1),
            date(2026, 12, 3),
            date(2026, 12, 28),
        ),
        # shown on the day it was asked for: nothing rested
        (date(2026, 1, 28), (), date(2026, 3, 2), date(2026, 2, 10), date(2026, 2, 10), date(2026, 3, 2)),
    ],
)
def test_the_last_day_after_a_rest_is_reckoned_from_receipt_and_is_a_working_day(
    on: date, holidays: tuple[date, ...], due: date, paused: date, shown: date, then: date
) -> None:
    request = received(on, *holidays)
    assert request.due == due
    assert resumed(pause(request, paused), shown).due == then


def test_a_rest_after_an_extension_moves_the_extended_day() -> None:
    request = received(date(2026, 1, 28))  # three months: Tuesday 28 April
    longer = replace(request, due=date(2026, 4, 28), extended_at=request.received_at)
    assert resumed(pause(longer, date(2026, 2, 10)), date(2026, 2, 17)).due == date(2026, 5, 5)
