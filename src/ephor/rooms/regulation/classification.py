"""The answer to "what does the law make of this system?", and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from ephor.kernel.canonical import Json
from ephor.kernel.truth import Truth
from ephor.rooms.regulation.pack import Obligation, Penalty, Verified


class Category(StrEnum):
    """The class of a system. `limited` and `minimal` are the guide's words; the Act knows duties, not those tiers."""

    UNACCEPTABLE = "unacceptable"
    HIGH = "high"
    LIMITED = "limited"
    MINIMAL = "minimal"
    OUT_OF_SCOPE = "out_of_scope"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Judged:
    """One provision, whether it holds, and why."""

    id: str
    article: str
    holds: Truth
    because: str
    since: date | None
    verified: Verified
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What people must be told, by whom, under which article, and whether that is already in force."""

    article: str
    who: str
    text: str
    since: date
    in_force: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One reading of when an obligation begins, where that is contested."""

    says: str
    since: date | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation and its days; ``owed`` is unknown where a fact that decides it is."""

    obligation: Obligation
    owed: Truth
    since: date | None
    in_force: bool
    because: str = ""
    grace: str | None = None
    """The transitional rule that moves its day, or spares it."""
    readings: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """A category with everything it rests on, for one day and one pack.

    ``at_least`` is the strictest category that already holds while the answer waits for missing facts.
    ``human_oversight_required`` and ``notices`` are hints for runtime policy; unknown stays unknown.
    ``unlisted_facts`` are those among the missing ones that were stated, with the words that the pack does not know;
    ``never_omitted`` are those that have to be stated even where the list of facts is said to be complete.
    """

    category: Category
    articles: tuple[str, ...]
    transparency_duties: tuple[str, ...]
    applies_from: date | None
    elements: tuple[Judged, ...]
    missing_facts: tuple[str, ...]
    obligations: tuple[Owed, ...]
    as_of: date
    pack_id: str
    pack_version: str
    pack_digest: str
    at_least: Category | None
    human_oversight_required: bool | None
    notices: tuple[Notice, ...]
    unlisted_facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    never_omitted: tuple[str, ...] = ()
    penalties: tuple[Penalty, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the public shape of a classification."""
        return {
            "category": self.category.value,
            "articles": list(self.articles),
            "transparency_duties": list(self.transparency_duties),
            "applies_from": _written(self.applies_from),
            "elements": [_element(one) for one in self.elements],
            "missing_facts": list(self.missing_facts),
            "obligations": [_obligation(one) for one in self.obligations],
            "as_of": self.as_of.isoformat(),
            "pack": {"id": self.pack_id, "version": self.pack_version, "digest": self.pack_digest},
            "at_least": self.at_least.value if self.at_least else None,
            "human_oversight_required": self.human_oversight_required,
            "notices": [_notice(one) for one in self.notices],
            "unlisted_facts": {name: list(words) for name, words in self.unlisted_facts.items()},
            "never_omitted": list(self.never_omitted),
            "penalties": [penalty_json(one) for one in self.penalties],
        }


def _written(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _element(one: Judged) -> dict[str, Json]:
    return {
        "id": one.id,
        "article": one.article,
        "holds": one.holds,
        "because": one.because,
        "since": _written(one.since),
        "verified": one.verified.value,
        "note": one.note,
    }


def _obligation(one: Owed) -> dict[str, Json]:
    law = one.obligation
    return {
        "id": law.id,
        "cite": law.cite,
        "title": law.title,
        "roles": list(law.roles),
        "owed": one.owed,
        "because": one.because,
        "since": _written(one.since),
        "until": _written(law.until),
        "in_force": one.in_force,
        "needs": list(law.needs),
        "verified": law.verified.value,
        "note": law.note,
        "grace": one.grace,
        "readings": [
            {"says": due.says, "since": _written(due.since), "in_force": due.in_force} for due in one.readings
        ],
    }


def penalty_json(one: Penalty) -> dict[str, Json]:
    """Return what a breach can cost, as it is written down."""
    return {
        "cite": one.cite,
        "title": one.title,
        "eur": one.eur,
        "pct": one.pct,
        "rule": one.rule,
        "since": one.in_force.isoformat(),
        "verified": one.verified.value,
        "note": one.note,
    }


def _notice(one: Notice) -> dict[str, Json]:
    return {
        "article": one.article,
        "who": one.who,
        "text": one.text,
        "since": one.since.isoformat(),
        "in_force": one.in_force,
    }
