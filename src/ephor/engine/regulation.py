"""Use cases: what the law makes of an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ephor.engine.overriding import in_force
from ephor.engine.ports import Packs, Unit, World
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.decisions.measures import Measures, combined, measures_for
from ephor.rooms.policies.governance import POLICIES, policy_of
from ephor.rooms.regulation.cases import Result, run_cases
from ephor.rooms.regulation.classification import Classification, Notice
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.pack import Pack
from ephor.rooms.regulation.record import AgentClassification, category_for, is_signed, renewed, sign

AI_ACT = "eu-ai-act"
_COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Law:
    """Questions that need the packs and nothing else: no database, no record."""

    shelf: Packs

    def packs(self) -> Sequence[Pack]:
        """Return the packs that come with this version, by name."""
        return [self.shelf.load(name) for name in self.shelf.names()]

    def classify(
        self, facts: Mapping[str, object], on: date, *, role: str | None = None, pack: str = AI_ACT
    ) -> Classification:
        """Return the class of a system with these *facts* on a day; ``complete`` among them says nothing was left out.

        *pack* is a bundled pack's name or the path of another's folder. Facts that only another bundled pack asks for
        are passed over.

        Raises:
            InvalidInputError: a fact that the pack does not know, or of another type.
        """
        law = self.shelf.load(pack)
        stated = {
            name: value
            for name, value in facts.items()
            if name != _COMPLETE and not self._elsewhere(law, name)
        }
        complete = facts.get(_COMPLETE, False)
        if not isinstance(complete, bool):
            raise InvalidInputError(f"`complete` is `{str(complete)[:40]}`; write true or false")
        return classify(law, stated, on, complete=complete, role=role)

    def _elsewhere(self, law: Pack, name: str) -> bool:
        """A manifest has one list of facts for all laws."""
        if name in law.vocabulary or name == "use_case":
            return False
        return any(name in self.shelf.load(other).vocabulary for other in self.shelf.names())

    def classify_manifest(self, manifest: Manifest, on: date) -> Classification:
        """Return the class that a manifest's facts lead to on a day."""
        return self.classify(_listed(manifest.facts), on, role=manifest.operator_role.value)

    def test(self, name: str) -> Sequence[Result]:
        """Run a pack's own cases.

        Raises:
            NotFoundError: there is no such pack.
            InvalidInputError: the pack or a case cannot be read.
        """
        return run_cases(self.shelf.load(name), self.shelf.cases(name))


@dataclass(frozen=True, slots=True)
class ClassStanding:
    """An agent's class for the manifest in force, and what is done because of it and of its use case's policy."""

    category: str | None
    articles: tuple[str, ...]
    applies_from: date | None
    as_of: date | None
    counts: bool
    """Whether a reviewer signed it off; until then the agent is treated as high-risk, and no call is allowed."""
    signed_by: str | None
    signed_at: datetime | None
    signed_through: str | None
    measures: Measures


