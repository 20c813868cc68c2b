"""What rules can speak of, from what is on the shelves. A step that use cases share; it records nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ephor.engine.ports import R, Unit, World
from ephor.rooms.access.delegation import Delegation
from ephor.rooms.access.people import Person
from ephor.rooms.access.roles import Role, known_roles
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.decisions.agent_rules import tool_facts
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.decisions.unmatched import Declared, Names
from ephor.rooms.policies.check_rules import Catalogue, CatalogueTool


def catalogue_of(unit: Unit) -> Catalogue:
    """Return the tools that agents declare, the agents that are not retired, and the roles."""
    agents = [one for one in unit.shelf(Agent).all() if one.status is not AgentStatus.RETIRED]
    declared: dict[str, dict[str, Mapping[str, str]]] = {}
    for agent in agents:
        for tool in agent.manifest.tools:
            declared.setdefault(tool.name, {})[agent.id] = dict(tool_facts(tool).arguments)
    return Catalogue(
        tools={name: _tool(by_agent) for name, by_agent in sorted(declared.items())},
        agents={agent.id: frozenset(agent.manifest.roles) for agent in agents},
        roles=frozenset(known_roles(unit.shelf(Role).all())),
    )


def _tool(by_agent: Mapping[str, Mapping[str, str]]) -> CatalogueTool:
    """Put together what agents declare of one tool; an argument on which they differ is contested."""
    names = sorted({name for arguments in by_agent.values() for name in arguments})
    agreed: dict[str, str] = {}
    contested: dict[str, str] = {}
    for name in names:
        types = {agent: arguments.get(name, "nothing") for agent, arguments in sorted(by_agent.items())}
        if len(set(types.values())) == 1:
            agreed[name] = types[next(iter(types))]
        else:
            contested[name] = ", ".join(f"{agent} says {type}" for agent, type in types.items())
    return CatalogueTool(agreed, frozenset(by_agent), contested)


def names_of(unit: Unit, now: datetime) -> Names:
    """Return every tool, agent, label and delegation that what people lay down can be about."""
    agents = [one for one in unit.shelf(Agent).all() if one.status is not AgentStatus.RETIRED]
    entries = unit.shelf(ToolEntry).all()
    tools: dict[str, Declared] = {}
    labels = {label for one in entries for label in (*one.labels, *(f"data:{each}" for each in one.data))}
    for agent in agents:
        for tool in agent.manifest.tools:
            before = tools.get(tool.name, Declared(sensitivity=tool.sensitivity))
            tools[tool.name] = Declared(
                before.arguments | {one.name for one in tool.arguments},
                min(before.sensitivity, tool.sensitivity),
            )
            labels |= {f"data:{each}" for each in tool.data}

    def delegation(id: str) -> bool | None:
        found = unit.shelf(Delegation).find(id)
        return None if found is None else found.revoked_at is None and now < found.expires_at

    return Names(
        tools=tools,
        described=frozenset(one.id for one in entries),
        granted=frozenset(
            tool for role in known_roles(unit.shelf(Role).all()).values() for tool in role.allowed_tools
        ),
        agents={one.id: frozenset(tool.name for tool in one.manifest.tools) for one in agents},
        labels=frozenset(labels),
        held=frozenset(role for one in unit.shelf(Person).all() for role in one.roles),
        delegation=delegation,
    )


def looking(
    of: Callable[[R, Names], tuple[str, ...]], world: World
) -> Callable[[Unit], Callable[[R], tuple[str, ...]]]:
    """Return what looks at definitions against what a unit holds, read once for all of them."""

    def on(unit: Unit) -> Callable[[R], tuple[str, ...]]:
        names = names_of(unit, world.clock.now())
        return lambda one: of(one, names)

    return on
