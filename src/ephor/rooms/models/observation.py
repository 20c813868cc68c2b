"""What is kept of a model's baseline, and of each time it was held against what is observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth, any_of
from ephor.rooms.models.column import Cell, Spread, spread
from ephor.rooms.models.drift import Drift
from ephor.rooms.models.model import ModelStatus, ModelVersion, StatusChange
from ephor.rooms.models.shift import Limits, Shift, compare

LEAST_ROWS = 30
"""A baseline of fewer rows could not show anything."""
_IN_USE = frozenset({ModelStatus.APPROVED, ModelStatus.PRODUCTION})


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a model's columns were spread when it was accepted, and from where on a shift matters; ``id`` is the model's."""

    id: str
    digest: str
    """SHA-256 of the file it was made from."""
    rows: int
    columns: tuple[Spread, ...]
    limits: Limits
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Observation:
    """One comparison that was recorded. ``drifted`` is None where nothing drifted and not everything is known."""

    id: str
    model: str
    digest: str | None
    """SHA-256 of the file of observations; None where only metrics were given."""
    rows: int
    shifts: tuple[Shift, ...]
    metrics: tuple[Drift, ...]
    drifted: Truth
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns, each as long as the others, and the digest of its bytes."""

    digest: str
    rows: int
    columns: Mapping[str, Sequence[Cell]]


def make_baseline(
    model: ModelVersion,
    table: Table,
    limits: Limits,
    *,
    categorical: Sequence[str],
    without: Sequence[str],
    by: str,
    at: datetime,
) -> Baseline:
    """Return the baseline of *model* that *table* gives.

    Raises:
        InvalidInputError: too few rows, no column left, a named column that is not there, or text that is no category.
    """
    for name in (*categorical, *without):
        if name not in table.columns:
            raise InvalidInputError(
                f"there is no column `{name}`; there are: {', '.join(table.columns)}", column=name
            )
    if table.rows < LEAST_ROWS:
        raise InvalidInputError(
            f"a baseline needs at least {LEAST_ROWS} rows, this has {table.rows}; collect more"
        )
    columns = tuple(
        spread(name, cells, categorical=name in categorical)
        for name, cells in sorted(table.columns.items())
        if name not in without
    )
    if not columns:
        raise InvalidInputError("no column is left; leave fewer out")
    return Baseline(model.id, table.digest, table.rows, columns, limits, by, at)


def observe_table(baseline: Baseline, table: Table) -> tuple[Shift, ...]:
    """Return the baseline's columns held against *table*.

    Raises:
        InvalidInputError: none of them is there.
    """
    return compare(baseline.columns, table.columns, baseline.limits)


def verdict(shifts: Sequence[Shift], metrics: Sequence[Drift]) -> Truth:
    """Return whether anything drifted; None where nothing did and something is not known."""
    return any_of([*(one.shifted for one in shifts), *(one.drifted for one in metrics)])


def reopen(model: ModelVersion, observation: Observation) -> ModelVersion:
    """Return the model back in *validation* after a breach, where it was in use: results of before it count no more."""
    if observation.drifted is not True or model.status not in _IN_USE:
        return model
    step = StatusChange(
        model.status,
        ModelStatus.VALIDATION,
        observation.by,
        observation.at,
        f"drift was observed: {what_drifted(observation)}",
    )
    return replace(
        model,
        status=ModelStatus.VALIDATION,
        history=(*model.history, step),
        reopened_at=observation.at,
        approved_by=None,
        approved_at=None,
        approved_until=None,
        updated_at=observation.at,
    )


def what_drifted(observation: Observation) -> str:
    """Return the names of what drifted, in order."""
    columns = [f"{one.column} ({one.test.value})" for one in observation.shifts if one.shifted]
    return ", ".join([*columns, *(one.metric for one in observation.metrics if one.drifted)])
