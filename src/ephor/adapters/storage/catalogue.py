"""Which records are kept, on which shelf, and by which of their fields they can be searched.

One line here, one table in a migration: that is all a new kind of record needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.access.delegation import Delegation, PersonRights
from ephor.rooms.access.people import Person
from ephor.rooms.access.roles import Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.stop import Stop
from ephor.rooms.agents.versions import ManifestVersion
from ephor.rooms.approvals.bodies import BodyRecord
from ephor.rooms.approvals.call import CallApproval
from ephor.rooms.approvals.notice import Channel, Notice
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.approvals.rule import ApprovalRule
from ephor.rooms.consent.choices import Minor, Purpose
from ephor.rooms.consent.due import NoticeText
from ephor.rooms.consent.restriction import Restriction
from ephor.rooms.consent.statement import Statement
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.decisions.record import AuthorityRecord
from ephor.rooms.documents.record import DocumentVersion
from ephor.rooms.dsr.code import IdentityCode
from ephor.rooms.dsr.plan import Certificate, DataPlan
from ephor.rooms.dsr.request import Request
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.impact.assessment import ImpactAssessment
from ephor.rooms.incidents.record import Incident
from ephor.rooms.ledger.sources import Source
from ephor.rooms.ledger.timestamps import TimeStamp
from ephor.rooms.ledger.witnesses import Witness
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card_texts import CardStatement
from ephor.rooms.models.imported import ModelOrigin
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import Baseline, Observation
from ephor.rooms.policies.limits import Limit, Usage
from ephor.rooms.policies.overrides import PolicyOverride
from ephor.rooms.policies.rule import RuleSet
from ephor.rooms.policies.sequences import SequenceRule, Session
from ephor.rooms.regulation.record import AgentClassification
from ephor.rooms.retention.disposal import RetentionCertificate, RetentionDecision, RetentionPlan
from ephor.rooms.retention.hold import Hold
from ephor.rooms.risk.assess import AssessmentRecord
from ephor.rooms.risk.register import RegisteredRisk
from ephor.rooms.ropa.record import ProcessingRecord

MAX_TEXT = 500
"""Longest text that is looked up by: PostgreSQL indexes 2,704 bytes at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A shelf: the table's name and the fields that ``Shelf.all`` may ask for."""

    table: str
    columns: tuple[str, ...] = ()
    governs: bool = True
    """Whether decisions rest on it outside their own transaction: a change makes every authority be compiled anew, which takes ten
    times as long as to decide. What a decision reads within its transaction, such as a person's consent, need not."""
    derived: bool = False
    """Whether a record is a copy of what is recorded elsewhere, kept under its digest: keeping one changes nothing."""


