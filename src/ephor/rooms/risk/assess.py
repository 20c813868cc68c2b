"""The assessment: six factors, inherent and residual, and what to do next, in the same order every time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.risk.controls import CONTROLS
from ephor.rooms.risk.matrix import Rating, rate
from ephor.rooms.risk.profile import Profile
from ephor.rooms.risk.rules import DESCRIPTIONS, METHOD, RULES, RiskCategory, Rule


@dataclass(frozen=True, slots=True)
class Driver:
    """What raised a factor, by how much, and where that stands in the manifest."""

    because: str
    field: str
    likelihood: int
    impact: int
    stated: bool
    """False: nobody said, so it was counted as a risk."""


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A control against this factor; ``credited_until`` is the last day its evidence holds, None without evidence."""

    control: str
    text: str
    credited_until: date | None


@dataclass(frozen=True, slots=True)
class Factor:
    """One category of risk: before any control, and after those that are proven to work."""

    category: RiskCategory
    description: str
    inherent: Rating
    residual: Rating
    drivers: tuple[Driver, ...]
    mitigations: tuple[Mitigation, ...]


@dataclass(frozen=True, slots=True)
class Overall:
    """The worst factor's level; never an average, in which one grave risk would drown."""

    inherent: RiskLevel
    residual: RiskLevel


@dataclass(frozen=True, slots=True)
class Assessment:
    """An agent's risk on one day. Equal ``input_digest`` means equal everything."""

    agent: str
    method: str
    factors: tuple[Factor, ...]
    overall: Overall
    approval_required: bool
    """High or critical before any credit: a control's evidence is for the approver to weigh, not a way around them."""
    recommendations: tuple[str, ...]
    input_digest: str
    as_of: date


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """The newest assessment kept for an agent; ``id`` is the agent's. Earlier ones are in the ledger."""

    id: str
    manifest_digest: str
    assessment: Assessment
    assessed_by: str
    assessed_at: datetime


def assess(profile: Profile, as_of: date, evidence: Mapping[str, date]) -> Assessment:
    """Return the risk of what *profile* describes on the day *as_of*.

    *evidence* gives, for each control proven to work, the last day that proof holds; a day that has passed earns
    nothing. Without evidence the residual risk is the inherent risk.

    Raises:
        InvalidInputError: *evidence* names a control that does not exist, or the autonomy level is not 1 to 5.
    """
    if unknown := sorted(evidence.keys() - CONTROLS.keys()):
        raise InvalidInputError(
            f"unknown control `{unknown[0]}`; use one of: {', '.join(CONTROLS)}", controls=unknown
        )
    if not 1 <= profile.autonomy <= 5:
        raise InvalidInputError(f"autonomy `{profile.autonomy}` is not between 1 and 5")
    proven = {control: until for control, until in evidence.items() if as_of <= until}
    factors = tuple(_factor(category, profile, proven) for category in RiskCategory)
    overall = Overall(
        max(factor.inherent.level for factor in factors), max(factor.residual.level for factor in factors)
    )
    return Assessment(
        profile.agent,
        METHOD,
        factors,
        overall,
        overall.inherent >= RiskLevel.HIGH,
        _recommendations(factors),
        _input_digest(profile, as_of, evidence),
        as_of,
    )


def _factor(category: RiskCategory, profile: Profile, proven: Mapping[str, date]) -> Factor:
    fired: list[tuple[Rule, Driver]] = []
    for rule in RULES:
        if rule.category is category and (driver := _driver(rule, rule.holds(profile))):
            fired.append((rule, driver))
    drivers = [driver for _, driver in fired]
    likelihood = min(5, 1 + sum(driver.likelihood for driver in drivers))
    impact = min(5, 1 + sum(driver.impact for driver in drivers))
    controls = list(dict.fromkeys(control for rule, _ in fired for control in rule.controls))
    credited = [CONTROLS[control] for control in controls if control in proven]
    residual = rate(
        max(1, likelihood - sum(control.likelihood for control in credited)),
        max(1, impact - sum(control.impact for control in credited)),
    )
    mitigations = tuple(Mitigation(id, CONTROLS[id].text, proven.get(id)) for id in controls)
    return Factor(
        category, DESCRIPTIONS[category], rate(likelihood, impact), residual, tuple(drivers), mitigations
    )


def _driver(rule: Rule, holds: Truth) -> Driver | None:
    if holds is False:
        return None
    likelihood, impact = rule.raises if holds else rule.unstated
    because = rule.because if holds else f"not known from {rule.field}; counted as though {rule.because}"
    return Driver(because, rule.field, likelihood, impact, holds is True)


def _recommendations(factors: Sequence[Factor]) -> tuple[str, ...]:
    """Everything not yet proven for every factor above low: worst factor first, then in the order of the table."""
    above = [factor for factor in factors if factor.inherent.level > RiskLevel.LOW]
    ranked = sorted(above, key=lambda factor: (-factor.residual.score, -factor.inherent.score))
    return tuple(dict.fromkeys(_open(ranked)))


def _open(factors: Iterable[Factor]) -> Iterable[str]:
    for factor in factors:
        yield from (one.text for one in factor.mitigations if one.credited_until is None)


def _input_digest(profile: Profile, as_of: date, evidence: Mapping[str, date]) -> str:
    lapses = {control: until.isoformat() for control, until in evidence.items()}
    return digest(
        {
            "method": METHOD,
            "profile": dataclasses.asdict(profile),
            "as_of": as_of.isoformat(),
            "evidence": lapses,
        }
    )
