"""What shows that a need of an obligation is met: a check over what is recorded, or evidence of that very need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.dsr.request import RequestStatus
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate import approval, assessment, control, impact, law, privacy, upkeep
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Exhibit, Finding, Status, met, not_known, not_met, together

Check = Callable[[GateFacts], Finding]
ORGANISATION = "org."
"""How a need begins that the organisation meets as a whole, whatever becomes of the agent's manifest."""


def judge_need(facts: GateFacts, need: str) -> Finding:
    """Return whether *need* is met: by its own check, or else by evidence that somebody independent recorded of it."""
    check = CHECKS.get(need)
    if check is not None:
        return check(facts)
    kind = EvidenceKind.ORGANISATION if need.startswith(ORGANISATION) else EvidenceKind.REQUIREMENT
    return judge_evidence(facts, kind, need)


def _reviewed(check: Check) -> Check:
    """What only the manifest says is an assertion of whoever wrote it: it counts once reviewers have approved it."""

    def judged(facts: GateFacts) -> Finding:
        found = check(facts)
        return (
            found
            if found.status is not Status.MET
            else together([found, approval.governance_approval(facts)])
        )

    return judged


def _registered(facts: GateFacts) -> Finding:
    lacking = control.unbacked(facts)
    return lacking or met("the agent is in the inventory, with its manifest", control.manifest_of(facts))


def _log_holds(facts: GateFacts) -> Finding:
    log = facts.log
    if log.holds is not True:
        judged = not_met if log.holds is False else not_known
        return judged(log.problem, "stop, call a person, and run: ephor ledger verify")
    whole = Exhibit("signed head of the ledger", f"{log.origin}@{log.size}", None, facts.day)
    return met(f"the ledger holds under its signed head of {log.size} entries", whole)


def _stopped(facts: GateFacts) -> Finding:
    agent = facts.agent.record
    lacking = control.unbacked(facts)
    if lacking:
        return lacking
    if agent.status in (AgentStatus.SUSPENDED, AgentStatus.RETIRED):
        return met(f"the agent is {agent.status.value} and may not act", control.manifest_of(facts))
    return not_met(f"the agent is {agent.status.value}", f"ephor agents retire {facts.id} --reason WHY")


def _reasons(facts: GateFacts) -> Finding:
    """Every decision is recorded with its reasons; that they reach the person takes evidence."""
    return together(
        [control.audit_logging(facts), judge_evidence(facts, EvidenceKind.REQUIREMENT, "decisions.reasons")]
    )


def _requests(facts: GateFacts) -> Finding:
    """An empty register shows that nothing is late, and not that anybody could answer: that takes an answer, or evidence."""
    found = privacy.subject_requests(facts)
    answered = any(
        one.record.status is RequestStatus.FULFILLED and one.entry for one in facts.register.requests
    )
    if found.status is not Status.MET or answered:
        return found
    return together(
        [found, judge_evidence(facts, EvidenceKind.ORGANISATION, "org.subject-request-procedure")]
    )


def _disclosed(article: str) -> Check:
    def judged(facts: GateFacts) -> Finding:
        return judge_evidence(facts, EvidenceKind.TRANSPARENCY_DISCLOSURE, article)

    return judged


def _interaction(facts: GateFacts) -> Finding:
    """Ephor hands the declared notice out with every decision; what it says was approved, or is shown by evidence."""
    shown = _disclosed("Art 50(1)")(facts)
    return shown if shown.status is Status.MET else _reviewed(law.told)(facts)


def _policies(facts: GateFacts) -> Finding:
    return together([approval.governance_approval(facts), judge_evidence(facts, EvidenceKind.POLICY_REVIEW)])


def _class_signed(facts: GateFacts) -> Finding:
    return law.classified(facts)


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "agent.registered": _registered,
        "agent.stopped": _stopped,
        "class.signed-off": _class_signed,
        "risk.assessed": assessment.risk_assessment,
        "ledger.enabled": control.audit_logging,
        "ledger.verified": _log_holds,
        "ledger.exportable": _log_holds,
        "ledger.reviewed": control.audit_log_review,
        "access.controlled": control.access_controls,
        "oversight.assigned": _reviewed(control.human_oversight),
        "oversight.stop-drilled": upkeep.incident_drills,
        "training.recorded": upkeep.operator_training,
        "governance.approved": approval.governance_approval,
        "governance.policies": _policies,
        "policies.assigned": approval.governance_approval,
        "security.reviewed": approval.security_review,
        "privacy.assessed": impact.data_protection,
        "documents.dpia": impact.data_protection,
        "documents.fria": impact.fundamental_rights,
        "documents.prior-consultation": impact.prior_consultation,
        "ropa.registered": privacy.data_processing,
        "retention.configured": privacy.retention_policies,
        "dsr.handled": _requests,
        "models.card": upkeep.model_cards,
        "models.monitored": upkeep.model_monitoring,
        "bias.tested": upkeep.bias_testing,
        "incidents.plan": upkeep.incident_response_plan,
        "incidents.reporting": upkeep.incident_response_plan,
        "decisions.reasons": _reasons,
        "disclosure.interaction": _interaction,
        "disclosure.marking": _disclosed("Art 50(2)"),
        "disclosure.emotion": _disclosed("Art 50(3)"),
        "disclosure.deepfake": _disclosed("Art 50(4)"),
        "disclosure.text": _disclosed("Art 50(4)"),
    }
)
"""Needs that Ephor can see by itself. Every other takes evidence of kind `requirement` or `organisation` that names it."""
