"""Use cases: impact assessments, whether one is needed, and who stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json, digest_of_record
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.impact import steps
from ephor.rooms.impact.assessment import (
    Consultation,
    ImpactAssessment,
    ImpactKind,
    Notified,
    Verdict,
    missing,
    residual,
)
from ephor.rooms.impact.owing import screen_rights
from ephor.rooms.impact.parse import parse_assessment
from ephor.rooms.impact.screening import Answered, Question, Screening, read_answers, screen
from ephor.rooms.impact.steps import Standing, Stands, barred_by, processing_of, stands
from ephor.rooms.regulation.record import AgentClassification, category_for
from ephor.rooms.ropa.record import ProcessingRecord

AI_ACT = "eu-ai-act"
_ENDED = frozenset({Standing.EXPIRED, Standing.REOPENED})
_OVER = _ENDED | {Standing.REJECTED}


@dataclass(frozen=True, slots=True)
class ImpactView:
    """An assessment, where it stands today and why, and what it still lacks."""

    assessment: ImpactAssessment
    standing: Standing
    because: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """Impact assessments of this plane's agents."""

    world: World

    def screen(
        self, kind: ImpactKind, agent_id: str, answers: object = None, *, as_of: date | None = None
    ) -> Screening:
        """Return whether an agent needs an assessment, as of today or another day; *answers* fill what is not recorded.

        Raises:
            NotFoundError: there is no such agent.
            InvalidInputError: an answer that is none, or a fact of the manifest that the law's pack cannot read.
        """
        read = read_answers(answers)
        with self.world.storage.reading() as unit:
            return self._screened(unit, kind, unit.shelf(Agent).get(agent_id), read, as_of)

    def record(self, kind: ImpactKind, given: Mapping[str, object], *, by: str) -> ImpactView:
        """Keep the assessment that *given* describes. One with gaps is kept and says so; it cannot be approved.

        Raises:
            InvalidInputError: what is given is no assessment.
            NotFoundError: there is no such agent, or no such assessment to take parts from.
            ConflictError: that one was rejected, or holds no longer.
            NotPermittedError: *by* may not.
        """
        read = parse_assessment(kind, given)
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            agent, shelf = unit.shelf(Agent).get(read.agent), unit.shelf(ImpactAssessment)
            content = read.content
            if content.dpia:
                other = shelf.get(content.dpia)
                if (other.kind, other.agent) != (ImpactKind.DPIA, agent.id):
                    raise InvalidInputError(f"`{other.id}` is no dpia of agent `{agent.id}`")
                if (stand := self._stands(unit, other)).standing in _OVER:
                    steps.check_taken(other, stand)
                content = steps.taking_over(content, other)
            made = ImpactAssessment(
                id=self.world.ids.new(kind.value),
                kind=kind,
                agent=agent.id,
                content=content,
                screening=self._screened(unit, kind, agent, read.answers, None),
                material=agent.material_digest,
                recorded_by=actor.id,
                recorded_at=self.world.clock.now(),
                processing=processing_of(_naming(unit, agent.id)),
            )
            shelf.add(made)
            self._append(unit, "impact.recorded/1", made, by)
            return self._view(unit, made)

    def advise(self, id: str, *, agrees: bool, notes: str, by: str) -> ImpactView:
        """Record the data protection officer's advice.

        Raises:
            NotFoundError: there is no such assessment.
            NotPermittedError: *by* may not, or wrote it.
            ConflictError: it is decided, or was advised on.
        """
        at = self.world.clock.now()
        return self._change(
            id, "impact.advised/1", PlanePermission.IMPACT_ADVISE, by,
            lambda _unit, old: steps.advise(old, by=by, agrees=agrees, notes=notes, at=at),
        )  # fmt: skip

    def consult(self, id: str, asked: Consultation, *, by: str) -> ImpactView:
        """Record that the authority was asked beforehand, or what it answered.

        Raises:
            NotFoundError: there is no such assessment.
            NotPermittedError: *by* may not.
            InvalidInputError: days that cannot be.
            ConflictError: it is decided, or the authority has answered.
        """
        today = self.world.clock.now().date()
        return self._change(
            id, "impact.consulted/1", PlanePermission.PRIVACY, by,
            lambda _unit, old: steps.consult(old, replace(asked, by=by), today),
        )  # fmt: skip

    def decide(
        self, id: str, *, approved: bool, by: str, reason: str = "", until: date | None = None
    ) -> ImpactView:
        """Approve or reject an assessment; whoever wrote it, advised on it or owns the agent may not.

        Raises:
            NotFoundError: there is no such assessment.
            NotPermittedError: *by* may not, or has a part in it.
            ConflictError: it does not wait for approval.
            InvalidInputError: a last day that cannot be.
        """
        verdict = Verdict(approved, by, self.world.clock.now(), reason.strip(), until)

        def change(unit: Unit, old: ImpactAssessment) -> ImpactAssessment:
            agent = unit.shelf(Agent).get(old.agent)
            if approved and old.content.dpia:
                other = unit.shelf(ImpactAssessment).get(old.content.dpia)
                steps.check_taken(other, self._stands(unit, other))
            return steps.decide(
                old, verdict, self._stands(unit, old), barred_by(agent.manifest.owner, agent.authors)
            )

        kind = "impact.approved/1" if approved else "impact.rejected/1"
        return self._change(id, kind, PlanePermission.IMPACT_APPROVE, by, change)

    def notify(self, id: str, authority: str, on: date | None = None, *, by: str) -> ImpactView:
        """Record that the market surveillance authority was notified of the result (AI Act Art. 27(3)).

        Raises:
            NotFoundError: there is no such assessment.
            NotPermittedError: *by* may not.
            InvalidInputError: a day to come.
            ConflictError: it is no approved assessment of fundamental rights, or was notified.
        """
        today = self.world.clock.now().date()
        told = Notified(authority.strip(), on or today, by)
        return self._change(
            id, "impact.notified/1", PlanePermission.EVIDENCE, by,
            lambda _unit, old: steps.notify(old, told, today),
        )  # fmt: skip

    def reopen(self, kind: ImpactKind, *, by: str) -> Sequence[ImpactView]:
        """Record which approved assessments hold no longer; run it daily. Such a one does not count whether this ran or not.

        Raises:
            NotPermittedError: *by* may not.
        """
        found = []
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            shelf = unit.shelf(ImpactAssessment)
            for old in shelf.all(kind=kind.value):
                now = self._stands(unit, old)
                if old.verdict is None or old.reopened or now.standing not in _ENDED:
                    continue
                new = replace(old, reopened=now.because)
                shelf.replace(old, new)
                self._append(unit, "impact.reopened/1", new, by)
                found.append(self._view(unit, new))
        return found

    def show(self, kind: ImpactKind, id: str) -> ImpactView:
        """Return one assessment as it stands today. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return self._view(unit, _of(kind, unit.shelf(ImpactAssessment).get(id)))

    def all(self, kind: ImpactKind, agent: str | None = None) -> Sequence[ImpactView]:
        """Return the assessments as they stand today, the oldest first; only those of *agent* if one is named."""
        with self.world.storage.reading() as unit:
            where = {"kind": kind.value, **({"agent": agent} if agent else {})}
            return [self._view(unit, one) for one in unit.shelf(ImpactAssessment).all(**where)]

    def _screened(
        self,
        unit: Unit,
        kind: ImpactKind,
        agent: Agent,
        answers: Mapping[Question, Answered],
        on: date | None,
    ) -> Screening:
        processing = _naming(unit, agent.id)
        if kind is ImpactKind.FRIA:
            pack = self.world.packs.load(AI_ACT)
            return screen_rights(pack, agent.manifest, on or self.world.clock.now().date())
        kept = unit.shelf(AgentClassification).find(agent.id)
        return screen(agent.manifest, processing, category_for(kept, agent.material_digest), answers)

    def _change(
        self,
        id: str,
        event: str,
        permission: PlanePermission,
        by: str,
        change: Callable[[Unit, ImpactAssessment], ImpactAssessment],
    ) -> ImpactView:
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), permission, who=by)
            shelf = unit.shelf(ImpactAssessment)
            old = shelf.get(id)
            new = change(unit, old)
            shelf.replace(old, new)
            self._append(unit, event, new, by)
            return self._view(unit, new)

    def _stands(self, unit: Unit, one: ImpactAssessment) -> Stands:
        material = unit.shelf(Agent).get(one.agent).material_digest
        return stands(one, material, processing_of(_naming(unit, one.agent)), self.world.clock.now().date())

    def _view(self, unit: Unit, one: ImpactAssessment) -> ImpactView:
        now = self._stands(unit, one)
        return ImpactView(one, now.standing, now.because, missing(one.kind, one.content))

    def _append(self, unit: Unit, event: str, one: ImpactAssessment, by: str) -> None:
        level = residual(one.content)
        facts: dict[str, Json] = {
            "kind": one.kind.value,
            "required": one.screening.required,
            "risks": len(one.content.risks),
            "residual": level.value if level else None,
            "missing": list(missing(one.kind, one.content)),
            "until": one.verdict.until.isoformat() if one.verdict and one.verdict.until else None,
        }
        if one.reopened:
            facts["because"] = one.reopened
        decided = event in ("impact.approved/1", "impact.rejected/1")
        unit.append(
            Event(
                kind=event,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"impact:{one.id}",
                approver=f"person:{by}" if decided else None,
                input_hash=digest_of_record(one),
                refs={"agent": one.agent, "material": one.material},
                metadata=facts,
            )
        )


def _naming(unit: Unit, agent: str) -> Sequence[ProcessingRecord]:
    return [one for one in unit.shelf(ProcessingRecord).all() if agent in one.agents]


def _of(kind: ImpactKind, one: ImpactAssessment) -> ImpactAssessment:
    if one.kind is not kind:
        raise ConflictError(f"`{one.id}` is a {one.kind.value}; use `ephor {one.kind.value} show {one.id}`")
    return one
