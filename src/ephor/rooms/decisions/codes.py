"""Every reason the ceiling can give, by its public code. A code is never reused for another meaning."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ephor.rooms.policies.rulings import REASONS as RULE_REASONS

AGAINST: Mapping[str, str] = MappingProxyType(
    {
        "opted-out-sale": "the person opted out of the sale of their data",
        "opted-out-sharing": "the person opted out of the sharing of their data for advertising",
        "opted-out-targeted-advertising": "the person opted out of targeted advertising",
        "opted-out-sensitive-use": "the person limited the use of their sensitive data",
        "minor-not-opted-in": "the person may be under 16, and nobody who may opted in (Cal. Civ. Code 1798.120(c))",
        "consent-not-by-guardian": "the person may be too young to consent, and no guardian did (GDPR Article 8)",
    }
)
"""What stands against a purpose whatever was consented to."""

CODES: Mapping[str, str] = MappingProxyType(
    {
        "allowed": "every check agrees",
        "agent-unknown": "no such agent is registered",
        "stopped-agent": "somebody stopped this agent",
        "stopped-tool": "somebody stopped this tool for everybody",
        "stopped-model": "somebody stopped the model that asks, or may be asking",
        "stopped-all": "somebody stopped everything",
        "agent-not-active": "the agent is a draft, in review, suspended or retired",
        "agent-not-approved": "no approval for the manifest in force",
        "approval-outdated": "the approval was taken back, or given under another manifest or policy",
        "approval-expired": "the approval ran out",
        "not-classified": "no class under the AI Act for the manifest in force",
        "prohibited-practice": "a practice that Article 5 of the AI Act prohibits",
        "class-unknown": "a fact that decides the class is not known",
        "class-not-signed-off": "no reviewer signed the class off",
        "model-not-allowed": "a declared model may not be used",
        "model-not-declared": "the model that asks is not declared",
        "subject-unknown": "what the data subject asked for could not be looked up",
        "subject-restricted": "processing of this person's data is restricted",
        "purpose-missing": "the call touches a person's data and names no purpose",
        "consent-withdrawn": "the person withdrew consent for this purpose",
        "consent-refused": "the person refused consent for this purpose",
        "consent-expired": "the person's consent for this purpose ran out",
        "objected": "the person objected to this purpose (GDPR Article 21)",
        "opted-out": "the person opted out of this purpose",
        "consent-missing": "the purpose rests on consent, and the person gave none",
        **AGAINST,
        "opt-out-purpose-unknown": "the person opted out, and nobody said what the purpose serves",
        "no-role": "the agent has no role",
        "role-unknown": "a role that the manifest names does not exist",
        "tool-not-in-role": "none of the agent's roles allows the tool",
        "sensitivity-above-ceiling": "the data is more sensitive than the roles that allow the tool admit",
        "permission-missing": "none of the agent's roles grants a permission that the tool needs",
        "permission-unknown": "the tool needs a permission that does not exist",
        "no-delegation": "the chain of delegations is empty",
        "delegation-unknown": "there is no such delegation",
        "delegation-broken": "a delegation of the chain is gone, or does not follow from the one before it",
        "delegation-revoked": "a delegation of the chain was revoked",
        "delegation-expired": "a delegation of the chain ran out",
        "delegation-not-yet": "a delegation of the chain has not begun",
        "delegation-outlives": "a delegation ends after the one it was passed on from",
        "delegation-too-deep": "a delegation was passed on more often than it may be",
        "delegation-cycle": "the chain passes through one agent twice",
        "delegation-purpose": "the call serves another purpose than the delegation, or names none",
        "delegation-not-yours": "the delegation was granted to another agent",
        "delegation-giver-stopped": "an agent that passed it on may not act",
        "delegation-empty": "nothing of the delegation is held any more",
        "principal-unknown": "nothing is known about somebody in the chain",
        "permission-not-held": "somebody in the chain does not hold a permission",
        "tool-not-held": "the delegation does not carry the tool",
        "sensitivity-not-held": "the delegation does not carry data this sensitive",
        "tool-not-declared": "the manifest does not name the tool",
        "sensitivity-not-in-policy": "the use case's policy does not allow data this sensitive",
        "policy-needs-approval": "the use case's policy has a person approve acts",
        "class-needs-oversight": "the class has a person oversee acts",
        "autonomy-above-ceiling": "the act needs more autonomy than the agent, or its use case, has",
        "autonomy-not-in-policy": "the use case's policy denies acts that need more autonomy than it allows",
        "tool-asks": "manifest or catalogue have a person approve this call",
        "sequence-rule": "what the session touched before does not go with this call",
        "session-unknown": "a sequence rule is about this call, and what came before is not known",
        "session-full": "the session carries as many labels as one can",
        "limit-exceeded": "the call would go beyond a limit",
        "limit-unknown": "what was used of a limit could not be looked up",
        "limit-amount-missing": "the argument that a limit counts is missing",
        "limit-amount-foreign": "the amount that a limit counts is in another currency, or in none that is said",
        "limit-amount-negative": "the argument that a limit counts is negative",
        "limit-amount-unreadable": "the argument that a limit counts is no exact amount",
        **{code: told for code, (_, told) in RULE_REASONS.items()},
        "approved-by-person": "a person approved the call",
        "rejected-by-person": "a person rejected the call",
        "question-expired": "nobody answered in time, or the answer was not used",
        "question-withdrawn": "the question was taken back",
    }
)
"""What each code means, in the order in which the checks are made."""
