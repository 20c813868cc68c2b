"""Use cases: what was never logged, judged from what was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from heapq import merge
from typing import Any

from ephor.engine.ports import Ledger, Packs, World
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.time import moment
from ephor.kernel.truth import Truth
from ephor.kernel.vocabulary import Effect
from ephor.rooms.agents.agent import Agent
from ephor.rooms.ledger.acts import Acts, OpenAct
from ephor.rooms.ledger.coverage import Alike, Coverage, Demand, Scope, Sign, cover
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.kinds import check_known
from ephor.rooms.ledger.rhythm import Pause
from ephor.rooms.ledger.sources import Source, heartbeats
from ephor.rooms.regulation.pack import Basis, LoggingDemand, Pack, Verified

_LEAVES = {Effect.READ: "data.accessed/1", Effect.WRITE: "data.modified/1"}
"""What a use of a tool leaves that names data. Of what leaves the house or cannot be undone nothing follows for data."""
SHOWN = 1_000
"""How many open acts one answer lists; all are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One demand of a law, and what the ledger has of it. ``suspicious`` is None where that cannot be known."""

    id: str
    kind: str
    cite: str
    title: str
    basis: Basis
    verified: Verified
    applies_from: date | None
    note: str | None
    seen: bool
    count: int
    seen_as: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    longest_pause: Pause | None
    longest_pause_seconds: int | None
    suspicious: Truth
    because: Sequence[str]


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Which events a law demands, and whether they arrive. Times are those at which the ledger took the entries."""

    regulation: str
    pack_version: str
    pack_digest: str
    agent: str | None
    since: datetime | None
    until: datetime
    looked_at: int
    acts: int
    demands: Sequence[Row]
    signs: Sequence[Sign]
    missing: Sequence[str]
    suspicious: Truth


@dataclass(frozen=True, slots=True)
class OpenActs:
    """Tools that were invoked, and of which nobody recorded what came: the oldest `SHOWN` of them, and how many in all."""

    older_than: timedelta
    invoked: int
    ended: int
    ended_on_word: int
    """Of those ended: this plane recorded the intent, and the end is somebody's word."""
    open: int
    oldest: Sequence[OpenAct]


@dataclass(frozen=True, slots=True)
class LedgerCoverage:
    """What can be noticed as missing from the ledger."""

    world: World

    def report(
        self,
        regulation: str,
        *,
        agent: str | None = None,
        since: datetime | timedelta | None = None,
        until: datetime | None = None,
    ) -> CoverageReport:
        """Return which events *regulation* demands and whether they arrive: of one agent, or of everybody.

        *since* may be how long before the end to begin; *until* is now where it is not said, or lies ahead.

        Raises:
            NotFoundError: no pack is named so, or there is neither a registered agent nor an entry of that name.
            InvalidInputError: the pack demands no events, or the time ends before it begins.
            VerificationError: an entry is gone or cannot be read.
        """
        pack = _pack_named(self.world.packs, regulation)
        demands = tuple(_demand(pack, one) for one in pack.logging)
        now = self.world.clock.now()
        end = min(until or now, now)
        if isinstance(since, timedelta):
            since = end - since
        if since is not None and since >= end:
            raise InvalidInputError(f"the time from {since} to {end} is none; let it begin before it ends")
        agents = self._agents(agent)
        scope = Scope(agent, _leaves(agents), end)
        found = cover(demands, self._entries(since, until), scope)
        if agent is not None and not agents and not found.looked_at:
            raise NotFoundError(
                f"there is no agent `{agent}`, and no entry names it; see `ephor agents list`", agent=agent
            )
        if agent is None:
            found = replace(found, signs=(*found.signs, self._heartbeats(now)))
        return _report(pack, agent, since, end, found)

    def open_acts(self, *, older_than: timedelta, agent: str | None = None) -> OpenActs:
        """Return the tools that were invoked longer ago than *older_than* and never came to an end that is recorded.

        Raises:
            VerificationError: an entry is gone or cannot be read.
        """
        acts, scope = Acts(), Scope(agent)
        for at, entry in self._entries(None, None):
            if scope.holds(entry):
                acts.see(entry, at)
        late = list(acts.still_open(self.world.clock.now() - older_than))
        return OpenActs(
            older_than, acts.invoked, acts.ended, acts.on_word, len(late) + acts.let_go, late[:SHOWN]
        )

    def _agents(self, agent: str | None) -> Sequence[Agent]:
        with self.world.storage.reading() as unit:
            shelf = unit.shelf(Agent)
            if agent is None:
                return shelf.all()
            found = shelf.find(agent)
            return [] if found is None else [found]

    def _heartbeats(self, now: datetime) -> Sign:
        with self.world.storage.reading() as unit:
            suspicious, because = heartbeats(unit.shelf(Source).all(), now)
        return Sign("heartbeats", suspicious, because)

    def _entries(
        self, since: datetime | None, until: datetime | None
    ) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
        """Yield the entries of every log that the plane took from *since* up to *until*, in the order of that time."""
        logs = self.world.storage.logs
        each = [_taken(logs.of(one.number), since, until) for one in logs.names()]
        return merge(*each, key=lambda one: one[0])


