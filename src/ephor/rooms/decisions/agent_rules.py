"""The customer's own rules as far as they are about one agent and its tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.policies.book import Book, Slice, slice_of
from ephor.rooms.policies.rule_schema import AgentFacts, ToolFacts


@dataclass(frozen=True, slots=True)
class AgentRules:
    """The rules of a book as far as they are about one agent. A slice is made when its tool is first called."""

    book: Book
    agent: AgentFacts
    tools: Mapping[str, ToolFacts]
    _slices: dict[str, Slice] = field(default_factory=dict, compare=False, repr=False)

    def slice(self, tool: str) -> Slice:
        """Return the rules that can match calls of *tool*, one of the agent's."""
        found = self._slices.get(tool)
        if found is None:  # two threads may both make it: the same book makes the same slice
            found = self._slices[tool] = slice_of(self.book, self.agent, self.tools[tool])
        return found


def rules_for(
    book: Book | None, agent: Agent, category: str | None, tools: Sequence[Tool]
) -> AgentRules | None:
    """Return the rules of *book* for *agent* with these *tools*; None where there are no rules."""
    if book is None:
        return None
    facts = agent_facts(agent, category)
    return AgentRules(book, facts, {tool.name: tool_facts(tool) for tool in tools})


def agent_facts(agent: Agent, category: str | None) -> AgentFacts:
    """Return *agent* as rules see it."""
    manifest = agent.manifest
    return AgentFacts(
        id=agent.id,
        owner=manifest.owner,
        use_case=manifest.use_case.value,
        autonomy=manifest.autonomy,
        category=category or "unknown",
        roles=tuple(sorted(set(manifest.roles))),
        models=tuple(sorted(manifest.models)),
        jurisdictions=tuple(sorted(manifest.jurisdictions)),
    )


def tool_facts(tool: Tool) -> ToolFacts:
    """Return *tool* as rules see it; an argument with a limit on its number is a whole number."""
    types = {rule.argument: "integer" for rule in tool.ask if rule.argument is not None}
    types.update({one.name: one.type.value for one in tool.arguments})
    return ToolFacts(
        name=tool.name,
        effect=tool.effect.value,
        sensitivity=tool.sensitivity.value,
        data=tuple(sorted(tool.data)),
        permissions=tuple(sorted(tool.permissions)),
        arguments=tuple(sorted(types.items())),
    )
