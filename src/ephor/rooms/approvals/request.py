"""A request to let an agent act, and the reviews that decide it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType, RiskLevel, UseCase
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.agents.wording import worded
from ephor.rooms.policies.governance import GovernancePolicy, breaches, policy_digest

VALIDITY: Mapping[RiskLevel, timedelta] = MappingProxyType(
    {
        RiskLevel.LOW: timedelta(days=365),
        RiskLevel.MEDIUM: timedelta(days=365),
        RiskLevel.HIGH: timedelta(days=180),
        RiskLevel.CRITICAL: timedelta(days=90),
    }
)
"""How long an approval lasts, by the risk level of its policy. Our default: the guide's approvals never end."""

MAX_CONDITIONS = 10
"""Most conditions one review may set."""


MAX_EVIDENCE = 20
"""Most files one review may rest on."""


@unique
class RequestStatus(StrEnum):
    """Where a request stands. All but the first are ends of a review; only *approved* lets an agent act."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """The manifest or the policy changed, or a newer approval took its place."""


@unique
class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that a review rests on."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Review:
    """What one reviewer decided, on one question, about exactly what the request names."""

    type: ReviewType
    reviewer: str
    decision: Verdict
    notes: str
    conditions: tuple[str, ...]
    at: datetime
    evidence: tuple[Shown, ...] = ()
    """The files the reviewer judged by; their digests are kept, not the files."""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A request, bound to one manifest and one policy by their digests."""

    id: str
    agent: str
    use_case: UseCase
    risk_level: RiskLevel
    digest: str
    """Of the whole manifest as the reviewers see it."""
    material_digest: str
    policy_digest: str
    owner: str
    authors: tuple[str, ...]
    """Who registered the manifest, or changed it since it was last approved."""
    requested_by: str
    requested_at: datetime
    justification: str
    required_reviews: tuple[ReviewType, ...]
    status: RequestStatus = RequestStatus.PENDING
    reviews: tuple[Review, ...] = ()
    decided_at: datetime | None = None
    """When the reviews ended."""
    expires_at: datetime | None = None
    """When the approval runs out; None unless it was approved."""
    ended_at: datetime | None = None
    """When an approval, or a request still pending, ended other than by its reviews."""
    ended_by: str | None = None
    ended_because: str | None = None
    quorum: Mapping[ReviewType, int] = field(default_factory=dict)
    """How many people must give a review, where one is not enough."""
    manifest: Manifest | None = None
    """What the reviewers see, kept so that the next request can say what changed since."""


def request(
    agent: Agent,
    policy: GovernancePolicy,
    category: str | None,
    *,
    id: str,
    by: str,
    justification: str,
    at: datetime,
) -> ApprovalRequest:
    """Return the request that asks for *agent*, exactly as it stands, to be approved under *policy*.

    *category* is the AI Act category found for this very manifest, None when it was never classified.

    Raises:
        InvalidInputError: no justification.
        ConflictError: the agent is retired, prohibited, not classified, or breaks the policy.
    """
    if agent.status is AgentStatus.RETIRED:
        raise ConflictError(f"agent `{agent.id}` is retired, and that is final; it cannot be approved again")
    refuse_category(agent, category)
    manifest = agent.manifest
    sensitivities = [manifest.data.sensitivity, *(tool.sensitivity for tool in manifest.tools)]
    if found := breaches(policy, autonomy=manifest.autonomy, sensitivities=sensitivities):
        raise ConflictError(
            f"agent `{agent.id}` breaks the policy of {policy.use_case.value}: {'; '.join(found)}; change its manifest",
            breaches=list(found),
        )
    return ApprovalRequest(
        id=id,
        agent=agent.id,
        use_case=policy.use_case,
        risk_level=policy.risk_level,
        digest=agent.digest,
        material_digest=agent.material_digest,
        policy_digest=policy_digest(policy),
        owner=manifest.owner,
        authors=agent.authors,
        requested_by=by,
        requested_at=at,
        justification=worded(justification, "justification"),
        required_reviews=policy.required_reviews,
        quorum=policy.quorum,
        manifest=manifest,
    )


