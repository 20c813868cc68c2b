"""The facts that documents are written from; no writer looks anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ephor.rooms.gate.facts import Entry, GateFacts, Recorded
from ephor.rooms.incidents.clocks import Clock, Named
from ephor.rooms.incidents.record import Incident
from ephor.rooms.models.card import ModelCard
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.regulation.classification import Classification
from ephor.rooms.requirements.answer import LawAnswer
from ephor.rooms.risk.register import RegisteredRisk
from ephor.rooms.ropa.record import ProcessingRecord

AI_ACT, GDPR, ISO_42001 = "eu-ai-act", "gdpr", "iso-42001"


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """Everything known of one agent. ``laws`` holds the answers to each law's obligations, by the pack's name."""

    gate: GateFacts
    laws: Mapping[str, LawAnswer]
    found: Classification | None
    """What the AI Act's pack makes of the manifest; None where its facts cannot be judged."""
    risks: tuple[Recorded[RegisteredRisk], ...]
    models: Mapping[str, Recorded[ModelVersion] | None]
    """By the name that the manifest declares; None where it is not registered."""
    incidents: tuple[Incident, ...]
    """Those that affect it."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The card of one version of a model."""

    card: ModelCard
    agents: tuple[str, ...]
    """The agents whose manifests declare it."""


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """One incident, what the laws call it, and its clocks."""

    incident: Incident
    classes: tuple[Named, ...]
    clocks: tuple[Clock, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessingFacts:
    """Every record of processing, with the entry that says the same."""

    records: tuple[Recorded[ProcessingRecord], ...]


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """What the ledger holds of a time, its last day included."""

    since: date
    until: date
    origin: str
    kinds: Mapping[str, int]
    """How many entries there are of each kind."""
    decisions: Mapping[str, Mapping[str, int]]
    """By agent, how many calls had which outcome."""
    approvals: tuple[tuple[str, str, str, Entry], ...] = field(default=())
    """Acts of approval and refusal: kind, what it was about, by whom, and the entry."""
    incidents: tuple[Incident, ...] = ()


Facts = AgentFacts | ModelFacts | IncidentFacts | ProcessingFacts | PeriodFacts
