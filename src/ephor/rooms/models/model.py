"""A version of a model, and everything the registry keeps about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, unique
from typing import TypeAlias

from ephor.kernel.vocabulary import RiskLevel, UseCase

Metadatum: TypeAlias = str | bool | int | tuple[str, ...]


@unique
class ModelStatus(StrEnum):
    """The guide's life of a model, in its order."""

    DEVELOPMENT = "development"
    VALIDATION = "validation"
    APPROVED = "approved"
    PRODUCTION = "production"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one metric must reach; bounds are decimal text and count as reached. At least one of them is set."""

    metric: str
    at_least: str | None = None
    at_most: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One metric held against its threshold; ``value`` is None where it was not measured, which is not a pass."""

    metric: str
    value: str | None
    passed: bool
    because: str


@dataclass(frozen=True, slots=True)
class Validation:
    """Results that a validator measured and recorded; ``results`` are decimal text by metric."""

    validated_by: str
    validation_date: date
    recorded_at: datetime
    expires: date
    """The last day on which these results still count."""
    dataset: str
    sample_size: int | None
    results: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    passed: bool
    before_thresholds: bool = False
    """Whether it was measured before its thresholds were set: then nobody can tell that they were not made to fit."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One step of the life cycle, with the status it really left."""

    old_status: ModelStatus
    new_status: ModelStatus
    updated_by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Deprecation:
    """What takes a deprecated version's place, and the last day on which it may still be used; None: no day at all."""

    successor: str | None
    until: date | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model; ``id`` is ``name@version``. The fields are the guide's; figures are decimal text.

    Of an imported version the provider, the type, the use cases, the risk tier and the thresholds may still be open:
    empty, or None. Such a version can be neither validated nor approved nor used.
    """

    id: str
    name: str
    version: str
    provider: str
    model_type: str
    status: ModelStatus
    owner: str
    use_cases: tuple[UseCase, ...]
    risk_tier: RiskLevel | None
    thresholds: tuple[Threshold, ...]
    """Set once, at registration or where an import left them open: results count only if measured after that."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    validations: tuple[Validation, ...] = ()
    history: tuple[StatusChange, ...] = ()
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_until: date | None = None
    """The last day on which the approval counts; None of an approval from before approvals ended."""
    deprecation: Deprecation | None = None
    thresholds_at: datetime | None = None
    """When the thresholds were set, where that was after the registration."""
    authors: tuple[str, ...] = ()
    """Who filled in what an import left open; they approve it as little as its owner."""
    reopened_at: datetime | None = None
    """When drift sent it back to *validation*: results of before that do not count."""
    performance_baseline: Mapping[str, str] = field(default_factory=dict)
    drift_thresholds: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Metadatum] = field(default_factory=dict)
