"""What rules can speak of, from what is on the shelves. A step that use cases share; it records nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ephor.engine.ports import Unit
from ephor.rooms.access.roles import Role, known_roles
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.decisions.agent_rules import tool_facts
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
