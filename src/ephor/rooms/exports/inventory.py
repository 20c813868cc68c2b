"""The agents, models, tools and data of a plane, as a bill of materials lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ephor.rooms.agents.agent import Agent
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import Observation


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model that an agent names, or that is registered. ``version`` is None where nobody registered it."""

    id: str
    version: ModelVersion | None = None
    bias_tests: Sequence[BiasTest] = ()
    observations: Sequence[Observation] = ()
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What people say of it for its card, by the card's field."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a bill of materials is made of. Agents and models are in the order of their ids."""

    agents: Sequence[Agent]
    models: Sequence[ModelFacts]
