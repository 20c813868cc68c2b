"""How long each law says data must stay, and how long it may: two different things."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class DataCategory(StrEnum):
    """The guide's categories of data that an agent's operation leaves behind."""

    AGENT_LOGS = "agent_logs"
    CONVERSATION_HISTORY = "conversation_history"
    AUDIT_TRAILS = "audit_trails"
    TRAINING_DATA = "training_data"
    USER_PREFERENCES = "user_preferences"
    PII_DATA = "pii_data"
    ANALYTICS = "analytics"


@unique
class RetentionLaw(StrEnum):
    """The laws and standards that the guide's retention table names."""

    GDPR = "GDPR"
    HIPAA = "HIPAA"
    SOC2 = "SOC2"
    PCI_DSS = "PCI_DSS"


@unique
class DeletionMethod(StrEnum):
    """How data goes when its time is over, the mildest first."""

    STANDARD = "standard"
    SECURE_ERASE = "secure_erase"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one source says about one category. Days are whole days after the trigger.

    ``statutory`` is false where the number is the guide's or an auditor's practice and the source itself names none.
    """

    source: str
    category: DataCategory
    minimum_days: int | None
    maximum_days: int | None
    trigger: str
    basis: str
    statutory: bool


_C = DataCategory
_L = RetentionLaw

# The guide's table holds one number per cell and lets the longest win, as if all of them were minimums. Storage
# limitation is a maximum; documentation and log duties are minimums. Each number stands on its own side here.
RULES: tuple[Rule, ...] = (
    # GDPR names no number of days: these are the guide's, as the maxima that Art. 5(1)(e) makes a controller set.
    Rule(
        _L.GDPR,
        _C.PII_DATA,
        None,
        365,
        "last use for the purpose",
        "GDPR Art. 5(1)(e), 17(1)(a)",
        statutory=False,
    ),
    Rule(
        _L.GDPR,
        _C.CONVERSATION_HISTORY,
        None,
        90,
        "end of the conversation",
        "GDPR Art. 5(1)(e)",
        statutory=False,
    ),
    # Six years. The guide writes 2190 days, which is up to two leap days short of six calendar years.
    Rule(_L.HIPAA, _C.AUDIT_TRAILS, 2192, None, "creation", "45 CFR 164.316(b)(2)(i)", statutory=True),
    # The guide's reading: the rule itself keeps documentation, and leaves medical records to the states.
    Rule(
        _L.HIPAA, _C.PII_DATA, 2192, None, "last date in effect", "45 CFR 164.316(b)(2)(i)", statutory=False
    ),
    Rule(_L.SOC2, _C.AUDIT_TRAILS, 365, None, "creation", "AICPA TSC CC7.2", statutory=False),
    Rule(_L.SOC2, _C.AGENT_LOGS, 365, None, "creation", "AICPA TSC CC7.2", statutory=False),
    # Twelve months; the guide's 365 days miss one in a leap year.
    Rule(_L.PCI_DSS, _C.AUDIT_TRAILS, 366, None, "creation", "PCI DSS 4.0.1 Req. 10.5.1", statutory=True),
    # The three months that must be at hand at once; three calendar months have at most 92 days.
    Rule(_L.PCI_DSS, _C.AGENT_LOGS, 92, None, "creation", "PCI DSS 4.0.1 Req. 10.5.1", statutory=True),
)

METHOD: dict[DataCategory, DeletionMethod] = {
    category: DeletionMethod.SECURE_ERASE if category is _C.PII_DATA else DeletionMethod.STANDARD
    for category in _C
}
"""The guide's deletion method of each category."""

ARCHIVED = frozenset({_C.AUDIT_TRAILS, _C.TRAINING_DATA})
"""The categories that are archived before they are deleted."""
