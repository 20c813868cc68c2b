"""Chapter 4: approval is asked for and reviewed; roles, four eyes and final rejections hold."""

from __future__ import annotations

from pathlib import Path

from ephor.demo.stage import RANKER, SUPPORT, Stage
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Call
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.checklist import Checklist


def review_agents(stage: Stage) -> None:
    """Chapter 4: one agent becomes active, another stays rejected, and the gate is shown before and after."""
    plane, tell = stage.plane, stage.tell
    tell.chapter("Approval: people with the role, never one's own, and a rejection is final")
    early = plane.decide(Call(SUPPORT, "customer_lookup", {"id": 7}))
    tell.no(
        f"the agent tries to start early: {early.outcome.value}, {'; '.join(one.text for one in early.reasons)}"
    )
    before = show_gate(stage, "before")
    record_evidence(stage)
    asked = plane.approvals.request(
        SUPPORT, "answers order questions, with refunds above 50.00 left to people", by="eve"
    )
    tell.ask(
        f"{asked.id}: eve asks to have {SUPPORT} approved; reviews needed: {', '.join(asked.required_reviews)}"
    )
    stage.refused(
        "security review by eve, who holds the role but requested and owns it",
        lambda: plane.approvals.submit_review(
            asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="eve", notes="mine"
        ),
    )
    plane.approvals.submit_review(
        asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam", notes="tools are narrow, refunds are capped"
    )
    done = plane.approvals.submit_review(
        asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia", notes="record complete, results masked"
    )
    agent = plane.agents.show(SUPPORT)
    tell.good(
        f"sam and pia approve exactly {agent.digest[:23]}…: {SUPPORT} is {agent.status.value} until {done.expires_at:%Y-%m-%d}"
    )
    rejected = plane.approvals.request(RANKER, "saves recruiters an hour a day", by="eve")
    plane.approvals.submit_review(
        rejected.id, ReviewType.ETHICS, Verdict.REJECT, by="eti", notes="no test for bias yet"
    )
    tell.no(f"{rejected.id}: eti rejects {RANKER}: no test for bias yet")
    stage.refused(
        "a favourable review after the rejection",
        lambda: plane.approvals.submit_review(
            rejected.id, ReviewType.LEGAL, Verdict.APPROVE, by="leo", notes="fine by me"
        ),
    )
    after = show_gate(stage, "after")
    tell.keep(
        gate_before=before,
        gate_after=after,
        support=agent.status.value,
        ranker=plane.approvals.show(rejected.id).status.value,
    )


def record_evidence(stage: Stage) -> None:
    """Record what the gate asks for and no register holds: documents, by their digest, from people who may."""
    kinds = (
        (EvidenceKind.PRIVACY_IMPACT_ASSESSMENT, "privacy-impact-assessment.md", "pia", None),
        (EvidenceKind.INCIDENT_RESPONSE_PLAN, "incident-response-plan.md", "ola", None),
        (EvidenceKind.MODEL_CARD, "model-card.md", "val", "shop-support-llm@2026-10"),
    )
    for kind, name, by, about in kinds:
        content = Path(stage.example(f"evidence/{name}")).read_bytes()
        kept = stage.plane.evidence.record(SUPPORT, kind, name, by=by, content=content, about=about)
        stage.tell.did(f"{by} records {name}, {(kept.digest or '')[:23]}…")


def show_gate(stage: Stage, when: str) -> dict[str, int]:
    """Tell how the deployment gate answers, and return how many items stand where."""
    result = stage.plane.gate.check(SUPPORT, Checklist.PRE_DEPLOYMENT)
    counts = {
        status: sum(item.status.value == status for item in result.items)
        for status in ("met", "not_met", "not_known")
    }
    tell = stage.tell
    (tell.good if result.passed else tell.did)(
        f"gate {when} the reviews: {counts['met']} met, {counts['not_met']} not met, {counts['not_known']} not known: "
        f"{'passed' if result.passed else 'not passed'}"
    )
    if when == "after":
        for item in result.items:
            if item.status.value != "met":
                tell.ask(f"   {item.title}: {item.because}")
    return counts
