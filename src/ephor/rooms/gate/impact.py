"""The checks on impact assessments: one in force counts; one that waits, was rejected or no longer holds does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts, Recorded
from ephor.rooms.gate.finding import Exhibit, Finding, Status, met, not_known, not_met
from ephor.rooms.impact.assessment import ImpactAssessment, ImpactKind, stays_high
from ephor.rooms.impact.steps import Standing, processing_of, stands

_NAMES = {
    ImpactKind.DPIA: "data protection impact assessment",
    ImpactKind.FRIA: "fundamental rights impact assessment",
}


def in_force(facts: GateFacts, kind: ImpactKind) -> list[Recorded[ImpactAssessment]]:
    """Return the assessments of a kind that count for the agent as it is on the day."""
    return [one for one in _of(facts, kind) if _standing(facts, one)[0] is Standing.IN_FORCE]


def data_protection(facts: GateFacts) -> Finding:
    """Return whether the impact on data protection was assessed for this configuration (GDPR Art. 35)."""
    return _judged(facts, ImpactKind.DPIA, EvidenceKind.PRIVACY_IMPACT_ASSESSMENT, None)


def fundamental_rights(facts: GateFacts) -> Finding:
    """Return whether the impact on fundamental rights was assessed, and the authority notified (AI Act Art. 27)."""
    found = _judged(facts, ImpactKind.FRIA, EvidenceKind.REQUIREMENT, "documents.fria")
    kept = in_force(facts, ImpactKind.FRIA)
    if found.status is not Status.MET or not kept or any(one.record.notified for one in kept):
        return found
    newest = kept[-1]
    return not_met(
        f"`{newest.record.id}` is in force, and nobody recorded that the authority was notified (Art. 27(3))",
        f"ephor fria notify {newest.record.id} --authority NAME",
        _shown(newest),
    )


def prior_consultation(facts: GateFacts) -> Finding:
    """Return whether the authority was asked where a high risk remains (GDPR Art. 36)."""
    kept = [one for one in in_force(facts, ImpactKind.DPIA) if stays_high(one.record.content)]
    asked = [one for one in kept if one.record.consultation is not None]
    if asked:
        return met(f"the authority was consulted on `{asked[-1].record.id}`", _shown(asked[-1]))
    return judge_evidence(facts, EvidenceKind.REQUIREMENT, "documents.prior-consultation")


def _judged(facts: GateFacts, kind: ImpactKind, evidence: EvidenceKind, about: str | None) -> Finding:
    if kept := in_force(facts, kind):
        best = max(kept, key=lambda one: (_until(one), one.record.id))
        lapses = (
            best.record.verdict.until + timedelta(1)
            if best.record.verdict and best.record.verdict.until
            else None
        )
        return met(f"{_NAMES[kind]}: {_standing(facts, best)[1]}", _shown(best), lapses=lapses)
    by_file = judge_evidence(facts, evidence, about)
    newest = max(_of(facts, kind), key=lambda one: (one.record.recorded_at, one.record.id), default=None)
    if newest is None:
        first = f"ephor {kind.value} record FILE; or what was assessed elsewhere: "
        return by_file if by_file.remedy is None else replace(by_file, remedy=first + by_file.remedy)
    standing, because = _standing(facts, newest)
    refused = standing is Standing.REJECTED and newest.record.material == facts.agent.record.material_digest
    if by_file.status is Status.MET and not refused:
        return by_file
    told = f"{_NAMES[kind]} `{newest.record.id}`: {because}"
    remedy = f"ephor {kind.value} show {newest.record.id}; or anew: ephor {kind.value} record FILE"
    if newest.entry is None:
        return not_known(f"the ledger does not bear out `{newest.record.id}`", "ephor ledger verify")
    return not_met(told, remedy, _shown(newest))


def _of(facts: GateFacts, kind: ImpactKind) -> list[Recorded[ImpactAssessment]]:
    return [one for one in facts.impacts if one.record.kind is kind]


def _standing(facts: GateFacts, one: Recorded[ImpactAssessment]) -> tuple[Standing, str]:
    processing = processing_of(each.record for each in facts.processing)
    found = stands(one.record, facts.agent.record.material_digest, processing, facts.day)
    if found.standing is Standing.IN_FORCE:
        verdict = one.record.verdict
        if one.entry is None or verdict is None or verdict.at > facts.at:
            return Standing.WAITS_FOR_APPROVAL, "no entry of the ledger by that day says that it was approved"
        agent = facts.agent.record
        if verdict.by == agent.manifest.owner or verdict.by in agent.authors:
            return Standing.REOPENED, f"`{verdict.by}`, who approved it, has a part in the agent now"
    return found.standing, found.because


def _until(one: Recorded[ImpactAssessment]) -> str:
    verdict = one.record.verdict
    return verdict.until.isoformat() if verdict and verdict.until else ""


def _shown(one: Recorded[ImpactAssessment]) -> Exhibit:
    return one.shown(f"{_NAMES[one.record.kind]}: {one.record.content.title}", one.record.id)
