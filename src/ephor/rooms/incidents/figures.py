"""What the pinned entries count up to, and how incidents are spread over months, severities and agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ephor.rooms.incidents.record import Incident, IncidentStatus, Pin, Severity


@dataclass(frozen=True, slots=True)
class Figures:
    """Counted from entries, never typed."""

    entries: int
    first: str | None
    last: str | None
    kinds: Mapping[str, int]
    decisions: Mapping[str, int]
    agents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trends:
    """Incidents by the month in which the organisation became aware (UTC), by severity, and by agent."""

    incidents: int
    open: int
    months: Mapping[str, int]
    severities: Mapping[str, int]
    agents: Mapping[str, int]


def count(pins: Sequence[Pin]) -> Figures:
    """Return the figures of pinned entries."""
    times = sorted(one.at for one in pins)
    return Figures(
        len(pins),
        times[0] if times else None,
        times[-1] if times else None,
        _counted(one.kind for one in pins),
        _counted(one.decision for one in pins if one.decision),
        _counted(one.agent for one in pins if one.agent),
    )


def trends(incidents: Sequence[Incident]) -> Trends:
    """Return how the incidents are spread; months without one, between the first and the last, count zero."""
    severities = Counter(one.severity.value for one in incidents)
    return Trends(
        len(incidents),
        sum(one.status is IncidentStatus.OPEN for one in incidents),
        _months([(one.aware_at.year, one.aware_at.month) for one in incidents]),
        {one.value: severities.get(one.value, 0) for one in Severity},
        _counted(agent for one in incidents for agent in one.agents),
    )


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _months(found: Sequence[tuple[int, int]]) -> dict[str, int]:
    if not found:
        return {}
    counts = Counter(year * 12 + month - 1 for year, month in found)
    return {
        f"{at // 12:04d}-{at % 12 + 1:02d}": counts.get(at, 0) for at in range(min(counts), max(counts) + 1)
    }
