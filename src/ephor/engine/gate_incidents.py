"""Which incidents of an agent are open on a day, each held against the ledger. A step of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ephor.engine.ports import Unit, World
from ephor.rooms.gate.facts import Entry
from ephor.rooms.gate.finding import Exhibit
from ephor.rooms.gate.trouble import Trouble, Troubles, seriousness
from ephor.rooms.incidents.clocks import named
from ephor.rooms.incidents.record import Incident


def troubles_of(
    unit: Unit,
    world: World,
    agent: str,
    at: datetime,
    *,
    opened: Mapping[str, Entry],
    closed: Mapping[str, Entry],
) -> Troubles:
    """Return the agent's incidents that were opened by then and are not closed; a closing counts with its entry alone.

    *opened* and *closed* are the ledger's entries by what they are about.
    """
    kept = [one for one in unit.shelf(Incident).all() if one.at <= at]
    listed = {f"incident:{one.id}" for one in kept}
    unlisted = tuple(resource.partition(":")[2] for resource in sorted(set(opened) - listed))
    concerning = [
        one
        for one in kept
        if agent in one.agents and not _is_closed(one, at, recorded=f"incident:{one.id}" in closed)
    ]
    if not concerning:
        return Troubles((), unlisted)
    packs = [world.packs.load(name) for name in world.packs.names()]
    laws = [one for one in packs if one.incidents is not None]
    found = []
    for one in concerning:
        serious, because = seriousness(one, named(one, laws))
        entry = opened.get(f"incident:{one.id}")
        shown = Exhibit("incident", one.id, entry.id, entry.at.date()) if entry else None
        found.append(Trouble(one.id, one.severity, serious, because, shown))
    return Troubles(tuple(found), unlisted)


def _is_closed(one: Incident, at: datetime, *, recorded: bool) -> bool:
    return one.closing is not None and one.closing.at <= at and recorded
