"""The class an agent was given under a law: what it rests on, and for which manifest it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class AgentClassification:
    """The newest class of one agent. ``id`` is the agent's; it counts only while ``digest`` is its material digest."""

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


def category_for(record: AgentClassification | None, digest: str) -> str | None:
    """Return the class that holds for the manifest of *digest*; None where nobody classified that one."""
    return record.category if record is not None and record.digest == digest else None