@dataclass(frozen=True, slots=True)
class Regulation:
    """The class that is kept for each agent."""

    world: World

    def classify_agent(self, id: str, *, by: str, on: date | None = None) -> Classification:
        """Classify a registered agent and keep the result for the manifest in force.

        Raises:
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.AGENTS, who=by)
            return self._keep(unit, unit.shelf(Agent).get(id), by, on)

    def record_of(self, id: str) -> AgentClassification | None:
        """Return the class kept for an agent; it counts only for the manifest it names."""
        with self.world.storage.reading() as unit:
            return unit.shelf(AgentClassification).find(id)

    def standing(self, id: str) -> ClassStanding:
        """Return the class that holds for an agent's manifest in force, whether it counts, and what it demands.

        Raises:
            NotFoundError: there is no such agent.
        """
        with self.world.storage.reading() as unit:
            agent, record = unit.shelf(Agent).get(id), unit.shelf(AgentClassification).find(id)
            policy = policy_of(in_force(unit, POLICIES), agent.manifest.use_case)
        if record is not None and record.digest != agent.material_digest:
            record = None
        signed = is_signed(record, agent.material_digest)
        notices = record.notices if record else ()
        measures = measures_for(record.category if record else None, notices, signed=signed)
        return ClassStanding(
            category=record.category if record else None,
            articles=record.articles if record else (),
            applies_from=record.applies_from if record else None,
            as_of=record.as_of if record else None,
            counts=signed,
            signed_by=record.signed_by if record else None,
            signed_at=record.signed_at if record else None,
            signed_through=record.signed_through if record else None,
            measures=combined(policy, measures),
        )

    def sign(self, id: str, category: str, *, by: str) -> AgentClassification:
        """Sign off the class kept for an agent's manifest in force; until somebody does, it is a proposal.

        *category* is the class that is signed, so that nobody signs what they have not read.

        Raises:
            NotFoundError: there is no such agent.
            NotPermittedError: *by* is no reviewer, owns the agent, or registered its manifest.
            ConflictError: the class is another one, is not known, or is signed already.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.CLASSES, who=by)
            agent = unit.shelf(Agent).get(id)
            self.category_in(unit, agent)
            return self._sign(unit, agent, category, by, None)

    def sign_in(self, unit: Unit, agent: Agent, by: str, through: str) -> None:
        """Sign off the class of an agent that reviewers approved in this unit: they saw it with the manifest.

        Does nothing where it is signed already, or where there is no class to sign.
        """
        self.category_in(unit, agent)
        record = unit.shelf(AgentClassification).get(agent.id)
        if record.signed_by is None and record.category not in ("needs_review", "unacceptable"):
            self._sign(unit, agent, record.category, by, through)

    def _sign(
        self, unit: Unit, agent: Agent, category: str, by: str, through: str | None
    ) -> AgentClassification:
        shelf, now = unit.shelf(AgentClassification), self.world.clock.now()
        old = shelf.get(agent.id)
        barred = dict.fromkeys(agent.authors, "registered its manifest") | {
            agent.manifest.owner: "owns the agent"
        }
        signed = sign(old, category, by=by, barred=barred, at=now, through=through)
        shelf.replace(old, signed)
        refs = {"manifest": agent.digest, "material": signed.digest}
        unit.append(
            Event(
                kind="agent.class-signed/1",
                at=now,
                actor=f"person:{by}",
                resource=f"agent:{agent.id}",
                decision=signed.category,
                approver=f"person:{by}",
                policy_digest=signed.pack_digest,
                refs={**refs, "approval": through} if through else refs,
                metadata={
                    "articles": list(signed.articles),
                    "duties": list(signed.transparency_duties),
                    "notices": list(signed.notices),
                },
            )
        )
        return signed

    def category_in(self, unit: Unit, agent: Agent) -> str | None:
        """Return the agent's class for the manifest in force, classifying it now where nobody has."""
        known = category_for(unit.shelf(AgentClassification).find(agent.id), agent.material_digest)
        if known is not None:
            return known
        return self._keep(unit, agent, "ephor", None).category.value

    def _keep(self, unit: Unit, agent: Agent, by: str, on: date | None) -> Classification:
        now = self.world.clock.now()
        found = Law(self.world.packs).classify_manifest(agent.manifest, on or now.date())
        record = AgentClassification(
            id=agent.id,
            digest=agent.material_digest,
            category=found.category.value,
            articles=tuple(found.articles),
            transparency_duties=tuple(str(one) for one in found.transparency_duties),
            missing_facts=tuple(found.missing_facts),
            applies_from=found.applies_from,
            as_of=on or now.date(),
            pack=found.pack_id,
            pack_digest=found.pack_digest,
            at=now,
            by=by,
            notices=tuple(one.text for one in found.notices if _tells(agent, one)),
        )
        shelf = unit.shelf(AgentClassification)
        old = shelf.find(agent.id)
        record = renewed(old, record)
        shelf.replace(old, record) if old else shelf.add(record)
        unit.append(
            Event(
                kind="agent.classified/1",
                at=now,
                actor="ephor" if by == "ephor" else f"person:{by}",
                resource=f"agent:{agent.id}",
                decision=record.category,
                policy_digest=record.pack_digest,
                refs={"manifest": agent.digest},
                metadata={
                    "articles": list(record.articles),
                    "as_of": record.as_of.isoformat(),
                    "missing": list(record.missing_facts),
                },
            )
        )
        return found


def _tells(agent: Agent, notice: Notice) -> bool:
    """Whoever runs the agent shows the notice of Art 50(1); of the others, only what this operator owes."""
    return notice.article == "Art 50(1)" or notice.who == agent.manifest.operator_role.value


def _listed(facts: Mapping[str, object]) -> dict[str, object]:
    """The manifest keeps lists as tuples, because it is frozen; the pack's facts are lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
