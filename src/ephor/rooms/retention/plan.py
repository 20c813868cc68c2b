"""The retention policy that follows from the laws that apply, with its conflicts in the open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.retention.rule import (
    ARCHIVED,
    METHOD,
    RULES,
    DataCategory,
    DeletionMethod,
    RetentionLaw,
    Rule,
)


@unique
class PolicyStatus(StrEnum):
    """Whether data of a category can be disposed of by this policy."""

    SET = "set"
    CONFLICT = "conflict"
    """The longest minimum is longer than the shortest maximum: a person decides."""
    NOT_SET = "not_set"
    """No maximum is known: nothing may be deleted by time, and Art. 5(1)(e) asks for one to be set."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A minimum and a maximum that cannot both be kept."""

    minimum: Rule
    maximum: Rule
    proposal: str


@dataclass(frozen=True, slots=True)
class Policy:
    """How long one category stays: at least ``minimum_days``, at most ``maximum_days``, where known."""

    category: DataCategory
    status: PolicyStatus
    minimum_days: int | None
    maximum_days: int | None
    trigger: tuple[str, ...]
    basis: tuple[str, ...]
    method: DeletionMethod
    archive: bool
    conflicts: tuple[Conflict, ...]


@unique
class Disposal(StrEnum):
    """What is to be done with data of a given age."""

    KEEP = "keep"
    MAY_DELETE = "may_delete"
    MUST_DELETE = "must_delete"
    HELD = "held"
    UNDECIDED = "undecided"
    """The policy conflicts or is not set: a person decides."""


def plan(laws: Sequence[RetentionLaw], own: Sequence[Rule] = ()) -> tuple[Policy, ...]:
    """Return the policy of every category under *laws* and an organisation's *own* rules, in the guide's order.

    The longest minimum and the shortest maximum count. Where they exclude each other the policy is in conflict, and
    every pair that clashes is listed; neither wins.

    >>> [policy.status.value for policy in plan([RetentionLaw.GDPR, RetentionLaw.HIPAA]) if policy.conflicts]
    ['conflict']

    Raises:
        InvalidInputError: a rule of one's own says nothing, less than zero, or more at least than at most.
    """
    for rule in own:
        _check(rule)
    rules = [rule for rule in RULES if rule.source in laws] + list(own)
    return tuple(
        _policy(category, [rule for rule in rules if rule.category is category]) for category in DataCategory
    )


def dispose(policy: Policy, *, triggered: datetime, now: datetime, held: bool) -> Disposal:
    """Return what the policy says of data whose clock began at *triggered*; a legal hold beats every limit.

    >>> from datetime import UTC
    >>> logs = next(one for one in plan([RetentionLaw.GDPR]) if one.category is DataCategory.CONVERSATION_HISTORY)
    >>> old, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    >>> dispose(logs, triggered=old, now=now, held=False).value, dispose(logs, triggered=old, now=now, held=True).value
    ('must_delete', 'held')
    """
    if held:
        return Disposal.HELD
    if policy.status is PolicyStatus.CONFLICT:
        return Disposal.UNDECIDED
    age = now - triggered
    if policy.minimum_days is not None and age < timedelta(days=policy.minimum_days):
        return Disposal.KEEP
    if policy.maximum_days is None:
        return Disposal.UNDECIDED if policy.minimum_days is None else Disposal.MAY_DELETE
    if age >= timedelta(days=policy.maximum_days):
        return Disposal.MUST_DELETE
    return Disposal.MAY_DELETE if policy.minimum_days is not None else Disposal.KEEP


def _policy(category: DataCategory, rules: Sequence[Rule]) -> Policy:
    floors = [rule for rule in rules if rule.minimum_days is not None]
    ceilings = [rule for rule in rules if rule.maximum_days is not None]
    conflicts = tuple(
        _conflict(low, high)
        for low in floors
        for high in ceilings
        if (low.minimum_days or 0) > (high.maximum_days or 0)
    )
    status = PolicyStatus.SET if ceilings else PolicyStatus.NOT_SET
    if conflicts:
        status = PolicyStatus.CONFLICT
    return Policy(
        category=category,
        status=status,
        minimum_days=max((rule.minimum_days or 0 for rule in floors), default=None),
        maximum_days=min((rule.maximum_days or 0 for rule in ceilings), default=None),
        trigger=tuple(dict.fromkeys(rule.trigger for rule in rules)),
        basis=tuple(dict.fromkeys(f"{rule.source}: {rule.basis}" for rule in rules)),
        method=METHOD[category],
        archive=category in ARCHIVED,
        conflicts=conflicts,
    )


def _conflict(low: Rule, high: Rule) -> Conflict:
    return Conflict(
        low,
        high,
        f"{low.source} asks for at least {low.minimum_days} days ({low.basis}), {high.source} for at most {high.maximum_days} "
        f"({high.basis}); split the category: keep only what {low.source} covers for {low.minimum_days} days, restricted to that "
        f"purpose (GDPR Art. 17(3)(b)), and delete the rest after {high.maximum_days}; record who decided",
    )


def _check(rule: Rule) -> None:
    low, high = rule.minimum_days, rule.maximum_days
    if low is None and high is None:
        raise InvalidInputError(
            f"the rule of `{rule.source}` on {rule.category} names neither a minimum nor a maximum"
        )
    if (low is not None and low < 0) or (high is not None and high < 0):
        raise InvalidInputError(f"the rule of `{rule.source}` on {rule.category} names less than zero days")
    if low is not None and high is not None and low > high:
        raise InvalidInputError(
            f"the rule of `{rule.source}` on {rule.category} asks for at least {low} and at most {high} days"
        )
