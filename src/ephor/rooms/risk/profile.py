"""What a risk assessment asks about an agent; whatever nobody stated stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.truth import Truth
from ephor.kernel.vocabulary import Effect, Ranked, Sensitivity, UseCase


@unique
class DataKind(StrEnum):
    """What data is about, as far as it matters for risk."""

    PERSONAL = "personal"
    HEALTH = "health"
    """The guide's PHI."""
    SPECIAL = "special"
    """Special categories other than health, and criminal convictions (GDPR, Articles 9 and 10)."""
    FINANCIAL = "financial"
    SECRET = "secret"  # noqa: S105 - a kind of data, not a password


@unique
class Influence(Ranked):
    """The weight of the agent's output in a decision about a person, least first."""

    NONE = "none"
    PREPARATORY = "preparatory"
    MATERIAL = "material"
    DETERMINATIVE = "determinative"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """What calling one tool does. ``asks`` says that a person approves some of its calls beforehand."""

    name: str
    effect: Effect
    sensitivity: Sensitivity
    data: tuple[DataKind, ...] = ()
    asks: bool = False
    unmasked: bool = False
    """Some personal data passes unmasked in its results."""
    powerful: bool = False
    """It runs code or changes files."""
    untrusted: bool = False
    """What it returns was written by strangers."""
    delegates: bool = False
    """It starts other agents or lends them authority."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of an agent. ``None`` means nobody said, which is never better than the worse answer."""

    agent: str
    use_case: UseCase
    autonomy: int
    """From 1 (suggests) to 5 (acts alone)."""
    sensitivity: Sensitivity
    tools: tuple[ToolUse, ...]
    data: tuple[DataKind, ...]
    """Everything it handles, its tools' data included."""
    described: bool
    """Some category of data is stated."""
    unrecognised: tuple[str, ...]
    """Data categories in words that are in no list of ours."""
    subjects: tuple[str, ...] | None
    models: int
    domain: str | None
    influence: Influence | None
    profiling: Truth
    interacts: Truth
    safety_component: Truth
    discloses: Truth
    overseen: Truth
    stoppable: Truth
    biometric: str = ""
    """What it does with biometric data, if anything was stated."""
    capabilities: tuple[str, ...] = ()
    generates: tuple[str, ...] = ()
