"""Which question to ask a person next: only facts that can still change the answer, in the order worth asking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from ephor.rooms.regulation.classification import Category
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.condition import AllOf, AnyOf, Claimed, Condition, In, Known, Not, Only
from ephor.rooms.regulation.facts import FactType
from ephor.rooms.regulation.pack import Pack


def next_question(
    pack: Pack,
    stated: Mapping[str, object],
    on: date,
    *,
    passed_over: Collection[str] = (),
    role: str | None = None,
) -> FactType | None:
    """Return the next fact worth asking for, without those somebody could not answer; None when nothing more matters.

    First what keeps the answer open. Once it is settled, the exceptions to whatever holds: nobody invokes one unasked.

    Raises:
        InvalidInputError: what was stated so far is no fact, or no word, of the pack.
    """
    found = classify(pack, stated, on, role=role)
    for name in found.missing_facts:
        if name not in passed_over:
            return pack.vocabulary[name]
    if found.category is Category.NEEDS_REVIEW:
        return None
    holds = {one.id for one in found.elements if one.holds}
    for element in pack.elements:
        if element.id in holds:
            for escape in element.escapes:
                for name in facts_in(escape.when):
                    if pack.vocabulary[name].claim and name not in stated and name not in passed_over:
                        return pack.vocabulary[name]
    return None


def facts_in(condition: Condition) -> Iterator[str]:
    """Return the facts that a condition compares, in its order; one may come more than once."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from facts_in(part)
        case Not(part) | Claimed(part):
            yield from facts_in(part)
        case In(fact, _) | Only(fact, _) | Known(fact):
            yield fact
