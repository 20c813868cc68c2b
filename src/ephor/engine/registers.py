"""Use case: every register of the plane as a table, read a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from ephor.engine.overriding import in_force
from ephor.engine.ports import Unit, World
from ephor.kernel.errors import NotFoundError
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.access.delegation import Delegation
from ephor.rooms.access.people import Person
from ephor.rooms.access.roles import Role, known_roles
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.stop import Stop
from ephor.rooms.agents.versions import ManifestVersion
from ephor.rooms.approvals.bodies import BodyRecord
from ephor.rooms.approvals.call import CallApproval
from ephor.rooms.approvals.request import ApprovalRequest, Review
from ephor.rooms.approvals.rule import ApprovalRule
from ephor.rooms.consent.choices import Minor, Purpose
from ephor.rooms.consent.due import NoticeText
from ephor.rooms.consent.restriction import Restriction
from ephor.rooms.consent.statement import Statement
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.documents.record import DocumentVersion
from ephor.rooms.dsr.plan import Certificate
from ephor.rooms.dsr.request import Request
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.exports.tables import (
    ENTRY_COLUMNS,
    Column,
    ColumnType,
    Row,
    columns_of,
    row_of,
    row_of_entry,
)
from ephor.rooms.impact.assessment import ImpactAssessment
from ephor.rooms.incidents.record import Incident
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.sources import Source
from ephor.rooms.ledger.timestamps import TimeStamp
from ephor.rooms.ledger.tree import leaf_hash
from ephor.rooms.ledger.witnesses import Witness
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card_texts import CardStatement
from ephor.rooms.models.imported import ModelOrigin
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import Baseline, Observation
from ephor.rooms.policies.governance import GovernancePolicy
from ephor.rooms.policies.limits import Limit
from ephor.rooms.policies.overrides import PolicyOverride
from ephor.rooms.policies.rule import RuleSet
from ephor.rooms.policies.sequences import SequenceRule
from ephor.rooms.regulation.record import AgentClassification
from ephor.rooms.retention.disposal import RetentionCertificate, RetentionDecision, RetentionPlan
from ephor.rooms.retention.hold import Hold
from ephor.rooms.risk.assess import AssessmentRecord
from ephor.rooms.risk.register import RegisteredRisk
from ephor.rooms.ropa.record import ProcessingRecord

_PAGE = 500
REGISTERS: Mapping[str, type[Any]] = {
    "agents": Agent,
    "approval-rules": ApprovalRule,
    "approvals": ApprovalRequest,
    "bias-tests": BiasTest,
    "bodies": BodyRecord,
    "calls": CallApproval,
    "classifications": AgentClassification,
    "consents": Statement,
    "delegations": Delegation,
    "documents": DocumentVersion,
    "evidence": Evidence,
    "holds": Hold,
    "impact-assessments": ImpactAssessment,
    "incidents": Incident,
    "limits": Limit,
    "manifest-versions": ManifestVersion,
    "minors": Minor,
    "model-baselines": Baseline,
    "model-cards": CardStatement,
    "model-observations": Observation,
    "model-origins": ModelOrigin,
    "models": ModelVersion,
    "notice-texts": NoticeText,
    "people": Person,
    "policy-overrides": PolicyOverride,
    "purposes": Purpose,
    "request-certificates": Certificate,
    "requests": Request,
    "restrictions": Restriction,
    "retention-certificates": RetentionCertificate,
    "retention-decisions": RetentionDecision,
    "retention-runs": RetentionPlan,
    "risk-assessments": AssessmentRecord,
    "risks": RegisteredRisk,
    "ropa": ProcessingRecord,
    "rules": RuleSet,
    "sequences": SequenceRule,
    "sources": Source,
    "stops": Stop,
    "time-stamps": TimeStamp,
    "tools": ToolEntry,
    "witnesses": Witness,
}
"""The registers that are kept as records, by name. What is only machinery (codes, counters, sessions, notices) is none."""
LEDGER = "ledger"
DERIVED = (LEDGER, "policies", "reviews", "roles")
NAMES = tuple(sorted((*REGISTERS, *DERIVED)))
OpenTable: TypeAlias = Callable[[Sequence[Column]], AbstractContextManager[Callable[[Row], object]]]
"""Opens a table with these columns, and gives what writes a row into it."""


@dataclass(frozen=True, slots=True)
class Registers:
    """Every register, as a table. It asks; it records nothing."""

    world: World
    policies: Mapping[UseCase, GovernancePolicy]

    def export(self, name: str, open_table: OpenTable) -> int:
        """Write a register's rows in the order of their ids and return how many; all are of one moment.

        Raises:
            NotFoundError: there is no such register.
        """
        if name not in NAMES:
            raise NotFoundError(f"there is no register `{name[:60]}`; there are: {', '.join(NAMES)}")
        if name == LEDGER:
            return _write(open_table, ENTRY_COLUMNS, self._entries())
        with self.world.storage.reading() as unit:
            if name in REGISTERS:
                columns = columns_of(REGISTERS[name])
                rows = (row_of(one, columns) for one in _pages(unit, REGISTERS[name]))
                return _write(open_table, columns, rows)
            return _write(open_table, *self._derived(unit, name))

    def _derived(self, unit: Unit, name: str) -> tuple[Sequence[Column], Iterable[Row]]:
        if name == "policies":
            columns = columns_of(GovernancePolicy)
            return columns, [row_of(one, columns) for one in in_force(unit, self.policies).values()]
        if name == "roles":
            columns = columns_of(Role)
            roles = known_roles(unit.shelf(Role).all())
            return columns, [row_of(roles[id], columns) for id in sorted(roles)]
        own = columns_of(Review)
        named = [Column(one, ColumnType.TEXT, ()) for one in ("request", "agent")]
        return (*named, *own), (
            (asked.id, asked.agent, *row_of(review, own))
            for asked in _pages(unit, ApprovalRequest)
            for review in asked.reviews
        )

    def _entries(self) -> Iterator[Row]:
        ledger = self.world.storage.ledger
        for position, data in enumerate(ledger.entries(0, ledger.head().size)):
            yield row_of_entry(parse(data), position, leaf_hash(data).hex())


def _pages(unit: Unit, kind: type[Any]) -> Iterator[Any]:
    shelf, after = unit.shelf(kind), ""
    while page := shelf.page(after, _PAGE):
        yield from page
        after = page[-1].id


def _write(open_table: OpenTable, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    count = 0
    with open_table(columns) as write:
        for row in rows:
            write(row)
            count += 1
    return count
