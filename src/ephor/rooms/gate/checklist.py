"""The guide's two checklists: twelve items before deployment, eight ongoing, one check each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.rooms.gate import approval, assessment, control, impact, law, privacy, upkeep
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Exhibit, Finding, Status


@unique
class Checklist(StrEnum):
    """Which of the guide's two lists."""

    PRE_DEPLOYMENT = "pre-deployment"
    ONGOING = "ongoing"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the guide: its title there, what is looked up for it, and the check that judges it."""

    id: str
    title: str
    query: str
    judge: Callable[[GateFacts], Finding]


_BEFORE = (
    Item("risk-assessment-completed", "Risk assessment completed",
         "the newest assessment of the agent and its agent.assessed/1 entry", assessment.risk_assessment),
    Item("governance-approval-obtained", "Governance approval obtained",
         "the approval in force for this manifest and policy, its approval.approved/1 and review.submitted/1 entries",
         approval.governance_approval),
    Item("data-processing-registered", "Data processing registered (ROPA)",
         "the records of processing that name the agent and their ropa.registered/1 entries", privacy.data_processing),
    Item("privacy-impact-assessment-completed", "Privacy impact assessment completed",
         "the impact assessment in force and its impact.approved/1 entry, or evidence privacy_impact_assessment", impact.data_protection),
    Item("model-card-documented", "Model card documented",
         "evidence model_card for each model declared and its evidence.recorded/1 entry", upkeep.model_cards),
    Item("audit-logging-configured", "Audit logging configured",
         "the newest decision.made/1 entry of the agent and its proof under the signed head", control.audit_logging),
    Item("access-controls-implemented", "Access controls implemented",
         "the tools and roles declared, the roles there are and their role.added/1 entries", control.access_controls),
    Item("human-oversight-in-place", "Human oversight mechanism in place",
         "the oversight declared, the people named and their person.added/1 entries", control.human_oversight),
    Item("transparency-disclosures-ready", "Transparency disclosures ready",
         "the class kept and its agent.classified/1 entry, the AI Act pack on the day, the disclosure declared, "
         "evidence transparency_disclosure", law.transparency),
    Item("incident-response-plan-documented", "Incident response plan documented",
         "evidence incident_response_plan and its evidence.recorded/1 entry", upkeep.incident_response_plan),
    Item("retention-policies-configured", "Retention policies configured",
         "time limits in the records of processing that name the agent, or evidence retention_policy",
         privacy.retention_policies),
    Item("security-review-completed", "Security review completed",
         "the security review within the approval in force, or evidence security_review", approval.security_review),
)  # fmt: skip
_ONGOING = (
    Item("regular-risk-assessments", "Regular risk assessments (quarterly)",
         "the newest assessment of the agent and its agent.assessed/1 entry", assessment.regular_risk_assessment),
    Item("audit-log-reviews", "Audit log reviews (monthly)",
         "evidence audit_log_review and its evidence.recorded/1 entry; the signed head", control.audit_log_review),
    Item("model-performance-monitoring", "Model performance monitoring (continuous)",
         "the newest observation of each model declared and its model.observed/1 entry, or evidence model_monitoring and "
         "its evidence.recorded/1 entry",
         upkeep.model_monitoring),
    Item("bias-testing", "Bias testing (quarterly)",
         "the newest bias test of each model declared and its model.bias-tested/1 entry, or evidence bias_test and its "
         "evidence.recorded/1 entry", upkeep.bias_testing),
    Item("data-subject-request-handling", "Data subject request handling (as needed)",
         "every data subject request, matched with every dsr.received/1 entry", privacy.subject_requests),
    Item("policy-updates", "Policy updates (as regulations change)",
         "the class kept and its agent.classified/1 entry, and the AI Act pack on the day", law.policy_updates),
    Item("operator-training", "Training for operators (annually)",
         "evidence operator_training for each person of the oversight declared", upkeep.operator_training),
    Item("incident-response-drills", "Incident response drills (annually)",
         "evidence incident_drill and its evidence.recorded/1 entry; open incidents that name the agent, and every "
         "incident.opened/1 entry", upkeep.incident_drills),
)  # fmt: skip

ITEMS: Mapping[Checklist, tuple[Item, ...]] = MappingProxyType(
    {Checklist.PRE_DEPLOYMENT: _BEFORE, Checklist.ONGOING: _ONGOING}
)
"""Every item of the guide, in its order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One item with its finding; the fields are public, in the command line's JSON and in the library alike."""

    id: str
    title: str
    status: Status
    because: str
    evidence: tuple[Exhibit, ...]
    lapses: date | None
    query: str
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole checklist, answered. There is no score: one item that is not met is a list that is not passed."""

    agent: str
    checklist: Checklist
    as_of: date
    passed: bool
    items: tuple[Answer, ...]


def judge(checklist: Checklist, facts: GateFacts) -> Report:
    """Return every item's answer, in the guide's order; passed only if each one is met."""
    items = tuple(_answer(item, item.judge(facts)) for item in ITEMS[checklist])
    return Report(facts.id, checklist, facts.day, all(one.status is Status.MET for one in items), items)


def _answer(item: Item, found: Finding) -> Answer:
    return Answer(
        item.id,
        item.title,
        found.status,
        found.because,
        found.evidence,
        found.lapses,
        item.query,
        found.remedy,
    )
