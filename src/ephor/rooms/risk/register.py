"""One risk in the register: where it comes from, who owns it, what is done about it, and how long it is lived with."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from types import MappingProxyType
from typing import TYPE_CHECKING

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.agents.wording import worded
from ephor.rooms.risk.loss import Loss
from ephor.rooms.risk.matrix import Rating
from ephor.rooms.risk.rules import RiskCategory

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ACTIONS = 50
LONGEST: Mapping[RiskLevel, timedelta] = MappingProxyType(
    {
        RiskLevel.LOW: timedelta(days=365),
        RiskLevel.MEDIUM: timedelta(days=365),
        RiskLevel.HIGH: timedelta(days=180),
        RiskLevel.CRITICAL: timedelta(days=90),
    }
)
"""How long a risk of each level may be accepted for at most; our figures, those of approvals."""


@unique
class RiskStatus(StrEnum):
    """Where a risk stands. Only an acceptance has an end, and its end opens the risk again."""

    OPEN = "open"
    TREATED = "treated"
    """A treatment was chosen; its actions may still be due."""
    ACCEPTED = "accepted"
    CLOSED = "closed"


@unique
class Treatment(StrEnum):
    """What is done about a risk. Living with it is no treatment but an acceptance, which somebody else gives."""

    MITIGATE = "mitigate"
    AVOID = "avoid"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done about a risk, by whom and by when."""

    number: int
    text: str
    owner: str
    due: date
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That somebody accepted the risk at this rating, through this day."""

    by: str
    reason: str
    rating: Rating
    at: datetime
    until: date


@dataclass(frozen=True, slots=True)
class RegisteredRisk:
    """One risk of one agent."""

    id: str
    agent: str
    title: str
    category: RiskCategory
    inherent: Rating
    residual: Rating
    owner: str
    source: str
    """``manual``, or the input digest of the assessment that it was taken from."""
    tags: tuple[str, ...]
    loss: Loss | None
    registered_by: str
    registered_at: datetime
    status: RiskStatus = RiskStatus.OPEN
    because: str = ""
    """Why it stands there: why it was closed, or opened again."""
    treatment: Treatment | None = None
    actions: tuple[Action, ...] = ()
    acceptance: Acceptance | None = None

    @property
    def is_manual(self) -> bool:
        """Whether a person described it; the others follow the assessment."""
        return self.source == MANUAL


MANUAL = "manual"


def refresh(risk: RegisteredRisk, inherent: Rating, residual: Rating, source: str) -> RegisteredRisk:
    """Return the risk at what a newer assessment found. One that got worse than what was accepted, or closed, is open again."""
    new = dataclasses.replace(risk, inherent=inherent, residual=residual, source=source)
    if risk.status is RiskStatus.ACCEPTED and risk.acceptance and _worse(residual, risk.acceptance.rating):
        return _reopened(new, "it was assessed as worse than what was accepted")
    if risk.status is RiskStatus.CLOSED and _worse(residual, risk.residual):
        return _reopened(new, "it was assessed as worse than when it was closed")
    return new


def treat(risk: RegisteredRisk, treatment: Treatment) -> RegisteredRisk:
    """Return the risk with a treatment chosen. Raises ConflictError where it is closed."""
    _refuse_closed(risk)
    status = RiskStatus.ACCEPTED if risk.status is RiskStatus.ACCEPTED else RiskStatus.TREATED
    return dataclasses.replace(risk, treatment=treatment, status=status)


def plan_action(risk: RegisteredRisk, text: str, owner: str, due: date, today: date) -> RegisteredRisk:
    """Return the risk with one more thing to be done about it.

    Raises:
        ConflictError: it is closed.
        InvalidInputError: nothing is said, the day is gone, or there are too many.
    """
    _refuse_closed(risk)
    if due < today:
        raise InvalidInputError(f"`{due.isoformat()}` is gone already; name a day to come")
    if len(risk.actions) >= MOST_ACTIONS:
        raise InvalidInputError(f"risk `{risk.id}` has {MOST_ACTIONS} actions already; close it, or split it")
    made = Action(len(risk.actions) + 1, worded(text, "action"), owner, due)
    return dataclasses.replace(risk, actions=(*risk.actions, made))


def finish_action(risk: RegisteredRisk, number: int, *, by: str, at: datetime) -> RegisteredRisk:
    """Return the risk with one action done.

    Raises:
        InvalidInputError: there is no such action.
        ConflictError: it was done before, or the risk is closed.
    """
    _refuse_closed(risk)
    found = next((one for one in risk.actions if one.number == number), None)
    if found is None:
        raise InvalidInputError(f"risk `{risk.id}` has no action {number}; see `ephor risk show {risk.id}`")
    if found.done_at is not None:
        raise ConflictError(
            f"action {number} of risk `{risk.id}` was done on {found.done_at.date().isoformat()}"
        )
    done = dataclasses.replace(found, done_at=at, done_by=by)
    return dataclasses.replace(
        risk, actions=tuple(done if one.number == number else one for one in risk.actions)
    )


def accept(
    risk: RegisteredRisk, *, by: str, agent_owner: str, reason: str, until: date, at: datetime
) -> RegisteredRisk:
    """Return the risk as accepted through a day. Whether *by* holds the role is for the caller to check.

    Raises:
        NotPermittedError: *by* owns the risk or the agent, or registered the risk.
        InvalidInputError: no reason, or a day that is gone or too far off for its level.
        ConflictError: it is closed.
    """
    _refuse_closed(risk)
    parts = {risk.registered_by: "registered it"} | {agent_owner: "owns the agent", risk.owner: "owns it"}
    if by in parts:
        raise NotPermittedError(
            f"`{by}` {parts[by]} and cannot accept risk `{risk.id}`; ask somebody else", person=by
        )
    today, level = at.date(), risk.residual.level
    last = today + LONGEST[level]
    if not today <= until <= last:
        raise InvalidInputError(
            f"`{until.isoformat()}` is not between {today.isoformat()} and {last.isoformat()}, "
            f"the longest that a {level.value} risk may be accepted for"
        )
    given = Acceptance(by, worded(reason, "reason"), risk.residual, at, until)
    return dataclasses.replace(risk, status=RiskStatus.ACCEPTED, acceptance=given, because="")


def close(risk: RegisteredRisk, reason: str) -> RegisteredRisk:
    """Return the risk as closed: it is gone, or was avoided.

    Raises:
        InvalidInputError: no reason.
        ConflictError: it is closed already, or something is still to be done about it.
    """
    _refuse_closed(risk)
    if open_actions := [one.number for one in risk.actions if one.done_at is None]:
        raise ConflictError(
            f"action {open_actions[0]} of risk `{risk.id}` is not done; `ephor risk treat {risk.id} --done {open_actions[0]}`"
        )
    return dataclasses.replace(
        risk, status=RiskStatus.CLOSED, because=worded(reason, "reason"), acceptance=None
    )


def has_lapsed(risk: RegisteredRisk, on: date) -> bool:
    """Tell whether an acceptance ran out before *on*; its last day included, it holds."""
    return risk.status is RiskStatus.ACCEPTED and (risk.acceptance is None or risk.acceptance.until < on)


def seen_on(risk: RegisteredRisk, on: date) -> RegisteredRisk:
    """Return the risk as it stands on a day: an acceptance that ran out shows as open before anybody records it."""
    if not has_lapsed(risk, on):
        return risk
    until = risk.acceptance.until.isoformat() if risk.acceptance else "an unknown day"
    return _reopened(risk, f"its acceptance ran out on {until}")


def overdue(risk: RegisteredRisk, on: date) -> tuple[Action, ...]:
    """Return what should have been done before *on* and was not."""
    if risk.status is RiskStatus.CLOSED:
        return ()
    return tuple(one for one in risk.actions if one.done_at is None and one.due < on)


def _reopened(risk: RegisteredRisk, because: str) -> RegisteredRisk:
    return dataclasses.replace(risk, status=RiskStatus.OPEN, because=because, acceptance=None)


def _worse(now: Rating, before: Rating) -> bool:
    return now.score > before.score or now.level > before.level


def _refuse_closed(risk: RegisteredRisk) -> None:
    if risk.status is RiskStatus.CLOSED:
        raise ConflictError(f"risk `{risk.id}` is closed; register it anew", status=risk.status.value)
