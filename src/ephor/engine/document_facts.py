"""Gathering what a document is written from: records, each with the entry of the ledger that bears it out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ephor.engine.gate_entries import Entries, gather
from ephor.engine.incident_steps import Seen
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import digest_of_record
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import moment
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.documents.kinds import RULES, DocumentKind, Subject
from ephor.rooms.gate.facts import Entry, GateFacts, Recorded
from ephor.rooms.incidents.record import Incident
from ephor.rooms.ledger.entry import parse
from ephor.rooms.models.card import ModelCard
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.regulation.classification import Classification
from ephor.rooms.requirements.answer import LawAnswer
from ephor.rooms.requirements.judge import judge_law
from ephor.rooms.risk.register import RegisteredRisk
from ephor.rooms.ropa.record import ProcessingRecord
from ephor.rooms.writing.facts import (
    AI_ACT,
    GDPR,
    ISO_42001,
    AgentFacts,
    Facts,
    IncidentFacts,
    ModelFacts,
    PeriodFacts,
    ProcessingFacts,
)

_RISK = ("registered", "changed", "treated", "accepted", "reopened", "closed")
_MODEL = ("registered", "validated", "status-changed")
_ACTS = ("approval.approved/1", "approval.rejected/1", "approval.revoked/1", "call.approved/1", "call.rejected/1",
         "model.status-changed/1", "risk.accepted/1", "document.approved/1")  # fmt: skip
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gathers the facts of a document's subject as of now.

    ``gate`` returns what the gate's checks see of an agent, ``classify`` what the AI Act's pack makes of a manifest,
    ``incident`` what is made of an incident, and ``card`` the card of a model.
    """

    world: World
    gate: Callable[[str], GateFacts]
    classify: Callable[[Manifest, date], Classification]
    incident: Callable[[str], Seen]
    card: Callable[[str], ModelCard]

    def facts(self, kind: DocumentKind, subject: str, period: tuple[date, date] | None) -> Facts:
        """Return the facts that a document of this kind about *subject* is written from.

        Raises:
            NotFoundError: there is no such agent, model or incident.
            InvalidInputError: a report on a time names none.
        """
        about = RULES[kind].about
        if about is Subject.AGENT:
            return self.agent(subject)
        if about is Subject.MODEL:
            return self._model(subject)
        if about is Subject.INCIDENT:
            seen = self.incident(subject)
            return IncidentFacts(seen.incident, seen.classes, seen.clocks, seen.left)
        if kind is DocumentKind.PROCESSING_RECORDS:
            return self._processing()
        if period is None:
            raise InvalidInputError("an audit report is about a time; name it with --since and --until")
        return self._period(*period)

    def agent(self, id: str) -> AgentFacts:
        """Return everything known of an agent. Raises NotFoundError."""
        facts = self.gate(id)
        manifest = facts.agent.record.manifest
        entries = gather(self.world, facts.at)
        with self.world.storage.reading() as unit:
            return AgentFacts(
                gate=facts,
                laws={
                    name: answer for name in (AI_ACT, GDPR, ISO_42001) if (answer := self._law(name, facts))
                },
                found=self._class(manifest, facts.day),
                risks=tuple(
                    Recorded(one, _newest(entries, "risk", _RISK, one.id))
                    for one in unit.shelf(RegisteredRisk).all(agent=id)
                ),
                models={name: _registered(unit, entries, name) for name in dict.fromkeys(manifest.models)},
                incidents=tuple(one for one in unit.shelf(Incident).all() if id in one.agents),
            )

    def _law(self, name: str, facts: GateFacts) -> LawAnswer | None:
        try:
            return judge_law(self.world.packs.load(name), facts, self.world.packs.load(AI_ACT).vocabulary)
        except (
            InvalidInputError
        ):  # a fact in a word that the pack does not know: the document says that it cannot tell
            return None

    def _class(self, manifest: Manifest, on: date) -> Classification | None:
        try:
            return self.classify(manifest, on)
        except InvalidInputError:
            return None

    def _model(self, id: str) -> ModelFacts:
        with self.world.storage.reading() as unit:
            agents = [one.id for one in unit.shelf(Agent).all() if id in one.manifest.models]
        return ModelFacts(self.card(id), tuple(agents))

    def _processing(self) -> ProcessingFacts:
        entries = gather(self.world, self.world.clock.now())
        with self.world.storage.reading() as unit:
            kept = unit.shelf(ProcessingRecord).all()
        return ProcessingFacts(tuple(Recorded(one, _said(entries, one)) for one in kept))

    def _period(self, since: date, until: date) -> PeriodFacts:
        begins = datetime.combine(since, time(), UTC)
        ends = datetime.combine(until + timedelta(1), time(), UTC)
        kinds: Counter[str] = Counter()
        decisions: dict[str, Counter[str]] = defaultdict(Counter)
        acts: list[tuple[str, str, str, Entry]] = []
        for entry in self._entries(begins, ends):
            kind, at = str(entry["kind"]), moment(entry["at"])
            kinds[kind] += 1
            if kind == "decision.made/1":
                decisions[str(entry["actor"]).removeprefix("agent:")][str(entry.get("decision"))] += 1
            elif kind in _ACTS:
                acts.append(
                    (kind, str(entry.get("resource") or ""), str(entry["actor"]), Entry(str(entry["id"]), at))
                )
        with self.world.storage.reading() as unit:
            opened = [one for one in unit.shelf(Incident).all() if begins <= one.at < ends]
        return PeriodFacts(
            since, until, self.world.storage.ledger.head().origin, dict(kinds),
            {agent: dict(found) for agent, found in decisions.items()}, tuple(reversed(acts)), tuple(opened),
        )  # fmt: skip

    def _entries(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        ledger = self.world.storage.ledger
        before: int | None = ledger.head().size
        while positions := ledger.search({}, before=before, limit=_PAGE, since=since, until=until):
            for position in positions:
                yield from (parse(data) for data in ledger.entries(position, position + 1))
            before = positions[-1]


def _registered(unit: Unit, entries: Entries, name: str) -> Recorded[ModelVersion] | None:
    found = unit.shelf(ModelVersion).find(name)
    return Recorded(found, _newest(entries, "model", _MODEL, name)) if found else None


def _newest(entries: Entries, room: str, steps: Sequence[str], id: str) -> Entry | None:
    found = [entries.find(f"{room}.{step}/1", {"resource": f"{room}:{id}"}) for step in steps]
    return max((one for one in found if one is not None), key=lambda one: (one.at, one.id), default=None)


def _said(entries: Entries, record: ProcessingRecord) -> Entry | None:
    said = digest_of_record(record)
    where = {"resource": f"ropa:{record.id}"}
    return entries.find("ropa.registered/1", where, lambda entry: entry.get("input_hash") == said)
