"""Activity that calls for an entry of another kind, and whether that one kept up with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from ephor.kernel.truth import Truth
from ephor.rooms.ledger.rhythm import ENOUGH, RARE, TWICE

Entry: TypeAlias = Mapping[str, Any]
Leaves: TypeAlias = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Call:
    """What calls for a kind: which entries, and how to say so; their number follows."""

    fits: Callable[[Entry, str, Leaves], bool]
    said: str


def _allowed(entry: Entry, _kind: str, _leaves: Leaves) -> bool:
    # Only this plane writes `decision`: what others hand in stands in `metadata.reported`.
    return entry["kind"] == "decision.made/1" and entry.get("decision") == "allow"


def _invoked(entry: Entry, _kind: str, _leaves: Leaves) -> bool:
    return bool(entry["kind"] == "tool.invoked/1")


def _started(entry: Entry, _kind: str, _leaves: Leaves) -> bool:
    return bool(entry["kind"] == "agent.started/1")


def _acted(entry: Entry, _kind: str, _leaves: Leaves) -> bool:
    return entry["kind"] in ("decision.made/1", "tool.invoked/1") and entry["actor"].startswith("agent:")


def _touched(entry: Entry, kind: str, leaves: Leaves) -> bool:
    if entry["kind"] != "tool.completed/1":
        return False
    return leaves.get((entry["actor"].removeprefix("agent:"), entry.get("tool", ""))) == kind


_READS = "uses of tools completed that the manifest declares to read data"
_WRITES = "uses of tools completed that the manifest declares to write data"
COUNTERPARTS: Mapping[str, Call] = MappingProxyType(
    {
        "agent.started/1": Call(_acted, "agents acted or asked to"),
        "agent.stopped/1": Call(_started, "runs began"),
        "decision.made/1": Call(_invoked, "tools were invoked"),
        "tool.invoked/1": Call(_allowed, "calls were allowed"),
        "data.accessed/1": Call(_touched, _READS),
        "data.modified/1": Call(_touched, _WRITES),
    }
)
"""What calls for each kind. A kind that is not here can be absent for reasons that no log shows."""


@dataclass(slots=True)
class Counterpart:
    """Counts what called for a kind: in all, and since the last entry of that kind."""

    call: Call
    calls: int = 0
    since: int = 0
    answers: int = 0
    _longest: int = 0
    """The longest run of calls so far that ended with an entry of the kind."""

    def see(self, entry: Entry, kind: str, leaves: Leaves) -> None:
        """Take in an entry that is not of the kind itself."""
        if self.call.fits(entry, kind, leaves):
            self.calls += 1
            self.since += 1

    def answered(self) -> None:
        """Take in an entry of the kind."""
        self.answers += 1
        self._longest = max(self._longest, self.since)
        self.since = 0

    def told(self) -> str:
        """Return what called for the kind, in words."""
        return f"{self.call.said}: {self.calls}"

    def judge(self) -> tuple[Truth, str]:
        """Return whether the kind stopped while what calls for it went on, and why; not known from too little.

        If up to then a share *p* of the calls was answered, *m* in a row stay unanswered with the probability
        ``(1 - p)^m``. The share is taken by the rule of succession, so it is never one.
        """
        if not self.since:
            return False, "nothing has called for one since the last"
        before = self.calls - self.since
        if before < ENOUGH:
            return (
                None,
                f"only {before} calls for one before the last, and it takes {ENOUGH} to judge the {self.since} since",
            )
        share = (min(self.answers, before) + 1) / (before + 2)
        chance = (1 - share) ** self.since
        told = f"since the last one {self.call.said}: {self.since}"
        if self.since <= TWICE * self._longest or chance >= RARE:
            return False, f"{told}, which is not unusual here"
        return True, (
            f"{told}, more than twice as many as ever before between two; by chance that is rarer than one in a "
            f"thousand (p = {chance:.1g})"
        )
