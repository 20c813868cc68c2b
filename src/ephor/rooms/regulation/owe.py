"""Which obligations follow, for whom, and from which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classification import Category, Owed
from ephor.rooms.regulation.condition import judge
from ephor.rooms.regulation.facts import Facts, Value, state
from ephor.rooms.regulation.pack import Obligation, Pack
from ephor.rooms.regulation.read_pack import CATEGORY, HOLDS


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
    roles = sorted({one for law in pack.obligations for one in law.roles})
    if role is not None and role not in roles:
        raise InvalidInputError(f"unknown role `{role[:60]}`; use one of: {', '.join(roles)}", role=role[:60])
    owed = []
    for law in pack.obligations:
        truth = judge(law.when, facts).truth
        begins = law.in_force or since
        if truth is False or not _for(law, role) or (law.until is not None and on >= law.until):
            continue
        owed.append(Owed(law, truth, begins, in_force=begins is not None and begins <= on))
    return tuple(owed)


def with_class(facts: Facts, category: Category, holds: tuple[str, ...]) -> Facts:
    """Return *facts* with the classification added, for obligations that follow from it."""
    derived: dict[str, Value] = {CATEGORY: category.value, HOLDS: holds}
    return Facts(facts.vocabulary, {**facts.stated, **derived}, facts.complete)


def _for(law: Obligation, role: str | None) -> bool:
    return role is None or not law.roles or role in law.roles
