"""An audit report: its period, its figures, what was verified, and which events the laws demand and did not come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ephor.kernel.time import stamp
from ephor.kernel.truth import Truth
from ephor.rooms.exports.audit import AuditFigures


@dataclass(frozen=True, slots=True)
class Judged:
    """What the verifier says of one log."""

    origin: str
    verdict: str
    size: int
    erasures: int
    problem: str


@dataclass(frozen=True, slots=True)
class Missing:
    """An event that a law demands, and of which the period has none."""

    kind: str
    cite: str
    title: str


@dataclass(frozen=True, slots=True)
class Covered:
    """Which events one law demands, of one agent or of everybody. ``suspicious`` is None where that cannot be known."""

    law: str
    version: str
    agent: str | None
    demanded: int
    missing: tuple[Missing, ...]
    suspicious: Truth


@dataclass(frozen=True, slots=True)
class AuditReport:
    """One report, over the log as it stood at *size* entries."""

    id: str
    since: datetime
    until: datetime
    """The first moment that does not belong to it."""
    agents: tuple[str, ...]
    made_at: datetime
    made_by: str
    origin: str
    size: int
    root: str
    key: str
    checkpoint: str
    figures: AuditFigures
    logs: tuple[Judged, ...]
    coverage: tuple[Covered, ...]


def plain(report: AuditReport) -> dict[str, Any]:
    """Return the report as JSON can hold it; every list is in one order."""
    figures = report.figures
    return {
        "schema": "ephor/audit-report/1",
        "id": report.id,
        "from": stamp(report.since),
        "until": stamp(report.until),
        "agents": list(report.agents),
        "made_at": stamp(report.made_at),
        "made_by": report.made_by,
        "ledger": _plain_ledger(report),
        "entries": figures.entries,
        "first": figures.first,
        "last": figures.last,
        "kinds": dict(sorted(figures.kinds.items())),
        "actors": dict(sorted(figures.actors.items())),
        "decisions": {
            **{outcome: figures.outcome(outcome) for outcome in ("allow", "ask", "deny")},
            "by_agent": _rows(figures.decisions, ("actor", "outcome")),
            "by_tool": _rows(figures.tools, ("tool", "outcome")),
            "reasons": _rows(figures.reasons, ("outcome", "reason")),
            "on_behalf_of": dict(sorted(figures.on_behalf.items())),
        },
        "calls": {
            "outcomes": dict(sorted(figures.calls.items())),
            "answered_by": _rows(figures.answered_by, ("person", "answer")),
        },
        "reviews": _rows(figures.reviews, ("type", "decision", "reviewer")),
        "happened": _rows(figures.rooms, ("room", "what")),
        "coverage": [_plain_cover(one) for one in report.coverage],
        "cited": [
            _fields(one, ("position", "id", "kind", "at", "actor", "about", "says", "leaf"))
            for one in figures.cited
        ],
        "not_cited": figures.not_cited,
    }


def _plain_ledger(report: AuditReport) -> dict[str, Any]:
    return {
        "origin": report.origin,
        "size": report.size,
        "root": report.root,
        "key": report.key,
        "logs": [_fields(one, ("origin", "verdict", "size", "erasures", "problem")) for one in report.logs],
    }


def _plain_cover(one: Covered) -> dict[str, Any]:
    return {
        "law": one.law,
        "version": one.version,
        "agent": one.agent,
        "demanded": one.demanded,
        "missing": [_fields(each, ("kind", "cite", "title")) for each in one.missing],
        "suspicious": one.suspicious,
    }


def _rows(counted: Mapping[Any, int], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{**dict(zip(names, key, strict=True)), "count": count} for key, count in sorted(counted.items())]


def _fields(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
