"""Recorded calls answered by two versions of rules: what flips, what stays, and what nobody can know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded call, or one case, with the answers of both versions; ``not_known`` says why there are none."""

    entry: str
    at: str
    agent: str
    tool: str
    recorded: str
    """The answer that was given then, by ceiling and rules together."""
    reasons: tuple[str, ...] = ()
    old: str = ""
    new: str = ""
    old_said: tuple[str, ...] = ()
    new_said: tuple[str, ...] = ()
    not_known: str = ""
    same: bool = False
    """Whether both versions have the very same rules for this call, so that they answer alike whatever it was."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What two versions of rules make of the same calls."""

    calls: int
    same: int
    flips: tuple[Recorded, ...]
    not_known: tuple[Recorded, ...]


def compare(calls: Iterable[Recorded]) -> Compared:
    """Sort calls by whether both versions answer alike.

    >>> found = compare([Recorded("a", "", "bot", "pay", "allow", (), "allow", "deny"), Recorded("b", "", "bot", "pay", "deny", same=True)])
    >>> found.calls, found.same, [one.entry for one in found.flips], found.not_known
    (2, 1, ['a'], ())
    """
    told = tuple(calls)
    flips = tuple(one for one in told if not one.not_known and not one.same and one.old != one.new)
    unknown = tuple(one for one in told if one.not_known)
    return Compared(len(told), len(told) - len(flips) - len(unknown), flips, unknown)
