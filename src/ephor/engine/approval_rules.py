"""Use cases: the rules by which people answer questions about calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ephor.engine.cataloguing import names_of
from ephor.engine.ports import World
from ephor.kernel.canonical import Json
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.approvals.rule import (
    DEFAULT,
    PATIENCE,
    ApprovalRule,
    read_rule,
    rule_digest,
    rule_for,
    unanswerable,
)
from ephor.rooms.decisions.unmatched import of_question


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Who approves which calls, how many of them, how soon, and who is next. A changed rule voids the answers under it."""

    world: World

    def set(
        self,
        *,
        by: str,
        agent: str | None = None,
        tool: str | None = None,
        approvers: Sequence[str] = (),
        quorum: int = 1,
        patience: timedelta = PATIENCE,
        escalation: Iterable[tuple[timedelta, Sequence[str]]] = (),
    ) -> ApprovalRule:
        """Set the rule for an agent's tool, a tool, an agent, or everything that has no rule of its own.

        Raises:
            InvalidInputError: a rule that cannot be kept.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.APPROVAL_RULES, who=by)
            rule = read_rule(
                agent=agent,
                tool=tool,
                approvers=approvers,
                quorum=quorum,
                patience=patience,
                escalation=escalation,
            )
            old = unit.shelf(ApprovalRule).find(rule.id)
            if old is None:
                unit.shelf(ApprovalRule).add(rule)
            else:
                unit.shelf(ApprovalRule).replace(old, rule)
            unit.append(self._event("approval-rule.set/1", rule, person.id))
        return rule

    def warnings(
        self, rule: ApprovalRule, *, agent: str | None = None, tool: str | None = None
    ) -> tuple[str, ...]:
        """Return what a rule for these names and nobody knows yet, and where too few people are there to answer by it."""
        with self.world.storage.reading() as unit:
            unknown = of_question(agent, tool, names_of(unit, self.world.clock.now()))
            people = [set(one.roles) for one in unit.shelf(Person).all()]
        return (*unknown, *unanswerable(rule, people))

    def remove(self, *, by: str, agent: str | None = None, tool: str | None = None) -> ApprovalRule:
        """Remove the rule for exactly these; the next wider one holds again.

        Raises:
            NotFoundError: there is none for exactly these.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.APPROVAL_RULES, who=by)
            rule = unit.shelf(ApprovalRule).get(read_rule(agent=agent, tool=tool).id)
            unit.shelf(ApprovalRule).remove(rule)
            unit.append(self._event("approval-rule.removed/1", rule, person.id))
        return rule

    def all(self) -> Sequence[ApprovalRule]:
        """Return every rule, and what holds where there is none."""
        with self.world.storage.reading() as unit:
            known = unit.shelf(ApprovalRule).all()
        return [*known, *([] if any(one.id == DEFAULT.id for one in known) else [DEFAULT])]

    def for_call(self, agent: str, tool: str) -> ApprovalRule:
        """Return the rule by which a call of this tool by this agent is answered."""
        with self.world.storage.reading() as unit:
            return rule_for(unit.shelf(ApprovalRule).find, agent, tool)

    def _event(self, kind: str, rule: ApprovalRule, by: str) -> Event:
        approvers: list[Json] = [role.value for role in rule.approvers]
        steps: list[Json] = [
            {"after": int(step.after.total_seconds()), "to": [role.value for role in step.to]}
            for step in rule.escalation
        ]
        return Event(
            kind=kind,
            at=self.world.clock.now(),
            actor=f"person:{by}",
            resource=f"approval-rule:{rule.id}",
            input_hash=rule_digest(rule),
            metadata={
                "approvers": approvers,
                "quorum": rule.quorum,
                "seconds": int(rule.patience.total_seconds()),
                "escalation": steps,
            },
        )
