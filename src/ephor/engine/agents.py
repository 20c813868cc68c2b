"""Use cases: the inventory of agents, and the stop switch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.engine.overriding import in_force
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.access.roles import Permission, Role, known_roles
from ephor.rooms.agents.agent import Agent, AgentStatus, move, new_agent, revise, unapproved
from ephor.rooms.agents.changes import Change
from ephor.rooms.agents.check import Problem, check, refuse
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.agents.versions import Comparison, ManifestVersion, compare, find, in_order, version_id
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.approvals.standing import approval_in_force, is_live, supersede
from ephor.rooms.decisions.unmatched import of_manifest
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.pii.catalogue import correction
from ephor.rooms.policies.governance import GovernancePolicy, policy_of

_SHOWN = 50
"""Differences written into the ledger entry; their number and both digests are always there."""


@unique
class Outcome(StrEnum):
    """What registering a manifest did."""

    REGISTERED = "registered"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """Something changed, and an approval given before still covers it."""
    REOPENED = "reopened"
    """A material change: the agent may not act until it is approved again."""


@dataclass(frozen=True, slots=True)
class Registration:
    """An agent after its manifest was registered, and what that changed."""

    agent: Agent
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    ended: tuple[str, ...] = ()
    """Requests and approvals that the change put an end to."""


@dataclass(frozen=True, slots=True)
class Agents:
    """Agents: registered, stopped, resumed, retired."""

    world: World
    policies: Mapping[UseCase, GovernancePolicy]

    def register(self, manifest: Manifest, *, by: str) -> Registration:
        """Put an agent into the inventory, or bring the manifest of one that is there up to date.

        Raises:
            InvalidInputError: the manifest contradicts itself, or names a person, role, permission or type of personal data
                that nobody knows.
            NotPermittedError: *by* may not.
            ConflictError: the agent is retired.
        """
        check(manifest)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.AGENTS, who=by)
            refuse(f"manifest of `{manifest.id}`", _unknown(unit, manifest))
            agents = unit.shelf(Agent)
            if (old := agents.find(manifest.id)) is None:
                agent = new_agent(manifest, by=by, at=self.world.clock.now())
                agents.add(agent)
                _keep(unit, agent, by)
                self._record(unit, "agent.registered/1", agent, by, metadata=_stated(agent))
                return Registration(agent, Outcome.REGISTERED)
            agent, found = revise(old, manifest, by=by, at=self.world.clock.now())
            if not found:
                return Registration(old, Outcome.UNCHANGED)
            return self._revised(unit, old, agent, found, by)

    def warnings(self, manifest: Manifest) -> tuple[str, ...]:
        """Return the tools that none of the agent's roles allows, and the models that are not registered."""
        with self.world.storage.reading() as unit:
            roles = known_roles(unit.shelf(Role).all())
            return of_manifest(
                manifest,
                roles.values(),
                [name for name in manifest.models if unit.shelf(ModelVersion).find(name) is not None],
            )

    def all(self, status: AgentStatus | None = None) -> Sequence[Agent]:
        """Return the agents, by id; only those of *status* if one is given."""
        with self.world.storage.reading() as unit:
            where = {"status": status.value} if status else {}
            return unit.shelf(Agent).all(**where)

    def show(self, id: str) -> Agent:
        """Return one agent.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self.world.storage.reading() as unit:
            return unit.shelf(Agent).get(id)

    def versions(self, id: str) -> Sequence[ManifestVersion]:
        """Return the manifests an agent was registered with, the first one first.

        Raises:
            NotFoundError: there is no such agent.
        """
        with self.world.storage.reading() as unit:
            return _kept(unit, unit.shelf(Agent).get(id))

    def diff(self, id: str, older: str | None = None, newer: str | None = None) -> Comparison:
        """Return what differs between two manifests: by default from what was approved last, or the one before, to the newest.

        Raises:
            NotFoundError: there is no such agent, or no such version.
        """
        with self.world.storage.reading() as unit:
            agent = unit.shelf(Agent).get(id)
            kept = _kept(unit, agent)
            then = find(kept, newer) if newer is not None else kept[-1]
            if older is not None:
                before = find(kept, older)
            else:
                before = _approved(unit, kept, then) or kept[max(0, then.number - 2)]
            policy = policy_of(in_force(unit, self.policies), then.manifest.use_case)
            return compare(before, then, [one.value for one in policy.required_reviews])

    def suspend(self, id: str, reason: str, *, by: str) -> Agent:
        """Stop an agent: it may not act until somebody resumes it. Works from every status but retired.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
            ConflictError: it is suspended already, or retired.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.SUSPEND, who=by)
            old = unit.shelf(Agent).get(id)
            agent = move(old, AgentStatus.SUSPENDED, reason=reason, at=self.world.clock.now())
            unit.shelf(Agent).replace(old, agent)
            self._record(unit, "agent.suspended/1", agent, by, metadata=_step(old, agent))
            return agent

    def resume(self, id: str, reason: str, *, by: str) -> Agent:
        """Let a suspended agent act again, if an approval of exactly this agent holds today.

        Raises:
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
            ConflictError: it is not suspended, or no approval holds.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.RESUME, who=by)
            old, now = unit.shelf(Agent).get(id), self.world.clock.now()
            if old.status is not AgentStatus.SUSPENDED:
                raise ConflictError(
                    f"agent `{id}` is {old.status.value}, not suspended; there is nothing to resume"
                )
            agent = move(old, AgentStatus.ACTIVE, reason=reason, at=now)
            requests = unit.shelf(ApprovalRequest).all(agent=id)
            if approval_in_force(old, requests, in_force(unit, self.policies), now) is None:
                raise ConflictError(
                    f"agent `{id}` has no approval that covers it today; ask for one with `ephor approvals request {id}`"
                )
            unit.shelf(Agent).replace(old, agent)
            self._record(unit, "agent.resumed/1", agent, by, metadata=_step(old, agent))
            return agent

    def retire(self, id: str, reason: str, *, by: str) -> Agent:
        """End an agent for good, and with it every request and approval.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
            ConflictError: it is retired already.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.AGENTS, who=by)
            old = unit.shelf(Agent).get(id)
            agent = unapproved(move(old, AgentStatus.RETIRED, reason=reason, at=self.world.clock.now()))
            unit.shelf(Agent).replace(old, agent)
            ended = tuple(self._end_requests(unit, agent, by, "the agent was retired"))
            self._record(
                unit, "agent.retired/1", agent, by, metadata={**_step(old, agent), "ended": list(ended)}
            )
            return agent

    def _revised(
        self, unit: Unit, old: Agent, agent: Agent, found: tuple[Change, ...], by: str
    ) -> Registration:
        material = any(change.material for change in found)
        unit.shelf(Agent).replace(old, agent)
        if not unit.shelf(ManifestVersion).all(agent=agent.id):  # registered before versions were kept
            _keep(unit, old, old.authors[-1])
        _keep(unit, agent, by)
        ended = tuple(self._end_requests(unit, agent, by, "the manifest changed")) if material else ()
        metadata: dict[str, Json] = {
            "before": old.digest,
            "material": material,
            "status": agent.status.value,
            "changed": len(found),
            "changes": [_written(change) for change in found[:_SHOWN]],
            "ended": list(ended),
        }
        self._record(unit, "agent.changed/1", agent, by, metadata=metadata)
        return Registration(agent, Outcome.REOPENED if material else Outcome.CHANGED, found, ended)

    def _end_requests(self, unit: Unit, agent: Agent, by: str, reason: str) -> Iterator[str]:
        shelf = unit.shelf(ApprovalRequest)
        for asked in shelf.all(agent=agent.id):
            if is_live(asked):
                shelf.replace(asked, supersede(asked, by=by, reason=reason, at=self.world.clock.now()))
                yield asked.id

    def _record(self, unit: Unit, kind: str, agent: Agent, by: str, *, metadata: Mapping[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"agent:{agent.id}",
                refs={"manifest": agent.digest},
                metadata=metadata,
            )
        )


