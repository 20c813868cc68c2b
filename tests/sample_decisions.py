"""A call that is allowed, and the authority that allows it; tests change one thing of either."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.roles import STANDARD_ROLES, Permission, Role, lend
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.authority import AgentAuthority, compile_agent
from ephor.rooms.decisions.model import Call
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.policies.governance import POLICIES
from sample_agents import AT, agent, support

MODEL = "claude-support@2026-10"
CLERK = Role(
    "refund_clerk",
    (Permission.WRITE_FINANCIAL, Permission.TOOL_DATABASE),
    Sensitivity.CONFIDENTIAL,
    ("refund",),
)
ROLES = {**STANDARD_ROLES, CLERK.id: CLERK}
FINE = SubjectStanding(restricted=False, consent=Standing.GIVEN)
LENT = Lent(
    lend(tuple(Permission), ("customer_lookup", "refund"), Sensitivity.RESTRICTED),
    (),
    "support-assistant",
    "support",
)


def authority(
    manifest: Any = None, *, agent_is: dict[str, Any] | None = None, **other: Any
) -> AgentAuthority:
    """Return the sample agent's authority, active, approved and classified; *agent_is* changes the agent."""
    manifest = manifest or support(roles=("customer_service_agent", "refund_clerk"))
    one = agent(
        manifest=manifest,
        status=AgentStatus.ACTIVE,
        status_reason="approved",
        approval="apr_1",
        approved_digest="sha256:1",
        approved_until=AT + timedelta(days=365),
    )
    facts: dict[str, Any] = {
        "policy": POLICIES[manifest.use_case],
        "roles": ROLES,
        "approval_binds": True,
        "category": "limited",
        "signed": True,
        "models": dict.fromkeys(manifest.models, ()),
        "consent_purposes": frozenset(),
    }
    return compile_agent(dataclasses.replace(one, **(agent_is or {})), **{**facts, **other})


def call(tool: str = "customer_lookup", **other: Any) -> Call:
    """Return a call of the sample agent."""
    facts: dict[str, Any] = (
        {"arguments": {"id": 7}} if tool == "customer_lookup" else {"arguments": {"amount_cents": 100}}
    )
    return Call("support-assistant", tool, **{**facts, **other})
