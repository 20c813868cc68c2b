"""Whether an approval holds today, and how it ends."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime

from ephor.kernel.errors import ConflictError
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.wording import worded
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus
from ephor.rooms.policies.governance import GovernancePolicy, policy_digest

_LIVE = (RequestStatus.PENDING, RequestStatus.APPROVED)


def is_approved(
    agent: Agent,
    requests: Iterable[ApprovalRequest],
    policies: Mapping[UseCase, GovernancePolicy],
    now: datetime,
) -> bool:
    """Tell whether an approval of exactly this agent under today's policy holds at *now*."""
    return approval_in_force(agent, requests, policies, now) is not None


def approval_in_force(
    agent: Agent,
    requests: Iterable[ApprovalRequest],
    policies: Mapping[UseCase, GovernancePolicy],
    now: datetime,
) -> ApprovalRequest | None:
    """Return the approval that lets *agent* act at *now*, the latest to run out first; None when there is none.

    It must be approved, not past its day, for this agent, this use case, this manifest and this policy.
    """
    policy = policies.get(agent.manifest.use_case)
    if policy is None:
        return None
    bound = (agent.id, policy.use_case, agent.material_digest, policy_digest(policy))
    holding = [
        one
        for one in requests
        if (one.agent, one.use_case, one.material_digest, one.policy_digest) == bound
        and one.status is RequestStatus.APPROVED
        and not has_run_out(one, now)
    ]
    return max(holding, key=lambda one: (one.expires_at, one.id), default=None)


def has_run_out(approval: ApprovalRequest, now: datetime) -> bool:
    """Tell whether an approved request is past its day; one without a day is, because nobody set it."""
    return approval.status is RequestStatus.APPROVED and (
        approval.expires_at is None or now >= approval.expires_at
    )


def is_bound_to(asked: ApprovalRequest, agent: Agent, policy: GovernancePolicy) -> bool:
    """Tell whether *asked* is about the agent and the policy as they are now."""
    return (asked.agent, asked.use_case, asked.material_digest, asked.policy_digest) == (
        agent.id,
        policy.use_case,
        agent.material_digest,
        policy_digest(policy),
    )


def revoke(asked: ApprovalRequest, *, by: str, reason: str, at: datetime) -> ApprovalRequest:
    """Return the request as taken back, whether it was approved already or still pending.

    Raises:
        InvalidInputError: no reason.
        ConflictError: it has ended before.
    """
    return _end(asked, RequestStatus.REVOKED, by=by, reason=worded(reason, "reason"), at=at)


def supersede(asked: ApprovalRequest, *, by: str, reason: str, at: datetime) -> ApprovalRequest:
    """Return the request as overtaken: what it was about is no longer what there is.

    Raises:
        ConflictError: it has ended before.
    """
    return _end(asked, RequestStatus.SUPERSEDED, by=by, reason=reason, at=at)


def expire(asked: ApprovalRequest, *, at: datetime) -> ApprovalRequest:
    """Return the approval as run out.

    Raises:
        ConflictError: its day has not come, or it is not approved.
    """
    if not has_run_out(asked, at):
        raise ConflictError(f"request `{asked.id}` has no approval that ran out", status=asked.status.value)
    return _end(asked, RequestStatus.EXPIRED, by="ephor", reason="its time ran out", at=at)


def seen_at(asked: ApprovalRequest, now: datetime) -> ApprovalRequest:
    """Return the request as it stands at *now*: an approval past its day shows as expired before anybody records it."""
    return dataclasses.replace(asked, status=RequestStatus.EXPIRED) if has_run_out(asked, now) else asked


def is_live(asked: ApprovalRequest) -> bool:
    """Tell whether the request is pending or approved: whether anything can still end it."""
    return asked.status in _LIVE


def _end(
    asked: ApprovalRequest, status: RequestStatus, *, by: str, reason: str, at: datetime
) -> ApprovalRequest:
    if not is_live(asked):
        raise ConflictError(
            f"request `{asked.id}` is {asked.status.value} already, and that is final",
            status=asked.status.value,
        )
    return dataclasses.replace(asked, status=status, ended_at=at, ended_by=by, ended_because=reason)
