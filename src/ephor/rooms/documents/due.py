"""When a document has to be written or looked at again: by the guide's frequencies, and when a fact under it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.documents.kinds import RULES, DocumentKind
from ephor.rooms.documents.record import DocumentStatus, DocumentVersion

MAX_DAYS = 3_660


@unique
class Why(StrEnum):
    """Why something is to be done."""

    MISSING = "missing"
    """No version was ever drafted."""
    UNAPPROVED = "unapproved"
    """There is a draft, and nobody has approved one."""
    STALE = "stale"
    """A fact under the approved version changed."""
    ENDING = "ending"
    """The time that its frequency allows runs out."""


@dataclass(frozen=True, slots=True)
class DueDocument:
    """One document that is to be written, approved or renewed, and by when."""

    kind: DocumentKind
    title: str
    subject: str
    why: Why
    due: date
    in_days: int
    because: str
    document: str | None
    """The version it is about; None where there is none."""
    remedy: str


def due_of(
    kind: DocumentKind, subject: str, versions: Sequence[DocumentVersion], changed: Sequence[str], today: date,
    *, needed_by: date | None = None,
) -> DueDocument | None:  # fmt: skip
    """Return what is to be done about a document; None where an approved version is up to date and never ends.

    *versions* are all of this kind and subject, oldest first; *changed* says what changed since the approved one, or
    since the newest draft where none is approved. *needed_by* is the day from which a law asks for it.
    """
    frequency, draft_it = RULES[kind].frequency, f"ephor documents draft {kind.value} {subject}"
    approved = next((one for one in versions if one.status is DocumentStatus.APPROVED), None)
    drafts = [one for one in versions if one.status is DocumentStatus.DRAFT]
    first = max(today, needed_by) if needed_by else today
    if approved is None and not drafts:
        return _due(
            kind,
            subject,
            Why.MISSING,
            first,
            today,
            f"no version is in force; written {frequency}",
            None,
            draft_it,
        )
    if approved is None:
        newest = drafts[-1]
        because = f"version {newest.version} waits for somebody else than its authors"
        then = draft_it if changed else f"ephor documents approve {newest.id} --as SOMEBODY_ELSE"
        return _due(kind, subject, Why.UNAPPROVED, first, today, because, newest.id, then)
    if changed:
        more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
        return _due(kind, subject, Why.STALE, today, today, f"{changed[0]}{more}", approved.id, draft_it)
    if approved.approval is None or approved.approval.due is None:
        return None
    last = approved.approval.due
    because = f"approved on {approved.approval.at.date().isoformat()}; written {frequency}"
    return _due(kind, subject, Why.ENDING, last, today, because, approved.id, draft_it)


def until(today: date, days: int) -> date:
    """Return the last day that is looked at.

    Raises:
        InvalidInputError: fewer days than none, or more than `MAX_DAYS`.
    """
    if not 0 <= days <= MAX_DAYS:
        raise InvalidInputError(f"`{days}` days cannot be looked ahead; write a number from 0 to {MAX_DAYS}")
    return today + timedelta(days)


def _due(
    kind: DocumentKind, subject: str, why: Why, day: date, today: date, because: str, id: str | None, remedy: str
) -> DueDocument:  # fmt: skip
    return DueDocument(kind, RULES[kind].title, subject, why, day, (day - today).days, because, id, remedy)
