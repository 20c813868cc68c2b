"""The class an agent was given under a law: what it rests on, and for which manifest it counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ephor.kernel.errors import ConflictError, NotPermittedError


@dataclass(frozen=True, slots=True)
class AgentClassification:
    """The newest class of one agent. ``id`` is the agent's; it counts only while ``digest`` is its material digest.

    A class is a proposal until a reviewer signed it off: by a review that approved the agent, or by itself.
    """

    id: str
    digest: str
    category: str
    articles: tuple[str, ...]
    transparency_duties: tuple[str, ...]
    missing_facts: tuple[str, ...]
    applies_from: date | None
    as_of: date
    pack: str
    pack_digest: str
    at: datetime
    by: str
    notices: tuple[str, ...] = ()
    """What people must be told because of the class."""
    signed_by: str | None = None
    signed_at: datetime | None = None
    signed_through: str | None = None
    """The approval request whose review signed it; None where it was signed by itself."""


def category_for(record: AgentClassification | None, digest: str) -> str | None:
    """Return the class that holds for the manifest of *digest*; None where nobody classified that one."""
    return record.category if record is not None and record.digest == digest else None


def is_signed(record: AgentClassification | None, digest: str) -> bool:
    """Tell whether a reviewer signed off the class that holds for the manifest of *digest*."""
    return record is not None and record.digest == digest and record.signed_by is not None


def renewed(old: AgentClassification | None, new: AgentClassification) -> AgentClassification:
    """Return *new* with the signature of *old* where it says the very same of the very same manifest.

    Another manifest, category, article or duty is another statement, and nobody has signed that one.
    """
    if old is None or _statement(old) != _statement(new):
        return new
    return dataclasses.replace(
        new, signed_by=old.signed_by, signed_at=old.signed_at, signed_through=old.signed_through
    )


def sign(
    record: AgentClassification,
    category: str,
    *,
    by: str,
    barred: Mapping[str, str],
    at: datetime,
    through: str | None,
) -> AgentClassification:
    """Return the class as signed off by *by*, who states the *category* they sign.

    *barred* names who may not, and why: whoever owns the agent or wrote its manifest.

    Raises:
        NotPermittedError: *by* is one of them.
        ConflictError: the class is not the one stated, is not known, or is signed already.
    """
    if by in barred:
        raise NotPermittedError(
            f"`{by}` {barred[by]} and cannot sign its class off; ask another reviewer", person=by
        )
    if record.category == "needs_review":
        missing = ", ".join(record.missing_facts)
        raise ConflictError(
            f"the class of `{record.id}` is not known yet; state {missing or 'what it misses'}, then register it again"
        )
    if category != record.category:
        raise ConflictError(
            f"the class of `{record.id}` is {record.category}, not `{category[:40]}`; see `ephor agents show {record.id}`",
            category=record.category,
        )
    if record.signed_by is not None:
        raise ConflictError(f"the class of `{record.id}` was signed off by {record.signed_by} already")
    return dataclasses.replace(record, signed_by=by, signed_at=at, signed_through=through)


def _statement(record: AgentClassification) -> tuple[object, ...]:
    return (record.digest, record.category, record.articles, record.transparency_duties, record.notices)
