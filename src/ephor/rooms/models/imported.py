"""Models that another registry already knows: what it states of a version, what of that may never change, and what came of it.

An import registers and describes; it approves nothing. Whatever the other registry calls a version (a stage, an alias) is a
note here, never a status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, unique

from ephor.kernel import ids
from ephor.kernel.canonical import digest
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.visible import visible
from ephor.kernel.vocabulary import RiskLevel, word
from ephor.rooms.models import fields
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.register import check_drift, read_thresholds, read_use_cases

MOST_FACTS = 5_000
"""Most facts that one version may bring along."""
MOST_VALUE = 10_000
"""Longest fact or note in characters; of a longer one the beginning is kept."""
_PLAIN = re.compile(r"[^a-z0-9._-]+")
_ALLOWED = frozenset(
    {"owner", "provider", "model_type", "use_cases", "risk_tier", "validation_thresholds", "performance_baseline",
     "drift_thresholds"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version as another registry states it."""

    system: str
    name: str
    version: str
    fixed: Mapping[str, str]
    """What belongs to the version for good: run, parameters, figures, source."""
    notes: Mapping[str, str]
    """What may change there: stage, aliases, tags, descriptions."""
    card: Mapping[str, object] = field(default_factory=dict)
    """Fields of a model card that it states."""

    @property
    def reference(self) -> str:
        """What the other registry calls it."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """Where an imported version comes from; ``id`` is the version's."""

    id: str
    system: str
    reference: str
    fixed: Mapping[str, str]
    notes: Mapping[str, str]
    digest: str
    """Of what is fixed; the ledger has it."""
    by: str
    at: datetime
    noted_at: datetime


@unique
class What(StrEnum):
    """What an import does about one version."""

    REGISTERED = "registered"
    NOTED = "noted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do, about one version."""

    model: str
    system: str
    reference: str
    what: What
    open: tuple[str, ...]
    """Fields of the registration that are still to be filled in."""
    notes: Mapping[str, str]


def model_id(candidate: Candidate) -> str:
    """Return what the version is called here: its name in lower case, without what a name cannot hold.

    >>> model_id(Candidate("mlflow", "Churn Model", "3", {}, {}))
    'churn-model@3'

    Raises:
        InvalidInputError: nothing is left of the name or the version.
    """
    name = _PLAIN.sub("-", candidate.name.lower()).strip("-._")[:64].strip("-._")
    version = _PLAIN.sub("-", candidate.version.lower()).strip("-._")[:64].strip("-._")
    return f"{ids.name(name, 'a model')}@{ids.name(version, 'a version')}"


def check_apart(candidates: Sequence[Candidate]) -> None:
    """Check that no two versions would be called the same here.

    Raises:
        ConflictError: two would.
    """
    seen: dict[str, Candidate] = {}
    for one in candidates:
        id = model_id(one)
        if (other := seen.setdefault(id, one)) is not one:
            raise ConflictError(
                f"`{other.reference}` and `{one.reference}` would both be `{id}`; import one of them with --only",
                model=id,
            )


def registered(candidate: Candidate, given: Mapping[str, object], *, by: str, at: datetime) -> ModelVersion:
    """Return the version in *development*, with what *given* says for all that are imported; the rest stays open.

    Raises:
        InvalidInputError: a field is unknown or unreadable.
    """
    fields.only(given, "import", _ALLOWED)
    baseline, drift = fields.figures(given, "performance_baseline"), fields.figures(given, "drift_thresholds")
    check_drift(baseline, drift)
    name, _, version = model_id(candidate).partition("@")
    return ModelVersion(
        id=f"{name}@{version}",
        name=name,
        version=version,
        provider=fields.text(given, "provider") if "provider" in given else "",
        model_type=fields.text(given, "model_type") if "model_type" in given else "",
        status=ModelStatus.DEVELOPMENT,
        owner=ids.name(fields.text(given, "owner", by), "a person"),
        use_cases=read_use_cases(given) if "use_cases" in given else (),
        risk_tier=word(RiskLevel, fields.text(given, "risk_tier"), "risk tier")
        if "risk_tier" in given
        else None,
        thresholds=read_thresholds(given) if "validation_thresholds" in given else (),
        created_at=at,
        created_by=by,
        updated_at=at,
        performance_baseline=baseline,
        drift_thresholds=drift,
        metadata={"imported_from": candidate.system, "imported_as": visible(candidate.reference)},
    )


def origin(candidate: Candidate, *, by: str, at: datetime) -> ModelOrigin:
    """Return where a version comes from, as it is kept.

    Raises:
        InvalidInputError: it brings more facts than are kept.
    """
    if len(candidate.fixed) + len(candidate.notes) > MOST_FACTS:
        raise InvalidInputError(
            f"`{candidate.reference}` brings more than {MOST_FACTS} facts; leave it out with --only"
        )
    fixed, notes = _kept(candidate.fixed), _kept(candidate.notes)
    return ModelOrigin(
        model_id(candidate), candidate.system, visible(candidate.reference), fixed, notes,
        digest([[name, value] for name, value in fixed.items()]), by, at, at,
    )  # fmt: skip


def again(old: ModelOrigin, new: ModelOrigin) -> tuple[What, ModelOrigin]:
    """Return what a further import does about a version that was imported before, and what is kept of it then.

    Raises:
        ConflictError: it comes from elsewhere, or what is fixed of it has changed.
    """
    if (old.system, old.reference) != (new.system, new.reference):
        raise ConflictError(
            f"`{old.id}` was imported from {old.system} `{old.reference}`, not from {new.system} `{new.reference}`; "
            "name another version",
            model=old.id,
        )
    if old.fixed != new.fixed:
        raise ConflictError(_changed(old, new), model=old.id, changed=_differing(old, new))
    if old.notes != new.notes:
        return What.NOTED, replace(old, notes=new.notes, noted_at=new.noted_at)
    return What.UNCHANGED, old


def foreign(model: ModelVersion, candidate: Candidate) -> ConflictError:
    """Return the error that a version of that name was registered here by hand."""
    return ConflictError(
        f"`{model.id}` is registered here and was not imported; `{candidate.reference}` would take its name, "
        "so leave it out with --only",
        model=model.id,
    )


def _changed(old: ModelOrigin, new: ModelOrigin) -> str:
    names = _differing(old, new)
    shown = ", ".join(
        f"{name} was `{old.fixed.get(name, 'absent')[:60]}` and is `{new.fixed.get(name, 'absent')[:60]}`"
        for name in names[:5]
    )
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"`{old.reference}` has changed since it was imported as `{old.id}`: {shown}{more}; "
        "a version never changes here, make a new version there and import that"
    )


def _differing(old: ModelOrigin, new: ModelOrigin) -> list[str]:
    names = sorted(old.fixed.keys() | new.fixed.keys())
    return [name for name in names if old.fixed.get(name) != new.fixed.get(name)]


def _kept(facts: Mapping[str, str]) -> dict[str, str]:
    return {
        visible(name)[:MOST_VALUE]: visible(value, keep="\n\t")[:MOST_VALUE].replace("\0", "\\u0000")
        for name, value in sorted(facts.items())
    }
