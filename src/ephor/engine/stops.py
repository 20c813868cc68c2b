"""Use cases: the stop switch is pulled, and what was stopped may go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import Unit, World
from ephor.engine.stopping import order, release
from ephor.kernel.errors import NotFoundError
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.agents.stop import Stop, StopStatus, StopWhat, is_model, read_stop


@dataclass(frozen=True, slots=True)
class Ordered:
    """A stop, and the agents it touches now."""

    stop: Stop
    agents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stops:
    """Stops of agents, tools, models and everything. They hold from the next decision on, in every process."""

    world: World

    def order(self, what: StopWhat, name: str | None, reason: str, *, by: str) -> Ordered:
        """Stop an agent, a tool, a model, or everything.

        A tool or model that no agent declares can be stopped as well, before anybody does; see `Ordered.agents`.

        Raises:
            InvalidInputError: no reason, or no name where one is needed.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.SUSPEND, who=by)
            stop = read_stop(
                id=self.world.ids.new("stp"),
                what=what,
                name=name,
                reason=reason,
                by=person.id,
                at=self.world.clock.now(),
            )
            if what is StopWhat.AGENT and unit.shelf(Agent).find(str(name)) is None:
                raise NotFoundError(f"there is no agent `{name}`; see `ephor agents list`")
            touched = _touched(unit, stop)
            order(unit, stop, touched)
        return Ordered(stop, touched)

    def lift(self, id: str, reason: str, *, by: str) -> Stop:
        """Let what was stopped act again. A stop of everything takes two people: the first asks, the second lifts it.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such stop.
            NotPermittedError: *by* may not, or is the first of the two.
            ConflictError: it was lifted already.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.RESUME, who=by)
            return release(unit, unit.shelf(Stop).get(id), person.id, reason, self.world.clock.now())

    def all(self, *, open_only: bool = False) -> Sequence[Stop]:
        """Return the stops, oldest first."""
        with self.world.storage.reading() as unit:
            where = {"status": StopStatus.OPEN.value} if open_only else {}
            return unit.shelf(Stop).all(**where)

    def show(self, id: str) -> Ordered:
        """Return one stop, and the agents it touches.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self.world.storage.reading() as unit:
            stop = unit.shelf(Stop).get(id)
            return Ordered(stop, _touched(unit, stop))


def _touched(unit: Unit, stop: Stop) -> list[str]:
    agents = [one for one in unit.shelf(Agent).all() if one.status is not AgentStatus.RETIRED]
    return [one.id for one in agents if _touches(stop, one)]


def _touches(stop: Stop, agent: Agent) -> bool:
    if stop.what is StopWhat.TOOL:
        return any(tool.name == stop.name for tool in agent.manifest.tools)
    if stop.what is StopWhat.MODEL:
        return any(is_model(stop, model) for model in agent.manifest.models)
    return stop.what is StopWhat.ALL or agent.id == stop.name
