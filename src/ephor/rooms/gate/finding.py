"""What a check finds: met, not met or not known, why, on what it rests, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique


@unique
class Status(StrEnum):
    """The answer to one item. *Not known* is an answer of its own, and never a pass."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One thing an answer rests on: what it is, its id, the ledger entry that records it, and from which day."""

    what: str
    id: str
    entry: str | None
    date: date


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``lapses`` is the first day on which it no longer holds by itself.

    ``remedy`` says what to do next; it is None where the item is met.
    """

    status: Status
    because: str
    evidence: tuple[Exhibit, ...] = ()
    lapses: date | None = None
    remedy: str | None = None


def met(because: str, first: Exhibit, *more: Exhibit, lapses: date | None = None) -> Finding:
    """Return that the item is met. It takes an exhibit: nothing is met because nothing speaks against it."""
    return Finding(Status.MET, because, (first, *more), lapses)


def not_met(because: str, remedy: str, *evidence: Exhibit) -> Finding:
    """Return that the item is known to fail."""
    return Finding(Status.NOT_MET, because, evidence, remedy=remedy)


def not_known(because: str, remedy: str, *evidence: Exhibit) -> Finding:
    """Return that a fact is missing."""
    return Finding(Status.NOT_KNOWN, because, evidence, remedy=remedy)


def together(parts: Sequence[Finding]) -> Finding:
    """Return one finding for several that must all be met: the worst status, with the reasons of that status.

    >>> told = Exhibit("a plan", "evd_1", "evt_1", date(2026, 11, 24))
    >>> one = together([met("planned", told), not_known("nobody drilled it", "drill it")])
    >>> one.status.value, one.because, one.remedy
    ('not_known', 'nobody drilled it', 'drill it')
    """
    statuses = {part.status for part in parts}
    worst = next(one for one in (Status.NOT_MET, Status.NOT_KNOWN, Status.MET) if one in statuses)
    telling = [part for part in parts if part.status is worst]
    ends = [part.lapses for part in telling if part.lapses is not None]
    return Finding(
        worst,
        "; ".join(dict.fromkeys(part.because for part in telling)),
        tuple(dict.fromkeys(one for part in parts for one in part.evidence)),
        min(ends) if worst is Status.MET and ends else None,
        next((part.remedy for part in telling if part.remedy), None),
    )
