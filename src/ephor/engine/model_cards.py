"""Use cases: what people say about a model for its card, and the card itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ephor.engine.gate_entries import Entries, gather
from ephor.engine.ports import World
from ephor.kernel.errors import ConflictError
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card import CardFacts, ModelCard, Origin, Source, make_card
from ephor.rooms.models.card_texts import CardStatement, CardTexts, described, newest, read_texts
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import Baseline, Observation


@dataclass(frozen=True, slots=True)
class ModelCards:
    """Model cards: assembled from the register, never kept themselves."""

    world: World

    def describe(self, id: str, given: Mapping[str, object], *, by: str) -> CardStatement:
        """Keep what *by* says about a model for its card. Earlier statements stay; this one holds for the fields it fills.

        The ledger names the fields and carries the digest of the words, which stay on the shelf.

        Raises:
            InvalidInputError: a field is unknown, unreadable, or the registration's.
            NotFoundError: there is no such model.
            NotPermittedError: *by* may not.
            ConflictError: all of it is said already, in the same words.
        """
        read = read_texts(given)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            model = unit.shelf(ModelVersion).get(id)
            if _said_already(read, unit.shelf(CardStatement).all(model=id)):
                raise ConflictError(f"the card of model `{id}` says so already; change a field", model=id)
            made = CardStatement(
                self.world.ids.new("stm"), model.id, read.texts, read.lists, read.metrics, read.groups, by,
                self.world.clock.now(),
            )  # fmt: skip
            unit.shelf(CardStatement).add(made)
            unit.append(described(made))
        return made

    def statements(self, id: str) -> Sequence[CardStatement]:
        """Return everything that was said about a model for its card, the oldest first. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            unit.shelf(ModelVersion).get(id)
            return unit.shelf(CardStatement).all(model=id)

    def used_by(self, id: str) -> Sequence[str]:
        """Return the agents whose manifests declare a model, by their ids."""
        with self.world.storage.reading() as unit:
            return [one.id for one in unit.shelf(Agent).all() if id in one.manifest.models]

    def card(self, id: str) -> ModelCard:
        """Return the card of a model, each field with the entry of the ledger that shows where it comes from.

        Raises:
            NotFoundError: there is no such model.
        """
        with self.world.storage.reading() as unit:
            facts = CardFacts(
                unit.shelf(ModelVersion).get(id),
                unit.shelf(CardStatement).all(model=id),
                unit.shelf(BiasTest).all(model=id),
                unit.shelf(Baseline).find(id),
                unit.shelf(Observation).all(model=id),
            )
        card = make_card(facts)
        entries = _Found(gather(self.world, self.world.clock.now()), facts.model)
        origins = {name: tuple(map(entries.proven, found)) for name, found in card.origins.items()}
        return replace(card, origins=origins)


def _said_already(read: CardTexts, statements: Sequence[CardStatement]) -> bool:
    holding = newest(statements)
    told = {
        **{name: one.texts.get(name) or one.lists.get(name) for name, one in holding.items()},
    }
    same = all(told.get(name) == value for name, value in (*read.texts.items(), *read.lists.items()))
    metrics, groups = holding.get("evaluation_metrics"), holding.get("performance_by_group")
    if read.metrics:
        same = same and metrics is not None and metrics.metrics == read.metrics
    if read.groups:
        same = same and groups is not None and groups.groups == read.groups
    return same


@dataclass(slots=True)
class _Found:
    """Looks up the entry of each origin once."""

    entries: Entries
    model: ModelVersion

    def proven(self, origin: Origin) -> Origin:
        kind, named = self._asked(origin)

        def fits(entry: Mapping[str, Any]) -> bool:
            told = entry.get("metadata", {})
            return all(told.get(name) == value for name, value in named.items())

        found = self.entries.find(kind, {"resource": f"model:{self.model.id}"}, fits)
        return replace(origin, entry=found.id) if found else origin

    def _asked(self, origin: Origin) -> tuple[str, Mapping[str, object]]:
        """Return the kind of entry that shows an origin, and what its metadata must say."""
        if origin.source is Source.VALIDATION:
            one = self.model.validations[int(origin.id or 0)]
            named = {"results": dict(one.results), "dataset": one.dataset, "expires": one.expires.isoformat()}
            return "model.validated/1", named
        asked: Mapping[Source, tuple[str, Mapping[str, object]]] = {
            Source.REGISTRATION: ("model.registered/1", {}),
            Source.HISTORY: ("model.status-changed/1", {"new_status": "production"}),
            Source.BIAS_TEST: ("model.bias-tested/1", {"test": origin.id}),
            Source.BASELINE: ("model.baseline-set/1", {"digest": origin.id}),
            Source.OBSERVATION: ("model.observed/1", {"observation": origin.id}),
            Source.STATEMENT: ("model.described/1", {"statement": origin.id}),
        }
        return asked[origin.source]
