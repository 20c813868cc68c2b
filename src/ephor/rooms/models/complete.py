"""What an import left open of a registration, and filling it in: each field once, before anything was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import RiskLevel, word
from ephor.rooms.models import fields
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.register import check_drift, read_thresholds, read_use_cases

_NEEDED = ("provider", "model_type", "use_cases", "risk_tier", "validation_thresholds")
_BESIDES = ("performance_baseline", "drift_thresholds")


def open_fields(model: ModelVersion) -> tuple[str, ...]:
    """Return the fields that the registration needs and that nobody has filled."""
    held = {**_held(model), "validation_thresholds": model.thresholds}
    return tuple(name for name in _NEEDED if not held[name])


def complete(model: ModelVersion, given: Mapping[str, object], *, by: str, at: datetime) -> ModelVersion:
    """Return the model with fields that were open filled in; what was registered stays as it is.

    Raises:
        InvalidInputError: a field is unknown or unreadable, or none is given.
        ConflictError: a field is filled already, or the model has left *development*.
    """
    fields.only(given, "completion", frozenset((*_NEEDED, *_BESIDES)))
    if not given:
        raise InvalidInputError(f"nothing is filled in; open: {', '.join(open_fields(model)) or 'nothing'}")
    if model.status is not ModelStatus.DEVELOPMENT or model.validations:
        raise ConflictError(
            f"model `{model.id}` is {model.status.value}; fields are filled in before anything was measured, register another version"
        )
    held = {**_held(model), "validation_thresholds": model.thresholds}
    if filled := [name for name in given if held[name]]:
        raise ConflictError(
            f"`{filled[0]}` of model `{model.id}` is registered already and is never overwritten; register another version",
            fields=filled,
        )
    baseline = fields.figures(given, "performance_baseline") or model.performance_baseline
    drift = fields.figures(given, "drift_thresholds") or model.drift_thresholds
    check_drift(baseline, drift)
    tier = (
        word(RiskLevel, fields.text(given, "risk_tier"), "risk tier")
        if "risk_tier" in given
        else model.risk_tier
    )
    return replace(
        model,
        provider=fields.text(given, "provider") if "provider" in given else model.provider,
        model_type=fields.text(given, "model_type") if "model_type" in given else model.model_type,
        use_cases=read_use_cases(given) if "use_cases" in given else model.use_cases,
        risk_tier=tier,
        thresholds=read_thresholds(given) if "validation_thresholds" in given else model.thresholds,
        thresholds_at=at if "validation_thresholds" in given else model.thresholds_at,
        performance_baseline=baseline,
        drift_thresholds=drift,
        authors=model.authors if by in model.authors else (*model.authors, by),
        updated_at=at,
    )


def _held(model: ModelVersion) -> dict[str, object]:
    return {name: getattr(model, name) for name in (*_NEEDED[:4], *_BESIDES)}
