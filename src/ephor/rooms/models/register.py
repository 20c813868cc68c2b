"""Reading a registration: a model's version comes in as a mapping and leaves in status *development*."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from ephor.kernel import ids
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import RiskLevel, UseCase, word
from ephor.rooms.models import fields
from ephor.rooms.models.model import Metadatum, ModelStatus, ModelVersion, Threshold

_KNOWN = frozenset(
    {"model_id", "name", "version", "provider", "model_type", "owner", "use_cases", "risk_tier", "validation_thresholds",
     "performance_baseline", "drift_thresholds", "metadata"}
)  # fmt: skip


def read_registration(given: Mapping[str, object], *, by: str, at: datetime) -> ModelVersion:
    """Return the model version that *given* describes, as registered by *by*.

    The status is the registry's to set, so that a file cannot say that a model is approved.

    Raises:
        InvalidInputError: a field is unknown, missing or unreadable; no use case; no threshold; a drift threshold
            for a metric without a baseline, which could never be compared with anything.
    """
    fields.only(given, "model registration", _KNOWN)
    name = ids.name(fields.text(given, "name"), "a model")
    version = ids.name(fields.text(given, "version"), "a version")
    id = f"{name}@{version}"
    if (stated := given.get("model_id", id)) != id:
        raise InvalidInputError(
            f"model_id `{stated}` is not `{id}`; it is the name, `@`, and the version", model=id
        )
    baseline, drift = fields.figures(given, "performance_baseline"), fields.figures(given, "drift_thresholds")
    check_drift(baseline, drift)
    return ModelVersion(
        id=id,
        name=name,
        version=version,
        provider=fields.text(given, "provider"),
        model_type=fields.text(given, "model_type"),
        status=ModelStatus.DEVELOPMENT,
        owner=ids.name(fields.text(given, "owner"), "a person"),
        use_cases=read_use_cases(given),
        risk_tier=word(RiskLevel, fields.text(given, "risk_tier"), "risk tier"),
        thresholds=read_thresholds(given),
        created_at=at,
        created_by=by,
        updated_at=at,
        performance_baseline=baseline,
        drift_thresholds=drift,
        metadata={
            key: read_metadatum(key, value)
            for key, value in sorted(fields.mapping(given, "metadata").items())
        },
    )


def registered_facts(model: ModelVersion) -> dict[str, Json]:
    """Return what the ledger states of a registration; the thresholds by their digest."""
    thresholds: Json = {
        one.metric: {"at_least": one.at_least, "at_most": one.at_most} for one in model.thresholds
    }
    return {
        "owner": model.owner,
        "provider": model.provider,
        "risk_tier": model.risk_tier.value if model.risk_tier else None,
        "use_cases": [case.value for case in model.use_cases],
        "thresholds": digest(thresholds),
    }


def read_use_cases(given: Mapping[str, object]) -> tuple[UseCase, ...]:
    """Return the use cases that are listed, in the guide's order. Raises InvalidInputError."""
    named = {word(UseCase, text, "use case") for text in fields.texts(given, "use_cases")}
    if not named:
        raise InvalidInputError(
            f"no use case is listed; use one or more of: {', '.join(UseCase)}", field="use_cases"
        )
    return tuple(case for case in UseCase if case in named)


def read_thresholds(given: Mapping[str, object]) -> tuple[Threshold, ...]:
    """Return what each metric must reach, by its name. Raises InvalidInputError."""
    listed = fields.mapping(given, "validation_thresholds")
    if not listed:
        raise InvalidInputError(
            "no validation threshold is set; say beforehand what each metric must reach, "
            "for example `validation_thresholds: {accuracy: {at_least: 0.9}}`",
            field="validation_thresholds",
        )
    return tuple(_threshold(metric, bounds) for metric, bounds in sorted(listed.items()))


def _threshold(metric: str, bounds: object) -> Threshold:
    where = f"validation_thresholds.{metric}"
    if not isinstance(bounds, Mapping) or not bounds or not bounds.keys() <= {"at_least", "at_most"}:
        raise InvalidInputError(f"`{where}` needs `at_least`, `at_most` or both, and nothing else", at=where)
    read = {key: fields.figure(value, f"{where}.{key}") for key, value in bounds.items()}
    least, most = read.get("at_least"), read.get("at_most")
    if least is not None and most is not None and Decimal(least) > Decimal(most):
        raise InvalidInputError(f"`{where}`: nothing is at least {least} and at most {most}", at=where)
    return Threshold(metric, least, most)


def check_drift(baseline: Mapping[str, str], drift: Mapping[str, str]) -> None:
    """Check that every drift threshold is a distance from something. Raises InvalidInputError."""
    for metric, allowed in drift.items():
        if metric not in baseline:
            raise InvalidInputError(
                f"drift_thresholds.{metric} has no performance_baseline to drift from; add one", metric=metric
            )
        if Decimal(allowed) < 0:
            raise InvalidInputError(
                f"drift_thresholds.{metric} is below zero; it is a distance", metric=metric
            )


def read_metadatum(key: str, value: object) -> Metadatum:
    """Return a value of the metadata. Raises InvalidInputError."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    raise InvalidInputError(
        f"metadata.{key} is neither text, a whole number, a truth value nor a list of text", field=key
    )
