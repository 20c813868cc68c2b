"""Use cases: the risk of agents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import Unit, World
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.check import check
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.impact.assessment import ImpactAssessment, ImpactKind
from ephor.rooms.impact.steps import Standing, barred_by, processing_of, stands
from ephor.rooms.risk.assess import Assessment, AssessmentRecord, assess
from ephor.rooms.risk.credit import PROVES, credit
from ephor.rooms.risk.declared import profile_of
from ephor.rooms.ropa.record import ProcessingRecord


def assess_manifest(manifest: Manifest, on: date) -> Assessment:
    """Return the risk of an agent that need not be registered; it needs no plane, and nothing is recorded.

    Raises:
        InvalidInputError: the manifest contradicts itself.
    """
    check(manifest)
    return assess(profile_of(manifest), on, {})


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk of registered agents; the newest assessment of each is kept."""

    world: World

    def preview(self, agent_id: str, on: date) -> Assessment:
        """Return a registered agent's risk on some day; nothing is recorded. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return _assess(unit, unit.shelf(Agent).get(agent_id), on)

    def assess(self, agent_id: str, *, by: str) -> AssessmentRecord:
        """Assess a registered agent as it is today, and keep the answer.

        Raises:
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
        """
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            agent = unit.shelf(Agent).get(agent_id)
            record = AssessmentRecord(agent.id, agent.digest, _assess(unit, agent, now.date()), by, now)
            shelf = unit.shelf(AssessmentRecord)
            if old := shelf.find(agent.id):
                shelf.replace(old, record)
            else:
                shelf.add(record)
            unit.append(_assessed(record))
        return record

    def latest(self, agent_id: str) -> AssessmentRecord | None:
        """Return the newest assessment kept for an agent; None where there is none."""
        with self.world.storage.reading() as unit:
            return unit.shelf(AssessmentRecord).find(agent_id)


def _assess(unit: Unit, agent: Agent, on: date) -> Assessment:
    """Credit comes from what people recorded about this agent, never from what its manifest says of itself."""
    kept = unit.shelf(Evidence).all(agent=agent.id)
    proven = credit(kept, material_digest=agent.material_digest, as_of=on)
    if until := _impact_until(unit, agent, on):
        control = PROVES[EvidenceKind.PRIVACY_IMPACT_ASSESSMENT]
        proven[control] = max(until, proven.get(control, until))
    return assess(profile_of(agent.manifest), on, proven)


def _impact_until(unit: Unit, agent: Agent, on: date) -> date | None:
    """Return through which day a data protection impact assessment of the agent is in force; None where none is."""
    naming = processing_of(one for one in unit.shelf(ProcessingRecord).all() if agent.id in one.agents)
    barred = barred_by(agent.manifest.owner, agent.authors)
    ends = [
        one.verdict.until
        for one in unit.shelf(ImpactAssessment).all(agent=agent.id, kind=ImpactKind.DPIA.value)
        if stands(one, agent.material_digest, naming, on).standing is Standing.IN_FORCE
        and one.verdict is not None
        and one.verdict.until is not None
        and one.verdict.at.date() <= on
        and one.verdict.by not in barred
    ]
    return max(ends, default=None)


def _assessed(record: AssessmentRecord) -> Event:
    found = record.assessment
    return Event(
        kind="agent.assessed/1",
        at=record.assessed_at,
        actor=f"person:{record.assessed_by}",
        resource=f"agent:{record.id}",
        refs={"manifest": record.manifest_digest, "input": found.input_digest},
        metadata={
            "method": found.method,
            "as_of": found.as_of.isoformat(),
            "inherent": found.overall.inherent.value,
            "residual": found.overall.residual.value,
            "approval_required": found.approval_required,
            "scores": {one.category.value: one.residual.score for one in found.factors},
        },
    )
