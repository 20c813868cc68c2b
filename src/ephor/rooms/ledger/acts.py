"""Intents and results: tools that were invoked, and of which nobody ever said what came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

INVOKED: Final = "tool.invoked/1"
ENDED: Final = frozenset({"tool.completed/1", "tool.failed/1"})
MOST: Final = 10_000
"""How many open acts are followed at once; of more than these the oldest are only counted."""

Entry: TypeAlias = Mapping[str, Any]
_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenAct:
    """A tool that was invoked, and of which neither completion nor failure is recorded."""

    entry: str
    log: str
    """The origin of the log it stands in."""
    at: datetime
    """When the ledger took the intent."""
    actor: str
    tool: str | None
    decision: str | None
    """The decision that allowed it, where the entry names one."""
    reported_by: str | None
    """Whose word the intent is; None where this plane recorded it itself."""


@dataclass(slots=True)
class Acts:
    """Follows intents to their results through the entries of a ledger, in order.

    A result belongs to the intent that it names: as its ``parent``, or by the same decision in ``refs``. One that names
    no decision belongs to the oldest open intent of the same actor, tool, session, trace and parent that names none
    either. The actor must be the same throughout. What is kept is what is open, and of that at most `MOST`.
    """

    invoked: int = 0
    ended: int = 0
    on_word: int = 0
    """Intents that this plane recorded, and whose end is somebody's word."""
    let_go: int = 0
    """Open intents that were too many to be followed."""
    _open: dict[int, tuple[OpenAct, tuple[_Key, ...]]] = field(default_factory=dict)
    _waiting: dict[_Key, deque[int]] = field(default_factory=dict)

    def see(self, entry: Entry, at: datetime) -> None:
        """Take in one entry, which the ledger took *at*."""
        kind = entry["kind"]
        if kind == INVOKED:
            self._begin(entry, at)
        elif kind in ENDED:
            self._end(entry)

    def still_open(self, before: datetime) -> Iterator[OpenAct]:
        """Yield the acts that were begun at *before* or earlier and are open, the oldest first."""
        for act, _ in self._open.values():
            if act.at <= before:
                yield act

    def _begin(self, entry: Entry, at: datetime) -> None:
        self.invoked += 1
        decision = entry.get("refs", {}).get("decision")
        act = OpenAct(
            entry["id"],
            entry["log"],
            at,
            entry["actor"],
            entry.get("tool"),
            decision,
            entry.get("refs", {}).get("reported_by"),
        )
        keys = (("entry", act.actor, act.entry), _loose(entry) if decision is None else _by(entry, decision))
        self._open[self.invoked] = (act, keys)
        for key in keys:
            self._waiting.setdefault(key, deque()).append(self.invoked)
        if len(self._open) > MOST:
            self._forget(next(iter(self._open)))
            self.let_go += 1

    def _end(self, entry: Entry) -> None:
        for key in _named_by(entry):
            if key in self._waiting:
                act = self._forget(self._waiting[key][0])
                self.ended += 1
                self.on_word += act.reported_by is None and "reported_by" in entry.get("refs", {})
                return

    def _forget(self, number: int) -> OpenAct:
        act, keys = self._open.pop(number)
        for key in keys:
            queue = self._waiting[key]
            queue.remove(number)
            if not queue:
                del self._waiting[key]
        return act


def _named_by(entry: Entry) -> Iterator[_Key]:
    """Yield what a result may name its intent by, the surest first."""
    if parent := entry.get("parent"):
        yield ("entry", entry["actor"], parent)
    if decision := entry.get("refs", {}).get("decision"):
        yield _by(entry, decision)
    else:
        yield _loose(entry)


def _by(entry: Entry, decision: str) -> _Key:
    return ("decision", entry["actor"], decision)


def _loose(entry: Entry) -> _Key:
    return ("like", entry["actor"], *(entry.get(name, "") for name in ("tool", "session", "trace", "parent")))
