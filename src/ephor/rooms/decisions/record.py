"""What an authority is compiled from, kept once under its digest, so that a decision can be made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ephor.kernel.canonical import digest
from ephor.kernel.time import stamp
from ephor.rooms.access.roles import Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import manifest_digest
from ephor.rooms.agents.stop import Stop
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.policies.governance import GovernancePolicy, policy_digest
from ephor.rooms.policies.limits import Limit
from ephor.rooms.policies.rule import RuleRef
from ephor.rooms.policies.sequences import SequenceRule


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """Everything one agent's authority rests on. ``id`` is the digest of all the rest."""

    id: str
    agent: Agent
    policy: GovernancePolicy
    roles: tuple[Role, ...]
    approval_binds: bool
    category: str | None
    models: Mapping[str, tuple[str, ...]]
    consent_purposes: tuple[str, ...]
    other_purposes: tuple[str, ...]
    tools: tuple[ToolEntry, ...] = ()
    limits: tuple[Limit, ...] = ()
    sequences: tuple[SequenceRule, ...] = ()
    stops: tuple[Stop, ...] = ()
    signed: bool = False
    """Whether a reviewer signed the class off."""
    class_notices: tuple[str, ...] = ()
    """What people must be told because of the class."""
    rules: tuple[RuleRef, ...] = ()


def record_digest(record: AuthorityRecord) -> str:
    """Return the digest of everything in *record* but its id: what a decision's entry names as ``policy_digest``."""
    parts = {field.name: _plain(getattr(record, field.name)) for field in dataclasses.fields(record)}
    del parts["id"]
    return digest({"schema": "ephor/authority/1", **parts})


def recorded(record: AuthorityRecord) -> AuthorityRecord:
    """Return *record* under its own digest."""
    return dataclasses.replace(record, id=record_digest(record))


def rules_digest(record: AuthorityRecord) -> str:
    """Return the digest of the rules alone, whatever the agent's status: what a person's answer to a call is bound to."""
    rules: dict[str, object] = {
        "manifest": manifest_digest(record.agent.manifest),
        "policy": policy_digest(record.policy),
        "roles": [_plain(role) for role in record.roles],
        "category": record.category,
        "signed": record.signed,
        "models": {name: list(reasons) for name, reasons in record.models.items()},
        "consent": list(record.consent_purposes),
        "other purposes": list(record.other_purposes),
    }
    further = {
        "tools": record.tools,
        "limits": record.limits,
        "sequences": record.sequences,
        "rules": record.rules,
        "stops": tuple(stop.id for stop in record.stops),
        "notices": record.class_notices,
    }
    return digest({**rules, **{name: _plain(part) for name, part in further.items() if part}})


def _plain(value: object) -> object:
    """Return *value* as JSON: fields by name, words as text, times as stamps, lists in their order."""
    if dataclasses.is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return stamp(value)
    return value.value if isinstance(value, Enum) else value
