"""Everything the checks are given about one agent on one day; no check looks anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from ephor.kernel.truth import Truth
from ephor.rooms.access.people import Person
from ephor.rooms.access.roles import Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.dsr.request import Request
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.gate.finding import Exhibit
from ephor.rooms.gate.trouble import Troubles
from ephor.rooms.impact.assessment import ImpactAssessment
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.observation import Observation
from ephor.rooms.policies.governance import GovernancePolicy
from ephor.rooms.regulation.classification import Notice
from ephor.rooms.regulation.record import AgentClassification
from ephor.rooms.risk.assess import AssessmentRecord
from ephor.rooms.ropa.record import ProcessingRecord

R = TypeVar("R")
UNACCEPTABLE = "unacceptable"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the ledger that was proven to be under its signed head, and its time."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded(Generic[R]):
    """A record as it lies on its shelf, with the ledger entry that says the same; None where the ledger has none by
    that day. A record without its entry counts for nothing: somebody else than the plane may have put it there."""

    record: R
    entry: Entry | None

    def shown(self, what: str, id: str) -> Exhibit:
        """Return the record as an exhibit. Only for one with an entry."""
        if self.entry is None:
            raise ValueError(f"{what} {id} has no entry")
        return Exhibit(what, id, self.entry.id, self.entry.at.date())


@dataclass(frozen=True, slots=True)
class Law:
    """What the AI Act, as it is loaded today, makes of the manifest on the day asked."""

    category: str
    articles: tuple[str, ...]
    missing_facts: tuple[str, ...]
    notices: tuple[Notice, ...]
    pack_digest: str


@dataclass(frozen=True, slots=True)
class Register:
    """The data subject requests of the whole plane; ``unlisted`` are receipts in the ledger that no request matches."""

    requests: tuple[Recorded[Request], ...]
    unlisted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """What the ledger shows: the signed head, whether it holds, and the newest decision on a call of the agent."""

    origin: str
    size: int
    holds: Truth
    """Signed, and grown from the head that was kept before; None where that could not be checked."""
    problem: str
    decision: Entry | None


@dataclass(frozen=True, slots=True)
class GateFacts:
    """The facts of one agent. ``law`` is None where its facts cannot be judged at all."""

    at: datetime
    """The moment the answer is for."""
    agent: Recorded[Agent]
    policy: GovernancePolicy
    assessment: Recorded[AssessmentRecord] | None
    classification: Recorded[AgentClassification] | None
    law: Law | None
    requests: tuple[Recorded[ApprovalRequest], ...]
    reviews: Mapping[str, Entry]
    """The entry of each review, by ``request/type`` and by ``request/type/reviewer``."""
    processing: tuple[Recorded[ProcessingRecord], ...]
    """Only those that name the agent."""
    evidence: tuple[Recorded[Evidence], ...]
    roles: Mapping[str, Recorded[Role]]
    people: Mapping[str, Recorded[Person]]
    register: Register
    log: Log
    bias_tests: tuple[Recorded[BiasTest], ...] = ()
    """Those of the models that the manifest declares; so too the observations."""
    observations: tuple[Recorded[Observation], ...] = ()
    impacts: tuple[Recorded[ImpactAssessment], ...] = ()
    signed: Entry | None = None
    """The entry by which a reviewer signed off the class kept; None where nobody did by that day."""
    troubles: Troubles = field(default_factory=Troubles)
    """The open incidents that name the agent."""

    @property
    def day(self) -> date:
        """The day the answer is for."""
        return self.at.date()

    @property
    def id(self) -> str:
        """The agent's id."""
        return self.agent.record.id


def is_prohibited(facts: GateFacts) -> bool:
    """Tell whether the agent is a prohibited practice (AI Act, Article 5) by today's reading or by the class kept for it."""
    kept = facts.classification.record if facts.classification else None
    by_record = (
        kept is not None
        and kept.digest == facts.agent.record.material_digest
        and kept.category == UNACCEPTABLE
    )
    return by_record or (facts.law is not None and facts.law.category == UNACCEPTABLE)
