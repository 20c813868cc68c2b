"""Use cases: who operates the plane, and which roles agents can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import Unit, World
from ephor.kernel import ids
from ephor.kernel.canonical import Json
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    VerificationError,
)
from ephor.kernel.events import Event
from ephor.kernel.visible import check_visible
from ephor.kernel.vocabulary import word
from ephor.rooms.access.delegation import PersonRights
from ephor.rooms.access.people import Person, PlanePermission, PlaneRole, require
from ephor.rooms.access.roles import STANDARD_ROLES, Role, custom_role, plain_role
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.agents.wording import worded
from ephor.rooms.approvals.bodies import BodyRecord, forgotten

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Access:
    """People and their roles; agents' roles."""

    world: World

    def add_person(self, id: str, name: str, roles: Sequence[PlaneRole], *, by: str) -> Person:
        """Register somebody who operates the plane.

        Raises:
            InvalidInputError: the id cannot name a person, the name holds control characters, or no role was given.
            NotPermittedError: *by* may not.
            ConflictError: there is somebody of that id.
        """
        person = _person(id, name, roles)
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.PEOPLE, who=by)
            self._add(unit, person, actor=f"person:{actor.id}")
        return person

    def found(self, id: str, name: str) -> Person:
        """Make *id* the first administrator of a plane that has nobody yet; return whoever already is.

        Raises:
            ConflictError: others operate this plane and *id* is not among them.
            VerificationError: nobody operates it, and its ledger tells of more than its beginning.
        """
        recorded = self.world.storage.ledger.head().size
        with self.world.storage.unit() as unit:
            people = unit.shelf(Person)
            if known := people.find(id):
                return known
            if people.page("", 1):
                raise ConflictError(
                    f"this plane already has people and `{id}` is not among them; ask an administrator to add them"
                )
            if recorded > 1:  # the first is `plane.created`: a plane in use does not lose its people lawfully
                raise VerificationError(
                    f"this plane has nobody, but its ledger holds {recorded} entries: somebody removed its people; restore the "
                    "database from a backup",
                    entries=recorded,
                )
            person = _person(id, name, [PlaneRole.ADMINISTRATOR])
            self._add(unit, person, actor="ephor")
            return person

    def change_person(
        self, id: str, *, by: str, roles: Sequence[PlaneRole] | None = None, name: str | None = None
    ) -> Person:
        """Give a person other roles, or another name. It counts at once, also for what waits for them.

        Raises:
            InvalidInputError: no role is left, or the name holds control characters.
            NotFoundError: there is nobody of that id.
            NotPermittedError: *by* may not, or is that person and would change their own roles.
            ConflictError: nothing would change.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PEOPLE, who=by)
            old = unit.shelf(Person).get(id)
            new = _person(id, old.name if name is None else name, old.roles if roles is None else roles)
            if new == old:
                raise ConflictError(f"`{id}` is that already; name other roles or another name", person=id)
            if by == id and new.roles != old.roles:
                raise NotPermittedError(
                    f"`{by}` cannot change `{by}`'s own roles; ask another administrator", person=by
                )
            unit.shelf(Person).replace(old, new)
            facts: dict[str, Json] = {"roles": list(new.roles), "before": list(old.roles)}
            self._record(unit, "person.changed/1", by, f"person:{id}", facts)
        return new

    def remove_person(self, id: str, reason: str, *, by: str) -> Person:
        """Take a person off the plane: they may do nothing here any more, and what they lent is worth nothing.

        What they did stays in the ledger under their id.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is nobody of that id.
            NotPermittedError: *by* may not, or is that person.
            ConflictError: they own an agent or watch over one; the message says which.
        """
        because = worded(reason, "reason")
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PEOPLE, who=by)
            old = unit.shelf(Person).get(id)
            if by == id:
                raise NotPermittedError(f"`{by}` cannot remove `{by}`; ask another administrator", person=by)
            if held := [one.id for one in unit.shelf(Agent).all() if _answers_for(id, one)]:
                raise ConflictError(
                    f"`{id}` owns or watches over agent `{held[0]}`; register its manifest with somebody else first",
                    agents=held,
                )
            unit.shelf(Person).remove(old)
            for record in unit.shelf(BodyRecord).all():
                if left := forgotten(record, id, by=by, at=self.world.clock.now()):
                    unit.shelf(BodyRecord).replace(record, left)
            if (lendable := unit.shelf(PersonRights).find(id)) is not None:
                unit.shelf(PersonRights).remove(lendable)
            facts: dict[str, Json] = {"roles": list(old.roles), "reason": because}
            self._record(unit, "person.removed/1", by, f"person:{id}", facts)
        return old

    def people(self) -> Sequence[Person]:
        """Return everybody, by id."""
        with self.world.storage.reading() as unit:
            return unit.shelf(Person).all()

    def add_role(
        self, name: str, permissions: Sequence[str], tools: Sequence[str], max_sensitivity: str, *, by: str
    ) -> Role:
        """Create a role for agents.

        Raises:
            InvalidInputError: an unknown permission or sensitivity, an impossible name, or nothing granted.
            NotPermittedError: *by* may not.
            ConflictError: there is a role of that name; standard roles cannot be redefined.
        """
        role = custom_role(name, permissions, tools, max_sensitivity)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.ROLES, who=by)
            unit.shelf(Role).add(role)
            self._record(unit, "role.added/1", by, f"role:{name}", plain_role(role))
        return role

    def roles(self) -> Sequence[Role]:
        """Return every role agents can have, the standard ones first."""
        with self.world.storage.reading() as unit:
            return [*STANDARD_ROLES.values(), *unit.shelf(Role).all()]

    def role(self, name: str) -> Role:
        """Return one role. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            found = STANDARD_ROLES.get(name) or unit.shelf(Role).find(name)
        if found is None:
            raise NotFoundError(f"there is no role `{name}`; see `ephor roles list`", role=name)
        return found

    def _record(self, unit: Unit, kind: str, by: str, resource: str, facts: dict[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind, at=self.world.clock.now(), actor=f"person:{by}", resource=resource, metadata=facts
            )
        )

    def _add(self, unit: Unit, person: Person, *, actor: str) -> None:
        unit.shelf(Person).add(person)
        unit.append(
            Event(
                kind="person.added/1",
                at=self.world.clock.now(),
                actor=actor,
                resource=f"person:{person.id}",
                metadata={"roles": [role.value for role in person.roles]},
            )
        )


def _answers_for(person: str, agent: Agent) -> bool:
    """A retired agent needs nobody any more."""
    manifest = agent.manifest
    watches = manifest.oversight is not None and person in manifest.oversight.people
    return agent.status is not AgentStatus.RETIRED and (manifest.owner == person or watches)


def _person(id: str, name: str, roles: Sequence[PlaneRole]) -> Person:
    if not roles:
        known = ", ".join(role.value for role in PlaneRole)
        raise InvalidInputError(f"a person needs at least one role; use one or more of: {known}")
    check_visible(name, "the person's name")
    if len(name) > _LONGEST_NAME:
        raise InvalidInputError(
            f"the person's name is {len(name)} characters long; at most {_LONGEST_NAME} fit"
        )
    return Person(
        ids.name(id, "a person"), name or id, tuple(sorted({word(PlaneRole, one, "role") for one in roles}))
    )
