"""Which obligations follow, for whom, and from which day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth
from ephor.rooms.regulation.classification import Category, Due, Owed
from ephor.rooms.regulation.condition import Finding, judge
from ephor.rooms.regulation.elements import reason
from ephor.rooms.regulation.facts import Facts, Value, state
from ephor.rooms.regulation.pack import Grace, Obligation, Pack, Penalty
from ephor.rooms.regulation.read_pack import CATEGORY, HOLDS

_OPEN = "?"
"""Among the elements that hold, one that no pack names: which others hold is not known."""


def owe(
    pack: Pack, facts: Mapping[str, object], on: date, *, complete: bool = False, role: str | None = None
) -> tuple[Owed, ...]:
    """Return the obligations of a pack that does not classify, in its own order; see `owed_by`.

    Raises:
        InvalidInputError: unknown facts or values, or a role the pack does not know.
    """
    return owed_by(pack, state(pack.vocabulary, facts, complete=complete), on, role=role)


def owed_by(
    pack: Pack, facts: Facts, on: date, *, role: str | None = None, since: date | None = None
) -> tuple[Owed, ...]:
    """Return what is owed, and what may be owed because a fact is unknown, in the pack's order.

    An obligation that follows the class begins on *since*. An obligation whose end has come is left out.

    Raises:
        InvalidInputError: a role the pack does not know.
    """
    return tuple(one for one in weigh(pack, facts, on, role=role, since=since) if one.owed is not False)


def weigh(
    pack: Pack, facts: Facts, on: date, *, role: str | None = None, since: date | None = None
) -> tuple[Owed, ...]:
    """Return every obligation of the pack: owed, not owed or not known, and why.

    Raises:
        InvalidInputError: a role the pack does not know.
    """
    _known_role(pack, role)
    held = None if role is None else _held(pack, facts, role)
    return tuple(_weighed(pack, law, facts, on, held, since) for law in pack.obligations)


def with_class(facts: Facts, category: Category, holds: tuple[str, ...]) -> Facts:
    """Return *facts* with the classification added, for obligations that follow from it."""
    derived: dict[str, Value] = {CATEGORY: category.value, HOLDS: holds}
    return Facts(facts.vocabulary, {**facts.stated, **derived}, facts.complete, facts.open)


def undecided(facts: Facts) -> Facts:
    """Return *facts* with the class open: its category unknown, and any element that does not hold yet may still."""
    holds = facts.stated.get(HOLDS)
    named = holds if isinstance(holds, tuple) else ()
    stated = {name: value for name, value in facts.stated.items() if name != CATEGORY}
    return Facts(
        facts.vocabulary, {**stated, HOLDS: (*named, _OPEN)}, facts.complete, facts.open | {CATEGORY}
    )


def reaches(pack: Pack, facts: Facts) -> Finding:
    """Return whether the law reaches the system at all; a pack that does not say reaches whatever it is asked about."""
    return Finding(True) if pack.reach is None else judge(pack.reach.when, facts)


def penalties(pack: Pack, facts: Facts) -> tuple[Penalty, ...]:
    """Return what a breach of what is owed can cost, in the pack's order."""
    return tuple(one for one in pack.penalties if judge(one.when, facts).truth is True)


def roles_of(pack: Pack) -> tuple[str, ...]:
    """Return the roles that the pack's obligations name, in alphabetical order."""
    return tuple(sorted({one for law in pack.obligations for one in law.roles}))


def _known_role(pack: Pack, role: str | None) -> None:
    roles = roles_of(pack)
    if role is not None and role not in roles:
        raise InvalidInputError(f"unknown role `{role[:60]}`; use one of: {', '.join(roles)}", role=role[:60])


def _held(pack: Pack, facts: Facts, role: str) -> frozenset[str]:
    """Return the roles somebody has who calls themselves *role* (AI Act, Article 25(1))."""
    become = (
        change.becomes
        for change in pack.role_changes
        if role in change.roles and judge(change.when, facts).truth is True
    )
    return frozenset({role, *become})


def _weighed(
    pack: Pack, law: Obligation, facts: Facts, on: date, held: frozenset[str] | None, since: date | None
) -> Owed:
    found = judge(law.when, facts)
    truth, because, begins = found.truth, _because(found, facts), law.in_force or since
    if held is not None and law.roles and not held & set(law.roles):
        truth, because = False, f"owed by {' or '.join(law.roles)}, not by {' or '.join(sorted(held))}"
    elif law.until is not None and on >= law.until:
        truth, because = False, f"it ended on {law.until.isoformat()}"
    grace = None
    for one, given in _graces(pack, law, facts) if truth is not False else ():
        told = f"{one.article}: {one.title}"
        if given and one.until is None:
            truth, because, grace = False, told, one.article
        elif given and one.until is not None and (begins is None or begins < one.until):
            begins, because, grace = one.until, told, one.article
        elif given is None and one.until is None:
            truth, because = None, f"{told}: {reason(judge(one.when, facts), facts)}"
    running = begins is not None and begins <= on
    return Owed(law, truth, begins, running, because, grace, tuple(_dues(law, since, on)))


def _because(found: Finding, facts: Facts) -> str:
    named = tuple(name for name in found.rests_on if name not in (CATEGORY, HOLDS))
    if found.truth is not None and not named and found.rests_on:
        said = facts.stated.get(CATEGORY)
        return f"the class is {said}" if found.truth else f"it does not follow from class {said}"
    return reason(Finding(found.truth, named, found.unknown), facts)


def _graces(pack: Pack, law: Obligation, facts: Facts) -> Iterator[tuple[Grace, Truth]]:
    for one in pack.graces:
        if law.id in one.obligations or (one.with_class and law.in_force is None):
            given = judge(one.when, facts).truth
            if given is not False:
                yield one, given


def _dues(law: Obligation, since: date | None, on: date) -> Iterator[Due]:
    for reading in law.readings:
        begins = reading.in_force or since
        yield Due(reading.says, begins, in_force=begins is not None and begins <= on)
