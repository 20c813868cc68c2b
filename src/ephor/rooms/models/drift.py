"""Drift: what is observed today, held against the baseline and the distance that was allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth, any_of
from ephor.rooms.models import fields
from ephor.rooms.models.model import ModelVersion


@dataclass(frozen=True, slots=True)
class Drift:
    """One metric today; ``drifted`` is None where it was not observed."""

    metric: str
    baseline: str
    observed: str | None
    allowed: str
    drifted: Truth


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Every metric with a drift threshold. ``drifted`` is None unless all is known or something did drift."""

    model: str
    drifted: Truth
    metrics: tuple[Drift, ...]


def observe(model: ModelVersion, given: Mapping[str, object]) -> DriftReport:
    """Return how far the observed metrics lie from the model's baseline.

    Raises:
        InvalidInputError: the model has no drift thresholds, or a value is not a number.
    """
    if not model.drift_thresholds:
        raise InvalidInputError(
            f"model `{model.id}` has no drift thresholds; register a version that has", model=model.id
        )
    observed = fields.figures({"observed": given}, "observed")
    metrics = tuple(
        _drift(metric, model.performance_baseline[metric], observed.get(metric), allowed)
        for metric, allowed in sorted(model.drift_thresholds.items())
    )
    return DriftReport(model.id, any_of([metric.drifted for metric in metrics]), metrics)


def _drift(metric: str, baseline: str, observed: str | None, allowed: str) -> Drift:
    drifted = None if observed is None else abs(Decimal(observed) - Decimal(baseline)) > Decimal(allowed)
    return Drift(metric, baseline, observed, allowed, drifted)
