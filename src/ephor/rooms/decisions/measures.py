"""What an agent's class under the law demands at run time, beside its use case's policy."""

from __future__ import annotations

from dataclasses import dataclass

from ephor.rooms.policies.governance import GovernancePolicy, MonitoringLevel

HALF_A_YEAR = 184
"""Days of the longest six months: what Articles 19(1) and 26(6) of the AI Act ask for at the least."""
_LENIENT = frozenset({"limited", "minimal", "out_of_scope"})


@dataclass(frozen=True, slots=True)
class Measures:
    """What is done because of a class. ``notices`` are what people must be told."""

    monitoring_level: MonitoringLevel
    human_oversight: bool
    """Whether a person must agree to whatever does more than read (AI Act, Articles 14 and 26(2))."""
    retention_days: int
    notices: tuple[str, ...] = ()


def measures_for(category: str | None, notices: tuple[str, ...] = (), *, signed: bool = True) -> Measures:
    """Return what a class demands; one that is not known, or that no reviewer signed, demands what high risk does.

    >>> measures_for("minimal").human_oversight, measures_for("high").human_oversight, measures_for(None).human_oversight
    (False, True, True)
    >>> measures_for("minimal", signed=False).monitoring_level.value
    'enhanced'
    """
    if signed and category in _LENIENT:
        return Measures(MonitoringLevel.STANDARD, False, 0, notices)
    return Measures(MonitoringLevel.ENHANCED, True, HALF_A_YEAR, notices)


def combined(policy: GovernancePolicy, measures: Measures) -> Measures:
    """Return the stricter of a use case's policy and what the class demands, in everything.

    >>> from ephor.rooms.policies.governance import POLICIES
    >>> from ephor.kernel.vocabulary import UseCase
    >>> both = combined(POLICIES[UseCase.CUSTOMER_SERVICE], measures_for("high"))
    >>> both.monitoring_level.value, both.human_oversight, both.retention_days
    ('enhanced', True, 184)
    """
    return Measures(
        max(policy.monitoring_level, measures.monitoring_level),
        policy.requires_human_approval or measures.human_oversight,
        max(policy.retention_days, measures.retention_days),
        measures.notices,
    )
