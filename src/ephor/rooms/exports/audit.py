"""The figures of an audit report: counted from the ledger's entries of a period, each by one plain rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Entry = Mapping[str, Any]
MOST_CITED = 500
"""Entries that a report cites one by one, with a proof each; it says how many more there are."""
_CALLS = {
    "call.asked": "asked",
    "call.approved": "approved",
    "call.rejected": "rejected",
    "call.endorsed": "endorsed",
    "call.expired": "expired",
    "call.withdrawn": "withdrawn",
    "call.escalated": "escalated",
    "call.claimed": "carried out",
}
_CITED = frozenset(
    {
        "decision.overridden", "policy.violated", "review.submitted", "call.approved", "call.rejected", "stop.ordered",
        "stop.lifted", "erasure", "risk.accepted", "epoch.started", "key.rotated", "policy.override-set",
    }
)  # fmt: skip
_CITED_ROOMS = frozenset({"incident", "approval", "agent"})
_OUTSIDE = frozenset({"agent.started", "agent.stopped", "agent.error"})


@dataclass(frozen=True, slots=True)
class Cited:
    """One entry that the report names, and where it stands."""

    position: int
    id: str
    kind: str
    at: str
    actor: str
    about: str
    says: str
    leaf: str


@dataclass(slots=True)
class AuditFigures:
    """What is counted. Each counter holds every entry of the period and the scope that it is about, once."""

    entries: int = 0
    first: str | None = None
    last: str | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)
    """Who acted, over everything."""
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By agent and outcome."""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By outcome and reason, for what was not allowed; one decision may have several."""
    on_behalf: Counter[str] = field(default_factory=Counter)
    tools: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By tool and outcome."""
    calls: Counter[str] = field(default_factory=Counter)
    """What became of questions to people."""
    answered_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By person and answer, of questions about calls."""
    reviews: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By type, decision and reviewer."""
    rooms: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By room and what happened, of everything but decisions."""
    cited: list[Cited] = field(default_factory=list)
    not_cited: int = 0
    """Entries that would have been cited, beyond `MOST_CITED`."""

    def see(self, entry: Entry, position: int, leaf: str) -> None:
        """Count one entry of the period and the scope."""
        kind, at, actor = str(entry["kind"]).partition("/")[0], str(entry["at"]), str(entry["actor"])
        self.entries += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        self.kinds[str(entry["kind"])] += 1
        self.actors[actor] += 1
        outcome = str(entry.get("decision", ""))
        if kind == "decision.made":
            self._decided(entry, actor, outcome)
        else:
            room, _, happened = kind.partition(".")
            self.rooms[room, happened or room] += 1
        if kind in _CALLS:
            self.calls[_CALLS[kind]] += 1
            if actor.startswith("person:"):
                self.answered_by[actor, _CALLS[kind]] += 1
        if kind == "review.submitted":
            told = entry.get("metadata", {})
            self.reviews[str(told.get("type", "not said")), outcome or "not said", actor] += 1
        if _is_cited(kind, outcome):
            self._cite(entry, position, leaf, outcome)

    def outcome(self, name: str) -> int:
        """Return how many decisions had this outcome."""
        return sum(count for (_, outcome), count in self.decisions.items() if outcome == name)

    def of_room(self, *names: str) -> Sequence[tuple[str, str, int]]:
        """Return what happened in these rooms, in order."""
        return [(room, what, count) for (room, what), count in sorted(self.rooms.items()) if room in names]

    def _decided(self, entry: Entry, actor: str, outcome: str) -> None:
        self.decisions[actor, outcome] += 1
        self.tools[str(entry.get("tool", "not said")), outcome] += 1
        if outcome != "allow":
            for reason in entry.get("reasons", ()):
                self.reasons[outcome, str(reason)] += 1
        if entry.get("on_behalf_of"):
            self.on_behalf[str(entry["on_behalf_of"])] += 1

    def _cite(self, entry: Entry, position: int, leaf: str, outcome: str) -> None:
        if len(self.cited) >= MOST_CITED:
            self.not_cited += 1
            return
        says = [outcome, *map(str, entry.get("reasons", ()))]
        self.cited.append(
            Cited(
                position,
                str(entry["id"]),
                str(entry["kind"]),
                str(entry["at"]),
                str(entry["actor"]),
                str(entry.get("resource") or entry.get("tool") or entry.get("subject") or ""),
                ", ".join(one for one in says if one),
                leaf,
            )
        )


def _is_cited(kind: str, outcome: str) -> bool:
    if kind == "decision.made":
        return outcome == "deny"
    return kind in _CITED or (kind.partition(".")[0] in _CITED_ROOMS and kind not in _OUTSIDE)


def is_about(entry: Entry, agents: Sequence[str]) -> bool:
    """Tell whether an entry is in the scope of *agents*; all are where none is named.

    It is where an agent acted, was acted upon, is named beside it, or where the entry is about an approval of it.

    >>> is_about({"actor": "person:ada", "resource": "agent:bot"}, ["bot"])
    True
    >>> is_about({"actor": "person:ada", "refs": {"agent": "bot"}}, ["bot"]), is_about({"actor": "ephor"}, ["bot"])
    (True, False)
    """
    if not agents:
        return True
    refs, metadata = entry.get("refs", {}), entry.get("metadata", {})
    told = metadata.get("agents") if isinstance(metadata, Mapping) else None
    named: set[Any] = {entry["actor"], entry.get("resource"), refs.get("agent")}
    named |= set(told) if isinstance(told, list | tuple) else set()
    if isinstance(metadata, Mapping) and isinstance(metadata.get("agent"), str):
        named.add(metadata["agent"])
    return any(one in named or f"agent:{one}" in named for one in agents)


def tally(entries: Iterable[tuple[Entry, int, str]]) -> AuditFigures:
    """Return the figures of entries, each with its position and its leaf hash."""
    figures = AuditFigures()
    for entry, position, leaf in entries:
        figures.see(entry, position, leaf)
    return figures
