"""The life of a model version: which status may follow which, and who may take the step to *approved*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import Objection
from ephor.rooms.models.complete import open_fields
from ephor.rooms.models.model import Deprecation, ModelStatus, ModelVersion, StatusChange
from ephor.rooms.models.validation import against_validation

LONGEST = timedelta(days=365)
"""An approval counts for a year at most."""
_S = ModelStatus
STEPS: Mapping[ModelStatus, frozenset[ModelStatus]] = MappingProxyType(
    {
        _S.DEVELOPMENT: frozenset({_S.VALIDATION, _S.RETIRED}),
        _S.VALIDATION: frozenset({_S.DEVELOPMENT, _S.APPROVED, _S.RETIRED}),
        _S.APPROVED: frozenset({_S.VALIDATION, _S.PRODUCTION, _S.RETIRED}),
        _S.PRODUCTION: frozenset({_S.DEPRECATED}),
        _S.DEPRECATED: frozenset({_S.RETIRED}),
        _S.RETIRED: frozenset(),
    }
)
"""What may follow what. *Approved* is reached by `approve` alone; nothing follows *retired*."""


def move(model: ModelVersion, to: ModelStatus, *, by: str, reason: str, at: datetime) -> ModelVersion:
    """Return the model in its next status, with the step in its history.

    Raises:
        InvalidInputError: no reason is given.
        ConflictError: that status cannot follow, is reached by approval only, or is *production* while the newest
            validation fails or has expired.
    """
    if to is ModelStatus.APPROVED:
        raise ConflictError(
            f"model `{model.id}` is approved by `ephor models approve {model.id}`, not moved there"
        )
    _check_step(model, to)
    if to is ModelStatus.PRODUCTION:
        _check_validated(model, at)
        if reasons := against_approval(model, at.date()):
            raise ConflictError(f"{reasons[0].text}; renew it: ephor models renew {model.id}")
    return _step(model, to, by=by, reason=reason, at=at)


def approve(
    model: ModelVersion, *, by: str, reason: str, at: datetime, until: date | None = None
) -> ModelVersion:
    """Return the model approved for production by somebody who neither owns nor registered it, for a year at most.

    Raises:
        InvalidInputError: no reason is given, or *until* is past or more than a year ahead.
        NotPermittedError: *by* owns the model, registered it or filled in what an import left open.
        ConflictError: it is not in *validation*, or its newest validation fails, is missing or has expired.
    """
    _check_independent(model, by)
    _check_step(model, ModelStatus.APPROVED)
    last = _check_approvable(model, at, until)
    approved = _step(model, ModelStatus.APPROVED, by=by, reason=reason, at=at)
    return replace(approved, approved_by=by, approved_at=at, approved_until=last)


def renew(
    model: ModelVersion, *, by: str, reason: str, at: datetime, until: date | None = None
) -> ModelVersion:
    """Return the model with its approval given anew, on what its newest validation says; its status stays.

    Raises:
        InvalidInputError, NotPermittedError: as `approve`.
        ConflictError: it is neither approved nor in production, or its newest validation fails, is missing or has expired.
    """
    _check_independent(model, by)
    if model.status not in (_S.APPROVED, _S.PRODUCTION):
        raise ConflictError(
            f"model `{model.id}` is {model.status.value}; only what is approved or in production is renewed"
        )
    if not reason.strip():
        raise InvalidInputError("a renewal needs a reason; say why")
    last = _check_approvable(model, at, until)
    return replace(model, approved_by=by, approved_at=at, approved_until=last, updated_at=at)


def deprecate(
    model: ModelVersion,
    successor: ModelVersion | None,
    until: date | None,
    *,
    by: str,
    reason: str,
    at: datetime,
) -> ModelVersion:
    """Return the model deprecated: used through the day *until*, where one is named, and else no more.

    Raises:
        InvalidInputError: no reason is given, the day is past, or the successor is the model itself.
        ConflictError: it is not in production, or the successor is on its way out too.
    """
    if until is not None and until < at.date():
        raise InvalidInputError(f"`{until}` is past; name the last day of use, or none", field="until")
    if successor is not None and successor.id == model.id:
        raise InvalidInputError(f"model `{model.id}` cannot succeed itself; name another version")
    if successor is not None and successor.status in (_S.DEPRECATED, _S.RETIRED):
        raise ConflictError(
            f"successor `{successor.id}` is {successor.status.value} itself; name one that stays",
            successor=successor.id,
        )
    _check_step(model, _S.DEPRECATED)
    left = _step(model, _S.DEPRECATED, by=by, reason=reason, at=at)
    return replace(left, deprecation=Deprecation(successor.id if successor else None, until, by, at))


def against_approval(model: ModelVersion, on: date) -> tuple[Objection, ...]:
    """Return the objection that the approval has ended by that day, if it has."""
    if model.approved_until is None or on <= model.approved_until:
        return ()
    text = f"the approval of model `{model.id}` ended after {model.approved_until.isoformat()}"
    return (Objection("model-approval-expired", text),)


def _step(model: ModelVersion, to: ModelStatus, *, by: str, reason: str, at: datetime) -> ModelVersion:
    if not reason.strip():
        raise InvalidInputError("a change of status needs a reason; say why")
    changed = replace(
        model,
        status=to,
        updated_at=at,
        history=(*model.history, StatusChange(model.status, to, by, at, reason.strip())),
    )
    if to is ModelStatus.VALIDATION:
        return replace(changed, approved_by=None, approved_at=None, approved_until=None)
    return changed


def _check_independent(model: ModelVersion, by: str) -> None:
    roles = [("owns", model.owner), ("registered", model.created_by)]
    for role, person in [*roles, *(("filled in", author) for author in model.authors)]:
        if by == person:
            raise NotPermittedError(
                f"`{by}` {role} model `{model.id}` and cannot approve it; ask another validator", person=by
            )


def _check_approvable(model: ModelVersion, at: datetime, until: date | None) -> date:
    """Check what an approval rests on, and return its last day."""
    if missing := open_fields(model):
        raise ConflictError(
            f"model `{model.id}` has open fields: {', '.join(missing)}; fill them in: ephor models complete {model.id} FILE",
            missing=list(missing),
        )
    _check_validated(model, at)
    longest = at.date() + LONGEST
    last = longest if until is None else until
    if not at.date() <= last <= longest:
        raise InvalidInputError(f"`{last}` is not between {at.date()} and {longest}", field="until")
    return last


def _check_step(model: ModelVersion, to: ModelStatus) -> None:
    following = [status.value for status in ModelStatus if status in STEPS[model.status]]
    if to.value not in following:
        known = ", ".join(following) or "nothing"
        raise ConflictError(
            f"model `{model.id}` is {model.status.value}; {to.value} cannot follow, only: {known}",
            model=model.id,
            status=model.status.value,
        )


def _check_validated(model: ModelVersion, at: datetime) -> None:
    if reasons := against_validation(model, at.date()):
        told = "; ".join(reason.text for reason in reasons)
        raise ConflictError(
            f"{told}; record passing results with `ephor models validate {model.id}`",
            reasons=[reason.code for reason in reasons],
        )
