"""What waits for people: reviews nobody gave yet, and approvals that run out; whom to remind, and whom after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import REVIEW_PERMISSION, Person, may
from ephor.rooms.approvals.bodies import SeatedBody, seat
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus, pending_reviews

REMIND_AFTER = timedelta(days=3)
"""How long a review may wait before its reviewers are reminded; our figure, as the next two are."""
ESCALATE_AFTER = timedelta(days=7)
"""How long before the body above hears of it."""
RENEW_BEFORE = timedelta(days=30)
"""How long before an approval runs out its owner hears of it: reviews take time."""


@unique
class Step(StrEnum):
    """What is to be done about what waits."""

    WAIT = "wait"
    REMIND = "remind"
    ESCALATE = "escalate"
    RENEW = "renew"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, since when, and for whom."""

    request: str
    agent: str
    review: ReviewType | None
    """The review that is missing; None for an approval that runs out."""
    body: str | None
    """The body that owns the review."""
    step: Step
    since: datetime
    """When it was asked for; for an approval, when it runs out."""
    days: int
    """Whole days it has waited, or has left."""
    people: tuple[str, ...]
    """Whom to remind: everybody who may give the review. Nobody here means that somebody must be found."""
    escalate_to: tuple[str, ...]
    """The members of the body above, once it has waited that long."""


def waiting(
    requests: Iterable[ApprovalRequest],
    people: Sequence[Person],
    now: datetime,
    seated: Sequence[SeatedBody] | None = None,
) -> tuple[Waiting, ...]:
    """Return what waits, what has waited longest first, and then what runs out soonest.

    Nobody is named for a review of what they requested, own or registered, or whose body they do not sit on: they
    could not give it. Without *seated*, roles decide who sits where.
    """
    bodies = {one.body.id: one for one in (seat(people) if seated is None else seated)}
    known = sorted(people, key=lambda person: person.id)
    kept = list(requests)
    reviews = [
        _review(asked, type, known, now, bodies)
        for asked in kept
        if asked.status is RequestStatus.PENDING
        for type in pending_reviews(asked)
    ]
    ending = [
        _ending(asked, asked.expires_at, now)
        for asked in kept
        if asked.status is RequestStatus.APPROVED
        and asked.expires_at is not None
        and now < asked.expires_at <= now + RENEW_BEFORE
        and not any(one.agent == asked.agent and one.status is RequestStatus.PENDING for one in kept)
    ]
    return (
        *sorted(reviews, key=lambda one: (one.since, one.request)),
        *sorted(ending, key=lambda one: (one.since, one.request)),
    )


def _review(
    asked: ApprovalRequest,
    type: ReviewType,
    people: Sequence[Person],
    now: datetime,
    bodies: Mapping[str, SeatedBody],
) -> Waiting:
    waited = now - asked.requested_at
    owner = next(one for one in bodies.values() if type in one.body.reviews)
    barred = {asked.requested_by, asked.owner, *asked.authors}
    barred |= {one.reviewer for one in asked.reviews if one.type is type}
    able = tuple(
        one.id
        for one in people
        if may(one, REVIEW_PERMISSION[type]) and one.id in owner.members and one.id not in barred
    )
    step = Step.WAIT if waited < REMIND_AFTER else Step.REMIND if waited < ESCALATE_AFTER else Step.ESCALATE
    above = bodies[owner.body.reports_to or owner.body.id]
    heard = above.members if step is Step.ESCALATE else ()
    return Waiting(
        asked.id, asked.agent, type, owner.body.id, step, asked.requested_at, waited.days, able, heard
    )


def _ending(asked: ApprovalRequest, ends: datetime, now: datetime) -> Waiting:
    whom = tuple(dict.fromkeys((asked.owner, asked.requested_by)))
    return Waiting(asked.id, asked.agent, None, None, Step.RENEW, ends, (ends - now).days, whom, ())