def refuse_category(agent: Agent, category: str | None) -> None:
    """Check that a class of the AI Act stands in nobody's way: known, and not prohibited.

    Raises:
        ConflictError: not classified for this manifest, prohibited by Article 5, or still in doubt.
    """
    if category is None:
        raise ConflictError(
            f"agent `{agent.id}` is not classified for its manifest; register it again with `ephor agents register`, "
            "which classifies it, or see `ephor classify`"
        )
    if category == "unacceptable":
        raise ConflictError(
            f"agent `{agent.id}` is a prohibited practice under Article 5 of the AI Act; it can never be approved",
            category=category,
        )
    if category == "needs_review":  # unknown is never a pass: it may turn out to be prohibited
        raise ConflictError(
            f"the AI Act class of agent `{agent.id}` is not known yet; state the facts that `ephor classify` misses, "
            "then register it again",
            category=category,
        )


def review(asked: ApprovalRequest, given: Review) -> ApprovalRequest:
    """Return the request with one more review; the first rejection and the last approval decide it.

    Whether the reviewer holds the role is for the caller to check; that they are nobody's judge in their own cause,
    here.

    Raises:
        NotPermittedError: the reviewer requested it, owns the agent, or registered its manifest.
        ConflictError: the request is decided, or this review is not required or already in.
        InvalidInputError: a rejection without notes.
    """
    if asked.status is not RequestStatus.PENDING:
        raise ConflictError(
            f"request `{asked.id}` is {asked.status.value} and takes no more reviews; make a new request",
            status=asked.status.value,
        )
    _refuse_own(asked, given.reviewer)
    if given.type not in asked.required_reviews:
        needed = ", ".join(one.value for one in asked.required_reviews)
        raise ConflictError(f"request `{asked.id}` needs no `{given.type.value}` review; it needs: {needed}")
    if given.type not in pending_reviews(asked):
        raise ConflictError(
            f"the `{given.type.value}` review of request `{asked.id}` is already in, and each counts once"
        )
    if any((one.type, one.reviewer) == (given.type, given.reviewer) for one in asked.reviews):
        raise ConflictError(
            f"`{given.reviewer}` gave the `{given.type.value}` review of request `{asked.id}` already; it takes another person"
        )
    return _with(asked, _tidied(given))


def pending_reviews(asked: ApprovalRequest) -> tuple[ReviewType, ...]:
    """Return the reviews that are still missing, in the policy's order."""
    given = Counter(one.type for one in asked.reviews)
    return tuple(one for one in asked.required_reviews if given[one] < asked.quorum.get(one, 1))


def _tidied(given: Review) -> Review:
    if len(given.conditions) > MAX_CONDITIONS:
        raise InvalidInputError(
            f"{len(given.conditions)} conditions are given; at most {MAX_CONDITIONS} are kept"
        )
    if len(given.evidence) > MAX_EVIDENCE:
        raise InvalidInputError(f"{len(given.evidence)} files are given; at most {MAX_EVIDENCE} are kept")
    for shown in given.evidence:
        worded(shown.name, "file's name")
    conditions = tuple(worded(one, "condition") for one in given.conditions)
    says = given.notes.strip() or given.decision is Verdict.REJECT
    return dataclasses.replace(
        given, notes=worded(given.notes, "note that says why") if says else "", conditions=conditions
    )


def _with(asked: ApprovalRequest, given: Review) -> ApprovalRequest:
    """Return the request with a review added that may be added."""
    return _decided(dataclasses.replace(asked, reviews=(*asked.reviews, given)), given)


def _decided(asked: ApprovalRequest, last: Review) -> ApprovalRequest:
    if last.decision is Verdict.REJECT:
        return dataclasses.replace(asked, status=RequestStatus.REJECTED, decided_at=last.at)
    if pending_reviews(asked):
        return asked
    return dataclasses.replace(
        asked,
        status=RequestStatus.APPROVED,
        decided_at=last.at,
        expires_at=last.at + VALIDITY[asked.risk_level],
    )


def _refuse_own(asked: ApprovalRequest, reviewer: str) -> None:
    parts = dict.fromkeys(asked.authors, "registered the manifest under review")
    parts |= {asked.requested_by: "requested this approval", asked.owner: "owns the agent"}
    if reviewer in parts:
        raise NotPermittedError(
            f"`{reviewer}` {parts[reviewer]} and cannot review it, whatever their roles; ask another reviewer",
            person=reviewer,
        )
