"""By which day a request must be answered, by each law's own arithmetic."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.dsr.rights import DsrLaw, Right


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The days that count for one request. A day given is the last on which the step is in time.

    ``confirm`` is when receipt must be confirmed, ``extended`` is the last day if the time is extended, where the law
    lets it.
    """

    due: date
    confirm: date | None = None
    extended: date | None = None


def deadlines(
    law: DsrLaw,
    right: Right,
    received: date,
    holidays: Collection[date] = (),
    rested: timedelta = timedelta(0),
) -> Deadlines:
    """Return the days for a request received on *received*; *holidays* are the public holidays that apply.

    The clock does not stop by itself while an identity is checked: see `request.pause`. Where it did, *rested* is how
    long; the months end so much later, and only then is a day that is no working day moved.

    >>> deadlines(DsrLaw.GDPR, Right.ACCESS, date(2026, 1, 31)).due.isoformat()
    '2026-03-02'
    """
    if law is DsrLaw.GDPR:
        # GDPR Art. 12(3): one month, extendable by two more; both run from receipt (EDPB Guidelines 01/2022).
        return Deadlines(
            _months(received, 1, holidays, rested), extended=_months(received, 3, holidays, rested)
        )
    if law is DsrLaw.CCPA:
        return _ccpa(right, received, holidays)
    if right is Right.ACCESS:
        # 45 CFR 164.524(b)(2): 30 days, once 30 more.
        return Deadlines(received + timedelta(30), extended=received + timedelta(60))
    # 45 CFR 164.526(b)(2), 164.528(c)(1): 60 days, once 30 more.
    return Deadlines(received + timedelta(60), extended=received + timedelta(90))


def extend(current: Deadlines, *, today: date, already: bool) -> date:
    """Return the extended last day; the notice must go out while the first period still runs.

    Raises:
        ConflictError: the law allows no extension, it was extended before, or the first period is over.
    """
    if current.extended is None:
        raise ConflictError("this law lets nobody extend the time for this right")
    if already:
        raise ConflictError("the time was extended before; it can be extended once")
    if today > current.due:
        raise ConflictError(
            f"the first period ended on {current.due.isoformat()}; an extension must be notified before"
        )
    return current.extended


def business_days(start: date, count: int, holidays: Collection[date] = ()) -> date:
    """Return the *count*-th working day after *start*.

    >>> business_days(date(2026, 7, 1), 10, {date(2026, 7, 3)}).isoformat()
    '2026-07-16'

    Raises:
        InvalidInputError: *count* is less than one.
    """
    if count < 1:
        raise InvalidInputError(f"`{count}` business days is no period; count from one")
    day = start
    while count:
        day += timedelta(1)
        count -= _is_working(day, holidays)
    return day


def _months(received: date, months: int, holidays: Collection[date], rested: timedelta) -> date:
    """Count months as Regulation 1182/71 Art. 3 does.

    The day of the event itself does not count (1); the period ends with the same date of the last month, or with its
    last day where it has no such date (2)(c); a last day that is a holiday, a Sunday or a Saturday moves to the next
    working day (4).
    """
    year, month = divmod(received.year * 12 + received.month - 1 + months, 12)
    day = min(received.day, calendar.monthrange(year, month + 1)[1])
    end = date(year, month + 1, day) + rested
    while not _is_working(end, holidays):
        end += timedelta(1)
    return end


def _ccpa(right: Right, received: date, holidays: Collection[date]) -> Deadlines:
    if right in (Right.OPT_OUT, Right.LIMIT):
        return Deadlines(business_days(received, 15, holidays))  # 11 CCR 7026(f), 7027(g)
    return Deadlines(
        due=received + timedelta(45),  # 11 CCR 7021(b): calendar days, whatever verification takes
        confirm=business_days(received, 10, holidays),  # 11 CCR 7021(a)
        extended=received + timedelta(90),
    )


def _is_working(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays
