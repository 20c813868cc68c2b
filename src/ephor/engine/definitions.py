"""Use cases: what the organisation lays down for all agents: the tool catalogue, limits, rules about sequences, roles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Generic

from ephor.engine.ports import R, Unit, World
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require

MOST = 5_000
"""Definitions in one file."""


@unique
class Change(StrEnum):
    """What laying a definition down did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Definitions(Generic[R]):
    """Definitions of one kind, each under its name; every change is recorded and counts at once."""

    world: World
    kind: type[R]
    noun: str
    """What people call one, and what its events begin with."""
    read: Callable[[Mapping[str, Any]], R]
    plain: Callable[[R], dict[str, Json]]
    kinds: tuple[str, str] | None = None
    """The kinds of event for a new one and a changed one; None: ``NOUN.set/1`` for both."""
    permission: PlanePermission = PlanePermission.ROLES
    """What whoever lays one down must hold."""
    standard: Collection[str] = ()
    """Names of those that come with the plane and stay as they are."""
    look: Callable[[Unit], Callable[[R], tuple[str, ...]]] = lambda _unit: lambda _one: ()
    """Returns what looks at one: refuses what can never match, and says what matches nothing there is."""

    def load(self, raw: Sequence[object], *, by: str) -> Sequence[tuple[R, Change]]:
        """Lay down every definition in *raw*, in place of those of the same names; all of them, or none.

        Raises:
            InvalidInputError: one of them cannot be read, or is there twice.
            NotPermittedError: *by* may not.
        """
        read = self._read_all(raw)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), self.permission, who=by)
            look = self.look(unit)
            for number, one in enumerate(read, 1):
                with self._placing(number):
                    look(one)
            return [(one, self._put(unit, one, by)) for one in read]

    def warnings(self, laid_down: Iterable[R]) -> Mapping[str, tuple[str, ...]]:
        """Return, by name, what those of *laid_down* speak of and nobody knows; it may come later, and is a slip if not."""
        with self.world.storage.reading() as unit:
            look = self.look(unit)
            found = {one.id: look(one) for one in laid_down}
        return {id: said for id, said in found.items() if said}

    def all(self) -> Sequence[R]:
        """Return every definition, by name."""
        with self.world.storage.reading() as unit:
            return unit.shelf(self.kind).all()

    def show(self, name: str) -> R:
        """Return one.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self.world.storage.reading() as unit:
            return self._found(unit, name)

    def change(self, name: str, changes: Mapping[str, Any], *, by: str) -> tuple[R, Change]:
        """Change some of what one says, and leave the rest as it is.

        Raises:
            InvalidInputError: what it would say cannot be.
            NotFoundError: there is none of that name.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), self.permission, who=by)
            old = self._found(unit, name)
            new = self.read({"name": name, **self.plain(old), **changes})
            self.look(unit)(new)
            return new, self._put(unit, new, by)

    def remove(self, name: str, *, by: str) -> R:
        """Take one away; whatever it demanded is not demanded any more.

        Raises:
            NotFoundError: there is none of that name.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), self.permission, who=by)
            old = self._found(unit, name)
            unit.shelf(self.kind).remove(old)
            self._record(unit, f"{self.noun}.removed/1", old, by, {"before": self._digest(old)})
            return old

    def _read_all(self, raw: Sequence[object]) -> list[R]:
        if not isinstance(raw, list | tuple) or len(raw) > MOST:
            raise InvalidInputError(
                f"the {self.noun}s are no list, or more than {MOST}; write a list of them"
            )
        read: list[R] = []
        seen: set[str] = set()
        for number, one in enumerate(raw, 1):
            if not isinstance(one, Mapping):
                raise InvalidInputError(
                    f"{self.noun} {number} is no mapping; write `key: value` lines", path=self._place(number)
                )
            with self._placing(number):
                new = self.read(one)
            if new.id in seen:
                raise InvalidInputError(
                    f"{self.noun} {number}: `{new.id}` is there twice; write it once",
                    path=self._place(number),
                )
            seen.add(new.id)
            read.append(new)
        return read

    def _place(self, number: int) -> str:
        return f"{self.noun}s[{number - 1}]"

    @contextmanager
    def _placing(self, number: int) -> Iterator[None]:
        """Say of a refusal which definition of the file it is about."""
        try:
            yield
        except (InvalidInputError, ConflictError) as error:
            raise type(error)(
                f"{self.noun} {number}: {error}; nothing was changed",
                **{**error.facts, "path": self._place(number)},
            ) from error

    def _put(self, unit: Unit, new: R, by: str) -> Change:
        shelf = unit.shelf(self.kind)
        old = shelf.find(new.id)
        if old == new:
            return Change.UNCHANGED
        facts = self.plain(new)
        if old is None:
            shelf.add(new)
        else:
            shelf.replace(old, new)
            facts["before"] = self._digest(old)
        added, changed = self.kinds or (f"{self.noun}.set/1",) * 2
        self._record(unit, added if old is None else changed, new, by, facts)
        return Change.ADDED if old is None else Change.CHANGED

    def _found(self, unit: Unit, name: str) -> R:
        if (found := unit.shelf(self.kind).find(name)) is None:
            told = f"there is no {self.noun} `{name[:80]}`"
            if name in self.standard:
                told = f"{self.noun} `{name}` is a standard one, which stays as it is; make one of your own"
            raise NotFoundError(f"{told}; see `ephor {self.noun}s list`", id=name)
        return found

    def _digest(self, one: R) -> str:
        return digest({self.noun: self.plain(one)})

    def _record(self, unit: Unit, kind: str, one: R, by: str, facts: dict[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"{self.noun}:{one.id}",
                metadata=facts,
            )
        )


def plain_fields(record: Any) -> dict[str, Json]:
    """Return a definition as JSON, without what was left out."""
    values = {one.name: getattr(record, one.name) for one in dataclasses.fields(record)}
    return {name: _plain(value) for name, value in values.items() if value not in (None, (), "")}


def _plain(value: Any) -> Json:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value):
        return plain_fields(value)
    return str(value) if isinstance(value, StrEnum) else value
