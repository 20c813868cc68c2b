"""Use case: the two checklists, answered from what is on the shelves and in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, TypeVar

from ephor.engine.gate_entries import Entries, gather
from ephor.engine.gate_incidents import troubles_of
from ephor.engine.overriding import in_force
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import digest_of_record
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.access.people import Person
from ephor.rooms.access.roles import Role, known_roles
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.dsr.request import ENDED, Request
from ephor.rooms.evidence.record import Evidence, record_digest
from ephor.rooms.gate.checklist import Checklist, Report, judge
from ephor.rooms.gate.due import Due, horizon, lapsing, what_is_due
from ephor.rooms.gate.facts import Entry, GateFacts, Law, Recorded, Register
from ephor.rooms.impact.assessment import ImpactAssessment
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.observation import Observation
from ephor.rooms.policies.governance import GovernancePolicy, policy_of
from ephor.rooms.regulation.classification import Classification
from ephor.rooms.regulation.record import AgentClassification
from ephor.rooms.risk.assess import AssessmentRecord
from ephor.rooms.ropa.record import ProcessingRecord

_IMPACT_STEPS = ("approved", "notified", "rejected", "consulted", "advised", "recorded", "reopened")
M = TypeVar("M", BiasTest, Observation)


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate before an agent is deployed, and the watch over one that is. It asks; it records nothing.

    ``classify`` tells what the AI Act, as loaded, makes of a manifest on a day.
    """

    world: World
    policies: Mapping[UseCase, GovernancePolicy]
    classify: Callable[[Manifest, date], Classification]

    def check(self, agent_id: str, checklist: Checklist, *, as_of: date | None = None) -> Report:
        """Answer a checklist for an agent, as of today or another day.

        For a day to come, the answer is what then still holds if nothing more is done. For a day gone by, what was
        recorded later does not count; registers are read as they stand now, so that answer may be stricter than the
        one given on the day.

        Raises:
            NotFoundError: there is no such agent.
        """
        return judge(checklist, self.facts(agent_id, as_of=as_of))

    def due(self, report: Report, days: int) -> tuple[Due, ...]:
        """Return what of *report* is to be done within so many days: what is open first, then what lapses, in order.

        What to do about an item that still holds is what the checklist asks for on the day it no longer does.

        Raises:
            InvalidInputError: that many days cannot be looked ahead.
            NotFoundError: the agent is gone.
        """
        until = horizon(report.as_of, days)
        remedies: dict[str, str | None] = {}
        ending = lapsing(report, until)
        for day in sorted({one.lapses for one in ending if one.lapses is not None}):
            then = self.check(report.agent, report.checklist, as_of=day)
            told = {one.id: one.remedy for one in then.items}
            remedies |= {one.id: told[one.id] for one in ending if one.lapses == day}
        return what_is_due(report, until, remedies)

    def facts(self, agent_id: str, *, as_of: date | None = None) -> GateFacts:
        """Return the facts that every item is judged by.

        Raises:
            NotFoundError: there is no such agent.
        """
        at = _moment(self.world.clock.now(), as_of)
        with self.world.storage.reading() as unit:
            agent, entries = unit.shelf(Agent).get(agent_id), gather(self.world, at)
            opened, closed = entries.all("incident.opened/1"), entries.all("incident.closed/1")
            troubles = troubles_of(unit, self.world, agent.id, at, opened=opened, closed=closed)
            found = _Gathering(unit, entries, at).facts(agent, in_force(unit, self.policies), self._law)
            return replace(found, troubles=troubles)

    def _law(self, manifest: Manifest, on: date) -> Law | None:
        try:
            found = self.classify(manifest, on)
        except InvalidInputError:  # facts that the pack cannot read; the checks say so
            return None
        return Law(
            found.category.value, found.articles, found.missing_facts, found.notices, found.pack_digest
        )


