"""The checks on the law: the class is today's, and people are told what it demands."""

from __future__ import annotations

from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.approval import prohibited
from ephor.rooms.gate.control import manifest_of, unbacked
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts, Law, is_prohibited
from ephor.rooms.gate.finding import Exhibit, Finding, Status, met, not_known, not_met, together

_INTERACTION = "Art 50(1)"


def transparency(facts: GateFacts) -> Finding:
    """Return whether people are told what the agent's class demands (AI Act, Articles 50 and 26(11)).

    What they are told at first contact stands in the manifest; every other duty of this operator takes evidence.
    """
    if is_prohibited(facts):
        return prohibited(facts)
    if lacking := unbacked(facts):
        return lacking
    classified = _classified(facts)
    if facts.law is None or classified.status is not Status.MET:
        return classified
    duties = _duties(facts, facts.law)
    if not duties:
        return met(f"class {facts.law.category} brings no duty to tell people", *classified.evidence)
    return together([classified, *duties])


def policy_updates(facts: GateFacts) -> Finding:
    """Return whether the class kept for the agent is of today's pack and still what that pack says."""
    if is_prohibited(facts):
        return prohibited(facts)
    remedy = f"ephor classify {facts.id}"
    kept = facts.classification
    if kept is not None and kept.entry is not None and facts.law is not None:
        exhibit = kept.shown("classification", kept.record.id)
        if kept.record.pack_digest != facts.law.pack_digest:
            return not_met(
                "the pack of the AI Act has changed since the agent was classified", remedy, exhibit
            )
        if kept.record.digest != facts.agent.record.material_digest:
            return not_met("the manifest has changed since the agent was classified", remedy, exhibit)
        if _differs(facts, facts.law):
            return not_met(
                f"kept as {kept.record.category} for {kept.record.as_of.isoformat()}; "
                f"on {facts.day.isoformat()} it is {facts.law.category}",
                remedy,
                exhibit,
            )
    return _classified(facts)


def classified(facts: GateFacts) -> Finding:
    """Return whether the class kept for this manifest is known, recorded, and what today's pack says."""
    return _classified(facts)


def told(facts: GateFacts) -> Finding:
    """Return whether the manifest says that people are told at first contact (AI Act, Article 50(1))."""
    return unbacked(facts) or _told(facts, _INTERACTION)


def _classified(facts: GateFacts) -> Finding:
    """Return whether the class kept for this manifest is known, recorded, and what today's pack says."""
    remedy = f"ephor classify {facts.id}"
    kept, law = facts.classification, facts.law
    if law is None:
        return not_known(
            "the manifest's facts cannot be judged", "correct `facts`, then: ephor agents register FILE"
        )
    if kept is None or kept.entry is None or kept.record.digest != facts.agent.record.material_digest:
        return not_known(f"no class of this manifest is recorded by {facts.day.isoformat()}", remedy)
    exhibit = kept.shown("classification", kept.record.id)
    if law.category == "needs_review":
        return not_known(
            f"the class is not known; not stated: {', '.join(law.missing_facts)}",
            "state these facts in the manifest, then: ephor agents register FILE",
            exhibit,
        )
    if kept.record.pack_digest != law.pack_digest or _differs(facts, law):
        return not_known(
            f"the class kept is not what the pack says for {facts.day.isoformat()}", remedy, exhibit
        )
    if kept.record.signed_by is None or facts.signed is None:
        return not_known(
            f"no reviewer signed off class {law.category} by {facts.day.isoformat()}",
            f"ephor agents sign-class {facts.id} --category {law.category} --as REVIEWER",
            exhibit,
        )
    signed = Exhibit("class signed off", kept.record.id, facts.signed.id, facts.signed.at.date())
    return met(
        f"class {law.category} by the pack in use, signed off by `{kept.record.signed_by}`", exhibit, signed
    )


def _differs(facts: GateFacts, law: Law) -> bool:
    kept = facts.classification
    if kept is None:
        return True
    duties = tuple(sorted({notice.article for notice in law.notices}))
    return (
        kept.record.category != law.category or tuple(sorted(set(kept.record.transparency_duties))) != duties
    )


def _duties(facts: GateFacts, law: Law) -> list[Finding]:
    role = facts.agent.record.manifest.operator_role.value
    articles = {notice.article for notice in law.notices if notice.who == role} - {_INTERACTION}
    # The provider designs the notice of Art 50(1), but whoever runs the agent shows it: asked of every operator.
    asked = [_INTERACTION] if any(notice.article == _INTERACTION for notice in law.notices) else []
    if law.category == "high":
        asked.append("Art 26(11)")
    told = [_told(facts, " and ".join(asked))] if asked else []
    return told + [
        judge_evidence(facts, EvidenceKind.TRANSPARENCY_DISCLOSURE, article) for article in sorted(articles)
    ]


def _told(facts: GateFacts, articles: str) -> Finding:
    remedy = "state `disclosure` with tells_people and a notice, then: ephor agents register FILE"
    disclosure = facts.agent.record.manifest.disclosure
    if disclosure is None:
        return not_known(f"the manifest does not say how people are told ({articles})", remedy)
    if not disclosure.tells_people or not disclosure.notice.strip():
        return not_met(
            f"people are not told that they deal with an AI system ({articles})", remedy, manifest_of(facts)
        )
    return met(f"people are told at first contact ({articles})", manifest_of(facts))
