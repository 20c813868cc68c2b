"""The kinds of evidence there are: what each shows, for how long, and who may not record it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from types import MappingProxyType


@unique
class EvidenceKind(StrEnum):
    """What a piece of evidence shows. The list is closed: what is not here answers no item of a checklist."""

    SECURITY_REVIEW = "security_review"
    PRIVACY_IMPACT_ASSESSMENT = "privacy_impact_assessment"
    INCIDENT_RESPONSE_PLAN = "incident_response_plan"
    RETENTION_POLICY = "retention_policy"
    MODEL_CARD = "model_card"
    TRANSPARENCY_DISCLOSURE = "transparency_disclosure"
    OPERATOR_TRAINING = "operator_training"
    INCIDENT_DRILL = "incident_drill"
    AUDIT_LOG_REVIEW = "audit_log_review"
    BIAS_TEST = "bias_test"
    MODEL_MONITORING = "model_monitoring"
    POLICY_REVIEW = "policy_review"
    REQUIREMENT = "requirement"
    ORGANISATION = "organisation"


@unique
class About(StrEnum):
    """What a piece of evidence must name, besides its agent."""

    NOTHING = "nothing"
    MODEL = "model"
    """A model the manifest declares; the agent itself where it declares none."""
    PERSON = "person"
    ARTICLE = "article"
    """The article whose duty it fulfils, as the classification writes it: ``Art 50(3)``."""
    NEED = "need"
    """What an obligation of a law needs, as `ephor agents compliance` writes it: ``documents.fria``."""


YEAR = timedelta(days=366)
QUARTER = timedelta(days=92)
MONTH = timedelta(days=31)
WEEK = timedelta(days=7)
"""The longest each of them can be, so that a calendar year, quarter or month never lapses before its last day."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """How evidence of one kind counts.

    ``independent``: not from the agent's owner nor from whoever wrote its manifest, because it judges their work.
    ``bound``: only for the configuration it was recorded for; a material change of the manifest ends it.
    """

    shows: str
    counts_for: timedelta
    """The longest it counts, from the day the thing was done."""
    independent: bool = False
    bound: bool = False
    about: About = About.NOTHING


_K = EvidenceKind
RULES: Mapping[EvidenceKind, KindRule] = MappingProxyType(
    {
        _K.SECURITY_REVIEW: KindRule("a security review", YEAR, independent=True, bound=True),
        # GDPR Art. 35(2): the controller carries it out and seeks the advice of the data protection officer.
        _K.PRIVACY_IMPACT_ASSESSMENT: KindRule("a privacy impact assessment", YEAR, independent=True, bound=True),
        _K.INCIDENT_RESPONSE_PLAN: KindRule("an incident response plan", YEAR),
        _K.RETENTION_POLICY: KindRule("a retention policy", YEAR),
        _K.MODEL_CARD: KindRule("a model card", YEAR, about=About.MODEL),
        _K.TRANSPARENCY_DISCLOSURE: KindRule("a transparency disclosure", YEAR, bound=True, about=About.ARTICLE),
        # The guide's intervals: operators are trained and incidents drilled annually, logs reviewed monthly, bias
        # tested quarterly. Monitoring is to be continuous; we take a week as the longest silence that still is.
        _K.OPERATOR_TRAINING: KindRule("a training", YEAR, about=About.PERSON),
        _K.INCIDENT_DRILL: KindRule("an incident drill", YEAR),
        _K.AUDIT_LOG_REVIEW: KindRule("a review of the audit log", MONTH, independent=True),
        _K.BIAS_TEST: KindRule("a bias test", QUARTER, independent=True, bound=True),
        _K.MODEL_MONITORING: KindRule("a report of model monitoring", WEEK, about=About.MODEL),
        _K.POLICY_REVIEW: KindRule("a review of policies", YEAR, independent=True),
        # What laws ask of one agent holds for the configuration looked at; what they ask of the organisation does not
        # change with it.
        _K.REQUIREMENT: KindRule("evidence of a requirement", YEAR, independent=True, bound=True, about=About.NEED),
        _K.ORGANISATION: KindRule("evidence of a requirement on the organisation", YEAR, independent=True,
                                  about=About.NEED),
    }
)  # fmt: skip
"""One rule for every kind."""
