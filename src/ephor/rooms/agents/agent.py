"""An agent in the inventory, and the steps its life may take."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel.errors import ConflictError
from ephor.rooms.agents.changes import Change, changes
from ephor.rooms.agents.manifest import Manifest, manifest_digest, material_digest
from ephor.rooms.agents.wording import worded


@unique
class AgentStatus(StrEnum):
    """Where an agent stands. Only an active one may act."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


_A = AgentStatus
MOVES: Mapping[AgentStatus, Mapping[AgentStatus, str]] = MappingProxyType(
    {
        _A.DRAFT: {
            _A.IN_REVIEW: "approval was requested",
            _A.SUSPENDED: "somebody stopped it",
            _A.RETIRED: "somebody retired it",
        },
        _A.IN_REVIEW: {
            _A.DRAFT: "a review rejected it, the request was withdrawn, the manifest changed, or it was seen to do more",
            _A.APPROVED: "every review its policy requires approved it",
            _A.SUSPENDED: "somebody stopped it",
            _A.RETIRED: "somebody retired it",
        },
        _A.APPROVED: {
            _A.DRAFT: "the manifest changed, the approval ran out, or it was seen to do more than it names",
            _A.ACTIVE: "its last review is in",
            _A.SUSPENDED: "somebody stopped it, or the approval was revoked",
            _A.RETIRED: "somebody retired it",
        },
        _A.ACTIVE: {
            _A.DRAFT: "the manifest changed, the approval ran out, or it was seen to do more than it names",
            _A.SUSPENDED: "somebody stopped it, or the approval was revoked",
            _A.RETIRED: "somebody retired it",
        },
        # Never back to draft: a new approval or another manifest must not undo what an operator stopped.
        _A.SUSPENDED: {
            _A.ACTIVE: "somebody resumed it while its approval holds",
            _A.RETIRED: "somebody retired it",
        },
        _A.RETIRED: {},
    }
)
"""Every step there is, and what brings it about. What is not here cannot happen."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as registered. The manifest, its digests and the status always change together with the ledger."""

    id: str
    manifest: Manifest
    digest: str
    """Of the whole manifest: what reviewers are shown."""
    material_digest: str
    """Of what an approval covers."""
    status: AgentStatus
    status_reason: str
    registered_at: datetime
    registered_by: str
    changed_at: datetime
    """When the manifest or the status changed last."""
    authors: tuple[str, ...]
    """Who registered what approval is asked for: everybody since the manifest that was approved last."""
    approval: str | None = None
    """The approval request this agent was last approved by, while that approval stands."""
    approved_digest: str | None = None
    """The digest of the manifest its reviewers saw."""
    approved_until: datetime | None = None


def new_agent(manifest: Manifest, *, by: str, at: datetime) -> Agent:
    """Return the draft that registering *manifest* makes."""
    return Agent(
        id=manifest.id,
        manifest=manifest,
        digest=manifest_digest(manifest),
        material_digest=material_digest(manifest),
        status=AgentStatus.DRAFT,
        status_reason="newly registered",
        registered_at=at,
        registered_by=by,
        changed_at=at,
        authors=(by,),
    )


def revise(agent: Agent, manifest: Manifest, *, by: str, at: datetime) -> tuple[Agent, tuple[Change, ...]]:
    """Return the agent under another *manifest*, and what changed; the very same agent when nothing did.

    A material change ends the approval: the agent is a draft again, unless it is suspended and stays so.

    Raises:
        ConflictError: the agent is retired.
    """
    if agent.status is AgentStatus.RETIRED:
        raise _final(agent)
    if manifest_digest(manifest) == agent.digest:
        return agent, ()
    found = changes(agent.manifest, manifest)
    revised = dataclasses.replace(agent, manifest=manifest, digest=manifest_digest(manifest), changed_at=at)
    if not any(change.material for change in found):
        return revised, found
    authors = (by,) if agent.approval else tuple(sorted({*agent.authors, by}))
    ended = dataclasses.replace(
        unapproved(revised), material_digest=material_digest(manifest), authors=authors
    )
    if ended.status in (AgentStatus.DRAFT, AgentStatus.SUSPENDED):
        return ended, found
    return move(ended, AgentStatus.DRAFT, reason="the manifest changed", at=at), found


def approve(agent: Agent, *, approval: str, until: datetime, at: datetime) -> Agent:
    """Return the agent as approved and, unless somebody suspended it meanwhile, active."""
    agent = dataclasses.replace(agent, approval=approval, approved_digest=agent.digest, approved_until=until)
    if agent.status is AgentStatus.IN_REVIEW:
        agent = move(agent, AgentStatus.APPROVED, reason=f"approved by {approval}", at=at)
    if agent.status is AgentStatus.APPROVED:
        return move(agent, AgentStatus.ACTIVE, reason=f"approved by {approval}", at=at)
    return agent


def unapproved(agent: Agent) -> Agent:
    """Return the agent without its approval; its status is for the caller to move."""
    return dataclasses.replace(agent, approval=None, approved_digest=None, approved_until=None)


def move(agent: Agent, to: AgentStatus, *, reason: str, at: datetime) -> Agent:
    """Return the agent after one step of its life.

    Raises:
        InvalidInputError: no reason was given, or one that is too long.
        ConflictError: there is no such step from where the agent stands.
    """
    reason = worded(reason, "reason")
    if agent.status is AgentStatus.RETIRED:
        raise _final(agent)
    if to not in MOVES[agent.status]:
        possible = "; ".join(f"{step.value} ({why})" for step, why in MOVES[agent.status].items())
        raise ConflictError(
            f"agent `{agent.id}` is {agent.status.value} and cannot become {to.value}; it can become: {possible}",
            status=agent.status.value,
        )
    return dataclasses.replace(agent, status=to, status_reason=reason, changed_at=at)


def _final(agent: Agent) -> ConflictError:
    return ConflictError(
        f"agent `{agent.id}` is retired, and that is final; register its successor under another id",
        status=agent.status.value,
    )