@dataclass(frozen=True, slots=True)
class _Gathering:
    """One reading of the shelves, each record matched with the entry that says the same."""

    unit: Unit
    entries: Entries
    at: datetime

    def facts(
        self,
        agent: Agent,
        policies: Mapping[UseCase, GovernancePolicy],
        law: Callable[[Manifest, date], Law | None],
    ) -> GateFacts:
        requests = tuple(self._requests(agent))
        kept = self._classification(agent)
        return GateFacts(
            at=self.at,
            agent=Recorded(agent, self._manifest(agent)),
            policy=policy_of(policies, agent.manifest.use_case),
            assessment=self._assessment(agent),
            classification=kept,
            law=law(agent.manifest, self.at.date()),
            requests=requests,
            reviews=dict(self._reviews([one.record for one in requests])),
            processing=tuple(self._processing(agent)),
            evidence=tuple(self._evidence(agent)),
            roles={id: self._role(role) for id, role in known_roles(self.unit.shelf(Role).all()).items()},
            people={one.id: self._person(one) for one in self.unit.shelf(Person).all()},
            register=self._register(),
            bias_tests=tuple(self._measured(agent, BiasTest, "model.bias-tested/1", "test", _said_of_test)),
            observations=tuple(
                self._measured(agent, Observation, "model.observed/1", "observation", _said_of_observation)
            ),
            impacts=tuple(self._impacts(agent)),
            signed=self._signed(agent, kept),
            log=self.entries.log(agent.id),  # last: it tells whether anything above did not verify
        )

    def _manifest(self, agent: Agent) -> Entry | None:
        where = {"resource": f"agent:{agent.id}"}
        for kind in ("agent.changed/1", "agent.registered/1"):
            if found := self.entries.find(kind, where, lambda entry: _ref(entry, "manifest") == agent.digest):
                return found
        return None

    def _assessment(self, agent: Agent) -> Recorded[AssessmentRecord] | None:
        record = self.unit.shelf(AssessmentRecord).find(agent.id)
        if record is None:
            return None
        said = (record.manifest_digest, record.assessment.input_digest, stamp(record.assessed_at))
        entry = self.entries.find(
            "agent.assessed/1",
            {"resource": f"agent:{agent.id}"},
            lambda entry: (_ref(entry, "manifest"), _ref(entry, "input"), entry["at"]) == said,
        )
        return Recorded(record, entry)

    def _classification(self, agent: Agent) -> Recorded[AgentClassification] | None:
        record = self.unit.shelf(AgentClassification).find(agent.id)
        if record is None:
            return None
        said = (record.category, record.pack_digest, stamp(record.at))
        entry = self.entries.find(
            "agent.classified/1",
            {"resource": f"agent:{agent.id}"},
            lambda entry: (entry.get("decision"), entry.get("policy_digest"), entry["at"]) == said,
        )
        return Recorded(record, entry)

    def _signed(self, agent: Agent, kept: Recorded[AgentClassification] | None) -> Entry | None:
        if kept is None or kept.record.signed_by is None:
            return None
        record = kept.record
        said = (record.category, f"person:{record.signed_by}", record.digest)
        return self.entries.find(
            "agent.class-signed/1",
            {"resource": f"agent:{agent.id}"},
            lambda entry: (entry.get("decision"), entry["actor"], _ref(entry, "material")) == said,
        )

    def _requests(self, agent: Agent) -> Iterator[Recorded[ApprovalRequest]]:
        for asked in self.unit.shelf(ApprovalRequest).all(agent=agent.id):
            if asked.requested_at > self.at:
                continue
            said = (agent.id, asked.digest, asked.policy_digest)
            entry = self.entries.find(
                "approval.approved/1",
                {"resource": f"approval:{asked.id}"},
                lambda entry, said=said: (
                    (  # type: ignore[misc]
                        _ref(entry, "agent"),
                        _ref(entry, "manifest"),
                        entry.get("policy_digest"),
                    )
                    == said
                ),
            )
            yield Recorded(asked, entry)

    def _reviews(self, requests: Sequence[ApprovalRequest]) -> Iterator[tuple[str, Entry]]:
        for asked in requests:
            for given in asked.reviews:
                said = (given.type.value, given.decision.value, f"person:{given.reviewer}")
                entry = self.entries.find(
                    "review.submitted/1",
                    {"resource": f"approval:{asked.id}"},
                    lambda entry, said=said: (
                        (  # type: ignore[misc]
                            entry["metadata"].get("type"),
                            entry.get("decision"),
                            entry["actor"],
                        )
                        == said
                    ),
                )
                if entry:
                    yield f"{asked.id}/{given.type.value}", entry
                    yield f"{asked.id}/{given.type.value}/{given.reviewer}", entry

    def _processing(self, agent: Agent) -> Iterator[Recorded[ProcessingRecord]]:
        for record in self.unit.shelf(ProcessingRecord).all():
            if agent.id in record.agents:
                said = digest_of_record(record)
                yield Recorded(record, self._with_digest("ropa.registered/1", f"ropa:{record.id}", said))

    def _evidence(self, agent: Agent) -> Iterator[Recorded[Evidence]]:
        for record in self.unit.shelf(Evidence).all(agent=agent.id):
            said = record_digest(record)
            yield Recorded(record, self._with_digest("evidence.recorded/1", f"evidence:{record.id}", said))

    def _impacts(self, agent: Agent) -> Iterator[Recorded[ImpactAssessment]]:
        for record in self.unit.shelf(ImpactAssessment).all(agent=agent.id):
            if record.recorded_at <= self.at:
                said, where = digest_of_record(record), f"impact:{record.id}"
                found = (self._with_digest(f"impact.{step}/1", where, said) for step in _IMPACT_STEPS)
                yield Recorded(record, next((one for one in found if one), None))

    def _measured(
        self, agent: Agent, record: type[M], kind: str, name: str, said: Callable[[M], Mapping[str, Any]]
    ) -> Iterator[Recorded[M]]:
        """Yield what was measured on the agent's models, each with the entry that says the same of it."""
        for model in dict.fromkeys(agent.manifest.models):
            for one in self.unit.shelf(record).all(model=model):
                if one.at > self.at:
                    continue
                told = {name: one.id, "digest": one.digest, **said(one)}
                entry = self.entries.find(
                    kind,
                    {"resource": f"model:{model}", "actor": f"person:{one.by}"},
                    partial(_tells, told),
                )
                yield Recorded(one, entry)

    def _with_digest(self, kind: str, resource: str, said: str) -> Entry | None:
        return self.entries.find(kind, {"resource": resource}, lambda entry: entry.get("input_hash") == said)

    def _role(self, role: Role) -> Recorded[Role]:
        said = {
            "permissions": [permission.value for permission in role.permissions],
            "tools": list(role.allowed_tools),
            "max_data_sensitivity": role.max_data_sensitivity.value,
        }
        if role.builtin:
            return Recorded(role, None)
        return Recorded(role, self._stating(("role.changed/1", "role.added/1"), f"role:{role.id}", said))

    def _person(self, person: Person) -> Recorded[Person]:
        said = {"roles": [role.value for role in person.roles]}
        return Recorded(
            person, self._stating(("person.changed/1", "person.added/1"), f"person:{person.id}", said)
        )

    def _stating(self, kinds: Sequence[str], resource: str, said: Mapping[str, Any]) -> Entry | None:
        """Return the newest entry about *resource* whose metadata says what is on the shelf."""
        for kind in kinds:
            if found := self.entries.find(
                kind,
                {"resource": resource},
                lambda entry: {**entry.get("metadata", {}), **said} == entry.get("metadata"),
            ):
                return found
        return None

    def _register(self) -> Register:
        received = self.entries.all("dsr.received/1")
        closed = {**self.entries.all("dsr.fulfilled/1"), **self.entries.all("dsr.refused/1")}
        known = [one for one in self.unit.shelf(Request).all() if one.received_at <= self.at]
        recorded = []
        for one in known:
            entry = received.get(f"request:{one.id}")
            over = one.status in ENDED and one.closed_at is not None and one.closed_at <= self.at
            recorded.append(Recorded(one, None if over and f"request:{one.id}" not in closed else entry))
        listed = {f"request:{one.id}" for one in known}
        unlisted = tuple(entry.id for resource, entry in sorted(received.items()) if resource not in listed)
        return Register(tuple(recorded), unlisted)


def _tells(told: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return all(entry.get("metadata", {}).get(name, ...) == value for name, value in told.items())


def _said_of_test(test: BiasTest) -> Mapping[str, Any]:
    return {"adverse": test.report.adverse, "rows": test.report.rows, "attributes": list(test.attributes)}


def _said_of_observation(seen: Observation) -> Mapping[str, Any]:
    return {"drifted": seen.drifted, "rows": seen.rows}


def _moment(now: datetime, as_of: date | None) -> datetime:
    """Return now for today, and the last moment of any other day: what ends within a day does not hold on it."""
    if as_of is None or as_of == now.date():
        return now
    return datetime.combine(as_of, time.max, UTC)


def _ref(entry: Mapping[str, Any], name: str) -> str | None:
    found = entry.get("refs", {}).get(name)
    return str(found) if found is not None else None
