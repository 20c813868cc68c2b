"""Use cases: who operates the plane, and which roles agents can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import Unit, World
from ephor.kernel import ids
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.visible import check_visible
from ephor.rooms.access.people import Person, PlanePermission, PlaneRole, require
from ephor.rooms.access.roles import STANDARD_ROLES, Role, custom_role


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
            facts: dict[str, Json] = {
                "permissions": [permission.value for permission in role.permissions],
                "tools": list(role.allowed_tools),
                "max_data_sensitivity": role.max_data_sensitivity.value,
            }
            self._record(unit, "role.added/1", by, f"role:{name}", facts)
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


def _person(id: str, name: str, roles: Sequence[PlaneRole]) -> Person:
    if not roles:
        known = ", ".join(role.value for role in PlaneRole)
        raise InvalidInputError(f"a person needs at least one role; use one or more of: {known}")
    check_visible(name, "the person's name")
    return Person(ids.name(id, "a person"), name or id, tuple(sorted(set(roles))))
