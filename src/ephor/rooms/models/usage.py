"""Whether a model may be used for a use case, asked at run time."""

from __future__ import annotations

from datetime import datetime

from ephor.kernel.vocabulary import Objection, UseCase
from ephor.rooms.models.lifecycle import against_approval
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.validation import against_validation

USABLE = frozenset({ModelStatus.APPROVED, ModelStatus.PRODUCTION})


def allowed_for(model: ModelVersion, use_case: UseCase, now: datetime) -> tuple[Objection, ...]:
    """Return every reason against using *model* for *use_case* now; empty when it may be used."""
    reasons: list[Objection] = []
    if model.status is ModelStatus.DEPRECATED:
        reasons += _against_deprecated(model, now)
    elif model.status not in USABLE:
        reasons.append(
            Objection(
                "model-not-approved",
                f"model `{model.id}` is {model.status.value}, not approved or in production",
            )
        )
    if use_case not in model.use_cases:
        listed = ", ".join(case.value for case in model.use_cases) or "no use case"
        reasons.append(
            Objection(
                "model-use-case", f"model `{model.id}` is registered for {listed}, not for {use_case.value}"
            )
        )
    return (*reasons, *against_approval(model, now.date()), *against_validation(model, now.date()))


def _against_deprecated(model: ModelVersion, now: datetime) -> tuple[Objection, ...]:
    """A deprecated version is used through its last day, where one was named, and else no more."""
    told = model.deprecation
    if told is not None and told.until is not None and now.date() <= told.until:
        return ()
    when = f" since {told.until.isoformat()} is over" if told and told.until else ""
    instead = f"; use `{told.successor}`" if told and told.successor else ""
    text = f"model `{model.id}` is deprecated, not approved or in production{when}{instead}"
    return (Objection("model-not-approved", text),)
