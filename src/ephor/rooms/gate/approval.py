"""The checks on approval: governance, and the security review within it."""

from __future__ import annotations

from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus, Verdict, pending_reviews
from ephor.rooms.approvals.standing import approval_in_force, has_run_out, is_bound_to
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts, Recorded, is_prohibited
from ephor.rooms.gate.finding import Exhibit, Finding, met, not_known, not_met

_STOPPED = {
    AgentStatus.SUSPENDED: "ephor agents resume {id} --reason WHY",
    AgentStatus.RETIRED: "register its successor under another id: ephor agents register FILE",
}


def governance_approval(facts: GateFacts) -> Finding:
    """Return whether an approval of exactly this agent is in force and nobody stopped it."""
    if is_prohibited(facts):
        return prohibited(facts)
    agent = facts.agent.record
    if agent.status in _STOPPED:
        return not_met(
            f"the agent is {agent.status.value}: {agent.status_reason}",
            _STOPPED[agent.status].format(id=facts.id),
        )
    if holding := _in_force(facts):
        asked = holding.record
        until = asked.expires_at.date() if asked.expires_at else None
        return met(
            f"approved as {asked.id} under {asked.use_case.value}", *_shown(facts, holding), lapses=until
        )
    return _without(facts)


def security_review(facts: GateFacts) -> Finding:
    """Return whether security reviewed exactly this agent: in the approval in force, or as independent evidence."""
    holding = _in_force(facts)
    if holding is not None and (exhibit := _review_shown(facts, holding.record, ReviewType.SECURITY)):
        until = holding.record.expires_at
        return met(
            f"security approved it within {holding.record.id}",
            exhibit,
            lapses=until.date() if until else None,
        )
    rejected = _rejected_by_security(facts)
    if rejected is not None:
        return rejected
    return judge_evidence(facts, EvidenceKind.SECURITY_REVIEW)


def prohibited(facts: GateFacts) -> Finding:
    """Return that nothing can let this agent pass (AI Act, Article 5)."""
    articles = ", ".join(facts.law.articles) if facts.law else ""
    return not_met(
        f"the agent is a prohibited practice ({articles or 'Art 5'}); it can never be approved",
        f"do not deploy it; retire it: ephor agents retire {facts.id} --reason WHY",
    )


def _in_force(facts: GateFacts) -> Recorded[ApprovalRequest] | None:
    """Return the approval in force, if the ledger says so too."""
    backed = {one.record.id: one for one in facts.requests if one.entry is not None}
    found = approval_in_force(
        facts.agent.record,
        [one.record for one in backed.values()],
        {facts.policy.use_case: facts.policy},
        facts.at,
    )
    return backed[found.id] if found else None


def _without(facts: GateFacts) -> Finding:
    """Return what stands instead of an approval: a request under review, one that ended, or none."""
    ask = f"ephor approvals request {facts.id} --justification WHY"
    bound = [one for one in facts.requests if is_bound_to(one.record, facts.agent.record, facts.policy)]
    if not bound:
        if facts.requests:
            return not_met("the manifest or the policy has changed since approval was asked for", ask)
        return not_known("nobody asked for approval", ask)
    last = max(bound, key=lambda one: (one.record.requested_at, one.record.id)).record
    if last.status is RequestStatus.PENDING:
        missing = pending_reviews(last)
        return not_known(
            f"{last.id} is under review; it awaits: {', '.join(missing)}",
            f"ephor reviews submit {last.id} --type {missing[0].value} --decision approve --as REVIEWER",
        )
    if last.status is RequestStatus.APPROVED and not has_run_out(last, facts.at):
        return not_known(
            f"the ledger has no entry for {last.id} by {facts.day.isoformat()}", "ephor ledger verify"
        )
    ended = "expired" if last.status is RequestStatus.APPROVED else last.status.value
    return not_met(f"{last.id} is {ended}", ask)


def _rejected_by_security(facts: GateFacts) -> Finding | None:
    """Return that security said no to exactly this agent, if that is its last word."""
    said = [
        (given.at, one.record, given)
        for one in facts.requests
        if is_bound_to(one.record, facts.agent.record, facts.policy)
        for given in one.record.reviews
        if given.type is ReviewType.SECURITY
    ]
    if not said:
        return None
    _, asked, given = max(said, key=lambda one: (one[0], one[1].id))
    exhibit = _review_shown(facts, asked, ReviewType.SECURITY, Verdict.REJECT)
    if exhibit is None:
        return None
    return not_met(
        f"`{given.reviewer}` rejected it within {asked.id}: {given.notes}",
        f"change what was found, then: ephor approvals request {facts.id} --justification WHY",
        exhibit,
    )


def _shown(facts: GateFacts, holding: Recorded[ApprovalRequest]) -> tuple[Exhibit, ...]:
    asked = holding.record
    reviews = [_review_shown(facts, asked, one.type) for one in asked.reviews]
    return (holding.shown("approval", asked.id), *(one for one in reviews if one))


def _review_shown(
    facts: GateFacts, asked: ApprovalRequest, type: ReviewType, verdict: Verdict = Verdict.APPROVE
) -> Exhibit | None:
    given = next((one for one in asked.reviews if one.type is type and one.decision is verdict), None)
    if given is None:
        return None
    several = sum(one.type is type for one in asked.reviews) > 1
    key = f"{asked.id}/{type.value}"
    entry = facts.reviews.get(f"{key}/{given.reviewer}" if several else key)
    if entry is None:
        return None
    return Exhibit(f"{type.value} review by {given.reviewer}", asked.id, entry.id, entry.at.date())
