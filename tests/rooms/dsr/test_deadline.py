"""Deadlines, by each law's own arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.dsr.deadline import Deadlines, business_days, deadlines, extend
from ephor.rooms.dsr.rights import RIGHTS, DsrLaw, Right

D = date.fromisoformat
XMAS = [
    D("2026-12-25"),
    D("2026-12-28"),
]  # the 26th is a Saturday, so its holiday moves to the Monday in some places


@pytest.mark.parametrize(
    ("received", "due", "extended", "holidays"),
    [
        ("2026-03-05", "2026-04-06", "2026-06-05", ()),  # 5 April 2026 is a Sunday
        ("2026-03-05", "2026-04-07", "2026-06-05", [D("2026-04-06")]),  # and the next day Easter Monday
        ("2026-08-31", "2026-09-30", "2026-11-30", ()),  # no 31 September
        ("2026-01-31", "2026-03-02", "2026-04-30", ()),  # 28 February 2026 is a Saturday
        ("2024-01-31", "2024-02-29", "2024-04-30", ()),  # leap year
        ("2024-01-30", "2024-02-29", "2024-04-30", ()),
        ("2023-01-30", "2023-02-28", "2023-05-01", ()),  # 30 April 2023 is a Sunday
        ("2000-01-31", "2000-02-29", "2000-05-01", ()),  # 2000 was a leap year, 1900 was not
        ("2026-11-25", "2026-12-29", "2027-02-25", XMAS),
        ("2026-12-01", "2027-01-01", "2027-03-01", ()),
        ("2026-12-01", "2027-01-04", "2027-03-01", [D("2027-01-01")]),  # over the year's end
        ("2026-12-31", "2027-02-01", "2027-03-31", ()),  # 31 January 2027 is a Sunday
    ],
)
def test_gdpr_counts_a_month_as_regulation_1182_71_does(
    received: str, due: str, extended: str, holidays: list[date]
) -> None:
    days = deadlines(DsrLaw.GDPR, Right.ERASURE, D(received), holidays)
    assert (days.due, days.extended, days.confirm) == (D(due), D(extended), None)


@pytest.mark.parametrize(
    ("law", "right", "received", "due", "extended", "confirm"),
    [
        (
            DsrLaw.CCPA,
            Right.KNOW,
            "2026-01-01",
            "2026-02-15",
            "2026-04-01",
            "2026-01-15",
        ),  # a Sunday stays one
        (DsrLaw.CCPA, Right.DELETE, "2024-01-31", "2024-03-16", "2024-04-30", "2024-02-14"),
        (DsrLaw.CCPA, Right.OPT_OUT, "2026-01-01", "2026-01-22", None, None),
        (DsrLaw.CCPA, Right.LIMIT, "2026-01-02", "2026-01-23", None, None),
        (DsrLaw.HIPAA, Right.ACCESS, "2026-01-31", "2026-03-02", "2026-04-01", None),
        (DsrLaw.HIPAA, Right.AMENDMENT, "2026-01-01", "2026-03-02", "2026-04-01", None),
        (DsrLaw.HIPAA, Right.ACCOUNTING, "2026-01-01", "2026-03-02", "2026-04-01", None),
    ],
)
def test_california_and_hipaa_count_days(
    law: DsrLaw, right: Right, received: str, due: str, extended: str | None, confirm: str | None
) -> None:
    days = deadlines(law, right, D(received))
    assert days == Deadlines(D(due), confirm and D(confirm), extended and D(extended))  # type: ignore[arg-type]


@given(st.dates(D("1990-01-01"), D("2100-01-01")))
def test_a_month_ends_on_a_working_day_and_never_early(received: date) -> None:
    """The oracle walks day by day instead of computing."""
    due = deadlines(DsrLaw.GDPR, Right.ACCESS, received).due
    day, months = received, 0
    while months < 1:
        day += timedelta(1)
        months = (day.year - received.year) * 12 + day.month - received.month
    while day.day < received.day and (day + timedelta(1)).month == day.month:
        day += timedelta(1)
    while day.weekday() >= 5:
        day += timedelta(1)
    assert due == day


@given(
    st.dates(D("1990-01-01"), D("2100-01-01")),
    st.sampled_from([(law, right) for law in RIGHTS for right in RIGHTS[law]]),
)
def test_every_right_has_its_days_in_order(received: date, asked: tuple[DsrLaw, Right]) -> None:
    days = deadlines(*asked, received)
    assert received < days.due
    assert days.extended is None or days.due < days.extended
    assert days.confirm is None or days.confirm < days.due


def test_business_days_skip_weekends_and_holidays() -> None:
    assert business_days(D("2026-07-02"), 1, [D("2026-07-03")]) == D("2026-07-06")
    with pytest.raises(InvalidInputError):
        business_days(D("2026-07-02"), 0)


def test_an_extension_is_for_once_and_for_the_first_period() -> None:
    days = Deadlines(D("2026-04-07"), extended=D("2026-06-05"))
    assert extend(days, today=days.due, already=False) == days.extended
    with pytest.raises(ConflictError, match="once"):
        extend(days, today=days.due, already=True)
    with pytest.raises(ConflictError, match="first period ended on 2026-04-07"):
        extend(days, today=days.due + timedelta(1), already=False)
    with pytest.raises(ConflictError, match="nobody extend"):
        extend(Deadlines(days.due), today=days.due, already=False)
