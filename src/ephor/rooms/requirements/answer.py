"""The answer to one obligation, to one law, and to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

from ephor.kernel.truth import Truth
from ephor.rooms.gate.finding import Exhibit
from ephor.rooms.regulation.classification import Due


@unique
class Answer(StrEnum):
    """Whether an obligation is fulfilled. *Not known* is an answer of its own, and never a pass."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Shown:
    """One need of an obligation, and what was found about it."""

    need: str
    status: Answer
    because: str
    evidence: tuple[Exhibit, ...]
    lapses: date | None
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One obligation, answered.

    ``prepared`` says what the evidence of today would answer to an obligation that applies only later.
    """

    id: str
    cite: str
    title: str
    status: Answer
    because: str
    roles: tuple[str, ...]
    since: date | None
    until: date | None
    in_force: bool
    verified: str
    note: str | None
    needs: tuple[Shown, ...]
    evidence: tuple[Exhibit, ...]
    lapses: date | None
    recommendation: str | None
    prepared: Answer | None
    readings: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class LawAnswer:
    """One law, answered for an agent on a day. ``applies`` is None where a fact that decides it is unknown."""

    law: str
    title: str
    version: str
    digest: str
    applies: Truth
    because: str
    category: str | None
    """The class under the law, where its pack classifies."""
    articles: tuple[str, ...]
    missing_facts: tuple[str, ...]
    obligations: tuple[Requirement, ...]

    def count(self, status: Answer) -> int:
        """Return how many obligations have this answer."""
        return sum(one.status is status for one in self.obligations)


@dataclass(frozen=True, slots=True)
class Compliance:
    """Every law, answered. ``compliant`` is true only where every law is settled and everything owed is met."""

    agent: str
    as_of: date
    compliant: Truth
    laws: tuple[LawAnswer, ...]
    recommendations: tuple[str, ...]


def concluded(laws: Sequence[LawAnswer]) -> Truth:
    """Return whether everything owed is met: one gap settles it, and nothing known is no pass.

    A law that does not reach the agent counts for nothing; where none does, nothing was shown.
    """
    answers = [one.status for law in laws for one in law.obligations]
    if Answer.NOT_MET in answers:
        return False
    open_law = any(law.applies is None or law.category == "needs_review" for law in laws)
    if Answer.NOT_KNOWN in answers or open_law or Answer.MET not in answers:
        return None
    return True