def _taken(
    ledger: Ledger, since: datetime | None, until: datetime | None
) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    size = ledger.head().size
    position = 0 if since is None else _first_after(ledger, since, size)
    for data in ledger.entries(position, size):
        entry = _read(position, data)
        at = moment(str(entry["received_at"]))
        if until is not None and at >= until:
            return
        yield at, entry
        position += 1
    if position < size:
        raise _gone(position)


def _first_after(ledger: Ledger, since: datetime, size: int) -> int:
    """Find where *since* begins: a log's own time never runs backwards."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        data = next(iter(ledger.entries(middle, middle + 1)), None)
        if data is None:
            raise _gone(middle)
        if moment(str(_read(middle, data)["received_at"])) < since:
            low = middle + 1
        else:
            high = middle
    return low


def _read(position: int, data: bytes) -> Mapping[str, Any]:
    try:
        return parse(data)
    except VerificationError as error:
        raise VerificationError(
            f"entry {position} cannot be read: {error}; run `ephor ledger verify`", position=position
        ) from error


def _gone(position: int) -> VerificationError:
    return VerificationError(
        f"entry {position} is gone from the database; run `ephor ledger verify`", position=position
    )


def _pack_named(packs: Packs, text: str) -> Pack:
    """Find a pack as people write its name: `HIPAA`, `PCI DSS`, `SOC2`, `EU AI Act`; or by the path of its folder."""
    if "/" in text:
        pack = packs.load(text)
    else:
        known = {_folded(name): name for name in packs.names()}
        name = known.get(_folded(text))
        if name is None:
            raise NotFoundError(
                f"unknown regulation `{text[:60]}`; use one of: {', '.join(packs.names())}, or the path of a pack",
                regulation=text[:60],
            )
        pack = packs.load(name)
    if not pack.logging:
        raise InvalidInputError(
            f"pack `{pack.identity.id}` does not say which events it demands; add a section `logging:` to it",
            pack=pack.identity.id,
        )
    return pack


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _demand(pack: Pack, demand: LoggingDemand) -> Demand:
    for kind in (demand.kind, *(one.kind for one in demand.also)):
        try:
            check_known(kind)
        except InvalidInputError as error:
            raise InvalidInputError(
                f"pack `{pack.identity.id}`, `{demand.id}`: {error}", kind=kind
            ) from error
    return Demand(demand.kind, tuple(Alike(one.kind, one.decision) for one in demand.also))


def _leaves(agents: Sequence[Agent]) -> dict[tuple[str, str], str]:
    return {
        (agent.id, tool.name): _LEAVES[tool.effect]
        for agent in agents
        for tool in agent.manifest.tools
        if tool.data and tool.effect in _LEAVES
    }


def _seconds(pause: Pause | None) -> int | None:
    return None if pause is None else int(pause.length.total_seconds())


def _report(
    pack: Pack, agent: str | None, since: datetime | None, until: datetime, found: Coverage
) -> CoverageReport:
    rows = [
        Row(
            id=demand.id,
            kind=demand.kind,
            cite=demand.cite,
            title=demand.title,
            basis=demand.basis,
            verified=demand.verified,
            applies_from=demand.since,
            note=demand.note,
            seen=one.count > 0,
            count=one.count,
            seen_as=one.seen_as,
            first=one.first,
            last=one.last,
            longest_pause=one.longest_pause,
            longest_pause_seconds=_seconds(one.longest_pause),
            suspicious=one.suspicious,
            because=one.because,
        )
        for demand, one in zip(pack.logging, found.found, strict=True)
    ]
    return CoverageReport(
        pack.identity.id,
        pack.identity.version,
        pack.digest,
        agent,
        since,
        until,
        found.looked_at,
        found.acts,
        rows,
        found.signs,
        found.missing,
        found.suspicious,
    )
