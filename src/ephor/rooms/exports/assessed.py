"""What was asked of an agent and what was answered, law by law and checklist by checklist, in one shape for exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ephor.rooms.agents.agent import Agent
from ephor.rooms.gate.checklist import Checklist, Report
from ephor.rooms.gate.finding import Exhibit
from ephor.rooms.requirements.answer import Answer, LawAnswer, Requirement
from ephor.rooms.risk.register import RegisteredRisk

CHECKLISTS = {
    Checklist.PRE_DEPLOYMENT: "Before deployment: the twelve items",
    Checklist.ONGOING: "In operation: the eight items",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that is demanded, and the answer. ``met`` says what part of it is shown where not all is."""

    id: str
    cite: str
    title: str
    status: Answer
    because: str
    evidence: tuple[Exhibit, ...]
    lapses: date | None
    remedy: str | None
    met: tuple[str, ...] = ()
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A law, a standard or a checklist; ``applies`` is None where that is not known. One that does not reach has no answers."""

    id: str
    title: str
    version: str
    digest: str
    applies: bool | None
    because: str
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Assessed:
    """One agent, everything that was asked of it at one moment, and the risks that are registered for it."""

    agent: Agent
    at: datetime
    sources: tuple[Source, ...]
    risks: tuple[RegisteredRisk, ...] = ()


def of_law(law: LawAnswer) -> Source:
    """Return a law's answers."""
    judged = tuple(_of_requirement(one) for one in law.obligations) if law.applies is not False else ()
    return Source(law.law, law.title, law.version, law.digest, law.applies, law.because, judged)


def of_checklist(report: Report, version: str) -> Source:
    """Return a checklist's answers; it is asked of every agent."""
    judged = tuple(
        Judged(
            id=f"{report.checklist.value}/{one.id}",
            cite=f"checklist {report.checklist.value}",
            title=one.title,
            status=Answer(one.status.value),
            because=one.because,
            evidence=one.evidence,
            lapses=one.lapses,
            remedy=one.remedy,
        )
        for one in report.items
    )
    title = CHECKLISTS[report.checklist]
    return Source(report.checklist.value, title, version, "", True, "asked of every agent", judged)


def gaps(source: Source) -> Sequence[Judged]:
    """Return what is not met, and what is not known: neither is satisfied."""
    return [one for one in source.judged if one.status in (Answer.NOT_MET, Answer.NOT_KNOWN)]


def _of_requirement(one: Requirement) -> Judged:
    return Judged(
        id=one.id,
        cite=one.cite,
        title=one.title,
        status=one.status,
        because=one.because,
        evidence=one.evidence,
        lapses=one.lapses,
        remedy=one.recommendation,
        met=tuple(
            dict.fromkeys(f"{need.need}: {need.because}" for need in one.needs if need.status is Answer.MET)
        ),
        in_force=one.in_force,
    )