SHELVES: Mapping[type[Any], Plan] = {
    Person: Plan("people"),
    PersonRights: Plan("person_rights"),
    Role: Plan("roles"),
    Delegation: Plan("delegations", ("to_agent",)),
    AssessmentRecord: Plan("assessments", governs=False),
    ModelVersion: Plan("models", ("status",)),
    Baseline: Plan("model_baselines", governs=False),
    Observation: Plan("model_observations", ("model",), governs=False),
    BiasTest: Plan("model_bias_tests", ("model",), governs=False),
    ModelOrigin: Plan("model_origins", governs=False),
    CardStatement: Plan("model_card_statements", ("model",), governs=False),
    Agent: Plan("agents", ("status",)),
    ManifestVersion: Plan("manifest_versions", ("agent",), governs=False),
    Stop: Plan("stops", ("status",)),
    ApprovalRequest: Plan("approval_requests", ("agent", "status")),
    CallApproval: Plan(
        "call_approvals", ("call_digest", "status", "agent", "subject", "scope"), governs=False
    ),
    BodyRecord: Plan("bodies", governs=False),
    ApprovalRule: Plan("approval_rules", governs=False),
    Channel: Plan("notice_channels", governs=False),
    Notice: Plan("notices", ("status", "approval"), governs=False),
    AgentClassification: Plan("agent_classifications"),
    Statement: Plan("consent_statements", ("subject",), governs=False),
    Purpose: Plan("purposes"),
    Minor: Plan("minors", governs=False),
    NoticeText: Plan("notice_texts", governs=False),
    Restriction: Plan("restrictions", ("subject",), governs=False),
    Request: Plan("subject_requests", ("subject", "status"), governs=False),
    IdentityCode: Plan("identity_codes", governs=False),
    DataPlan: Plan("subject_request_plans", governs=False),
    Certificate: Plan("subject_request_certificates", governs=False),
    Hold: Plan("legal_holds", governs=False),
    RetentionPlan: Plan("retention_plans", governs=False),
    RetentionCertificate: Plan("retention_certificates", governs=False),
    RetentionDecision: Plan("retention_decisions", governs=False),
    ProcessingRecord: Plan("processing_records"),
    Evidence: Plan("evidence", ("agent",), governs=False),
    DocumentVersion: Plan("documents", ("kind", "subject", "status"), governs=False),
    Witness: Plan("witnesses", governs=False),
    TimeStamp: Plan("time_stamps", governs=False),
    Source: Plan("sources", ("reporter",), governs=False),
    ToolEntry: Plan("tools"),
    Limit: Plan("limits"),
    SequenceRule: Plan("sequence_rules"),
    Usage: Plan("limit_usage", ("limit",), governs=False),
    Session: Plan("sessions", governs=False),
    AuthorityRecord: Plan("authorities", governs=False, derived=True),
    Incident: Plan("incidents", ("status",), governs=False),
    ImpactAssessment: Plan("impact_assessments", ("agent", "kind"), governs=False),
    RuleSet: Plan("rule_sets", ("name", "status")),
    RegisteredRisk: Plan("risks", ("agent", "status"), governs=False),
    PolicyOverride: Plan("policy_overrides", ("use_case", "status")),
}


def plan_of(kind: type[Any], where: Mapping[str, str] | None = None) -> Plan:
    """Return the plan of a record type, checked against the columns asked for.

    Raises:
        InvalidInputError: the record has no shelf, or the shelf no such column.
    """
    plan = SHELVES.get(kind)
    if plan is None:
        raise InvalidInputError(f"`{kind.__name__}` has no shelf; add it to the catalogue")
    if unknown := sorted(set(where or ()) - set(plan.columns)):
        raise InvalidInputError(f"shelf `{plan.table}` cannot be searched by {', '.join(unknown)}")
    return plan


def column_of(record: object, column: str) -> str | None:
    """Return what a searchable column holds for *record*, as text.

    Raises:
        InvalidInputError: a text that some database cannot hold or look up.
    """
    value = getattr(record, column)
    if value is not None and not is_storable(str(value)):
        kind = type(record).__name__.lower()
        raise InvalidInputError(
            f"`{column}` of this {kind} is too long, or holds a character that no database keeps; correct it"
        )
    return None if value is None else str(value)


def body_of(record: object) -> str:
    """Return *record* as the JSON that is kept; equal records give equal text.

    Raises:
        InvalidInputError: it holds what JSON cannot say.
    """
    try:
        return msgspec.json.encode(record, enc_hook=_plain, order="deterministic").decode()
    except (TypeError, ValueError) as error:
        kind = type(record).__name__.lower()
        raise InvalidInputError(f"this {kind} cannot be kept: {error}; correct it") from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):  # a read-only view, for one
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def is_storable(text: str) -> bool:
    """Tell whether every database can hold *text* and look it up: PostgreSQL keeps no NUL and indexes no long text.

    >>> is_storable("agent"), is_storable("a\\0"), is_storable("\\ud800"), is_storable("a" * 501)
    (True, False, False, False)
    """
    return len(text) <= MAX_TEXT and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def noun_of(kind: type[Any]) -> str:
    """Return what people call a record of this type.

    >>> noun_of(ApprovalRequest)
    'approval request'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
