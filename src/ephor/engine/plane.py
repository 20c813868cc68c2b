"""One plane: every use case over one world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from ephor.engine.access import Access
from ephor.engine.agents import Agents
from ephor.engine.approval_rules import ApprovalRules
from ephor.engine.archives import Archives
from ephor.engine.audit import AuditReports
from ephor.engine.bodies import Bodies
from ephor.engine.calls import Calls
from ephor.engine.cataloguing import looking
from ephor.engine.consent import Consent
from ephor.engine.coverage import LedgerCoverage
from ephor.engine.decisions import Decisions
from ephor.engine.definitions import Definitions, plain_fields
from ephor.engine.delegations import Delegations
from ephor.engine.document_facts import Gathering
from ephor.engine.documents import Documents
from ephor.engine.drift import Drift
from ephor.engine.drills import Drills
from ephor.engine.dsr import Dsr
from ephor.engine.dsr_households import DsrHouseholds
from ephor.engine.dsr_identity import DsrIdentity
from ephor.engine.dsr_tasks import DsrTasks
from ephor.engine.evidence import EvidenceRegister
from ephor.engine.exports import Exports
from ephor.engine.fsck import LedgerFsck
from ephor.engine.gate import Gate
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
from ephor.engine.ports_keys import FixedKeys, KeyRing
from ephor.engine.registers import Registers
from ephor.engine.regulation import Law, Regulation
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
from ephor.rooms.access.people import PlanePermission
from ephor.rooms.access.roles import Role, plain_role, read_role
from ephor.rooms.consent.choices import Purpose, read_purpose
from ephor.rooms.decisions.catalogue import ToolEntry, read_entry
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.unmatched import of_entry, of_limit, of_role, of_sequence
from ephor.rooms.exports.audit_report import Covered, Missing
from ephor.rooms.policies.governance import POLICIES
from ephor.rooms.policies.limits import Limit, read_limit
from ephor.rooms.policies.sequences import SequenceRule, read_rule


@dataclass(frozen=True)
class Engine:
    """The use cases by room. The same words serve in the command line and in the library."""

    world: World
    ring: KeyRing = field(default_factory=FixedKeys)
    """The keys of the plane."""

    @cached_property
    def access(self) -> Access:
        return Access(self.world)

    @cached_property
    def replays(self) -> Replays:
        return Replays(self.world)

    @cached_property
    def drift(self) -> Drift:
        return Drift(self.world)

    @cached_property
    def custom_roles(self) -> Definitions[Role]:
        return Definitions(
            self.world,
            Role,
            "role",
            read_role,
            plain_role,
            kinds=("role.added/1", "role.changed/1"),
            look=looking(of_role, self.world),
        )

    @cached_property
    def tools(self) -> Definitions[ToolEntry]:
        return Definitions(
            self.world, ToolEntry, "tool", read_entry, plain_fields, look=looking(of_entry, self.world)
        )

    @cached_property
    def limits(self) -> Definitions[Limit]:
        return Definitions(
            self.world, Limit, "limit", read_limit, plain_fields, look=looking(of_limit, self.world)
        )

    @cached_property
    def sequences(self) -> Definitions[SequenceRule]:
        return Definitions(
            self.world,
            SequenceRule,
            "sequence",
            read_rule,
            plain_fields,
            look=looking(of_sequence, self.world),
        )

    @cached_property
    def purposes(self) -> Definitions[Purpose]:
        return Definitions(
            self.world, Purpose, "purpose", read_purpose, plain_fields, permission=PlanePermission.PRIVACY
        )

    @cached_property
    def agents(self) -> Agents:
        return Agents(self.world, POLICIES)

    @cached_property
    def bodies(self) -> Bodies:
        return Bodies(self.world)

    @cached_property
    def notices(self) -> Notices:
        return Notices(self.world)

    @cached_property
    def reminders(self) -> Reminders:
        return Reminders(self.world)

    @cached_property
    def stops(self) -> Stops:
        return Stops(self.world)

    @cached_property
    def drills(self) -> Drills:
        return Drills(self.world, self._allows)

    @cached_property
    def policies(self) -> Policies:
        return Policies(POLICIES, self.world)

    @cached_property
    def overrides(self) -> Overrides:
        return Overrides(self.world, POLICIES)

    @cached_property
    def trying(self) -> Trying:
        return Trying(self.world)

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.world)

    @cached_property
    def approvals(self) -> AllApprovals:
        return AllApprovals(
            self.world,
            POLICIES,
            self.regulation.category_in,
            self.regulation.sign_in,
            calls=self.calls,
            rules=ApprovalRules(self.world),
        )

    @cached_property
    def regulation(self) -> Regulation:
        return Regulation(self.world)

    @cached_property
    def decisions(self) -> Decisions:
        return Decisions(self.world)

    @cached_property
    def ledger(self) -> Ledgers:
        return Ledgers(self.world)

    @cached_property
    def archives(self) -> Archives:
        return Archives(self.world)

    @cached_property
    def coverage(self) -> LedgerCoverage:
        return LedgerCoverage(self.world)

    @cached_property
    def fsck(self) -> LedgerFsck:
        return LedgerFsck(self.world)

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.world)

    @cached_property
    def calls(self) -> Calls:
        return Calls(self.world)

    @cached_property
    def delegations(self) -> Delegations:
        return Delegations(self.world)

    @cached_property
    def risk(self) -> Risk:
        return Risk(self.world)

    @cached_property
    def risks(self) -> RiskRegister:
        return RiskRegister(self.world)

    @cached_property
    def models(self) -> Models:
        return Models(self.world)

    @cached_property
    def model_imports(self) -> ModelImports:
        return ModelImports(self.world)

    @cached_property
    def model_cards(self) -> ModelCards:
        return ModelCards(self.world)

    @cached_property
    def observations(self) -> Observations:
        return Observations(self.world)

    @cached_property
    def consent(self) -> Consent:
        return Consent(self.world)

    @cached_property
    def dsr(self) -> Dsr:
        return Dsr(self.world)

    @cached_property
    def dsr_households(self) -> DsrHouseholds:
        return DsrHouseholds(self.world)

    @cached_property
    def dsr_tasks(self) -> DsrTasks:
        return DsrTasks(self.world)

    @cached_property
    def dsr_identity(self) -> DsrIdentity:
        return DsrIdentity(self.world)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self.world)

    @cached_property
    def ropa(self) -> Ropa:
        return Ropa(self.world)

    @cached_property
    def impact(self) -> Impact:
        return Impact(self.world)

    @cached_property
    def evidence(self) -> EvidenceRegister:
        return EvidenceRegister(self.world)

    @cached_property
    def incidents(self) -> Incidents:
        return Incidents(self.world)

    @cached_property
    def witnesses(self) -> Witnesses:
        return Witnesses(self.world)

    @cached_property
    def gate(self) -> Gate:
        return Gate(self.world, POLICIES, Law(self.world.packs).classify_manifest)

    @cached_property
    def requirements(self) -> Requirements:
        return Requirements(self.world.packs, lambda agent, on: self.gate.facts(agent, as_of=on))

    @cached_property
    def exports(self) -> Exports:
        return Exports(
            self.world,
            lambda agent, on: self.gate.facts(agent, as_of=on),
            lambda agent, on, laws: self.requirements.check(agent, as_of=on, laws=laws).compliance,
        )

    @cached_property
    def audit(self) -> AuditReports:
        return AuditReports(self.world, self.ledger, self._cover)

    @cached_property
    def registers(self) -> Registers:
        return Registers(self.world, POLICIES)

    @cached_property
    def documents(self) -> Documents:
        law = Law(self.world.packs).classify_manifest
        return Documents(
            self.world,
            Gathering(self.world, self.gate.facts, law, self.incidents.show, self.model_cards.card),
        )

    @cached_property
    def stamps(self) -> Stamps:
        return Stamps(self.world)

    @cached_property
    def streams(self) -> Streams:
        return Streams(self.world)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.world, self.ring)

    def _allows(self, agent: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        return self.decisions.explain(Call(agent, tool, arguments)).outcome is Outcome.ALLOW

    def _cover(self, law: str, agent: str | None, since: datetime, until: datetime) -> Covered:
        found = self.coverage.report(law, agent=agent, since=since, until=until)
        missing = tuple(Missing(row.kind, row.cite, row.title) for row in found.demands if not row.seen)
        return Covered(law, found.pack_version, agent, len(found.demands), missing, found.suspicious)

    def close(self) -> None:
        """Release the database."""
        self.world.storage.close()
