"""The kinds of documents there are: what each is about, how often it is written anew, and who may approve it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.rooms.access.people import PlanePermission
from ephor.rooms.evidence.kinds import QUARTER, YEAR, EvidenceKind


@unique
class DocumentKind(StrEnum):
    """The guide's six documents, and those that laws and standards ask for."""

    SYSTEM_DESCRIPTION = "system_description"
    RISK_ASSESSMENT = "risk_assessment"
    PROCESSING_RECORDS = "processing_records"
    MODEL_CARD = "model_card"
    INCIDENT_REPORT = "incident_report"
    AUDIT_REPORT = "audit_report"
    TECHNICAL_DOCUMENTATION = "technical_documentation"
    DECLARATION_OF_CONFORMITY = "declaration_of_conformity"
    FRIA = "fria"
    DPIA = "dpia"
    STATEMENT_OF_APPLICABILITY = "statement_of_applicability"


@unique
class Subject(StrEnum):
    """What a kind of document is about."""

    AGENT = "agent"
    MODEL = "model"
    INCIDENT = "incident"
    ORGANISATION = "organisation"
    """The whole plane: its subject is named `all`."""


ALL = "all"
"""The subject of a document on the whole organisation."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """What holds for one kind. ``every`` is the longest that an approved one counts; None: until something changes."""

    title: str
    purpose: str
    about: Subject
    frequency: str
    every: timedelta | None
    approvers: tuple[PlanePermission, ...]
    """One of these permissions is enough."""
    cite: str = ""
    evidence: EvidenceKind | None = None
    """What an approved one without gaps is evidence of, for the gate and for the laws' obligations. Impact assessments
    are looked at themselves, whether a document says them or not."""
    need: str | None = None
    """The need that the evidence names, where its kind asks for one; a card names its model."""


_D, _P, _E = DocumentKind, PlanePermission, EvidenceKind
_REVIEWERS = (_P.REVIEW_SECURITY, _P.REVIEW_PRIVACY, _P.REVIEW_ETHICS, _P.REVIEW_LEGAL, _P.REVIEW_EXECUTIVE)
RULES: Mapping[DocumentKind, KindRule] = MappingProxyType(
    {
        # The guide's table: purpose and update frequency of each of its six.
        _D.SYSTEM_DESCRIPTION: KindRule(
            "System description", "technical architecture, data flows", Subject.AGENT, "on major changes", None, _REVIEWERS,
        ),
        _D.RISK_ASSESSMENT: KindRule(
            "Risk assessment", "risk identification and mitigations", Subject.AGENT, "annually or on changes", YEAR,
            (_P.RISK_ACCEPT,),
        ),
        _D.PROCESSING_RECORDS: KindRule(
            "Records of processing activities", "ROPA for GDPR compliance", Subject.ORGANISATION, "continuous", None,
            (_P.REVIEW_PRIVACY,), cite="GDPR Art. 30",
        ),
        _D.MODEL_CARD: KindRule(
            "Model card", "model capabilities, limitations, bias", Subject.MODEL, "per model version", None,
            (_P.MODELS_APPROVE,), evidence=_E.MODEL_CARD,
        ),
        _D.INCIDENT_REPORT: KindRule(
            "Incident report", "security or safety incidents", Subject.INCIDENT, "per incident", None,
            (_P.REVIEW_SECURITY, _P.REVIEW_LEGAL, _P.REVIEW_PRIVACY, _P.REVIEW_EXECUTIVE),
        ),
        _D.AUDIT_REPORT: KindRule(
            "Audit report", "compliance verification", Subject.ORGANISATION, "quarterly or annually", QUARTER,
            (_P.REVIEW_SECURITY, _P.REVIEW_LEGAL, _P.REVIEW_EXECUTIVE),
        ),
        # Art. 11(1): drawn up before placing on the market and kept up to date.
        _D.TECHNICAL_DOCUMENTATION: KindRule(
            "Technical documentation", "shows that a high-risk AI system meets the Act", Subject.AGENT, "on changes", None,
            (_P.REVIEW_SECURITY, _P.REVIEW_LEGAL), cite="AI Act Art. 11, Annex IV", evidence=_E.REQUIREMENT,
            need="documents.technical-documentation",
        ),
        # Art. 47(1) and (4): signed by the provider, who takes responsibility, and kept up to date.
        _D.DECLARATION_OF_CONFORMITY: KindRule(
            "EU declaration of conformity", "declares that the requirements are met", Subject.AGENT, "on changes", None,
            (_P.REVIEW_EXECUTIVE, _P.REVIEW_LEGAL), cite="AI Act Art. 47, Annex V", evidence=_E.REQUIREMENT,
            need="documents.declaration-of-conformity",
        ),
        # Art. 27(2): before first use; updated when an element changed or is no longer up to date. The year is ours.
        _D.FRIA: KindRule(
            "Fundamental rights impact assessment", "impact on fundamental rights before first use", Subject.AGENT,
            "on changes, and annually", YEAR, (_P.IMPACT_APPROVE,), cite="AI Act Art. 27",
        ),
        # Art. 35(11): reviewed at least when the risk changes. The year is ours.
        _D.DPIA: KindRule(
            "Data protection impact assessment", "risk of the processing to people", Subject.AGENT,
            "on changes, and annually", YEAR, (_P.IMPACT_APPROVE,), cite="GDPR Art. 35",
        ),
        # ISO/IEC 42001, clause 6.1.3. The year is ours.
        _D.STATEMENT_OF_APPLICABILITY: KindRule(
            "Statement of applicability", "which controls of Annex A apply, and why", Subject.AGENT,
            "on changes, and annually", YEAR, (_P.REVIEW_EXECUTIVE, _P.REVIEW_ETHICS), cite="ISO/IEC 42001, clause 6.1.3",
            evidence=_E.ORGANISATION, need="org.statement-of-applicability",
        ),
    }
)  # fmt: skip
"""One rule for every kind."""
