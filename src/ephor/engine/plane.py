"""One plane: every use case over one world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ephor.engine.access import Access
from ephor.engine.agents import Agents
from ephor.engine.approvals import Approvals
from ephor.engine.policies import Policies
from ephor.engine.ports import Unit, World
from ephor.rooms.agents.agent import Agent
from ephor.rooms.policies.governance import POLICIES


@dataclass(frozen=True)
class Engine:
    """The use cases by room. The same words serve in the command line and in the library."""

    world: World

    @cached_property
    def access(self) -> Access:
        return Access(self.world)

    @cached_property
    def agents(self) -> Agents:
        return Agents(self.world, POLICIES)

    @cached_property
    def policies(self) -> Policies:
        return Policies(POLICIES)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.world, POLICIES, _category_of)

    def close(self) -> None:
        """Release the database."""
        self.world.storage.close()


def _category_of(_unit: Unit, _agent: Agent) -> str | None:
    """No agent has a class of the law until the regulation use cases keep one: nothing can be approved before."""
    return None
