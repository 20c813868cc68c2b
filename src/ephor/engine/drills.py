"""Use case: a drill of the stop switch, measured over processes and kept as evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ephor.engine.ports import Unit, World
from ephor.engine.ports_drill import Prober, Probes
from ephor.engine.stopping import order, release
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, UnavailableError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.drill import BOUND, STOP_DRILL, Drill, Seen, check_plan, figures, has_passed, saw
from ephor.rooms.agents.stop import Stop, StopWhat, read_stop
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import Evidence, read_evidence, recorded

_PATIENCE = timedelta(seconds=60)
"""How long processes may take to start; a loaded machine is slow."""
_CALLS_BEFORE = 3
"""Allowed calls of each process before the stop: a drill of an agent at rest would prove nothing."""
_REFUSALS = 20
"""Refusals running after which nothing else is expected of a process."""
_NEEDED = (PlanePermission.SUSPEND, PlanePermission.RESUME, PlanePermission.EVIDENCE)


@dataclass(frozen=True, slots=True)
class Drills:
    """Drills. ``explain`` tells how a call would be decided, and records nothing."""

    world: World
    allows: Callable[[str, str, Mapping[str, Any]], bool]
    """Whether this agent's call of this tool with these arguments would be allowed now."""

    def run(
        self,
        agent_id: str,
        prober: Prober,
        *,
        by: str,
        processes: int = 3,
        bound: timedelta = BOUND,
        tool: str | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Drill:
        """Stop an agent while processes ask for it, measure when the last call was allowed, and let it go on.

        The calls are decided and recorded as any other; no tool is run. The agent's own calls are denied, too, for as
        long as the drill stops it. A drill that was passed is evidence; every drill is in the ledger.

        Raises:
            InvalidInputError: a plan that cannot be.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not stop, resume and record evidence.
            ConflictError: no call of the agent is allowed now, so none could be stopped.
            UnavailableError: the processes did not start, or the stop could not be lifted.
        """
        check_plan(processes, bound)
        id, tool = self.world.ids.new("drl"), self._tool(agent_id, by, tool, arguments or {})
        with prober.start(processes, agent_id, tool, arguments or {}, id) as probes:
            self._await_calls(probes, prober)
            before = prober.ticks()
            stop = self._stop(agent_id, id, by)
            stopped_at = prober.ticks()
            try:
                self._await_denials(probes, prober, stopped_at, bound)
                seen = tuple(saw(one, stopped_at) for one in probes.seen())
            finally:
                self._lift(stop, id, by)
        drill = Drill(
            id=id,
            agent=agent_id,
            tool=tool,
            by=by,
            at=stop.at,
            bound_ms=bound.total_seconds() * 1000,
            stop_ms=round((stopped_at - before) / 1e6, 3),
            processes=seen,
            passed=has_passed(seen, bound),
        )
        return self._record(drill)

    def _tool(self, agent_id: str, by: str, tool: str | None, arguments: Mapping[str, Any]) -> str:
        """Return the tool that is called: the one named, or the first that would be allowed."""
        with self.world.storage.reading() as unit:
            person = unit.shelf(Person).find(by)
            for permission in _NEEDED:
                require(person, permission, who=by)
            declared = [one.name for one in unit.shelf(Agent).get(agent_id).manifest.tools]
        for name in declared if tool is None else [tool]:
            if self.allows(agent_id, name, arguments):
                return name
        which = f"tool `{tool}`" if tool else "any tool"
        raise ConflictError(
            f"agent `{agent_id}` may not call {which} with these arguments now, so a stop would change nothing; "
            f"see `ephor decide --agent {agent_id}`, and name a call that is allowed: --tool, --arguments"
        )

    def _await_calls(self, probes: Probes, prober: Prober) -> None:
        end = prober.ticks() + _ns(_PATIENCE)
        while any(sum(seen.allowed for seen in one) < _CALLS_BEFORE for one in probes.seen()):
            if (said := probes.failed()) is not None:
                raise UnavailableError(f"a process of the drill ended: {said}; nothing was stopped")
            if prober.ticks() > end:
                raise UnavailableError(_unanswered(probes.seen()))
            prober.pause()

    def _await_denials(self, probes: Probes, prober: Prober, stopped_at: int, bound: timedelta) -> None:
        """Wait until every process was refused many times running; where one is not, until after the bound."""
        most = stopped_at + _ns(bound + timedelta(seconds=2))
        while prober.ticks() < most and not all(_is_refused(one) for one in probes.seen()):
            prober.pause()

    def _stop(self, agent_id: str, id: str, by: str) -> Stop:
        with self.world.storage.unit() as unit:
            stop = read_stop(
                id=self.world.ids.new("stp"),
                what=StopWhat.AGENT,
                name=agent_id,
                reason=f"drill {id}",
                by=by,
                at=self.world.clock.now(),
            )
            order(unit, stop, [agent_id])
        return stop

    def _lift(self, stop: Stop, id: str, by: str) -> None:
        """Lift the drill's own stop and no other: whoever stopped the agent in earnest meanwhile is not undone."""
        try:
            with self.world.storage.unit() as unit:
                release(unit, unit.shelf(Stop).get(stop.id), by, f"end of drill {id}", self.world.clock.now())
        except UnavailableError as error:
            raise UnavailableError(
                f"the agent is still stopped by the drill: {error}; run `ephor stops lift {stop.id}`",
                stop=stop.id,
            ) from error

    def _record(self, drill: Drill) -> Drill:
        with self.world.storage.unit() as unit:
            evidence = self._evidence(unit, drill) if drill.passed else None
            if evidence is not None:
                unit.shelf(Evidence).add(evidence)
                unit.append(recorded(evidence))
                drill = dataclasses.replace(drill, evidence=evidence.id)
            told: dict[str, Json] = dict(figures(drill))  # type: ignore[arg-type]
            unit.append(
                Event(
                    kind="drill.recorded/1",
                    at=self.world.clock.now(),
                    actor=f"person:{drill.by}",
                    resource=f"agent:{drill.agent}",
                    session=drill.id,
                    refs={"drill": drill.id, **({"evidence": evidence.id} if evidence else {})},
                    metadata=told,
                )
            )
        return drill

    def _evidence(self, unit: Unit, drill: Drill) -> Evidence:
        now = self.world.clock.now()
        return read_evidence(
            id=self.world.ids.new("evd"),
            agent=drill.agent,
            kind=EvidenceKind.INCIDENT_DRILL,
            title=f"{STOP_DRILL}: last allowed call {drill.last_allowed_ms:g} ms after the stop, bound {drill.bound_ms:g} ms",
            about=None,
            digest=None,
            reference=f"{drill.id} in the ledger",
            on=now.date(),
            expires=None,
            material_digest=unit.shelf(Agent).get(drill.agent).material_digest,
            by=drill.by,
            at=now,
        )


def _unanswered(seen: Sequence[Sequence[Seen]]) -> str:
    """Say why the drill did not begin: nobody asked, or what was asked for is refused already."""
    asked = sum(len(one) for one in seen)
    allowed = sum(each.allowed for one in seen for each in one)
    if not asked:
        return "the processes of the drill made no call in a minute; nothing was stopped"
    return (
        f"the processes of the drill were allowed {allowed} of {asked} calls in a minute, too few to stop any; nothing was "
        "stopped; a limit may be used up: name another call with --tool or --arguments"
    )


def _is_refused(seen: Sequence[Seen]) -> bool:
    last = seen[-_REFUSALS:]
    return len(last) == _REFUSALS and all(one.stopped for one in last)


def _ns(lasts: timedelta) -> int:
    return int(lasts.total_seconds() * 1e9)
