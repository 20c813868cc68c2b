"""Use cases: the organisation's own rules, checked, put in force, tried in shadow and taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.cataloguing import catalogue_of
from ephor.engine.ports import Unit, World
from ephor.kernel import ids
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.kernel.events import Event
from ephor.kernel.visible import hidden
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.policies.check_rules import check_rules, refuse
from ephor.rooms.policies.rule import Finding, Rule, RuleSet, SetStatus

_EVENTS = {
    SetStatus.ACTIVE: "rules.activated/1",
    SetStatus.SHADOW: "rules.shadowed/1",
    SetStatus.REMOVED: "rules.removed/1",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file of rules holds, and everything found in it."""

    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether it could be loaded."""
        return not any(one.refused for one in self.findings)


@dataclass(frozen=True, slots=True)
class Rules:
    """The sets of rules of this plane."""

    world: World

    def check(self, text: str) -> Checked:
        """Return everything wrong with a file of rules, against the agents, tools and roles there are now."""
        with self.world.storage.reading() as unit:
            return Checked(*check_rules(text, catalogue_of(unit)))

    def load(self, name: str, text: str, *, by: str, where: str | None = None) -> RuleSet:
        """Put a new version of a set in force, in place of the one before it; *where* names the file in errors.

        Raises:
            InvalidInputError: the file is refused; every fault is listed with its line.
            NotPermittedError: *by* may not.
            ConflictError: exactly this text is in force already.
        """
        return self._put(name, text, SetStatus.ACTIVE, by=by, where=where)

    def shadow(self, name: str, text: str, *, by: str, where: str | None = None) -> RuleSet:
        """Have a new version of a set evaluated and recorded with every decision, without effect.

        Raises:
            InvalidInputError: the file is refused.
            NotPermittedError: *by* may not.
            ConflictError: exactly this text is in shadow already.
        """
        return self._put(name, text, SetStatus.SHADOW, by=by, where=where)

    def activate(self, id: str, *, by: str) -> RuleSet:
        """Put a version that is known in force: one tried in shadow, or an earlier one.

        Raises:
            NotFoundError: there is no such version.
            InvalidInputError: it does not fit today's agents and tools.
            NotPermittedError: *by* may not.
            ConflictError: it is in force.
        """
        with self.world.storage.unit() as unit:
            self._require(unit, SetStatus.ACTIVE, by)
            old = _get(unit, id)
            if old.status is SetStatus.ACTIVE:
                raise ConflictError(f"`{id}` is in force already; there is nothing to do")
            rules, findings = check_rules(old.text, catalogue_of(unit))
            refuse(id, findings)
            replaced = self._step_aside(unit, old.name, SetStatus.ACTIVE, by)
            new = self._moved(old, SetStatus.ACTIVE, by)
            unit.shelf(RuleSet).replace(old, new)
            self._record(unit, new, by, len(rules), replaced)
        return new

    def remove(self, id: str, *, by: str) -> RuleSet:
        """Take a version out of force or out of shadow. It is kept, and can be activated again.

        Raises:
            NotFoundError: there is no such version.
            NotPermittedError: *by* may not.
            ConflictError: it is neither in force nor in shadow.
        """
        with self.world.storage.unit() as unit:
            old = _get(unit, id)
            self._require(unit, old.status, by)
            if old.status not in (SetStatus.ACTIVE, SetStatus.SHADOW):
                raise ConflictError(
                    f"`{id}` is {old.status.value}; only what is active or in shadow can be removed"
                )
            new = self._moved(old, SetStatus.REMOVED, by)
            unit.shelf(RuleSet).replace(old, new)
            self._record(unit, new, by, None, old.status.value)
        return new

    def all(self) -> Sequence[RuleSet]:
        """Return every version of every set, by name, the newest first."""
        with self.world.storage.reading() as unit:
            return sorted(unit.shelf(RuleSet).all(), key=lambda one: (one.name, -one.version))

    def show(self, id: str) -> RuleSet:
        """Return one version; without a version, the one in force, else the newest. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return _get(unit, id)

    def _put(self, name: str, text: str, status: SetStatus, *, by: str, where: str | None) -> RuleSet:
        ids.name(name, "a set of rules")
        check_text(text)
        with self.world.storage.unit() as unit:
            self._require(unit, status, by)
            rules, findings = check_rules(text, catalogue_of(unit))
            refuse(where or name, findings)
            known = unit.shelf(RuleSet).all(name=name)
            if any(one.status is status and one.text == text for one in known):
                raise ConflictError(
                    f"exactly this text of `{name}` is {status.value} already; there is nothing to do"
                )
            version, now = max((one.version for one in known), default=0) + 1, self.world.clock.now()
            new = RuleSet(
                id=f"{name}@{version}",
                name=name,
                version=version,
                status=status,
                text=text,
                digest=digest({"schema": "ephor/rule-set/1", "text": text}),
                by=by,
                at=now,
                changed_by=by,
                changed_at=now,
            )
            replaced = self._step_aside(unit, name, status, by)
            unit.shelf(RuleSet).add(new)
            self._record(unit, new, by, len(rules), replaced)
        return new

    def _moved(self, one: RuleSet, status: SetStatus, by: str) -> RuleSet:
        return dataclasses.replace(one, status=status, changed_by=by, changed_at=self.world.clock.now())

    def _step_aside(self, unit: Unit, name: str, status: SetStatus, by: str) -> str | None:
        """Mark the version that has this status now as replaced; return its id."""
        for old in unit.shelf(RuleSet).all(name=name, status=status.value):
            unit.shelf(RuleSet).replace(old, self._moved(old, SetStatus.REPLACED, by))
            return old.id
        return None

    def _require(self, unit: Unit, status: SetStatus, by: str) -> None:
        needed = PlanePermission.RULES_SHADOW if status is SetStatus.SHADOW else PlanePermission.RULES
        require(unit.shelf(Person).find(by), needed, who=by)

    def _record(self, unit: Unit, one: RuleSet, by: str, rules: int | None, before: str | None) -> None:
        facts: dict[str, Json] = {"digest": one.digest}
        if rules is not None:
            facts["rules"] = rules
        if before is not None:
            facts["before"] = before
        unit.append(
            Event(
                kind=_EVENTS[one.status],
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"rules:{one.id}",
                policy_digest=one.digest,
                metadata=facts,
            )
        )


def check_text(text: str) -> None:
    """Check that a file of rules shows what it says.

    Raises:
        InvalidInputError: a character in it hides or reorders what is there.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if mark := hidden(line, keep="\t"):
            raise InvalidInputError(f"line {number} holds the control character {mark}; remove it")


def _get(unit: Unit, id: str) -> RuleSet:
    if "@" in id:
        found = unit.shelf(RuleSet).find(id)
    else:
        versions = sorted(unit.shelf(RuleSet).all(name=id), key=lambda one: -one.version)
        found = next(
            (one for one in versions if one.status is SetStatus.ACTIVE), versions[0] if versions else None
        )
    if found is None:
        raise NotFoundError(f"there are no rules `{id}`; see `ephor policies rules`", rules=id)
    return found
