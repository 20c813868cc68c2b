"""Use case: what the plane knows, in standard forms: OSCAL, CycloneDX, OCSF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

import orjson

from ephor.engine.ports import Unit, World
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.rooms.agents.agent import Agent
from ephor.rooms.exports import oscal
from ephor.rooms.exports.assessed import Assessed, of_checklist, of_law
from ephor.rooms.exports.cyclonedx import bill_of_materials
from ephor.rooms.exports.inventory import Inventory, ModelFacts
from ephor.rooms.exports.ocsf import event_of
from ephor.rooms.exports.oscal import Setting
from ephor.rooms.exports.oscal_plan import plan_of_action
from ephor.rooms.exports.oscal_results import assessment_results
from ephor.rooms.gate.checklist import Checklist, judge
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.tree import leaf_hash
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card_texts import CardStatement, newest
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import Observation
from ephor.rooms.requirements.answer import Compliance
from ephor.rooms.risk.register import RegisteredRisk

_PAGE = 500


@unique
class OscalDocument(StrEnum):
    """The OSCAL documents there are, by the names OSCAL gives them."""

    COMPONENTS = "component-definition"
    RESULTS = "assessment-results"
    PLAN = "plan-of-action-and-milestones"


@dataclass(frozen=True, slots=True)
class OscalSet:
    """Every document by its file name; ``missing`` says which there is none of, and why."""

    files: Mapping[str, Mapping[str, Any]]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exports:
    """What leaves the plane for other people's tools. It asks; it records nothing.

    ``facts`` returns what the gate's checks see of an agent by a day, ``check`` what the laws ask of it.
    """

    world: World
    facts: Callable[[str, date | None], GateFacts]
    check: Callable[[str, date | None, Sequence[str]], Compliance]

    def oscal(
        self,
        version: str,
        *,
        agents: Sequence[str] = (),
        laws: Sequence[str] = (),
        as_of: date | None = None,
    ) -> OscalSet:
        """Return the OSCAL documents about *agents* (all, where none is named), and the catalogs they point to.

        Raises:
            NotFoundError: there is no such agent or law, or no agent at all.
        """
        chosen = self._agents(agents)
        if not chosen:
            raise NotFoundError("no agent is registered; see `ephor agents register --help`")
        setting = self._setting(version)
        with self.world.storage.logs.steady():
            assessed = [self._assessed(agent, version, laws, as_of) for agent in chosen]
        files: dict[str, Mapping[str, Any]] = {
            f"{OscalDocument.COMPONENTS}.json": oscal.component_definition(setting, assessed),
            f"{OscalDocument.RESULTS}.json": assessment_results(setting, assessed),
        }
        missing: dict[str, str] = {}
        if (plan := plan_of_action(setting, assessed)) is None:
            missing[OscalDocument.PLAN.value] = "nothing is left to be done"
        else:
            files[f"{OscalDocument.PLAN}.json"] = plan
        sources = {source.id: source for one in assessed for source in one.sources if source.judged}
        for id in sorted(sources):
            files[oscal.catalog_name(sources[id])] = oscal.catalog(setting, sources[id])
        return OscalSet(files, missing)

    def cyclonedx(self, version: str, *, agents: Sequence[str] = ()) -> Mapping[str, Any]:
        """Return the bill of materials of *agents*, or of all agents and every registered model.

        Raises:
            NotFoundError: there is no such agent.
        """
        chosen = self._agents(agents)
        named = {model for agent in chosen for model in agent.manifest.models}
        with self.world.storage.reading() as unit:
            kept = {one.id: one for one in unit.shelf(ModelVersion).all()}
            ids = sorted(named if agents else named | set(kept))
            models = [_model_facts(unit, id, kept.get(id)) for id in ids]
        return bill_of_materials(self._setting(version), Inventory(chosen, models))

    def ocsf(
        self,
        version: str,
        write: Callable[[bytes], object],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
    ) -> int:
        """Write the ledger's entries as events, a line each, in their order, and return how many.

        *after* leaves out that many entries from the beginning: whoever sends the rest names how many they have.

        Raises:
            InvalidInputError: the ledger does not have that many.
            VerificationError: an entry is gone.
        """
        ledger = self.world.storage.ledger
        size = ledger.head().size
        if after > size:
            raise InvalidInputError(f"the ledger has {size} entries; --after {after} is beyond its end")
        written = 0
        position = after
        for position, data in enumerate(ledger.entries(after, size), after):
            entry = parse(data)
            if _is_within(str(entry["at"]), since, until):
                event = event_of(entry, position, leaf_hash(data).hex(), version)
                write(orjson.dumps(event) + b"\n")
                written += 1
        if size > after and position != size - 1:
            raise VerificationError("entries are gone from the database; run `ephor ledger verify`")
        return written

    def erasures(self, write: Callable[[bytes], object]) -> int:
        """Write every erasure of a data subject, a JSON line each, oldest first, and return how many.

        Kept outside the database, they are what a restore of an older backup erases again.
        """
        ledger = self.world.storage.ledger
        found: list[int] = []
        while page := ledger.search({"kind": "erasure/1"}, before=found[-1] if found else None, limit=_PAGE):
            found += page
        written = 0
        for position in reversed(found):
            entry = parse(next(iter(ledger.entries(position, position + 1))))
            if "subject" in entry:
                told = {
                    "subject": entry["subject"],
                    "at": entry["at"],
                    "entry": entry["id"],
                    "position": position,
                }
                write(orjson.dumps(told) + b"\n")
                written += 1
        return written

    def _setting(self, version: str) -> Setting:
        return Setting(self.world.storage.ledger.head().origin, version, self.world.clock.now())

    def _agents(self, ids: Sequence[str]) -> Sequence[Agent]:
        with self.world.storage.reading() as unit:
            shelf = unit.shelf(Agent)
            return [shelf.get(id) for id in sorted(set(ids))] if ids else shelf.all()

    def _assessed(self, agent: Agent, version: str, laws: Sequence[str], as_of: date | None) -> Assessed:
        facts = self.facts(agent.id, as_of)
        compliance = self.check(agent.id, as_of, laws)
        with self.world.storage.reading() as unit:
            risks = tuple(unit.shelf(RegisteredRisk).all(agent=agent.id))
        sources = (
            *(of_checklist(judge(one, facts), version) for one in Checklist),
            *(of_law(law) for law in compliance.laws),
        )
        return Assessed(agent, facts.at, sources, risks)


def _model_facts(unit: Unit, id: str, version: ModelVersion | None) -> ModelFacts:
    return ModelFacts(
        id,
        version,
        unit.shelf(BiasTest).all(model=id),
        unit.shelf(Observation).all(model=id),
        _said(unit.shelf(CardStatement).all(model=id)),
    )


def _said(statements: Sequence[CardStatement]) -> Mapping[str, tuple[str, ...]]:
    """Return what holds of what people said for a model's card, by field."""
    said = {}
    for name, one in newest(statements).items():
        text = one.texts.get(name)
        said[name] = (text,) if text is not None else one.lists.get(name, ())
    return said


def _is_within(at: str, since: datetime | None, until: datetime | None) -> bool:
    when = datetime.fromisoformat(at)
    return (since is None or when >= since) and (until is None or when < until)
