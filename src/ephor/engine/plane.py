"""One plane: every use case over one world. Each is loaded when it is first asked for: all together take a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ephor.engine.ports_keys import FixedKeys

if TYPE_CHECKING:
    from ephor.engine.access import Access
    from ephor.engine.agents import Agents
    from ephor.engine.archives import Archives
    from ephor.engine.audit import AuditReports
    from ephor.engine.bodies import Bodies
    from ephor.engine.calls import Calls
    from ephor.engine.consent import Consent
    from ephor.engine.coverage import LedgerCoverage
    from ephor.engine.decisions import Decisions
    from ephor.engine.definitions import Definitions
    from ephor.engine.delegations import Delegations
    from ephor.engine.documents import Documents
    from ephor.engine.drift import Drift
    from ephor.engine.drills import Drills
    from ephor.engine.dsr import Dsr
    from ephor.engine.dsr_households import DsrHouseholds
    from ephor.engine.dsr_identity import DsrIdentity
    from ephor.engine.dsr_reapplying import DsrReapplying
    from ephor.engine.dsr_reviews import DsrReviews
    from ephor.engine.dsr_tasks import DsrTasks
    from ephor.engine.evidence import EvidenceRegister
    from ephor.engine.exports import Exports
    from ephor.engine.fsck import LedgerFsck
    from ephor.engine.gate import Gate
    from ephor.engine.housekeeping import Housekeeping
    from ephor.engine.impact import Impact
    from ephor.engine.inbox import AllApprovals
    from ephor.engine.incidents import Incidents
    from ephor.engine.keys import Keys
    from ephor.engine.ledger import Ledgers
    from ephor.engine.model_cards import ModelCards
    from ephor.engine.model_imports import ModelImports
    from ephor.engine.models import Models
    from ephor.engine.notices import Notices
    from ephor.engine.observations import Observations
    from ephor.engine.policies import Overrides, Policies
    from ephor.engine.ports import World
    from ephor.engine.ports_keys import KeyRing
    from ephor.engine.registers import Registers
    from ephor.engine.regulation import Regulation
    from ephor.engine.reminders import Reminders
    from ephor.engine.replaying import Replays
    from ephor.engine.requirements import Requirements
    from ephor.engine.retention import Retention
    from ephor.engine.risk import Risk
    from ephor.engine.risk_register import RiskRegister
    from ephor.engine.ropa import Ropa
    from ephor.engine.rules import Rules
    from ephor.engine.sources import Sources
    from ephor.engine.stamps import Stamps
    from ephor.engine.stops import Stops
    from ephor.engine.streams import Streams
    from ephor.engine.trying import Trying
    from ephor.engine.witnesses import Witnesses
    from ephor.rooms.access.roles import Role
    from ephor.rooms.consent.choices import Purpose
    from ephor.rooms.decisions.catalogue import ToolEntry
    from ephor.rooms.exports.audit_report import Covered
    from ephor.rooms.policies.limits import Limit
    from ephor.rooms.policies.sequences import SequenceRule


T = TypeVar("T")


class UseCase(cached_property[T]):
    """A use case that needs the world and nothing else, loaded when it is first asked for."""

    def __init__(self, where: str) -> None:
        super().__init__(self._made)
        self._where = where

    def _made(self, engine: Engine) -> T:
        module, _, name = self._where.partition(":")
        made: Callable[[World], T] = getattr(import_module(f"ephor.engine.{module}"), name)
        return made(engine.world)


@dataclass(frozen=True)
class Engine:
    """The use cases by room. The same words serve in the command line and in the library."""

    world: World
    ring: KeyRing = field(default_factory=FixedKeys)
    """The keys of the plane."""

    access: ClassVar[UseCase[Access]] = UseCase("access:Access")
    replays: ClassVar[UseCase[Replays]] = UseCase("replaying:Replays")
    drift: ClassVar[UseCase[Drift]] = UseCase("drift:Drift")
    bodies: ClassVar[UseCase[Bodies]] = UseCase("bodies:Bodies")
    notices: ClassVar[UseCase[Notices]] = UseCase("notices:Notices")
    housekeeping: ClassVar[UseCase[Housekeeping]] = UseCase("housekeeping:Housekeeping")
    stops: ClassVar[UseCase[Stops]] = UseCase("stops:Stops")
    trying: ClassVar[UseCase[Trying]] = UseCase("trying:Trying")
    rules: ClassVar[UseCase[Rules]] = UseCase("rules:Rules")
    regulation: ClassVar[UseCase[Regulation]] = UseCase("regulation:Regulation")
    decisions: ClassVar[UseCase[Decisions]] = UseCase("decisions:Decisions")
    ledger: ClassVar[UseCase[Ledgers]] = UseCase("ledger:Ledgers")
    archives: ClassVar[UseCase[Archives]] = UseCase("archives:Archives")
    coverage: ClassVar[UseCase[LedgerCoverage]] = UseCase("coverage:LedgerCoverage")
    fsck: ClassVar[UseCase[LedgerFsck]] = UseCase("fsck:LedgerFsck")
    sources: ClassVar[UseCase[Sources]] = UseCase("sources:Sources")
    calls: ClassVar[UseCase[Calls]] = UseCase("calls:Calls")
    delegations: ClassVar[UseCase[Delegations]] = UseCase("delegations:Delegations")
    risk: ClassVar[UseCase[Risk]] = UseCase("risk:Risk")
    risks: ClassVar[UseCase[RiskRegister]] = UseCase("risk_register:RiskRegister")
    models: ClassVar[UseCase[Models]] = UseCase("models:Models")
    model_imports: ClassVar[UseCase[ModelImports]] = UseCase("model_imports:ModelImports")
    model_cards: ClassVar[UseCase[ModelCards]] = UseCase("model_cards:ModelCards")
    observations: ClassVar[UseCase[Observations]] = UseCase("observations:Observations")
    consent: ClassVar[UseCase[Consent]] = UseCase("consent:Consent")
    dsr: ClassVar[UseCase[Dsr]] = UseCase("dsr:Dsr")
    dsr_households: ClassVar[UseCase[DsrHouseholds]] = UseCase("dsr_households:DsrHouseholds")
    dsr_reapplying: ClassVar[UseCase[DsrReapplying]] = UseCase("dsr_reapplying:DsrReapplying")
    dsr_reviews: ClassVar[UseCase[DsrReviews]] = UseCase("dsr_reviews:DsrReviews")
    dsr_tasks: ClassVar[UseCase[DsrTasks]] = UseCase("dsr_tasks:DsrTasks")
    dsr_identity: ClassVar[UseCase[DsrIdentity]] = UseCase("dsr_identity:DsrIdentity")
    retention: ClassVar[UseCase[Retention]] = UseCase("retention:Retention")
    ropa: ClassVar[UseCase[Ropa]] = UseCase("ropa:Ropa")
    impact: ClassVar[UseCase[Impact]] = UseCase("impact:Impact")
    evidence: ClassVar[UseCase[EvidenceRegister]] = UseCase("evidence:EvidenceRegister")
    incidents: ClassVar[UseCase[Incidents]] = UseCase("incidents:Incidents")
    witnesses: ClassVar[UseCase[Witnesses]] = UseCase("witnesses:Witnesses")
    stamps: ClassVar[UseCase[Stamps]] = UseCase("stamps:Stamps")
    streams: ClassVar[UseCase[Streams]] = UseCase("streams:Streams")

    @cached_property
    def custom_roles(self) -> Definitions[Role]:
        from ephor.engine.cataloguing import looking
        from ephor.engine.definitions import Definitions
        from ephor.rooms.access.roles import STANDARD_ROLES, Role, plain_role, read_role
        from ephor.rooms.decisions.unmatched import of_role

        return Definitions(
            self.world,
            Role,
            "role",
            read_role,
            plain_role,
            kinds=("role.added/1", "role.changed/1"),
            standard=STANDARD_ROLES,
            look=looking(of_role, self.world),
        )

    @cached_property
    def tools(self) -> Definitions[ToolEntry]:
        from ephor.engine.cataloguing import looking
        from ephor.engine.definitions import Definitions, plain_fields
        from ephor.rooms.decisions.catalogue import ToolEntry, read_entry
        from ephor.rooms.decisions.unmatched import of_entry

        look = looking(of_entry, self.world)
        return Definitions(self.world, ToolEntry, "tool", read_entry, plain_fields, look=look)

    @cached_property
    def limits(self) -> Definitions[Limit]:
        from ephor.engine.cataloguing import looking
        from ephor.engine.definitions import Definitions, plain_fields
        from ephor.rooms.decisions.unmatched import of_limit
        from ephor.rooms.policies.limits import Limit, read_limit

        look = looking(of_limit, self.world)
        return Definitions(self.world, Limit, "limit", read_limit, plain_fields, look=look)

    @cached_property
    def sequences(self) -> Definitions[SequenceRule]:
        from ephor.engine.cataloguing import looking
        from ephor.engine.definitions import Definitions, plain_fields
        from ephor.rooms.decisions.unmatched import of_sequence
        from ephor.rooms.policies.sequences import SequenceRule, read_rule

        look = looking(of_sequence, self.world)
        return Definitions(self.world, SequenceRule, "sequence", read_rule, plain_fields, look=look)

    @cached_property
    def purposes(self) -> Definitions[Purpose]:
        from ephor.engine.definitions import Definitions, plain_fields
        from ephor.rooms.access.people import PlanePermission
        from ephor.rooms.consent.choices import Purpose, read_purpose

        return Definitions(
            self.world, Purpose, "purpose", read_purpose, plain_fields, permission=PlanePermission.PRIVACY
        )

    @cached_property
    def agents(self) -> Agents:
        from ephor.engine.agents import Agents
        from ephor.rooms.policies.governance import POLICIES

        return Agents(self.world, POLICIES)

    @cached_property
    def drills(self) -> Drills:
        from ephor.engine.drills import Drills

        return Drills(self.world, self._allows)

    @cached_property
    def policies(self) -> Policies:
        from ephor.engine.policies import Policies
        from ephor.rooms.policies.governance import POLICIES

        return Policies(POLICIES, self.world)

    @cached_property
    def overrides(self) -> Overrides:
        from ephor.engine.policies import Overrides
        from ephor.rooms.policies.governance import POLICIES

        return Overrides(self.world, POLICIES)

    @cached_property
    def approvals(self) -> AllApprovals:
        from ephor.engine.approval_rules import ApprovalRules
        from ephor.engine.inbox import AllApprovals
        from ephor.rooms.policies.governance import POLICIES

        return AllApprovals(
            self.world,
            POLICIES,
            self.regulation.category_in,
            self.regulation.sign_in,
            calls=self.calls,
            rules=ApprovalRules(self.world),
        )

    @cached_property
    def gate(self) -> Gate:
        from ephor.engine.gate import Gate
        from ephor.engine.regulation import Law
        from ephor.rooms.policies.governance import POLICIES

        return Gate(self.world, POLICIES, Law(self.world.packs).classify_manifest)

    @cached_property
    def requirements(self) -> Requirements:
        from ephor.engine.requirements import Requirements

        return Requirements(self.world.packs, lambda agent, on: self.gate.facts(agent, as_of=on))

    @cached_property
    def exports(self) -> Exports:
        from ephor.engine.exports import Exports

        return Exports(
            self.world,
            lambda agent, on: self.gate.facts(agent, as_of=on),
            lambda agent, on, laws: self.requirements.check(agent, as_of=on, laws=laws).compliance,
        )

    @cached_property
    def audit(self) -> AuditReports:
        from ephor.engine.audit import AuditReports

        return AuditReports(self.world, self.ledger, self._cover)

    @cached_property
    def registers(self) -> Registers:
        from ephor.engine.registers import Registers
        from ephor.rooms.policies.governance import POLICIES

        return Registers(self.world, POLICIES)

    @cached_property
    def reminders(self) -> Reminders:
        from ephor.engine.reminders import Reminders

        return Reminders(self.world, self.documents.due)

    @cached_property
    def documents(self) -> Documents:
        from ephor.engine.document_facts import Gathering
        from ephor.engine.documents import Documents
        from ephor.engine.regulation import Law

        law = Law(self.world.packs).classify_manifest
        return Documents(
            self.world,
            Gathering(self.world, self.gate.facts, law, self.incidents.show, self.model_cards.card),
        )

    @cached_property
    def keys(self) -> Keys:
        from ephor.engine.keys import Keys

        return Keys(self.world, self.ring)

    def _allows(self, agent: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        from ephor.rooms.decisions.model import Call, Outcome

        return self.decisions.explain(Call(agent, tool, arguments)).outcome is Outcome.ALLOW

    def _cover(self, law: str, agent: str | None, since: datetime, until: datetime) -> Covered:
        from ephor.rooms.exports.audit_report import Covered, Missing

        found = self.coverage.report(law, agent=agent, since=since, until=until)
        missing = tuple(Missing(row.kind, row.cite, row.title) for row in found.demands if not row.seen)
        return Covered(law, found.pack_version, agent, len(found.demands), missing, found.suspicious)

    def close(self) -> None:
        """Release the database."""
        self.world.storage.close()
