"""The Cedar schema that rules are written against, made from the tools that agents declare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.policies.rule import Reads

ARGUMENT_TYPES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "string": {"type": "String"},
        "integer": {"type": "Long"},
        "number": {"type": "Extension", "name": "decimal"},
        "boolean": {"type": "Boolean"},
        "strings": {"type": "Set", "element": {"type": "String"}},
        "integers": {"type": "Set", "element": {"type": "Long"}},
    }
)
"""The types a manifest gives its tools' arguments, and what each is in Cedar."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that rules can read, and what it says."""

    cedar: Mapping[str, Any]
    says: str
    always: bool = True


_TEXT: Mapping[str, Any] = {"type": "String"}
_LONG: Mapping[str, Any] = {"type": "Long"}
_TEXTS: Mapping[str, Any] = {"type": "Set", "element": {"type": "String"}}

CONTEXT: Mapping[str, Attribute] = MappingProxyType(
    {
        "approved": Attribute({"type": "Boolean"}, "whether a person approved exactly this call"),
        "at": Attribute({"type": "Extension", "name": "datetime"}, "when the call is made"),
        "delegation_depth": Attribute(
            _LONG, "how many hands the authority went through; 0 where the agent acts by itself"
        ),
        "has_subject": Attribute({"type": "Boolean"}, "whether the call names a data subject"),
        "hour": Attribute(_LONG, "the hour in UTC, 0 to 23"),
        "labels": Attribute(
            _TEXTS,
            "what the session touched before this call, such as `data:contact`; empty without a session",
        ),
        "model": Attribute(_TEXT, "the model that asks", always=False),
        "on_behalf_of": Attribute(
            _TEXT,
            "the person who lent the authority at first, as `person:ada`; missing where no person did",
            always=False,
        ),
        "purpose": Attribute(_TEXT, "what the data is used for", always=False),
        "sensitivity": Attribute(
            {"type": "Entity", "name": "Sensitivity"}, "how sensitive the call's data is, by tool and call"
        ),
        "sensitivity_level": Attribute(
            _LONG, "the same as a number: 0 public, 1 internal, 2 confidential, 3 restricted"
        ),
        "session": Attribute(_TEXT, "the session's name", always=False),
        "weekday": Attribute(_LONG, "the day in UTC, 1 for Monday to 7 for Sunday"),
    }
)
"""What rules read as `context.NAME`, beside `context.arguments`."""

AGENT: Mapping[str, Attribute] = MappingProxyType(
    {
        "autonomy": Attribute(_LONG, "its level, 1 to 5"),
        "category": Attribute(_TEXT, "its class under the AI Act; `unknown` where nobody classified it"),
        "jurisdictions": Attribute(_TEXTS, "where it is used"),
        "models": Attribute(_TEXTS, "the models it declares"),
        "owner": Attribute(_TEXT, "the person who answers for it"),
        "use_case": Attribute({"type": "Entity", "name": "UseCase"}, "its use case"),
    }
)
"""What rules read as `principal.NAME`."""

TOOL: Mapping[str, Attribute] = MappingProxyType(
    {
        "data": Attribute(_TEXTS, "the categories of data it handles"),
        "effect": Attribute({"type": "Entity", "name": "Effect"}, "what calling it does"),
        "permissions": Attribute(_TEXTS, "the permissions it needs"),
        "sensitivity": Attribute({"type": "Entity", "name": "Sensitivity"}, "how sensitive its data is"),
    }
)
"""What rules read as `resource.NAME`."""

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Effect": tuple(one.value for one in Effect),
        "Sensitivity": tuple(one.value for one in Sensitivity),
        "UseCase": tuple(one.value for one in UseCase),
    }
)
"""Words that rules write as `Effect::"external"`."""


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """One tool as rules see it. ``arguments`` are (name, type), sorted."""

    name: str
    effect: str
    sensitivity: str
    data: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """One agent as rules see it."""

    id: str
    owner: str
    use_case: str
    autonomy: int
    category: str
    roles: tuple[str, ...]
    models: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()


EVERYTHING = Reads(None, None)


def schema_json(
    tools: Iterable[tuple[str, Mapping[str, str]]], *, reads: Reads = EVERYTHING, others: Iterable[str] = ()
) -> str:
    """Return the schema in Cedar's JSON for tools and their arguments; *others* are known, and cannot be called.

    With *reads*, only what rules look at is in it: what they do not read cannot change what they say.
    """
    actions: dict[str, Any] = {name: {} for name in others}
    for name, arguments in tools:
        actions[name] = {
            "appliesTo": {
                "principalTypes": ["Agent"],
                "resourceTypes": ["Tool"],
                "context": {"type": "Record", "attributes": _context(arguments, reads)},
            }
        }
    types: dict[str, Any] = {name: {"enum": list(words)} for name, words in WORDS.items()}
    types["Role"] = {}
    types["Agent"] = {"memberOfTypes": ["Role"], "shape": _record(AGENT)}
    types["Tool"] = {"shape": _record(TOOL)}
    return json.dumps({"": {"entityTypes": types, "actions": actions}}, sort_keys=True)


def read_names(reads: Reads) -> tuple[str, ...]:
    """Return the names of the context's attributes that *reads* looks at, sorted."""
    return tuple(name for name in sorted(CONTEXT) if reads.context is None or name in reads.context)


def read_arguments(arguments: Mapping[str, str], reads: Reads) -> dict[str, str] | None:
    """Return the declared arguments that *reads* looks at; None where it looks at none at all."""
    if reads.context is not None and "arguments" not in reads.context:
        return None
    return {
        name: type for name, type in arguments.items() if reads.arguments is None or name in reads.arguments
    }


def entities_json(agent: AgentFacts, tool: ToolFacts) -> str:
    """Return the agent, its roles and the tool as Cedar entities."""
    own = {
        "owner": agent.owner,
        "use_case": {"type": "UseCase", "id": agent.use_case},
        "autonomy": agent.autonomy,
        "category": agent.category,
        "models": list(agent.models),
        "jurisdictions": list(agent.jurisdictions),
    }
    says = {
        "effect": {"type": "Effect", "id": tool.effect},
        "sensitivity": {"type": "Sensitivity", "id": tool.sensitivity},
        "data": list(tool.data),
        "permissions": list(tool.permissions),
    }
    roles = [{"type": "Role", "id": role} for role in agent.roles]
    return json.dumps(
        [
            {"uid": {"type": "Agent", "id": agent.id}, "attrs": own, "parents": roles},
            {"uid": {"type": "Tool", "id": tool.name}, "attrs": says, "parents": []},
            *({"uid": role, "attrs": {}, "parents": []} for role in roles),
        ]
    )


def _context(arguments: Mapping[str, str], reads: Reads) -> dict[str, Any]:
    parts = {name: {**CONTEXT[name].cedar, "required": CONTEXT[name].always} for name in read_names(reads)}
    if (known := read_arguments(arguments, reads)) is not None:
        typed = {name: {**ARGUMENT_TYPES[type], "required": False} for name, type in known.items()}
        parts["arguments"] = {"type": "Record", "attributes": typed, "required": True}
    return parts


def _record(attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    return {
        "type": "Record",
        "attributes": {name: {**one.cedar, "required": one.always} for name, one in attributes.items()},
    }
