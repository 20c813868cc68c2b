"""An audit report as a document that people read: every number with the entries it was counted from named beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ephor.kernel.time import stamp
from ephor.rooms.documents.model import (
    Block,
    Document,
    Ground,
    Row,
    Section,
    Source,
    fact,
    facts,
    gap,
    paragraph,
    table,
)
from ephor.rooms.exports.audit_report import AuditReport, Covered

_SAID = {True: "yes", False: "no", None: "not known"}


def document(report: AuditReport) -> Document:
    """Return the report, for any renderer."""
    scope = ", ".join(report.agents) or "every agent"
    period = f"{stamp(report.since)} until before {stamp(report.until)}"
    return Document(
        title="Audit report",
        subtitle=f"{scope}, {period}",
        cover=(
            fact("Report", report.id),
            fact("Period", period),
            fact("Scope", scope),
            fact("Log", report.origin),
            fact("Made", f"{stamp(report.made_at)}, by {report.made_by}"),
            fact("Entries counted", str(report.figures.entries)),
        ),
        running=f"Audit report {report.id}",
        note="Figures are counted from the ledger's entries by the time they state; each entry counts once.",
        sections=(
            _ledger(report),
            _decisions(report),
            _asked(report),
            _reviews(report),
            _rooms(report, "Agents and approvals", "agent", "approval", "delegation", "stop"),
            _rooms(report, "Incidents and drills", "incident", "drill"),
            _rooms(report, "Requests of data subjects", "dsr", "erasure", "consent"),
            _rooms(report, "Retention", "retention", "hold"),
            _rooms(report, "Models and risks", "model", "risk", "evidence", "training"),
            _coverage(report),
            _cited(report),
        ),
        at=report.made_at,
    )


def _ledger(report: AuditReport) -> Section:
    rows = [
        Row((one.origin, one.verdict, str(one.size), str(one.erasures), one.problem or "none"))
        for one in report.logs
    ]
    said = [
        fact("Entries of the log when this was counted", str(report.size)),
        fact("Root", report.root),
        fact("Public key", report.key),
        fact(
            "First and last entry counted",
            f"{report.figures.first or 'none'} to {report.figures.last or 'none'}",
        ),
    ]
    return Section(
        "The ledger",
        (
            facts(said),
            table("What the verifier says", ("log", "verdict", "entries", "erasures", "first problem"), rows),
            paragraph(
                "The database named its key itself here. Who holds the public key, and an earlier checkpoint, from elsewhere verifies "
                "the bundle that this report lies in: ephor ledger verify --bundle DIR --key KEY --checkpoint FILE."
            ),
        ),
    )


def _decisions(report: AuditReport) -> Section:
    figures = report.figures
    total = sum(figures.decisions.values())
    head = facts(
        [fact("Decisions", str(total))]
        + [fact(name, str(figures.outcome(name))) for name in ("allow", "ask", "deny")]
    )
    return Section(
        "What was decided",
        (
            head,
            *_counted("By agent", ("agent", "outcome"), figures.decisions.items()),
            *_counted("By tool", ("tool", "outcome"), figures.tools.items()),
            *_counted("Why not allowed", ("outcome", "reason"), figures.reasons.items()),
            *_counted(
                "On behalf of", ("person",), (((who,), count) for who, count in figures.on_behalf.items())
            ),
        ),
    )


def _asked(report: AuditReport) -> Section:
    figures = report.figures
    return Section(
        "What people were asked",
        (
            *_counted(
                "Questions about calls", ("outcome",), (((what,), n) for what, n in figures.calls.items())
            ),
            *_counted("Answered by", ("person", "answer"), figures.answered_by.items()),
        )
        or (paragraph("Nobody was asked about a call."),),
    )


def _reviews(report: AuditReport) -> Section:
    blocks = tuple(_counted("Reviews", ("type", "decision", "reviewer"), report.figures.reviews.items()))
    return Section("Reviews", blocks or (paragraph("No review was given."),))


def _rooms(report: AuditReport, title: str, *rooms: str) -> Section:
    rows = report.figures.of_room(*rooms)
    blocks = tuple(_counted(title, ("room", "what"), (((room, what), n) for room, what, n in rows)))
    return Section(title, blocks or (paragraph("The ledger has no such entry in this period."),))


def _coverage(report: AuditReport) -> Section:
    blocks: list[Block] = [
        table(
            "Which events the laws demand, and whether they came",
            ("law", "agent", "demanded", "missing", "suspicious"),
            (
                Row(
                    (
                        f"{one.law} {one.version}",
                        one.agent or "all",
                        str(one.demanded),
                        str(len(one.missing)),
                        _SAID[one.suspicious],
                    )
                )
                for one in report.coverage
            ),
        )
    ]
    for one in report.coverage:
        blocks += _missing(one)
    return Section("Coverage of mandatory events", tuple(blocks))


def _missing(one: Covered) -> Iterator[Block]:
    whose = f" of {one.agent}" if one.agent else ""
    for missing in one.missing:
        yield gap(
            f"no {missing.kind}{whose}: {missing.title}",
            f"see `ephor ledger coverage --regulation {one.law}`",
            cite=missing.cite,
        )


def _cited(report: AuditReport) -> Section:
    figures = report.figures
    rows = (
        Row(
            (str(one.position), one.at, one.kind, one.actor, one.about, one.says),
            (Source(Ground.ENTRY, one.id, f"proofs/{one.position}.tlog-proof"),),
        )
        for one in figures.cited
    )
    blocks = [
        table("Entries, each with its proof", ("position", "at", "kind", "actor", "about", "says"), rows),
        paragraph(
            f"{len(figures.cited)} entries are cited, {figures.not_cited} more would be; all of them are in the bundle."
        ),
    ]
    return Section("Entries cited", tuple(blocks))


def _counted(
    title: str, columns: Sequence[str], counted: Iterable[tuple[tuple[str, ...], int]]
) -> Iterator[Block]:
    rows = [Row((*key, str(count))) for key, count in sorted(counted)]
    if rows:
        yield table(title, (*columns, "count"), rows)
