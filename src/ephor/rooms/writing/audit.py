"""The audit report of a period: what was recorded, decided, approved and refused, and what went wrong."""

from __future__ import annotations

from ephor.rooms.documents.kinds import ALL, DocumentKind
from ephor.rooms.documents.model import Block, Ground, Row, Section, Source, fact, facts, paragraph, table
from ephor.rooms.ledger.kinds import KINDS
from ephor.rooms.writing.facts import PeriodFacts
from ephor.rooms.writing.parts import Answers, answered, entry, listed, rows

_OUTCOMES = ("allow", "ask", "deny")


def audit_report(one: PeriodFacts, answers: Answers) -> tuple[Section, ...]:
    """Return what the main log holds of a period."""
    return (
        Section("Period and log", _period(one)),
        Section("What was recorded", _kinds(one)),
        Section("Decisions on calls", _decisions(one)),
        Section("Approvals and refusals", _approvals(one)),
        Section("Incidents", _incidents(one)),
        Section("Opinion", answered(DocumentKind.AUDIT_REPORT, ALL, "opinion", answers)),
    )


def _period(one: PeriodFacts) -> tuple[Block, ...]:
    source = Source(Ground.RECORD, one.origin, "the main log")
    told = (
        ("From", one.since.isoformat()),
        ("Through", one.until.isoformat()),
        ("Entries", str(sum(one.kinds.values()))),
    )
    return (facts(fact(label, text, source) for label, text in told),)


def _kinds(one: PeriodFacts) -> tuple[Block, ...]:
    if not one.kinds:
        return (paragraph("The log holds no entry of that time."),)
    source = (Source(Ground.RECORD, one.origin, "the main log"),)
    return (
        table(
            "",
            ("kind of entry", "entries", "what it records"),
            [Row((kind, str(many), _meaning(kind)), source) for kind, many in sorted(one.kinds.items())],
        ),
    )


def _meaning(kind: str) -> str:
    return KINDS.get(kind, "an event of the organisation's own").partition(";")[0]


def _decisions(one: PeriodFacts) -> tuple[Block, ...]:
    if not one.decisions:
        return (paragraph("No call of an agent was decided in that time."),)
    source = (Source(Ground.RECORD, one.origin, "the main log"),)
    lines = [
        Row((agent, *(str(found.get(outcome, 0)) for outcome in _OUTCOMES)), source)
        for agent, found in sorted(one.decisions.items())
    ]
    return (table("", ("agent", "allowed", "asked", "denied"), lines),)


def _approvals(one: PeriodFacts) -> tuple[Block, ...]:
    if not one.approvals:
        return (paragraph("Nothing was approved, rejected or revoked in that time."),)
    lines = (
        ((found.at.date().isoformat(), kind, about, by), entry(found.id, kind))
        for kind, about, by, found in one.approvals
    )
    return (table("", ("on", "act", "about", "by"), rows(lines)),)


def _incidents(one: PeriodFacts) -> tuple[Block, ...]:
    if not one.incidents:
        return (paragraph("No incident was opened in that time."),)
    lines = (
        ((found.id, found.title, found.severity.value, found.status.value, listed(found.agents)), entry(found.entry, "opened"))
        for found in one.incidents
    )  # fmt: skip
    return (table("", ("incident", "title", "severity", "status", "agents"), rows(lines)),)
