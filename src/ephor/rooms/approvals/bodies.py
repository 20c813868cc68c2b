"""The guide's governance bodies: what each answers for, which reviews it owns, and who sits on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import Person, PlaneRole


@dataclass(frozen=True, slots=True)
class Body:
    """A body of the governance structure. ``reports_to`` is None for the topmost."""

    id: str
    name: str
    reports_to: str | None
    mandate: tuple[str, ...]
    reviews: tuple[ReviewType, ...]
    """The reviews it owns. Every review has exactly one owner."""
    seats: tuple[PlaneRole, ...]
    """Whoever holds one of these roles sits on it."""


@dataclass(frozen=True, slots=True)
class SeatedBody:
    """A body and the people who sit on it today, by id."""

    body: Body
    members: tuple[str, ...]


BODIES: tuple[Body, ...] = (
    Body(
        id="executive-oversight",
        name="Executive Oversight",
        reports_to=None,
        mandate=(
            "answers to the board for every agent",
            "decides on agents of critical risk",
            "accepts what risk remains",
        ),
        reviews=(ReviewType.EXECUTIVE,),
        seats=(PlaneRole.EXECUTIVE,),
    ),
    # The guide gives legal review no body; whether a use is lawful belongs with policy and standards.
    Body(
        id="ai-ethics-committee",
        name="AI Ethics Committee",
        reports_to="executive-oversight",
        mandate=("policy", "standards", "risk assessment"),
        reviews=(ReviewType.ETHICS, ReviewType.LEGAL),
        seats=(PlaneRole.ETHICS_REVIEWER, PlaneRole.LEGAL_REVIEWER),
    ),
    # Its reviews are those of models, in the model registry: it owns none of an agent's.
    Body(
        id="model-governance",
        name="Model Governance",
        reports_to="ai-ethics-committee",
        mandate=("model registry", "version control", "bias testing"),
        reviews=(),
        seats=(PlaneRole.MODEL_VALIDATOR,),
    ),
    Body(
        id="data-governance",
        name="Data Governance",
        reports_to="ai-ethics-committee",
        mandate=("data catalogue", "privacy rules", "retention"),
        reviews=(ReviewType.PRIVACY,),
        seats=(PlaneRole.PRIVACY_REVIEWER, PlaneRole.PRIVACY_OFFICER),
    ),
    Body(
        id="operations-governance",
        name="Operations Governance",
        reports_to="ai-ethics-committee",
        mandate=("deployment policies", "monitoring standards", "incident response"),
        reviews=(ReviewType.SECURITY,),
        seats=(PlaneRole.SECURITY_REVIEWER, PlaneRole.OPERATOR, PlaneRole.CALL_APPROVER),
    ),
)
"""The structure, from the top."""


def owner_of(review: ReviewType) -> Body:
    """Return the body that owns a review.

    >>> owner_of(ReviewType.LEGAL).name
    'AI Ethics Committee'
    """
    return next(body for body in BODIES if review in body.reviews)


def seat(people: Iterable[Person]) -> tuple[SeatedBody, ...]:
    """Return every body with those of *people* who sit on it."""
    known = sorted(people, key=lambda person: person.id)
    return tuple(
        SeatedBody(body, tuple(person.id for person in known if set(body.seats) & set(person.roles)))
        for body in BODIES
    )
