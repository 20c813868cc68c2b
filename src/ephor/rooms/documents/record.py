"""A version of a document as it is kept, and the steps of its life: drafted, approved, succeeded by another, withdrawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import ConflictError, NotPermittedError
from ephor.rooms.access.people import GRANTS, Person, may
from ephor.rooms.documents.kinds import RULES, DocumentKind
from ephor.rooms.documents.model import Block, Section, Sources, gaps, numbered
from ephor.rooms.documents.questions import Stated


@unique
class DocumentStatus(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    """A later version was approved."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Approval:
    """That a person approved a version: the one of this digest, and until when it counts."""

    by: str
    at: datetime
    note: str
    digest: str
    due: date | None
    """The last day before it has to be looked at again; None where only a change asks for that."""
    entry: str
    evidence: tuple[str, ...] = ()
    """The evidence that was recorded with it, by id."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One version. It never changes but for its status: what is newer is another version."""

    id: str
    kind: DocumentKind
    subject: str
    version: int
    title: str
    sections: tuple[Section, ...]
    digest: str
    """Of everything it says and rests on."""
    stated: tuple[Stated, ...]
    drafted_by: str
    drafted_at: datetime
    entry: str
    origin: str
    ledger_size: int
    ledger_root: str
    """Of the main log as it was before this draft was recorded, in hexadecimal."""
    period: tuple[date, date] | None = None
    """The first and last day it is about, for a report on a time."""
    status: DocumentStatus = DocumentStatus.DRAFT
    approval: Approval | None = None
    reason: str = ""
    """Why it was withdrawn."""

    @property
    def open_points(self) -> int:
        """How many gaps it shows."""
        return len(gaps(self.sections))

    @property
    def authors(self) -> frozenset[str]:
        """Who drafted it, and who stated something in it."""
        return frozenset({self.drafted_by, *(one.by for one in self.stated)})


def facts_digest(sections: Sequence[Section]) -> str:
    """Return the digest of what a document says and rests on; equal facts give equal digests."""
    parts: list[Json] = [
        [
            one.number,
            one.section.title,
            one.section.cite,
            digest([_plain(block) for block in one.section.blocks]),
        ]
        for one in numbered(sections)
    ]
    return digest({"schema": "ephor/document/1", "sections": parts})


def approve(
    document: DocumentVersion,
    person: Person,
    *,
    barred: Mapping[str, str],
    note: str,
    at: datetime,
    entry: str,
) -> DocumentVersion:
    """Return the version as approved. Whether it still says what the facts say is for the caller to check.

    *barred* names who may not besides its authors, and why.

    Raises:
        NotPermittedError: the person is one of its authors, is barred, or holds no role that may.
        ConflictError: it is no draft.
    """
    check_approver(document, person, barred)
    if document.status is not DocumentStatus.DRAFT:
        raise ConflictError(
            f"`{document.id}` is {document.status.value}, and no draft; see `ephor documents list`"
        )
    every = RULES[document.kind].every
    due = at.date() + every if every else None
    given = Approval(person.id, at, note, document.digest, due, entry)
    return dataclasses.replace(document, status=DocumentStatus.APPROVED, approval=given)


def check_approver(document: DocumentVersion, person: Person, barred: Mapping[str, str]) -> None:
    """Check that the person may approve this version.

    Raises:
        NotPermittedError: as `approve` says.
    """
    reasons = dict.fromkeys(document.authors, "wrote what it says") | dict(barred)
    reasons[document.drafted_by] = "drafted it"
    if person.id in reasons:
        raise NotPermittedError(
            f"`{person.id}` {reasons[person.id]} and cannot approve `{document.id}`; ask somebody else",
            person=person.id,
        )
    asked = RULES[document.kind].approvers
    if not any(may(person, one) for one in asked):
        holders = ", ".join(role.value for role, granted in GRANTS.items() if granted & set(asked))
        raise NotPermittedError(
            f"`{person.id}` may not approve a {document.kind.value}; it takes one of: {holders}",
            person=person.id,
        )


def superseded(document: DocumentVersion) -> DocumentVersion:
    """Return an approved version after a later one was approved."""
    return dataclasses.replace(document, status=DocumentStatus.SUPERSEDED)


def withdraw(document: DocumentVersion, reason: str) -> DocumentVersion:
    """Return a version that counts no longer.

    Raises:
        ConflictError: it is withdrawn or superseded already.
    """
    if document.status not in (DocumentStatus.DRAFT, DocumentStatus.APPROVED):
        raise ConflictError(f"`{document.id}` is {document.status.value} already")
    return dataclasses.replace(document, status=DocumentStatus.WITHDRAWN, reason=reason)


def _plain(block: Block) -> Json:
    return [
        block.kind.value, block.title, block.text, [*block.columns], block.remedy, block.cite, block.limit,
        [[[*row.cells], _sources(row.sources)] for row in block.rows], _sources(block.sources),
    ]  # fmt: skip


def _sources(sources: Sources) -> list[Json]:
    return [[one.ground.value, one.id, one.says] for one in sources]
