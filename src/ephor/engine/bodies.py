"""Use cases: who sits on a governance body, and what it answers for, is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import NotFoundError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, find_person, require
from ephor.rooms.approvals.bodies import (
    BodyRecord,
    SeatedBody,
    body_of,
    seat,
    with_mandate,
    with_member,
    with_seats_by_role,
    without_member,
)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The governance bodies. Until somebody is named, whoever holds a body's roles sits on it."""

    world: World

    def all(self) -> Sequence[SeatedBody]:
        """Return the bodies and who sits on each, from the top."""
        with self.world.storage.reading() as unit:
            return seat(unit.shelf(Person).all(), unit.shelf(BodyRecord).all())

    def show(self, id: str) -> SeatedBody:
        """Return one body. Raises NotFoundError."""
        wanted = body_of(id).id
        return next(one for one in self.all() if one.body.id == wanted)

    def add(self, id: str, person: str, *, by: str) -> SeatedBody:
        """Seat a person, named by account or by name, on a body; from then on its members are named, and who sat stays.

        Raises:
            NotFoundError: there is no such body, or no such person.
            NotPermittedError: *by* may not, or would seat themselves.
            ConflictError: they sit on it already, or several people have that name.
        """
        told: dict[str, Json] = {}

        def change(unit: Unit, one: SeatedBody, old: BodyRecord | None, at: datetime) -> BodyRecord:
            told["person"] = member = find_person(person, unit.shelf(Person).all()).id
            return with_member(one, member, by=by, at=at, old=old)

        return self._change(id, by, "body.member-added/1", told, change)

    def remove(self, id: str, person: str, *, by: str) -> SeatedBody:
        """Take a person off a body; what nobody is left to review stays unanswered, and the answer says so.

        Raises:
            NotFoundError: there is no such body.
            NotPermittedError: *by* may not.
            ConflictError: they do not sit on it, or several people have that name.
        """
        told: dict[str, Json] = {}

        def change(unit: Unit, one: SeatedBody, old: BodyRecord | None, at: datetime) -> BodyRecord:
            try:
                member = find_person(person, unit.shelf(Person).all()).id
            except NotFoundError:  # whoever has gone may still sit
                member = person
            told["person"] = member
            return without_member(one, member, by=by, at=at, old=old)

        return self._change(id, by, "body.member-removed/1", told, change)

    def meant(self, said: str) -> Person:
        """Return who is called so, by account or by name. Raises NotFoundError or ConflictError."""
        with self.world.storage.reading() as unit:
            return find_person(said, unit.shelf(Person).all())

    def by_role(self, id: str, *, by: str) -> SeatedBody:
        """Let roles decide again who sits on a body.

        Raises:
            NotFoundError: there is no such body.
            NotPermittedError: *by* may not, or would come to sit on it.
            ConflictError: they decide already.
        """

        def change(unit: Unit, one: SeatedBody, old: BodyRecord | None, at: datetime) -> BodyRecord:
            return with_seats_by_role(one, unit.shelf(Person).all(), by=by, at=at, old=old)

        return self._change(id, by, "body.seated-by-role/1", {}, change)

    def mandate(self, id: str, mandate: Sequence[str], *, by: str) -> SeatedBody:
        """Give a body another mandate; an empty one is what comes with the version.

        Raises:
            InvalidInputError: a line that says nothing, is too long, or hides something.
            NotFoundError: there is no such body.
            NotPermittedError: *by* may not.
            ConflictError: nothing would change.
        """

        def change(_: Unit, one: SeatedBody, old: BodyRecord | None, at: datetime) -> BodyRecord:
            return with_mandate(one, mandate, by=by, at=at, old=old)

        return self._change(id, by, "body.mandate-changed/1", {}, change)

    def _change(
        self,
        id: str,
        by: str,
        kind: str,
        facts: dict[str, Json],
        change: Callable[[Unit, SeatedBody, BodyRecord | None, datetime], BodyRecord],
    ) -> SeatedBody:
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.BODIES, who=by)
            body_of(id)
            shelf, now = unit.shelf(BodyRecord), self.world.clock.now()
            old = shelf.find(id)
            new = change(unit, self._seated(unit, id), old, now)
            if old is None:
                shelf.add(new)
            else:
                shelf.replace(old, new)
            then = self._seated(unit, id)
            stated: dict[str, Json] = {
                **facts,
                "members": list(then.members),
                "by_role": then.by_role,
                "mandate": list(then.body.mandate),
                "unanswerable": [one.value for one in then.unanswerable],
            }
            unit.append(
                Event(kind=kind, at=now, actor=f"person:{by}", resource=f"body:{id}", metadata=stated)
            )
            return then

    def _seated(self, unit: Unit, id: str) -> SeatedBody:
        found = seat(unit.shelf(Person).all(), unit.shelf(BodyRecord).all())
        return next(one for one in found if one.body.id == id)
