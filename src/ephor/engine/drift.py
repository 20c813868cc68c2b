"""Use case: compare what an agent declares with what the ledger saw of it; where they differ, its review is open again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.events import Event
from ephor.kernel.time import moment
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent, AgentStatus, move, unapproved
from ephor.rooms.agents.drift import Departure, departures
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.approvals.standing import is_live, supersede
from ephor.rooms.decisions.catalogue import ToolEntry

_PAGE = 500
_SHOWN = 50
"""Departures written into the ledger entry; their number is always there."""
_WHY = "it was seen to use what its manifest does not name"


@dataclass(frozen=True, slots=True)
class Compared:
    """An agent's declaration against what the ledger saw since *since*, and whether that opened its review again."""

    agent: str
    since: datetime | None
    """When its newest approval was given; None where it never had one, and everything is looked at."""
    entries: int
    departures: tuple[Departure, ...]
    reopened: bool
    status: AgentStatus
    ended: tuple[str, ...] = ()
    """Requests and approvals that this put an end to."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Declared against observed."""

    world: World

    def look(self, id: str) -> Compared:
        """Compare, and change nothing.

        Raises:
            NotFoundError: there is no such agent.
        """
        with self.world.storage.reading() as unit:
            return self._compare(unit, unit.shelf(Agent).get(id))

    def check(self, id: str, *, by: str) -> Compared:
        """Compare; where the ledger saw more than the manifest names, the agent counts as approved no more.

        Raises:
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not stop agents.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.SUSPEND, who=by)
            old = unit.shelf(Agent).get(id)
            found = self._compare(unit, old)
            if not found.departures or old.status is AgentStatus.RETIRED:
                return found
            return self._reopened(unit, old, found, by)

    def _reopened(self, unit: Unit, old: Agent, found: Compared, by: str) -> Compared:
        now = self.world.clock.now()
        shelf = unit.shelf(ApprovalRequest)
        live = [one for one in shelf.all(agent=old.id) if is_live(one)]
        if not live and old.approval is None:
            return found  # its review is open already
        agent = unapproved(old)
        if agent.status not in (AgentStatus.DRAFT, AgentStatus.SUSPENDED):
            agent = move(agent, AgentStatus.DRAFT, reason=_WHY, at=now)
        if agent != old:
            unit.shelf(Agent).replace(old, agent)
        for one in live:
            shelf.replace(one, supersede(one, by=by, reason=_WHY, at=now))
        ended = tuple(one.id for one in live)
        facts: dict[str, Json] = {
            "from": old.status.value,
            "to": agent.status.value,
            "departures": len(found.departures),
            "seen": [_told(one) for one in found.departures[:_SHOWN]],
            "ended": list(ended),
        }
        unit.append(
            Event(
                kind="agent.drifted/1",
                at=now,
                actor=f"person:{by}",
                resource=f"agent:{old.id}",
                refs={"manifest": old.digest},
                metadata=facts,
            )
        )
        return dataclasses.replace(found, reopened=True, status=agent.status, ended=ended)

    def _compare(self, unit: Unit, agent: Agent) -> Compared:
        since = _approved_at(unit.shelf(ApprovalRequest).all(agent=agent.id))
        counted = _Counted(self._entries(agent.id, since))
        data_of = {one.id: one.data for one in unit.shelf(ToolEntry).all()}
        found = departures(agent.manifest, counted, data_of)
        return Compared(agent.id, since, counted.number, found, reopened=False, status=agent.status)

    def _entries(self, agent: str, since: datetime | None) -> Iterator[Mapping[str, Any]]:
        """Return what was recorded of the agent since then, newest first. An act may be told later than it happened."""
        ledger, before = self.world.storage.ledger, None
        while places := ledger.search({"actor": f"agent:{agent}"}, before=before, limit=_PAGE):
            for place in places:
                (data,) = ledger.entries(place, place + 1)
                entry = orjson.loads(data)
                if since is not None and moment(str(entry["received_at"])) < since:
                    return
                yield entry
            before = places[-1]


class _Counted:
    """Entries as they pass, and how many did."""

    def __init__(self, entries: Iterator[Mapping[str, Any]]) -> None:
        self._entries = entries
        self.number = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for entry in self._entries:
            self.number += 1
            yield entry


def _approved_at(asked: Sequence[ApprovalRequest]) -> datetime | None:
    """Return when the newest approval was given: what reviewers could see then, they saw."""
    given = [one.decided_at for one in asked if one.expires_at is not None and one.decided_at is not None]
    return max(given, default=None)


def _told(one: Departure) -> dict[str, Json]:
    return {
        "aspect": one.aspect.value,
        "name": one.name[:200],
        "times": one.times,
        "first": one.first,
        "denied": one.denied,
    }
