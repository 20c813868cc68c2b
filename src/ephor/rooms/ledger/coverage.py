"""What was never logged: the kinds of event that somebody demands, and whether their silence is suspicious.

That an event is missing cannot be seen in a log. What can be seen is activity that does not go with its silence. So
each answer is *yes*, *no* or *not known*, says why, and is never *no* where nothing could be held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from ephor.kernel.truth import Truth, any_of
from ephor.rooms.ledger.acts import Acts
from ephor.rooms.ledger.counterpart import COUNTERPARTS, Counterpart
from ephor.rooms.ledger.rhythm import Pause, Rhythm, spoken

Entry: TypeAlias = Mapping[str, Any]
DECIDED: Final = "decision.made/1"
PATIENCE: Final = timedelta(minutes=10)
"""How long a tool may run before it is told that nobody said what came of it."""
STOPPED: Final = frozenset({"agent.suspended/1", "agent.retired/1"})
"""After these an agent may not act, so its silence is to be expected."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Entries that say the same as a demanded kind; with ``decision``, only those that were decided so by this plane."""

    kind: str
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """A kind of event that must be in the log."""

    kind: str
    also: tuple[Alike, ...] = ()

    def is_met_by(self, entry: Entry) -> bool:
        """Tell whether *entry* is such an event.

        >>> granted = Demand("auth.granted/1", (Alike("decision.made/1", "allow"),))
        >>> [granted.is_met_by({"kind": "decision.made/1", "decision": said}) for said in ("allow", "deny")]
        [True, False]
        """
        if entry["kind"] == self.kind:
            return True
        return any(
            entry["kind"] == one.kind and one.decision in (None, entry.get("decision")) for one in self.also
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose entries count, and what is known of the tools that were declared."""

    agent: str | None = None
    """Only what this agent did, and what was done to it; None: everybody."""
    leaves: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The kind of event that each use of a tool should leave, by agent and tool, where the manifest tells."""
    until: datetime | None = None
    """The end of the time looked at: the silence since the last event is a pause, too."""

    def holds(self, entry: Entry) -> bool:
        """Tell whether *entry* counts."""
        if self.agent is None:
            return True
        return f"agent:{self.agent}" in (entry["actor"], entry.get("resource"))


@dataclass(frozen=True, slots=True)
class Found:
    """What the log has of one demanded kind. ``suspicious`` is None where that cannot be known."""

    kind: str
    count: int
    seen_as: Mapping[str, int]
    """How many entries of each kind that counts as this one."""
    first: datetime | None
    last: datetime | None
    longest_pause: Pause | None
    suspicious: Truth
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that tells of missing events without telling of which kind."""

    name: str
    suspicious: Truth
    because: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer for every demand, in their order, and what else speaks of events that are missing."""

    looked_at: int
    """Entries that were in the time and scope asked about."""
    acts: int
    """Of these, what agents did themselves."""
    found: tuple[Found, ...]
    signs: tuple[Sign, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The demanded kinds of which there is not one entry."""
        return tuple(one.kind for one in self.found if one.count == 0)

    @property
    def suspicious(self) -> Truth:
        """Whether any silence is suspicious; None where some silence cannot be judged and none is known to be."""
        return any_of([*(one.suspicious for one in self.found), *(one.suspicious for one in self.signs)])


def cover(demands: Sequence[Demand], entries: Iterable[tuple[datetime, Entry]], scope: Scope) -> Coverage:
    """Return what *entries* have of each demanded kind. They come with the time of receipt, in its order.

    Times are those at which the ledger took the entries: nobody who hands something in can choose them. Memory does not
    grow with the number of entries.
    """
    tallies = [_Tally(one, scope) for one in demands]
    watch = _Watch(scope)
    for at, entry in entries:
        if scope.holds(entry):
            watch.see(entry, at)
            for tally in tallies:
                tally.see(entry, at)
    end = scope.until
    if end is not None:
        for rhythm in (watch.rhythm, *(one.rhythm for one in tallies)):
            rhythm.end(end)
    return Coverage(
        watch.looked_at,
        watch.rhythm.count,
        tuple(one.found(active=watch.rhythm.count > 0) for one in tallies),
        watch.signs(end),
    )


@dataclass(slots=True)
class _Tally:
    """The counters of one demand."""

    demand: Demand
    scope: Scope
    rhythm: Rhythm = field(default_factory=Rhythm)
    seen_as: dict[str, int] = field(default_factory=dict)
    decided: int = 0
    """Decisions that this plane recorded itself."""
    against: Counterpart | None = None

    def __post_init__(self) -> None:
        calls_for = COUNTERPARTS.get(self.demand.kind)
        self.against = Counterpart(calls_for) if calls_for is not None else None

    def see(self, entry: Entry, at: datetime) -> None:
        if entry["kind"] in STOPPED and self.scope.agent is not None:
            self.rhythm.excuse()
        self.decided += entry["kind"] == DECIDED and "decision" in entry
        if self.demand.is_met_by(entry):
            self.rhythm.beat(at)
            self.seen_as[entry["kind"]] = self.seen_as.get(entry["kind"], 0) + 1
            if self.against is not None:
                self.against.answered()
        elif self.against is not None:
            self.against.see(entry, self.demand.kind, self.scope.leaves)

    def found(self, *, active: bool) -> Found:
        answers = self._answers() if active or self.rhythm.count else [(None, _IDLE)]
        said = [truth for truth, _ in answers]
        # A test that fires is enough; where none fires, one that could have is.
        suspicious = True if True in said else False if False in said else None
        told = [text for truth, text in answers if truth is suspicious] or [text for _, text in answers]
        rhythm = self.rhythm
        return Found(
            self.demand.kind,
            rhythm.count,
            dict(sorted(self.seen_as.items())),
            rhythm.first,
            rhythm.last,
            rhythm.longest,
            suspicious,
            tuple(told),
        )

    def _answers(self) -> list[tuple[Truth, str]]:
        """Return what each test says that can be made at all."""
        if (
            self.decided
            and self.seen_as.keys() <= {DECIDED}
            and any(one.kind == DECIDED for one in self.demand.also)
        ):
            return [(False, f"this plane records each decision before it tells it: {self.decided}")]
        if self.rhythm.count:
            pauses = self.rhythm.judge()
            return [pauses] if self.against is None else [self.against.judge(), pauses]
        if self.against is not None and self.against.calls:
            return [(True, f"never, though {self.against.told()}")]
        if self.against is not None and self.demand.kind in self.scope.leaves.values():
            return [(False, "never, and no tool that the manifest declares to call for one was used")]
        return [(None, "never, and nothing here tells whether there was one to record")]


_IDLE = (
    "no act of an agent is recorded in this time: whether there was none, or none was logged, is not known"
)


@dataclass(slots=True)
class _Watch:
    """What speaks of missing events whatever their kind: unfinished acts, counters that jumped, silence as a whole."""

    scope: Scope
    looked_at: int = 0
    rhythm: Rhythm = field(default_factory=Rhythm)
    acts: Acts = field(default_factory=Acts)
    jumps: int = 0
    lost: int = 0
    counted: int = 0

    def see(self, entry: Entry, at: datetime) -> None:
        self.looked_at += 1
        self.acts.see(entry, at)
        if entry["kind"] in STOPPED and self.scope.agent is not None:
            self.rhythm.excuse()
        if entry["actor"].startswith("agent:"):
            self.rhythm.beat(at)
        if isinstance(counted := entry.get("metadata", {}).get("counted"), Mapping):
            self.counted += 1
            missing = counted.get("missing")
            if type(missing) is int and missing > 0:
                self.jumps, self.lost = self.jumps + 1, self.lost + missing

    def signs(self, end: datetime | None) -> tuple[Sign, ...]:
        return (self._silence(), self._unfinished(end), self._jumped())

    def _silence(self) -> Sign:
        if not self.rhythm.count:
            return Sign("activity", None, _IDLE)
        suspicious, because = self.rhythm.judge()
        return Sign("activity", suspicious, because)

    def _unfinished(self, end: datetime | None) -> Sign:
        acts = self.acts
        late = 0 if end is None else sum(1 for _ in acts.still_open(end - PATIENCE))
        if late or acts.let_go:
            return Sign(
                "unfinished acts",
                True,
                f"tools invoked more than {spoken(PATIENCE)} before the end of which nobody recorded what came: "
                f"{late + acts.let_go} of {acts.invoked}; see `ephor ledger open-acts`",
            )
        if not acts.invoked:
            return Sign("unfinished acts", None, "no tool was invoked in this time")
        return Sign(
            "unfinished acts",
            False,
            f"each tool invoked has its result or is still young: {acts.invoked}",
        )

    def _jumped(self) -> Sign:
        if self.jumps:
            return Sign(
                "counters",
                True,
                f"jumps of sources' counters: {self.jumps}, events that never arrived: {self.lost}; see `ephor ledger sources`",
            )
        if not self.counted:
            return Sign("counters", None, "nothing arrived with a source's counter in this time")
        return Sign(
            "counters",
            False,
            f"no number is missing among the events that came with a source's counter: {self.counted}",
        )