def _keep(unit: Unit, agent: Agent, by: str) -> None:
    """Keep the manifest an agent has now as its next version."""
    number = len(unit.shelf(ManifestVersion).all(agent=agent.id)) + 1
    unit.shelf(ManifestVersion).add(_version(agent, number, by))


def _kept(unit: Unit, agent: Agent) -> tuple[ManifestVersion, ...]:
    kept = in_order(unit.shelf(ManifestVersion).all(agent=agent.id))
    return kept or (_version(agent, 1, agent.authors[-1]),)


def _version(agent: Agent, number: int, by: str) -> ManifestVersion:
    return ManifestVersion(
        version_id(agent.id, number),
        agent.id,
        number,
        agent.digest,
        agent.material_digest,
        agent.manifest,
        by,
        agent.changed_at,
    )


def _approved(unit: Unit, kept: Sequence[ManifestVersion], until: ManifestVersion) -> ManifestVersion | None:
    """Return the version before *until* whose manifest was approved last; None where none was."""
    approved = {
        one.digest for one in unit.shelf(ApprovalRequest).all(agent=until.agent) if one.expires_at is not None
    }
    before = [one for one in kept if one.number < until.number and one.digest in approved]
    return before[-1] if before else None


def _unknown(unit: Unit, manifest: Manifest) -> Iterator[Problem]:
    """Return every person, role, permission and type of personal data that the manifest names and nobody knows."""
    people = unit.shelf(Person)
    if people.find(manifest.owner) is None:
        yield Problem("owner", f"nobody is registered as `{manifest.owner[:80]}`; see `ephor people list`")
    for index, name in enumerate(manifest.oversight.people if manifest.oversight else ()):
        if people.find(name) is None:
            yield Problem(
                f"oversight.people[{index}]",
                f"nobody is registered as `{name[:80]}`; see `ephor people list`",
            )
    roles = known_roles(unit.shelf(Role).all())
    for index, name in enumerate(manifest.roles):
        if name not in roles:
            yield Problem(
                f"roles[{index}]", f"unknown role `{name[:80]}`; use one of: {', '.join(sorted(roles))}"
            )
    yield from _strange_words(manifest)


def _strange_words(manifest: Manifest) -> Iterator[Problem]:
    permissions = [permission.value for permission in Permission]
    for row, tool in enumerate(manifest.tools):
        for index, text in enumerate(tool.permissions):
            if text not in permissions:
                message = f"unknown permission `{text[:80]}`; use one of: {', '.join(permissions)}"
                yield Problem(f"tools[{row}].permissions[{index}]", message)
        for index, text in enumerate(tool.reveals):
            if wrong := correction(text):
                yield Problem(f"tools[{row}].reveals[{index}]", wrong)


def _stated(agent: Agent) -> dict[str, Json]:
    manifest = agent.manifest
    return {"owner": manifest.owner, "use_case": manifest.use_case.value, "status": agent.status.value}


def _step(old: Agent, agent: Agent) -> dict[str, Json]:
    return {"from": old.status.value, "to": agent.status.value, "reason": agent.status_reason}


def _written(change: Change) -> dict[str, Json]:
    return {
        "path": change.path,
        "before": None if change.before is None else change.before[:200],
        "after": None if change.after is None else change.after[:200],
        "material": change.material,
    }
