"""The guide's governance bodies: what each answers for, which reviews it owns, and who sits on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.kernel.errors import ConflictError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import REVIEW_PERMISSION, Person, PlaneRole, may
from ephor.rooms.agents.wording import worded

MAX_MANDATE = 20
"""Most lines of one mandate."""


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
class BodyRecord:
    """What an organisation changed about a body. ``id`` is the body's; None stands for what comes with the version."""

    id: str
    members: tuple[str, ...] | None
    """Who sits on it by name; None: whoever holds one of its roles."""
    mandate: tuple[str, ...] | None
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SeatedBody:
    """A body as it is today, and the people who sit on it, by id."""

    body: Body
    members: tuple[str, ...]
    by_role: bool = True
    """Whether members follow from roles; else they were named."""
    unanswerable: tuple[ReviewType, ...] = ()
    """The reviews it owns that no member may give: until somebody may, nothing that needs them is approved."""


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


def body_of(id: str) -> Body:
    """Return the body of that id.

    Raises:
        NotFoundError: there is none.
    """
    for body in BODIES:
        if body.id == id:
            return body
    known = ", ".join(body.id for body in BODIES)
    raise NotFoundError(f"there is no body `{id[:80]}`; use one of: {known}", body=id[:80])


def seat(people: Iterable[Person], records: Iterable[BodyRecord] = ()) -> tuple[SeatedBody, ...]:
    """Return every body with those of *people* who sit on it: by name where *records* say so, else by role."""
    known = sorted(people, key=lambda person: person.id)
    changed = {one.id: one for one in records}
    return tuple(_seated(body, changed.get(body.id), known) for body in BODIES)


def check_seat(review: ReviewType, person: str, seated: Iterable[SeatedBody]) -> None:
    """Check that a person sits on the body that owns a review.

    Raises:
        NotPermittedError: they do not.
    """
    owner = next(one for one in seated if review in one.body.reviews)
    if person not in owner.members:
        who = ", ".join(owner.members) or "nobody"
        raise NotPermittedError(
            f"`{person}` does not sit on {owner.body.name}, which owns the `{review.value}` review; on it sits: {who}",
            person=person,
            body=owner.body.id,
        )


def with_member(one: SeatedBody, person: str, *, by: str, at: datetime, old: BodyRecord | None) -> BodyRecord:
    """Return the record that seats one more person. Who sat by role so far stays, by name.

    Raises:
        NotPermittedError: somebody would seat themselves.
        ConflictError: they sit on it already.
    """
    if person in one.members and not one.by_role:
        raise ConflictError(f"`{person}` sits on {one.body.name} already", body=one.body.id)
    if person == by and person not in one.members:
        raise NotPermittedError(
            f"`{by}` cannot seat `{by}` on {one.body.name}; ask another administrator or executive", person=by
        )
    return _record(one, old, tuple(sorted({*one.members, person})), by, at)


def without_member(
    one: SeatedBody, person: str, *, by: str, at: datetime, old: BodyRecord | None
) -> BodyRecord:
    """Return the record that takes a person off; the others stay, by name.

    Raises:
        ConflictError: they do not sit on it.
    """
    if person not in one.members:
        who = ", ".join(one.members) or "nobody"
        raise ConflictError(
            f"`{person}` does not sit on {one.body.name}; on it sits: {who}", body=one.body.id
        )
    return _record(one, old, tuple(name for name in one.members if name != person), by, at)


def with_seats_by_role(
    one: SeatedBody, people: Iterable[Person], *, by: str, at: datetime, old: BodyRecord | None
) -> BodyRecord:
    """Return the record that lets roles decide again who sits.

    Raises:
        NotPermittedError: that would seat whoever asks for it.
        ConflictError: they decide already.
    """
    if one.by_role:
        raise ConflictError(f"who sits on {one.body.name} follows from roles already", body=one.body.id)
    then = next(again for again in seat(people) if again.body.id == one.body.id)
    if by in then.members and by not in one.members:
        raise NotPermittedError(
            f"by role `{by}` would sit on {one.body.name}, and cannot see to that alone; ask another administrator or executive",
            person=by,
        )
    return _record(one, old, None, by, at)


def with_mandate(
    one: SeatedBody, mandate: Sequence[str], *, by: str, at: datetime, old: BodyRecord | None
) -> BodyRecord:
    """Return the record that gives a body another mandate; an empty one is what comes with the version.

    Raises:
        InvalidInputError: a line that is empty, too long, or hides something.
        ConflictError: nothing would change, or there are too many lines.
    """
    lines = tuple(dict.fromkeys(worded(line, "line of the mandate") for line in mandate))
    if len(lines) > MAX_MANDATE:
        raise ConflictError(f"a mandate has at most {MAX_MANDATE} lines; join some")
    then = lines or body_of(one.body.id).mandate
    if then == one.body.mandate:
        raise ConflictError(f"that is the mandate of {one.body.name} already", body=one.body.id)
    members = old.members if old else None
    return BodyRecord(one.body.id, members, lines or None, by, at)


def forgotten(record: BodyRecord, person: str, *, by: str, at: datetime) -> BodyRecord | None:
    """Return the record without somebody who left the plane; None where they sit by name on nothing."""
    if record.members is None or person not in record.members:
        return None
    left = tuple(name for name in record.members if name != person)
    return dataclasses.replace(record, members=left, changed_by=by, changed_at=at)


def _record(
    one: SeatedBody, old: BodyRecord | None, members: tuple[str, ...] | None, by: str, at: datetime
) -> BodyRecord:
    return BodyRecord(one.body.id, members, old.mandate if old else None, by, at)


def _seated(body: Body, record: BodyRecord | None, people: Sequence[Person]) -> SeatedBody:
    by_role = record is None or record.members is None
    named = () if record is None or record.members is None else record.members
    sitting = [one for one in people if (set(body.seats) & set(one.roles) if by_role else one.id in named)]
    if record is not None and record.mandate is not None:
        body = dataclasses.replace(body, mandate=record.mandate)
    unanswerable = tuple(
        review for review in body.reviews if not any(may(one, REVIEW_PERMISSION[review]) for one in sitting)
    )
    return SeatedBody(body, tuple(one.id for one in sitting), by_role, unanswerable)
