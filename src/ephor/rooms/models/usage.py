"""Whether a model may be used for a use case, asked at run time."""

from __future__ import annotations

from datetime import datetime

from ephor.kernel.vocabulary import Objection, UseCase
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.validation import against_validation

USABLE = frozenset({ModelStatus.APPROVED, ModelStatus.PRODUCTION})


def allowed_for(model: ModelVersion, use_case: UseCase, now: datetime) -> tuple[Objection, ...]:
    """Return every reason against using *model* for *use_case* now; empty when it may be used."""
    reasons = []
    if model.status not in USABLE:
        reasons.append(
            Objection(
                "model-not-approved",
                f"model `{model.id}` is {model.status.value}, not approved or in production",
            )
        )
    if use_case not in model.use_cases:
        listed = ", ".join(case.value for case in model.use_cases)
        reasons.append(
            Objection(
                "model-use-case", f"model `{model.id}` is registered for {listed}, not for {use_case.value}"
            )
        )
    return (*reasons, *against_validation(model, now.date()))
