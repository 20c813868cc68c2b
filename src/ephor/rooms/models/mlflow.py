"""What an MLflow registry states of a version, whichever way it was read, as a candidate for import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models import fields
from ephor.rooms.models.imported import Candidate

SYSTEM = "mlflow"
DELETED = "Deleted_Internal"
"""The stage under which MLflow keeps versions that were deleted."""
_NO_METRIC = re.compile(r"[^A-Za-z0-9_.@/-]")
_MOST_METRICS = 200


@dataclass(frozen=True, slots=True)
class Run:
    """The run that a version came out of. Of each metric the last value counts, as MLflow counts it."""

    id: str
    status: str
    started: int | None
    ended: int | None
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MlflowVersion:
    """A registered version with what MLflow keeps of it and of its model. Times are milliseconds since 1970."""

    model: str
    version: str
    created: int | None
    source: str
    run_id: str
    stage: str
    status: str
    description: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]
    model_description: str = ""
    model_tags: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None


def candidate(found: MlflowVersion) -> Candidate:
    """Return what is fixed of a version and what is only a note. Who made it there is left out: it is personal data."""
    fixed = {"created": _moment(found.created), "source": found.source, "run_id": found.run_id}
    if found.run is not None:
        run = found.run
        fixed |= {
            "run.status": run.status,
            "run.started": _moment(run.started),
            "run.ended": _moment(run.ended),
        }
        fixed |= {f"run.parameter.{name}": value for name, value in run.parameters.items()}
        fixed |= {f"run.metric.{name}": repr(float(value)) for name, value in run.metrics.items()}
    elif found.run_id:
        fixed["run"] = "not found"
    notes = {"stage": "" if found.stage == "None" else found.stage, "status": found.status,
             "aliases": ", ".join(sorted(found.aliases)), "description": found.description,
             "model description": found.model_description}  # fmt: skip
    notes |= {f"tag.{name}": value for name, value in _own(found.tags)}
    notes |= {f"model tag.{name}": value for name, value in _own(found.model_tags)}
    if found.run is not None:
        notes |= {f"run tag.{name}": value for name, value in _own(found.run.tags)}
    metrics = _figures(found.run.metrics) if found.run else {}
    return Candidate(
        SYSTEM, found.model, found.version, {name: value for name, value in fixed.items() if value},
        {name: value for name, value in notes.items() if value}, {"evaluation_metrics": metrics} if metrics else {},
    )  # fmt: skip


def _figures(metrics: Mapping[str, float]) -> dict[str, str]:
    """Return the run's figures as a card states them; what is no number (NaN, infinity) is among the facts alone."""
    found: dict[str, str] = {}
    for name, value in sorted(metrics.items()):
        plain = _NO_METRIC.sub("_", name).lstrip("_.@/-")[:80]
        try:
            figure = fields.figure(float(value), name)
        except InvalidInputError:
            continue
        if plain and plain not in found and len(found) < _MOST_METRICS:
            found[plain] = figure
    return found


def _own(tags: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Return tags that people set; MLflow's own name users, machines and folders."""
    return [(name, value) for name, value in tags.items() if not name.startswith("mlflow.")]


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
