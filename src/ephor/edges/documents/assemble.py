"""A kept version as a document to read: its cover says which version it is, what it rests on, and who approved it."""

from __future__ import annotations

from collections.abc import Iterator

from ephor.edges.documents.words import points
from ephor.rooms.documents.kinds import ALL, RULES
from ephor.rooms.documents.model import Document, Row, fact
from ephor.rooms.documents.record import DocumentStatus, DocumentVersion

_NOTES = {
    DocumentStatus.DRAFT: "This is a draft. Nobody has approved it.",
    DocumentStatus.SUPERSEDED: "This version was approved and has since been superseded by a later one.",
    DocumentStatus.WITHDRAWN: "This version was withdrawn and counts no longer.",
}


def as_document(kept: DocumentVersion) -> Document:
    """Return the version with its cover; equal versions give equal documents."""
    subject = "the whole organisation" if kept.subject == ALL else kept.subject
    return Document(
        title=kept.title,
        subtitle=f"{subject}, version {kept.version}",
        sections=kept.sections,
        cover=tuple(_cover(kept)),
        running=f"{kept.title} · {subject} · version {kept.version} · {kept.status.value}",
        note=_NOTES.get(kept.status, ""),
        at=kept.approval.at if kept.approval else kept.drafted_at,
    )


def _cover(kept: DocumentVersion) -> Iterator[Row]:
    rule, approval = RULES[kept.kind], kept.approval
    if rule.cite:
        yield fact("Under", rule.cite)
    if kept.period is not None:
        yield fact("Period", f"{kept.period[0].isoformat()} through {kept.period[1].isoformat()}")
    yield fact("Status", kept.status.value)
    yield fact("Drafted", f"{kept.drafted_at:%Y-%m-%d %H:%M} UTC by {kept.drafted_by}")
    if approval is not None:
        yield fact("Approved", f"{approval.at:%Y-%m-%d %H:%M} UTC by {approval.by}")
        if approval.note:
            yield fact("Note", approval.note)
    until = f"; by {approval.due.isoformat()} at the latest" if approval is not None and approval.due else ""
    yield fact("Written anew", f"{rule.frequency}{until}")
    yield fact("Open points", points(kept.open_points))
    yield fact("Document", kept.id)
    yield fact("Digest of its facts", kept.digest)
    yield fact("Ledger", f"{kept.origin}, {kept.ledger_size} entries, root {kept.ledger_root}")
    entries = f"drafted {kept.entry}" + (f", approved {approval.entry}" if approval is not None else "")
    yield fact("Recorded as", entries)
