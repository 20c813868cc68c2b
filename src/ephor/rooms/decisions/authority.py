"""What one agent may do, compiled once and then only read: the authority a decision asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ephor.kernel.canonical import digest
from ephor.kernel.vocabulary import Effect, Sensitivity
from ephor.rooms.access.roles import Permission, Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Tool, manifest_digest
from ephor.rooms.agents.stop import Stop
from ephor.rooms.decisions.model import Obligation
from ephor.rooms.pii.catalogue import known_types
from ephor.rooms.policies.governance import GovernancePolicy, policy_digest

_FINANCIAL = frozenset({"credit_card", "iban", "us_routing_number", "us_bank_account", "crypto_wallet"})
_HEALTH = frozenset({"medical_record_number", "health_plan_number", "uk_nhs"})


@dataclass(frozen=True, slots=True)
class ToolAuthority:
    """One tool as the decision sees it: declared, and checked against the agent's roles when it was compiled."""

    tool: Tool
    effect: Effect
    sensitivity: Sensitivity
    permissions: frozenset[Permission]
    unknown_permissions: tuple[str, ...]
    mask: Obligation


@dataclass(frozen=True, slots=True)
class AgentAuthority:
    """Everything a decision needs to know about one agent."""

    agent: Agent
    policy: GovernancePolicy
    roles: tuple[Role, ...]
    unknown_roles: tuple[str, ...]
    tools: Mapping[str, ToolAuthority]
    approval_binds: bool
    """Whether the agent's approval names the manifest and the policy that are in force."""
    category: str | None
    """Its class under the AI Act, for the manifest in force; None where nobody classified that."""
    models: Mapping[str, tuple[str, ...]]
    """For each declared model, every reason against its use; empty where it may be used."""
    consent_purposes: frozenset[str]
    """Purposes that rest on consent, or on nothing yet, by the records of processing that name this agent."""
    other_purposes: frozenset[str]
    """Purposes that those records rest on another basis."""
    notice: Obligation | None
    digest: str
    stops: tuple[Stop, ...] = ()
    """The stops in force that can touch this agent."""


def compile_agent(
    agent: Agent,
    *,
    policy: GovernancePolicy,
    roles: Mapping[str, Role],
    approval_binds: bool,
    category: str | None,
    models: Mapping[str, tuple[str, ...]],
    consent_purposes: frozenset[str],
    other_purposes: frozenset[str] = frozenset(),
    stops: tuple[Stop, ...] = (),
) -> AgentAuthority:
    """Return the agent's authority under *policy* with the *roles* that exist now."""
    manifest = agent.manifest
    held = tuple(roles[name] for name in manifest.roles if name in roles)
    granted = frozenset(permission for role in held for permission in role.permissions)
    disclosure = manifest.disclosure
    return AgentAuthority(
        agent=agent,
        policy=policy,
        roles=held,
        unknown_roles=tuple(name for name in manifest.roles if name not in roles),
        tools=MappingProxyType({tool.name: _compile_tool(tool, granted) for tool in manifest.tools}),
        approval_binds=approval_binds,
        category=category,
        models=models,
        consent_purposes=consent_purposes,
        other_purposes=other_purposes,
        notice=Obligation("notice", text=disclosure.notice)
        if disclosure and disclosure.tells_people and disclosure.notice
        else None,
        digest=digest(
            {
                "manifest": manifest_digest(manifest),
                "policy": policy_digest(policy),
                "roles": [_role(role) for role in held],
                "category": category,
                "models": {name: list(reasons) for name, reasons in models.items()},
                "consent": sorted(consent_purposes),
                "other purposes": sorted(other_purposes),
                **({"stops": [stop.id for stop in stops]} if stops else {}),
            }
        ),
        stops=stops,
    )


def _compile_tool(tool: Tool, granted: frozenset[Permission]) -> ToolAuthority:
    known = {permission.value: permission for permission in Permission}
    return ToolAuthority(
        tool=tool,
        effect=tool.effect,
        sensitivity=tool.sensitivity,
        permissions=frozenset(known[text] for text in tool.permissions if text in known),
        unknown_permissions=tuple(text for text in tool.permissions if text not in known),
        mask=Obligation("mask", where="result", reveal=_revealed(tool.reveals, granted)),
    )


def _revealed(types: Sequence[str], granted: frozenset[Permission]) -> tuple[str, ...]:
    """Keep the PII types that the manifest reveals *and* the roles may read: the narrower of the two."""
    known = {kind.type for kind in known_types()}
    return tuple(one for one in types if one in known and _permission_for(one) in granted)


def _permission_for(pii_type: str) -> Permission:
    if pii_type in _FINANCIAL:
        return Permission.READ_FINANCIAL
    return Permission.READ_PHI if pii_type in _HEALTH else Permission.READ_PII


def _role(role: Role) -> dict[str, object]:
    return {
        "id": role.id,
        "permissions": [one.value for one in role.permissions],
        "tools": list(role.allowed_tools),
        "ceiling": role.max_data_sensitivity.value,
    }


@dataclass(frozen=True, slots=True)
class Authority:
    """One agent's authority at one version of the plane's governance; shared by threads, replaced as a whole."""

    version: int
    agent: AgentAuthority | None
    """None where no such agent is registered."""
    compiled_at: datetime
