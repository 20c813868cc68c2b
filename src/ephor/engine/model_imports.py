"""Use cases: versions of models taken over from another registry; nothing is approved by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.models.card_texts import CardStatement, described, read_texts
from ephor.rooms.models.complete import open_fields
from ephor.rooms.models.imported import (
    Candidate,
    Imported,
    ModelOrigin,
    What,
    again,
    check_apart,
    foreign,
    model_id,
    origin,
    registered,
)
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.register import registered_facts


@dataclass(frozen=True, slots=True)
class ModelImports:
    """Imports: all of it or nothing, and a second time nothing."""

    world: World

    def plan(
        self, candidates: Sequence[Candidate], given: Mapping[str, object], *, by: str
    ) -> Sequence[Imported]:
        """Return what `run` would do, and do nothing. Raises what it would raise."""
        with self.world.storage.reading() as unit:
            return [done for done, _ in self._each(unit, candidates, given, by)]

    def run(
        self, candidates: Sequence[Candidate], given: Mapping[str, object], *, by: str
    ) -> Sequence[Imported]:
        """Register versions that are new in *development*, note what changed of others, and leave the rest alone.

        *given* is said of each that is registered: owner, provider, type, use cases, risk tier, thresholds, baseline.

        Raises:
            InvalidInputError: a name cannot be one here, *given* cannot be read, or its owner is nobody's id.
            NotPermittedError: *by* may not.
            ConflictError: what is fixed of an imported version has changed, its name is taken, or two would be one.
        """
        with self.world.storage.unit() as unit:
            outcomes = []
            for done, steps in self._each(unit, candidates, given, by):
                steps.keep(unit)
                outcomes.append(done)
        return outcomes

    def origin(self, id: str) -> ModelOrigin | None:
        """Return where a version was imported from; None of one that was registered here."""
        with self.world.storage.reading() as unit:
            return unit.shelf(ModelOrigin).find(id)

    def _each(
        self, unit: Unit, candidates: Sequence[Candidate], given: Mapping[str, object], by: str
    ) -> list[tuple[Imported, _Steps]]:
        require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
        check_apart(candidates)
        return [self._one(unit, one, given, by) for one in candidates]

    def _one(
        self, unit: Unit, candidate: Candidate, given: Mapping[str, object], by: str
    ) -> tuple[Imported, _Steps]:
        now = self.world.clock.now()
        found = origin(candidate, by=by, at=now)
        model = unit.shelf(ModelVersion).find(model_id(candidate))
        old = unit.shelf(ModelOrigin).find(found.id)
        if model is not None and old is None:
            raise foreign(model, candidate)
        if old is not None and model is not None:
            what, kept = again(old, found)
            return self._told(model, kept, what), _Steps(old=old, new=kept if what is What.NOTED else None)
        made = registered(candidate, given, by=by, at=now)
        if unit.shelf(Person).find(made.owner) is None:
            raise InvalidInputError(f"nobody is registered as owner `{made.owner}`; see `ephor people list`")
        said = None
        if candidate.card:
            texts = read_texts(candidate.card)
            source = f"{candidate.system} {found.reference}"[:500]
            said = CardStatement(
                self.world.ids.new("stm"), made.id, texts.texts, texts.lists, texts.metrics, texts.groups, by, now, source
            )  # fmt: skip
        return self._told(made, found, What.REGISTERED), _Steps(model=made, new=found, said=said)

    def _told(self, model: ModelVersion, kept: ModelOrigin, what: What) -> Imported:
        return Imported(model.id, kept.system, kept.reference, what, open_fields(model), kept.notes)


@dataclass(frozen=True, slots=True)
class _Steps:
    """What is to be kept of one version, with the events that say so."""

    model: ModelVersion | None = None
    old: ModelOrigin | None = None
    new: ModelOrigin | None = None
    said: CardStatement | None = None

    def keep(self, unit: Unit) -> None:
        if self.new is None:
            return
        if self.old is not None:
            unit.shelf(ModelOrigin).replace(self.old, self.new)
            unit.append(_event("model.origin-noted/1", self.new))
            return
        if self.model is not None:
            unit.shelf(ModelVersion).add(self.model)
            unit.append(
                replace(_event("model.registered/1", self.new), metadata=registered_facts(self.model))
            )
        unit.shelf(ModelOrigin).add(self.new)
        unit.append(_event("model.imported/1", self.new))
        if self.said is not None:
            unit.shelf(CardStatement).add(self.said)
            unit.append(described(self.said))


def _event(kind: str, kept: ModelOrigin) -> Event:
    facts: dict[str, Json] = {
        "system": kept.system,
        "reference": kept.reference[:500],
        "digest": kept.digest,
        "notes": digest([[name, value] for name, value in kept.notes.items()]),
    }
    return Event(
        kind=kind, at=kept.noted_at, actor=f"person:{kept.by}", resource=f"model:{kept.id}", metadata=facts
    )
