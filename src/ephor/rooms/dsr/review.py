"""Rows that are somebody else's too: what a person who looked at them decided, for this request alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique

from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.judge import Kept, Stay, Verdict
from ephor.rooms.dsr.store import Key


@unique
class Looked(StrEnum):
    """What was decided about a row that is somebody else's too."""

    ACT = "act"
    """It is dealt with like the person's own: erased, corrected or handed out."""
    KEEP = "keep"
    """It stays as it is, and back."""


@dataclass(frozen=True, slots=True)
class Review:
    """One decision. ``rows`` are keyed fingerprints of the rows' keys: they tell nobody whose they are."""

    collection: str
    rows: tuple[str, ...]
    decision: Looked
    because: str
    by: str
    at: datetime


def settled(
    verdicts: Mapping[Name, Verdict], reviews: Collection[Review], fingerprint: Callable[[str, Key], str]
) -> Mapping[Name, Verdict]:
    """Return the verdicts with the shared rows that a person decided to deal with among those to act on; the last word counts."""
    said: dict[tuple[str, str], Looked] = {}
    for one in reviews:
        said.update({(one.collection, row): one.decision for row in one.rows})
    if Looked.ACT not in said.values():
        return verdicts
    return {name: _settled(str(name), verdict, said, fingerprint) for name, verdict in verdicts.items()}


def _settled(
    name: str,
    verdict: Verdict,
    said: Mapping[tuple[str, str], Looked],
    fingerprint: Callable[[str, Key], str],
) -> Verdict:
    freed: list[Key] = []
    kept: list[Kept] = []
    for group in verdict.kept:
        shared = group.reason is Stay.SHARED
        free = [
            key for key in group.keys if shared and said.get((name, fingerprint(name, key))) is Looked.ACT
        ]
        freed += free
        if rest := tuple(key for key in group.keys if key not in free):
            kept.append(replace(group, keys=rest))
    return Verdict(verdict.collection, (*verdict.act, *freed), tuple(kept))
