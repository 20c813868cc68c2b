"""Steps that every use case of incidents takes: look, record, keep, and suspend agents within the same unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent, AgentStatus, move
from ephor.rooms.incidents.clocks import Clock, Named, clocks, named
from ephor.rooms.incidents.close import still
from ephor.rooms.incidents.figures import Figures, count
from ephor.rooms.incidents.record import Incident, check_open, digest_of
from ephor.rooms.regulation.pack import ClockRule, Pack


@dataclass(frozen=True, slots=True)
class Seen:
    """An incident, what is counted of it, what the laws call it, its clocks, and what is left to do."""

    incident: Incident
    figures: Figures
    classes: tuple[Named, ...]
    clocks: tuple[Clock, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncidentSteps:
    """What the use cases of incidents have in common."""

    world: World

    def packs(self) -> list[Pack]:
        """Return the laws that say something of incidents."""
        packs = [self.world.packs.load(name) for name in self.world.packs.names()]
        return [one for one in packs if one.incidents is not None]

    def rule(self, clock: str) -> ClockRule:
        """Return the rule of a clock."""
        rules = [rule for pack in self.packs() if pack.incidents for rule in pack.incidents.clocks]
        return next(rule for rule in rules if rule.id == clock)

    def seen(self, incident: Incident) -> Seen:
        """Return what is made of an incident now."""
        packs = self.packs()
        found = clocks(incident, packs, zone_of(incident.zone), self.world.clock.now())
        left = () if incident.closing else tuple(still(incident, found))
        return Seen(incident, count(incident.pins), named(incident, packs), found, left)

    def still_open(self, unit: Unit, id: str, by: str) -> Incident:
        """Return an incident that *by* may work on.

        Raises:
            NotPermittedError, NotFoundError, ConflictError: *by* may not; there is none; it is closed.
        """
        require(unit.shelf(Person).find(by), PlanePermission.INCIDENTS, who=by)
        incident = unit.shelf(Incident).get(id)
        check_open(incident)
        return incident

    def put(self, unit: Unit, old: Incident, **changes: object) -> Seen:
        """Keep an incident as changed."""
        new = dataclasses.replace(old, **changes)  # type: ignore[arg-type]
        unit.shelf(Incident).replace(old, new)
        return self.seen(new)

    def opened(self, unit: Unit, incident: Incident) -> str:
        """Record that it was opened, and return the entry's id."""
        named_agents: list[Json] = list(incident.agents[:100])
        return self.tell(
            unit,
            incident,
            "opened",
            incident.by,
            {
                "severity": incident.severity.value,
                "aware_at": stamp(incident.aware_at),
                "zone": incident.zone,
                "agents": named_agents,
                "entries": len(incident.pins),
                "pins": digest([[one.position, one.leaf] for one in incident.pins]),
            },
            text=digest_of(title=incident.title, summary=incident.summary),
        )

    def tell(
        self, unit: Unit, incident: Incident, what: str, by: str, metadata: Mapping[str, Json], *, text: str
    ) -> str:
        """Record a step; what people wrote stays in the record, and the ledger keeps its digest."""
        return unit.append(
            Event(
                kind=f"incident.{what}/1",
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"incident:{incident.id}",
                input_hash=text,
                refs={"incident": incident.id},
                metadata=metadata,
            )
        )

    def suspend(self, unit: Unit, agents: Sequence[str], incident: str, by: str) -> tuple[str, ...]:
        """Suspend what can be suspended, and return which agents were."""
        require(unit.shelf(Person).find(by), PlanePermission.SUSPEND, who=by)
        now, done = self.world.clock.now(), []
        for id in agents:
            old = unit.shelf(Agent).find(id)
            if old is None or old.status in (AgentStatus.SUSPENDED, AgentStatus.RETIRED):
                continue
            agent = move(old, AgentStatus.SUSPENDED, reason=f"incident {incident}", at=now)
            unit.shelf(Agent).replace(old, agent)
            unit.append(
                Event(
                    kind="agent.suspended/1",
                    at=now,
                    actor=f"person:{by}",
                    resource=f"agent:{id}",
                    refs={"manifest": agent.digest, "incident": incident},
                    metadata={
                        "from": old.status.value,
                        "to": agent.status.value,
                        "reason": agent.status_reason,
                    },
                )
            )
            done.append(id)
        return tuple(done)


def zone_of(name: str) -> tzinfo:
    """Return the time zone of that name.

    Raises:
        InvalidInputError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise InvalidInputError(
            f"`{name[:60]}` is no time zone; write for example Europe/Berlin or UTC"
        ) from None


def clock_of(seen: Seen, id: str) -> Clock:
    for one in seen.clocks:
        if one.id == id:
            return one
    known = ", ".join(one.id for one in seen.clocks)
    raise InvalidInputError(f"the incident has no clock `{id[:60]}`; use one of: {known}")
