"""Use cases: what people may lend to agents, and what is lent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.engine.authority import rights_of
from ephor.engine.cataloguing import names_of
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, NotPermittedError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import Objection, Sensitivity, word
from ephor.rooms.access import delegation as lending
from ephor.rooms.access.delegation import Delegation, Granter, PersonRights
from ephor.rooms.access.people import GRANTS, Person, PlanePermission, PlaneRole, may, require
from ephor.rooms.access.roles import (
    Rights,
    beyond,
    read_permissions,
    read_tools,
)
from ephor.rooms.agents.agent import Agent
from ephor.rooms.decisions.unmatched import of_rights


@dataclass(frozen=True, slots=True)
class LentNow:
    """A delegation, and what stands against it now; it holds while there are no ``reasons``."""

    delegation: Delegation
    reasons: tuple[Objection, ...]
    lost: tuple[Objection, ...] = ()
    """Where it holds: what it names and no longer carries, because somebody in the chain lost it."""


@dataclass(frozen=True, slots=True)
class Delegations:
    """Authority lent to agents, and lent on by them."""

    world: World

    def allow(
        self, person: str, permissions: Sequence[str], tools: Sequence[str], max_sensitivity: str, *, by: str
    ) -> PersonRights:
        """Set what a person holds and may lend to agents, in place of what they held before; nothing takes it all away.

        Raises:
            InvalidInputError: an unknown permission or sensitivity, or an impossible tool.
            NotFoundError: there is no such person.
            NotPermittedError: *by* may not, or is that person.
        """
        ceiling = word(Sensitivity, max_sensitivity, "sensitivity")
        held = PersonRights(person, read_permissions(permissions), read_tools(tools), ceiling)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.ROLES, who=by)
            if by == person:
                raise NotPermittedError(
                    f"`{by}` cannot set what `{by}` may lend; ask another administrator", person=by
                )
            unit.shelf(Person).get(person)
            shelf = unit.shelf(PersonRights)
            if old := shelf.find(person):
                shelf.replace(old, held)
            else:
                shelf.add(held)
            self._record(unit, "person.changed/1", by, f"person:{person}", {"may_lend": _scope(held)})
        return held

    def warnings(self, held: PersonRights) -> tuple[str, ...]:
        """Return what somebody may lend and nobody declares, and that they lack the role it takes to lend anything."""
        with self.world.storage.reading() as unit:
            unknown = of_rights(held.tools, names_of(unit, self.world.clock.now()))
            if may(unit.shelf(Person).get(held.id), PlanePermission.DELEGATE):
                return unknown
        able = " or ".join(role.value for role in PlaneRole if PlanePermission.DELEGATE in GRANTS[role])
        return (*unknown, f"`{held.id}` can lend nothing yet: it takes the role {able}")

    def grant(
        self,
        to_agent: str,
        *,
        permissions: Sequence[str],
        tools: Sequence[str],
        max_sensitivity: str,
        until: datetime,
        by: str,
        purpose: str = "",
        depth: int = 0,
        parent: str | None = None,
        from_agent: str | None = None,
        spawned: bool = False,
    ) -> Delegation:
        """Lend authority to an agent: *by*'s own, an agent's own, or, with *parent*, what that delegation lent.

        A delegation passed on keeps the purpose of its parent.

        Raises:
            InvalidInputError: the terms cannot be read, or the receiver does not hold what it would be lent.
            NotFoundError: there is no such agent or parent.
            NotPermittedError: *by* may not, has no say over what would be lent (they neither own the giving agent nor lent
                it its authority, nor administer the plane), or the giver does not hold what it would lend.
            ConflictError: the parent does not hold any more, or was granted to another agent than *from_agent*.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.DELEGATE, who=by)
            unit.shelf(Agent).get(to_agent)
            before = _chain(unit, parent) if parent else ()
            giver = before[-1].to_agent if before else from_agent
            if from_agent not in (None, giver):
                raise ConflictError(
                    f"delegation `{parent}` was not granted to agent `{from_agent}`, but to `{giver}`, which passes it on",
                    parent=parent,
                )
            if giver is not None:
                _require_own(unit, giver, before, by)
            new = Delegation(
                id=self.world.ids.new("dlg"),
                from_kind=Granter.AGENT if giver else Granter.PERSON,
                from_id=giver or by,
                to_agent=to_agent,
                permissions=read_permissions(permissions),
                tools=read_tools(tools),
                max_sensitivity=word(Sensitivity, max_sensitivity, "sensitivity"),
                purpose=purpose.strip() or (before[-1].purpose if before else ""),
                depth_left=depth,
                granted_at=self.world.clock.now(),
                expires_at=until,
                parent=parent,
                spawned=spawned,
                granted_by=by,
            )
            lending.check_grant(new, before, lambda who: rights_of(unit, who))
            unit.shelf(Delegation).add(new)
            self._record(unit, "delegation.granted/1", by, f"delegation:{new.id}", _granted(new))
        return new

    def all(self, to_agent: str | None = None) -> Sequence[LentNow]:
        """Return the delegations, all or those to one agent, each with what stands against it now.

        Raises:
            NotFoundError: there is no such agent.
        """
        now = self.world.clock.now()
        with self.world.storage.reading() as unit:
            if to_agent is not None:
                unit.shelf(Agent).get(to_agent)
            known = {one.id: one for one in unit.shelf(Delegation).all()}
            found = []
            for one in known.values():
                if to_agent in (None, one.to_agent):
                    chain = lending.chain_to(one.id, known)
                    worth = lending.chain_rights(chain, lambda who: rights_of(unit, who), now)
                    found.append(_lent(one, worth))
            return found

    def revoke(self, id: str, *, by: str) -> Delegation:
        """Take lent authority back, and with it everything that was passed on from it.

        Raises:
            NotFoundError: there is no such delegation.
            NotPermittedError: *by* may not, or has no say over this one.
            ConflictError: it is revoked already.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.DELEGATE, who=by)
            old = unit.shelf(Delegation).get(id)
            _require_say(unit, old, by)
            new = lending.revoke(old, by=by, at=self.world.clock.now())
            unit.shelf(Delegation).replace(old, new)
            self._record(unit, "delegation.revoked/1", by, f"delegation:{id}", {"agent": new.to_agent})
        return new

    def _record(self, unit: Unit, kind: str, by: str, resource: str, facts: dict[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind, at=self.world.clock.now(), actor=f"person:{by}", resource=resource, metadata=facts
            )
        )


def _require_own(unit: Unit, giver: str, before: Sequence[Delegation], by: str) -> None:
    """Passing on what an agent holds, or was lent, is for who answers for it."""
    lenders = {hop.granted_by for hop in before} | {
        hop.from_id for hop in before if hop.from_kind is Granter.PERSON
    }
    owner = unit.shelf(Agent).get(giver).manifest.owner
    if by not in {owner, *lenders} and not _administers(unit, by):
        raise NotPermittedError(
            f"`{by}` neither owns agent `{giver}` nor lent it anything; ask `{owner}`, or an administrator",
            person=by,
        )


def _require_say(unit: Unit, lent: Delegation, by: str) -> None:
    """Taking authority back is for who lent it, who owns an agent at either end, and who may revoke approvals."""
    agents = [lent.to_agent, *([lent.from_id] if lent.from_kind is Granter.AGENT else [])]
    found = [unit.shelf(Agent).find(one) for one in agents]
    own = {lent.granted_by, *(one.manifest.owner for one in found if one is not None)}
    if lent.from_kind is Granter.PERSON:
        own.add(lent.from_id)
    person = unit.shelf(Person).get(by)
    if by not in own and not may(person, PlanePermission.REVOKE) and not _administers(unit, by):
        who = ", ".join(f"`{one}`" for one in sorted(one for one in own if one))
        raise NotPermittedError(
            f"`{by}` has no say over delegation `{lent.id}`; ask {who}, or an administrator", person=by
        )


def _administers(unit: Unit, by: str) -> bool:
    return may(unit.shelf(Person).get(by), PlanePermission.ROLES)


def _lent(one: Delegation, worth: Rights | tuple[Objection, ...]) -> LentNow:
    if isinstance(worth, tuple):
        return LentNow(one, worth)
    return LentNow(one, (), beyond(lending.scope(one), worth, "the chain"))


def _chain(unit: Unit, id: str) -> tuple[Delegation, ...]:
    shelf = unit.shelf(Delegation)
    shelf.get(id)
    return lending.chain_to(id, {one.id: one for one in shelf.all()})


def _scope(scope: PersonRights | Delegation) -> dict[str, Json]:
    return {
        "permissions": [permission.value for permission in scope.permissions],
        "tools": list(scope.tools),
        "max_sensitivity": scope.max_sensitivity.value,
    }


def _granted(new: Delegation) -> dict[str, Json]:
    return {
        **_scope(new),
        "from": new.giver,
        "to": f"agent:{new.to_agent}",
        "purpose": new.purpose,
        "depth_left": new.depth_left,
        "expires_at": stamp(new.expires_at),
        "parent": new.parent,
        "spawned": new.spawned,
    }
