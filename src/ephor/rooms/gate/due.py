"""What falls due: every item that is open today, and every one that will not hold by itself much longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.gate.checklist import Answer, Report
from ephor.rooms.gate.finding import Status

MAX_DAYS = 3_660
"""How far ahead one may look: ten years."""

CYCLES: Mapping[str, str] = MappingProxyType(
    {
        "regular-risk-assessments": "quarterly",
        "audit-log-reviews": "monthly",
        "model-performance-monitoring": "continuous",
        "bias-testing": "quarterly",
        "data-subject-request-handling": "as needed",
        "policy-updates": "as regulations change",
        "operator-training": "annual",
        "incident-response-drills": "annual",
    }
)
"""How often the guide wants each ongoing item done."""


@dataclass(frozen=True, slots=True)
class Due:
    """One item that is to be done, and by when; ``remedy`` says how."""

    id: str
    title: str
    cycle: str | None
    """How often it comes round; None for what is done once for each approval."""
    status: Status
    due: date
    """The first day on which it does not hold: the day asked about where it does not hold now."""
    in_days: int
    remedy: str | None


def horizon(as_of: date, days: int) -> date:
    """Return the last day that is looked at.

    Raises:
        InvalidInputError: fewer days than none, more than `MAX_DAYS`, or past the end of the calendar.
    """
    if not 0 <= days <= MAX_DAYS:
        raise InvalidInputError(f"`{days}` days cannot be looked ahead; write a number from 0 to {MAX_DAYS}")
    try:
        return as_of + timedelta(days)
    except OverflowError:
        raise InvalidInputError(
            f"{days} days after {as_of.isoformat()} the calendar ends; ask for fewer"
        ) from None


def lapsing(report: Report, until: date) -> tuple[Answer, ...]:
    """Return the items that are met and lapse by *until*."""
    return tuple(
        one
        for one in report.items
        if one.status is Status.MET and one.lapses is not None and one.lapses <= until
    )


def what_is_due(report: Report, until: date, remedies: Mapping[str, str | None]) -> tuple[Due, ...]:
    """Return what is to be done by *until*, the earliest first and then in the guide's order.

    *remedies* says by item what is to be done about those that still hold.
    """
    still_open = [
        _due(report, one, report.as_of, one.remedy) for one in report.items if one.status is not Status.MET
    ]
    ending = [
        _due(report, one, one.lapses, remedies.get(one.id))
        for one in lapsing(report, until)
        if one.lapses is not None
    ]
    return tuple(sorted([*still_open, *ending], key=lambda one: one.due))


def _due(report: Report, one: Answer, day: date, remedy: str | None) -> Due:
    return Due(one.id, one.title, CYCLES.get(one.id), one.status, day, (day - report.as_of).days, remedy)
