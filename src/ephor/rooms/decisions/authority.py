"""What one agent may do, compiled once and then only read: the authority a decision asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from ephor.kernel.vocabulary import Effect, Sensitivity
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.access.roles import Permission, Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Disclosure, Tool
from ephor.rooms.agents.stop import Stop
from ephor.rooms.decisions.agent_rules import AgentRules, rules_for
from ephor.rooms.decisions.catalogue import ToolEntry, stricter
from ephor.rooms.decisions.measures import Measures, measures_for
from ephor.rooms.decisions.model import Obligation, Verdict
from ephor.rooms.decisions.record import AuthorityRecord, recorded, rules_digest
from ephor.rooms.pii.catalogue import known_types
from ephor.rooms.policies.book import Book, held_to
from ephor.rooms.policies.governance import GovernancePolicy
from ephor.rooms.policies.limits import Limit
from ephor.rooms.policies.sequences import SequenceRule

_FIRST_CONTACT = "tell people at the first contact"
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
    approvers: tuple[PlaneRole, ...] = ()
    """Roles of people one of which must approve, by the tool catalogue; empty where it says nothing."""
    labels: tuple[str, ...] = ()
    """What a call adds to its session besides what the tool is and touches."""
    limits: tuple[Limit, ...] = ()
    """The limits that may cover a call of this tool by this agent."""
    mask_arguments: Obligation | None = None
    """None where the tool sees its arguments as they are."""


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
    signed: bool
    """Whether a reviewer signed that class off."""
    measures: Measures
    """What the class demands beside the policy."""
    models: Mapping[str, tuple[str, ...]]
    """For each declared model, every reason against its use; empty where it may be used."""
    consent_purposes: frozenset[str]
    """Purposes that rest on consent, or on nothing yet, by the records of processing that name this agent."""
    other_purposes: frozenset[str]
    """Purposes that those records rest on another basis."""
    duties: tuple[Obligation, ...]
    """What whoever goes ahead must do besides masking: show notices, log closely, keep long."""
    digest: str
    """Of the rules: what a person's approval of a call is bound to."""
    record: AuthorityRecord
    """All that it was compiled from; its ``id`` is the digest of everything an answer rests on."""
    sequences: tuple[SequenceRule, ...] = ()
    answers: dict[tuple[str, Sensitivity], Verdict] = field(default_factory=dict, compare=False, repr=False)
    """What the checks that look at nothing a call alone has said before: at most one answer a tool and sensitivity."""
    stops: tuple[Stop, ...] = ()
    """The stops in force that can touch this agent."""
    rules: AgentRules | None = None
    """The customer's own rules; None where none are in force."""
    shadow: AgentRules | None = None
    """The rules that would be in force if those in shadow were."""


def compile_agent(
    agent: Agent,
    *,
    policy: GovernancePolicy,
    roles: Mapping[str, Role],
    approval_binds: bool,
    category: str | None,
    signed: bool,
    class_notices: tuple[str, ...] = (),
    models: Mapping[str, tuple[str, ...]],
    consent_purposes: frozenset[str],
    other_purposes: frozenset[str] = frozenset(),
    stops: tuple[Stop, ...] = (),
    catalogue: Iterable[ToolEntry] = (),
    limits: Iterable[Limit] = (),
    sequences: Iterable[SequenceRule] = (),
    book: Book | None = None,
    shadow: Book | None = None,
) -> AgentAuthority:
    """Return the agent's authority under *policy* with the *roles*, catalogue, limits and sequence rules there are now."""
    named = {tool.name for tool in agent.manifest.tools}
    return compile_record(
        recorded(
            AuthorityRecord(
                id="",
                agent=agent,
                policy=policy,
                roles=tuple(roles[name] for name in agent.manifest.roles if name in roles),
                approval_binds=approval_binds,
                category=category,
                models=dict(models),
                consent_purposes=tuple(sorted(consent_purposes)),
                other_purposes=tuple(sorted(other_purposes)),
                tools=tuple(sorted((one for one in catalogue if one.id in named), key=_id)),
                limits=tuple(sorted((one for one in limits if one.agent in (None, agent.id)), key=_id)),
                sequences=tuple(sorted(sequences, key=_id)),
                stops=stops,
                signed=signed,
                class_notices=class_notices,
                rules=book.refs if book is not None else (),
            )
        ),
        book,
        shadow,
    )


