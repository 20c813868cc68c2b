"""The life of a model version: which status may follow which, and who may take the step to *approved*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.models.model import ModelStatus, ModelVersion, StatusChange
from ephor.rooms.models.validation import against_validation

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
    return _step(model, to, by=by, reason=reason, at=at)


def approve(model: ModelVersion, *, by: str, reason: str, at: datetime) -> ModelVersion:
    """Return the model approved for production by somebody who neither owns nor registered it.

    Raises:
        InvalidInputError: no reason is given.
        NotPermittedError: *by* owns the model or registered it.
        ConflictError: it is not in *validation*, or its newest validation fails, is missing or has expired.
    """
    for role, person in (("owns", model.owner), ("registered", model.created_by)):
        if by == person:
            raise NotPermittedError(
                f"`{by}` {role} model `{model.id}` and cannot approve it; ask another validator", person=by
            )
    _check_step(model, ModelStatus.APPROVED)
    _check_validated(model, at)
    approved = _step(model, ModelStatus.APPROVED, by=by, reason=reason, at=at)
    return replace(approved, approved_by=by, approved_at=at)


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
        return replace(changed, approved_by=None, approved_at=None)
    return changed


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
