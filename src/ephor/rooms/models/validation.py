"""Validation: what was measured, held against the thresholds that were set before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import Objection
from ephor.rooms.models import fields
from ephor.rooms.models.model import (
    ModelStatus,
    ModelVersion,
    Outcome,
    StatusChange,
    Threshold,
    Validation,
)

LONGEST = timedelta(days=365)
"""Results count for a year at most."""
_KNOWN = frozenset(
    {"model_id", "validated_by", "validation_date", "expires", "dataset", "sample_size", "validation_results"}
)
_OPEN = frozenset(
    {ModelStatus.DEVELOPMENT, ModelStatus.VALIDATION, ModelStatus.APPROVED, ModelStatus.PRODUCTION}
)


def read_validation(given: Mapping[str, object], model: ModelVersion, *, by: str, at: datetime) -> Validation:
    """Return the results in *given*, held against the model's thresholds.

    Raises:
        InvalidInputError: a field is unknown, missing or unreadable; the results are another model's or somebody
            else's; they are from the future, or would count for longer than a year.
    """
    fields.only(given, "validation", _KNOWN)
    if (named := given.get("model_id", model.id)) != model.id:
        raise InvalidInputError(
            f"the results are for `{named}`, not for `{model.id}`; name the right model", model=model.id
        )
    if (validator := given.get("validated_by", by)) != by:
        raise InvalidInputError(
            f"the results are `{validator}`'s; let them record what they measured",
            validated_by=str(validator),
        )
    measured, expires = _days(given, at.date())
    results = fields.figures(given, "validation_results")
    if not results:
        raise InvalidInputError("no result is listed; add `validation_results`", field="validation_results")
    if not model.thresholds:
        raise InvalidInputError(
            f"model `{model.id}` has no thresholds yet; set them before it is measured: ephor models complete {model.id} FILE",
            model=model.id,
        )
    outcomes = compare(model.thresholds, results)
    before = measured < thresholds_set(model).date()
    return Validation(
        validated_by=by,
        validation_date=measured,
        recorded_at=at,
        expires=expires,
        dataset=fields.text(given, "dataset"),
        sample_size=_sample_size(given),
        results=results,
        outcomes=outcomes,
        passed=bool(outcomes) and all(outcome.passed for outcome in outcomes) and not before,
        before_thresholds=before,
    )


def thresholds_set(model: ModelVersion) -> datetime:
    """Return when the thresholds of *model* entered the register, and the ledger with it."""
    return model.thresholds_at or model.created_at


def compare(thresholds: Sequence[Threshold], results: Mapping[str, str]) -> tuple[Outcome, ...]:
    """Return each threshold's outcome; a metric that was not measured has failed.

    >>> [one.passed for one in compare([Threshold("recall", at_least="0.9"), Threshold("bias", at_most="0.1")],
    ...                                {"recall": "0.90"})]
    [True, False]
    """
    return tuple(_outcome(threshold, results.get(threshold.metric)) for threshold in thresholds)


def record_validation(model: ModelVersion, validation: Validation) -> ModelVersion:
    """Return the model with its newest results; a model in *development* thereby enters *validation*.

    Raises:
        ConflictError: the model is deprecated or retired.
    """
    if model.status not in _OPEN:
        raise ConflictError(
            f"model `{model.id}` is {model.status.value}; validate a new version", model=model.id
        )
    history, status = model.history, model.status
    if status is ModelStatus.DEVELOPMENT:
        status = ModelStatus.VALIDATION
        step = StatusChange(
            model.status,
            status,
            validation.validated_by,
            validation.recorded_at,
            "validation results were recorded",
        )
        history = (*history, step)
    return replace(
        model,
        status=status,
        history=history,
        validations=(*model.validations, validation),
        updated_at=validation.recorded_at,
    )


def against_validation(model: ModelVersion, on: date) -> tuple[Objection, ...]:
    """Return every reason why the model does not count as validated on that day; only its newest results count."""
    if not model.validations:
        return (Objection("model-not-validated", f"model `{model.id}` has no validation results"),)
    newest = model.validations[-1]
    reasons = [
        Objection("model-failed-validation", f"model `{model.id}` failed: {outcome.because}")
        for outcome in newest.outcomes
        if not outcome.passed
    ]
    if newest.before_thresholds:
        text = (
            f"model `{model.id}` was measured on {newest.validation_date.isoformat()}, before its thresholds were set on "
            f"{thresholds_set(model).date().isoformat()} (UTC)"
        )
        reasons.append(Objection("model-measured-before-thresholds", text))
    if model.reopened_at is not None and newest.recorded_at <= model.reopened_at:
        text = f"model `{model.id}` drifted after its validation, on {model.reopened_at.date().isoformat()}"
        reasons.append(Objection("model-drifted", text))
    if on > newest.expires:
        text = f"the validation of model `{model.id}` expired after {newest.expires.isoformat()}"
        reasons.append(Objection("model-validation-expired", text))
    return tuple(reasons)


def _outcome(threshold: Threshold, value: str | None) -> Outcome:
    metric = threshold.metric
    if value is None:
        return Outcome(metric, None, False, f"`{metric}` was not measured")
    measured = Decimal(value)
    if threshold.at_least is not None and measured < Decimal(threshold.at_least):
        return Outcome(metric, value, False, f"`{metric}` is {value}, below {threshold.at_least}")
    if threshold.at_most is not None and measured > Decimal(threshold.at_most):
        return Outcome(metric, value, False, f"`{metric}` is {value}, above {threshold.at_most}")
    return Outcome(metric, value, True, f"`{metric}` is {value}, within its threshold")


def _days(given: Mapping[str, object], today: date) -> tuple[date, date]:
    measured = today if given.get("validation_date") == "today" else fields.when(given, "validation_date")
    if measured is None:
        raise InvalidInputError(
            "field `validation_date` is missing; say when it was measured", field="validation_date"
        )
    if measured > today:
        raise InvalidInputError(f"validation_date `{measured}` is in the future", field="validation_date")
    expires = fields.when(given, "expires") or measured + LONGEST
    if not measured <= expires <= measured + LONGEST:
        last = (measured + LONGEST).isoformat()
        raise InvalidInputError(f"expires `{expires}` is not between {measured} and {last}", field="expires")
    return measured, expires


def _sample_size(given: Mapping[str, object]) -> int | None:
    size = given.get("sample_size")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise InvalidInputError(f"sample_size `{size}` is not a whole number above zero", field="sample_size")
    return size
