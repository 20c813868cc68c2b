"""Use cases: what the policies in force say, and the organisation's own versions of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ephor.engine.overriding import in_force
from ephor.engine.ports import Unit, World
from ephor.kernel.errors import NotFoundError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.wording import worded
from ephor.rooms.policies.governance import GovernancePolicy, policy_digest, policy_of
from ephor.rooms.policies.overrides import (
    OverrideStatus,
    PolicyOverride,
    decide_override,
    plain_override,
    propose,
    read_policy,
)

_EVENTS = {
    OverrideStatus.PROPOSED: "policy.override-proposed/1",
    OverrideStatus.IN_FORCE: "policy.override-set/1",
    OverrideStatus.REFUSED: "policy.override-refused/1",
}


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy and the digest that approvals bind to."""

    policy: GovernancePolicy
    digest: str


@dataclass(frozen=True, slots=True)
class Policies:
    """The governance policies: the guide's, or with a world those of its plane."""

    policies: Mapping[UseCase, GovernancePolicy]
    world: World | None = None

    def all(self) -> Sequence[PolicyInForce]:
        """Return the policy of every use case, in the guide's order."""
        return [self.show(case) for case in UseCase]

    def show(self, use_case: UseCase) -> PolicyInForce:
        """Return the policy of one use case.

        Raises:
            NotFoundError: it has none.
        """
        held = self.policies
        if self.world is not None:
            with self.world.storage.reading() as unit:
                held = in_force(unit, held)
        policy = policy_of(held, use_case)
        return PolicyInForce(policy, policy_digest(policy))


@dataclass(frozen=True, slots=True)
class Overrides:
    """The organisation's own policies. Every version is kept; what gets looser takes a signature of executive oversight."""

    world: World
    policies: Mapping[UseCase, GovernancePolicy]

    def override(self, raw: Mapping[str, Any], *, by: str, reason: str = "") -> PolicyOverride:
        """Lay down a policy for one use case. What is nowhere looser than what is in force holds at once.

        Anything looser is proposed, and changes nothing until executive oversight signs it. Approvals under another
        policy hold no longer from the moment a new one is in force.

        Raises:
            InvalidInputError: the file cannot be read as a policy.
            NotPermittedError: *by* may not.
            ConflictError: it is what is in force.
        """
        policy = read_policy(raw, self.policies)
        because = worded(reason, "reason") if reason.strip() else ""
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.POLICIES, who=by)
            now = policy_of(in_force(unit, self.policies), policy.use_case)
            versions = unit.shelf(PolicyOverride).all(use_case=policy.use_case.value)
            made = propose(
                policy, now, version=1 + max((one.version for one in versions), default=0), by=by,
                reason=because, at=self.world.clock.now(),
            )  # fmt: skip
            gone = {OverrideStatus.PROPOSED} | ({OverrideStatus.IN_FORCE} if not made.looser else set())
            self._step_aside(unit, versions, gone)
            unit.shelf(PolicyOverride).add(made)
            self._record(unit, made, by)
        return made

    def sign(self, id: str, *, by: str) -> PolicyOverride:
        """Put a proposed version in force, by the word of executive oversight.

        Raises:
            NotFoundError: there is no such version.
            NotPermittedError: *by* is no executive, or asked for it.
            ConflictError: it awaits no signature, or what it was compared with has changed.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.REVIEW_EXECUTIVE, who=by)
            old = _get(unit, id)
            now = policy_of(in_force(unit, self.policies), old.use_case)
            signed = decide_override(old, now, sign=True, by=by, at=self.world.clock.now())
            versions = unit.shelf(PolicyOverride).all(use_case=old.use_case.value)
            self._step_aside(unit, versions, {OverrideStatus.IN_FORCE})
            unit.shelf(PolicyOverride).replace(old, signed)
            self._record(unit, signed, by)
        return signed

    def refuse(self, id: str, reason: str, *, by: str) -> PolicyOverride:
        """Refuse a proposed version; whoever asked for it may take it back in the same way.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such version.
            NotPermittedError: *by* is no executive, and did not ask for it.
            ConflictError: it awaits no signature.
        """
        because = worded(reason, "reason")
        with self.world.storage.unit() as unit:
            old = _get(unit, id)
            needed = PlanePermission.POLICIES if old.requested_by == by else PlanePermission.REVIEW_EXECUTIVE
            require(unit.shelf(Person).find(by), needed, who=by)
            now = policy_of(in_force(unit, self.policies), old.use_case)
            refused = decide_override(old, now, sign=False, by=by, at=self.world.clock.now())
            refused = dataclasses.replace(refused, reason=because)
            unit.shelf(PolicyOverride).replace(old, refused)
            self._record(unit, refused, by)
        return refused

    def all(self, use_case: UseCase | None = None) -> Sequence[PolicyOverride]:
        """Return every version, by use case and from the first to the newest."""
        with self.world.storage.reading() as unit:
            where = {"use_case": use_case.value} if use_case else {}
            found = unit.shelf(PolicyOverride).all(**where)
        order = list(UseCase)
        return sorted(found, key=lambda one: (order.index(one.use_case), one.version))

    def _step_aside(
        self, unit: Unit, versions: Sequence[PolicyOverride], statuses: set[OverrideStatus]
    ) -> None:
        for one in versions:
            if one.status in statuses:
                unit.shelf(PolicyOverride).replace(
                    one, dataclasses.replace(one, status=OverrideStatus.REPLACED)
                )

    def _record(self, unit: Unit, one: PolicyOverride, by: str) -> None:
        unit.append(
            Event(
                kind=_EVENTS[one.status],
                at=self.world.clock.now(),
                actor=f"person:{by}",
                approver=f"person:{by}" if one.decided_by else None,
                resource=f"policy:{one.id}",
                policy_digest=one.digest,
                metadata={**plain_override(one), "requested_by": one.requested_by},
            )
        )


def _get(unit: Unit, id: str) -> PolicyOverride:
    if (found := unit.shelf(PolicyOverride).find(id)) is None:
        raise NotFoundError(
            f"there is no version `{id[:80]}` of a policy; see `ephor policies overrides`", id=id
        )
    return found
