"""An impact assessment as it is kept: what it says, what it still lacks, and who said what about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, unique

from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.impact.screening import Screening
from ephor.rooms.risk.matrix import Rating


@unique
class ImpactKind(StrEnum):
    """Of which law: GDPR Art. 35, or AI Act Art. 27."""

    DPIA = "dpia"
    FRIA = "fria"


@dataclass(frozen=True, slots=True)
class ImpactRisk:
    """One risk to people: whom it hits and how, before and after what is done about it.

    ``residual`` is None where nobody rated what remains.
    """

    title: str
    affects: str
    inherent: Rating
    residual: Rating | None
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Views:
    """Whether those concerned were asked, and what they said, or why they were not (Art. 35(9))."""

    sought: bool
    says: str


@dataclass(frozen=True, slots=True)
class Content:
    """What an assessment says; empty is what nobody has said.

    The first block is Art. 35(7)(a) to (d) and 35(9); the second AI Act Art. 27(1)(a) to (f). Risks and measures are of both.
    """

    title: str
    description: str = ""
    purposes: tuple[str, ...] = ()
    necessity: str = ""
    proportionality: str = ""
    views: Views | None = None
    risks: tuple[ImpactRisk, ...] = ()
    measures: tuple[str, ...] = ()

    processes: str = ""
    period: str = ""
    frequency: str = ""
    affected: tuple[str, ...] = ()
    oversight: str = ""
    governance: str = ""
    complaints: str = ""
    dpia: str | None = None
    """The data protection impact assessment whose parts it takes over (Art. 27(4))."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the data protection officer said (Art. 35(2), 39(1)(c))."""

    by: str
    at: datetime
    agrees: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Consultation:
    """That the authority was asked beforehand (Art. 36), and what it answered; None where it has not yet."""

    authority: str
    sent_on: date
    extended: bool
    answered_on: date | None
    allows: bool | None
    notes: str
    by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """That somebody approved or rejected it. An approval counts through its last day."""

    approved: bool
    by: str
    at: datetime
    reason: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Notified:
    """That the market surveillance authority was told of the result (AI Act Art. 27(3))."""

    authority: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class ImpactAssessment:
    """One assessment of one agent, for its manifest and its records of processing as they were when it was recorded."""

    id: str
    kind: ImpactKind
    agent: str
    content: Content
    screening: Screening
    material: str
    """The material digest of the agent's manifest."""
    recorded_by: str
    recorded_at: datetime
    processing: Mapping[str, str] = field(default_factory=dict)
    """The records of processing that named the agent, each with the digest of what matters in it."""
    advice: Advice | None = None
    consultation: Consultation | None = None
    verdict: Verdict | None = None
    notified: Notified | None = None
    reopened: str = ""
    """Why it no longer holds, once that was recorded."""


def residual(content: Content) -> RiskLevel | None:
    """Return the worst risk that remains; None where there is none, or one was not rated."""
    left = [one.residual for one in content.risks]
    if not left or None in left:
        return None
    return max(one.level for one in left if one is not None)


def stays_high(content: Content) -> bool:
    """Tell whether a high risk remains, so that the authority is asked first (Art. 36(1))."""
    level = residual(content)
    return level is not None and level >= RiskLevel.HIGH


def missing(kind: ImpactKind, content: Content) -> tuple[str, ...]:
    """Return what the assessment does not say yet, with the article that asks for it; nothing means complete.

    >>> missing(ImpactKind.FRIA, Content("A ranking of applicants"))[0]
    'processes (AI Act Art. 27(1)(a))'
    """
    checks = _DPIA if kind is ImpactKind.DPIA else _FRIA
    gaps = [f"{name} ({article})" for name, article, lacks in checks if lacks(content)]
    article = "Art. 35(7)(d)" if kind is ImpactKind.DPIA else "AI Act Art. 27(1)(f)"
    for one in content.risks:
        if not one.measures:
            gaps.append(f"risks.measures of `{one.title}` ({article})")
        if one.residual is None:
            gaps.append(f"risks.residual of `{one.title}` ({article})")
    return tuple(gaps)


_Check = tuple[str, str, Callable[[Content], bool]]
_DPIA: tuple[_Check, ...] = (
    ("description", "Art. 35(7)(a)", lambda one: not one.description),
    ("purposes", "Art. 35(7)(a)", lambda one: not one.purposes),
    ("necessity", "Art. 35(7)(b)", lambda one: not one.necessity),
    ("proportionality", "Art. 35(7)(b)", lambda one: not one.proportionality),
    ("risks", "Art. 35(7)(c)", lambda one: not one.risks),
    ("measures", "Art. 35(7)(d)", lambda one: not one.measures),
    ("views", "Art. 35(9)", lambda one: one.views is None),
)
_FRIA: tuple[_Check, ...] = (
    ("processes", "AI Act Art. 27(1)(a)", lambda one: not one.processes),
    ("period", "AI Act Art. 27(1)(b)", lambda one: not one.period),
    ("frequency", "AI Act Art. 27(1)(b)", lambda one: not one.frequency),
    ("affected", "AI Act Art. 27(1)(c)", lambda one: not one.affected),
    ("risks", "AI Act Art. 27(1)(d)", lambda one: not one.risks),
    ("oversight", "AI Act Art. 27(1)(e)", lambda one: not one.oversight),
    ("governance", "AI Act Art. 27(1)(f)", lambda one: not one.governance),
    ("complaints", "AI Act Art. 27(1)(f)", lambda one: not one.complaints),
)
