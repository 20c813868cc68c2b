"""The one rule for items that rest on evidence: in the ledger, of the kind, current, and from somebody who may say so."""

from __future__ import annotations

from ephor.rooms.evidence.kinds import RULES, About, EvidenceKind
from ephor.rooms.evidence.record import Evidence, is_current, lapses, why_barred
from ephor.rooms.gate.facts import GateFacts, Recorded
from ephor.rooms.gate.finding import Exhibit, Finding, met, not_known, not_met


def judge_evidence(facts: GateFacts, kind: EvidenceKind, about: str | None = None) -> Finding:
    """Return whether evidence of *kind* (and *about*) counts on the day; the one that counts longest is named."""
    remedy = ask_for(facts, kind, about)
    subject = RULES[kind].shows + (f" of `{about}`" if about else "")
    recorded = [
        one
        for one in facts.evidence
        if one.record.kind is kind and one.record.about == about and one.entry is not None
    ]
    if not recorded:
        return not_known(f"nobody recorded {subject} by {facts.day.isoformat()}", remedy)
    good = [one for one in recorded if why_worthless(facts, one) is None]
    if not good:
        newest = max(recorded, key=lambda one: (one.record.at, one.record.id))
        return not_met(f"{subject} does not count: {why_worthless(facts, newest)}", remedy, _shown(newest))
    best = max(good, key=lambda one: (one.record.expires, one.record.id))
    return met(
        f"{subject} of {best.record.on.isoformat()}, recorded by `{best.record.recorded_by}`",
        _shown(best),
        lapses=lapses(best.record),
    )


def why_worthless(facts: GateFacts, found: Recorded[Evidence]) -> str | None:
    """Return why a piece of evidence does not count for the agent as it is on the day; None when it does."""
    evidence, agent = found.record, facts.agent.record
    if not is_current(evidence, facts.day):
        return f"it counts from {evidence.on.isoformat()} through {evidence.expires.isoformat()}"
    if RULES[evidence.kind].bound and evidence.material_digest != agent.material_digest:
        return "the manifest has changed since it was recorded"
    if evidence.recorded_by not in facts.people:
        return f"nobody is registered as `{evidence.recorded_by}`, who recorded it"
    # Asked again here: who owns the agent today need not have owned it then.
    return why_barred(evidence.kind, evidence.recorded_by, owner=agent.manifest.owner, authors=agent.authors)


def ask_for(facts: GateFacts, kind: EvidenceKind, about: str | None = None) -> str:
    """Return the command that records evidence of *kind*."""
    named = f' --about "{about}"' if about and RULES[kind].about is not About.NOTHING else ""
    who = " --as SOMEBODY_INDEPENDENT" if RULES[kind].independent else ""
    return f"ephor evidence add {facts.id} --kind {kind.value}{named} --file FILE{who}"


def _shown(found: Recorded[Evidence]) -> Exhibit:
    return found.shown(f"{found.record.kind.value}: {found.record.title}", found.record.id)