def compile_record(
    record: AuthorityRecord, book: Book | None = None, shadow: Book | None = None
) -> AgentAuthority:
    """Return the authority that *record* makes: today's, or the one an old decision rested on.

    *book* are the rules that the record names; without them everything is denied.
    """
    agent, manifest = record.agent, record.agent.manifest
    granted = frozenset(permission for role in record.roles for permission in role.permissions)
    entries, known = {entry.id: entry for entry in record.tools}, {role.id for role in record.roles}
    measures = measures_for(record.category, record.class_notices, signed=record.signed)
    tools = {
        tool.name: _compile_tool(tool, entries.get(tool.name), granted, record.limits)
        for tool in manifest.tools
    }
    declared = [one.tool for one in tools.values()]
    return AgentAuthority(
        agent=agent,
        policy=record.policy,
        roles=record.roles,
        unknown_roles=tuple(name for name in manifest.roles if name not in known),
        tools=MappingProxyType(tools),
        approval_binds=record.approval_binds,
        category=record.category,
        signed=record.signed,
        measures=measures,
        models=record.models,
        consent_purposes=frozenset(record.consent_purposes),
        other_purposes=frozenset(record.other_purposes),
        duties=tuple(_duties(manifest.disclosure, record.policy, measures)),
        digest=rules_digest(record),
        record=record,
        sequences=record.sequences,
        stops=record.stops,
        rules=rules_for(held_to(record.rules, book), agent, record.category, declared),
        shadow=rules_for(shadow, agent, record.category, declared),
    )


def _duties(
    disclosure: Disclosure | None, policy: GovernancePolicy, measures: Measures
) -> Iterator[Obligation]:
    """Return the notices and, where the class asks for more than the policy has, how closely to log and how long to keep."""
    declared = disclosure.notice if disclosure and disclosure.tells_people and disclosure.notice else None
    if declared:
        yield Obligation("notice", text=declared)
    for text in measures.notices:
        # What the manifest has people told stands for the notice at first contact; without it they get the law's own.
        if not (declared and text.startswith(_FIRST_CONTACT)):
            yield Obligation("notice", text=text)
    if measures.monitoring_level > policy.monitoring_level:
        yield Obligation("log", text=measures.monitoring_level.value)
    if measures.retention_days > policy.retention_days:
        yield Obligation("retain", text=f"{measures.retention_days} days")


def _id(one: ToolEntry | Limit | SequenceRule) -> str:
    return one.id


def _compile_tool(
    declared: Tool, entry: ToolEntry | None, granted: frozenset[Permission], limits: Iterable[Limit]
) -> ToolAuthority:
    tool = stricter(declared, entry)
    known = {permission.value: permission for permission in Permission}
    return ToolAuthority(
        tool=tool,
        effect=tool.effect,
        sensitivity=tool.sensitivity,
        permissions=frozenset(known[text] for text in tool.permissions if text in known),
        unknown_permissions=tuple(text for text in tool.permissions if text not in known),
        mask=Obligation("mask", where="result", reveal=_revealed(tool.reveals, granted)),
        approvers=entry.approvers if entry else (),
        labels=entry.labels if entry else (),
        limits=tuple(limit for limit in limits if limit.tool in (None, tool.name)),
        mask_arguments=Obligation("mask", where="arguments", reveal=_revealed(tool.reveals, granted))
        if "arguments" in tool.masks
        else None,
    )


def _revealed(types: Sequence[str], granted: frozenset[Permission]) -> tuple[str, ...]:
    """Keep the PII types that the manifest reveals *and* the roles may read: the narrower of the two."""
    known = {kind.type for kind in known_types()}
    return tuple(one for one in types if one in known and _permission_for(one) in granted)


def _permission_for(pii_type: str) -> Permission:
    if pii_type in _FINANCIAL:
        return Permission.READ_FINANCIAL
    return Permission.READ_PHI if pii_type in _HEALTH else Permission.READ_PII


@dataclass(frozen=True, slots=True)
class Authority:
    """One agent's authority at one version of the plane's governance; shared by threads, replaced as a whole."""

    version: int
    agent: AgentAuthority | None
    """None where no such agent is registered."""
    compiled_at: datetime
