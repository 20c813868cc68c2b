"""One pass over the stores: what was found of a person, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import DataMap, Name
from ephor.rooms.dsr.judge import Kept, Minimum, Stay, Verdict, erasure_order, judge_erasure, judge_sharing
from ephor.rooms.dsr.plan import Batch, DataPlan, given_fields
from ephor.rooms.dsr.rights import Fulfilment
from ephor.rooms.dsr.route import plan_route
from ephor.rooms.dsr.store import Ask, Key, Row, Shapes, Value
from ephor.rooms.dsr.survey import Found, Survey, survey
from ephor.rooms.retention.hold import Hold, covering, keeps

Settle: TypeAlias = Callable[[Mapping[Name, Verdict]], Mapping[Name, Verdict]]
LEDGER = "ephor.ledger"
"""The collection that a legal hold names to keep a subject's sealed payloads."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """The rows found and the verdict on them, collections in the order in which they would be worked on."""

    shapes: Shapes
    found: Found
    verdicts: tuple[Verdict, ...]
    unreachable: tuple[str, ...]

    def batches(self) -> tuple[Batch, ...]:
        """Return the rows to act on, collection by collection."""
        return tuple(
            Batch(str(one.collection.name), self.shapes.mapped[one.collection.name].key, one.act)
            for one in self.verdicts
            if one.act
        )


def investigate(
    data_map: DataMap,
    shapes: Shapes,
    identities: Mapping[str, str],
    fulfilment: Fulfilment,
    held: Mapping[Name, str],
    others: Sequence[Mapping[str, str]] = (),
    settle: Settle | None = None,
    minimums: Mapping[Name, Sequence[Minimum]] = MappingProxyType({}),
) -> Generator[Ask, Any, Investigation]:
    """Return what is found of the person, and what may be done with each row for this kind of fulfilment.

    *others* are people who ask together with this one and were verified: a row that is only theirs besides is not
    another's. What only they have is not looked at here; it is in their own requests. *settle* puts in what a person
    decided about shared rows. *held* and *minimums* keep from erasure: whole collections, and rows that are not old enough.

    Raises:
        InvalidInputError: the map carries none of these identities.
    """
    route = plan_route(data_map, identities, shapes.ties)
    seen = yield from survey(route, shapes, identities)
    verdicts = yield from judge_sharing(route, shapes, seen, (identities,))
    if others:
        verdicts = yield from _judge_together(data_map, shapes, (identities, *others), seen)
    if settle is not None:
        verdicts = settle(verdicts)
    order = route.reached
    if fulfilment is Fulfilment.ERASE:
        verdicts = yield from judge_erasure(shapes, seen.rows, verdicts, held, minimums)
        order = erasure_order(shapes, route.reached)
    return Investigation(
        shapes,
        seen.rows,
        tuple(verdicts[name] for name in order),
        tuple(str(name) for name in route.unreachable),
    )


def _judge_together(
    data_map: DataMap, shapes: Shapes, people: Sequence[Mapping[str, str]], own: Survey
) -> Generator[Ask, Any, Mapping[Name, Verdict]]:
    """Return which of the first person's rows are these people's alone, found by looking for all of them."""
    known = {field.identity for one in data_map.collections for field in one.fields}
    together: dict[Name, dict[Key, Row]] = {}
    climbed: set[tuple[Name, Key]] = set()
    entered: set[tuple[Name, Key]] = set()
    for identities in people:
        mine = {kind: value for kind, value in identities.items() if kind in known}
        seen = yield from survey(plan_route(data_map, mine, shapes.ties), shapes, mine)
        for name, rows in seen.rows.items():
            together.setdefault(name, {}).update(rows)
            entered |= {(name, key) for key in rows if (name, key) not in seen.climbed}
        climbed |= seen.climbed
    kinds = {kind for one in people for kind in one if kind in known}
    route = plan_route(data_map, kinds, shapes.ties)
    rows_of = {name: together.get(name, {}) for name in route.reached}
    verdicts = yield from judge_sharing(route, shapes, Survey(rows_of, frozenset(climbed - entered)), people)
    return {name: _only(verdicts[name], own.rows[name]) for name in own.rows}


def _only(verdict: Verdict, rows: Mapping[Key, Row]) -> Verdict:
    kept = (
        Kept(one.reason, one.because, tuple(key for key in one.keys if key in rows)) for one in verdict.kept
    )
    act = tuple(key for key in rows if key in frozenset(verdict.act))
    return Verdict(verdict.collection, act, tuple(one for one in kept if one.keys))


def held_collections(
    data_map: DataMap, holds: Iterable[Hold], *, on: date, subject: str
) -> Mapping[Name, str]:
    """Return the collections under a legal hold that day, each with the ids of its holds."""
    listed = tuple(holds)
    held = {}
    for one in data_map.collections:
        found = covering(listed, on=on, collection=str(one.name), categories=one.categories, subject=subject)
        if found:
            held[one.name] = ", ".join(hold.id for hold in found)
    return held


def minimums_of(
    data_map: DataMap, holds: Iterable[Hold], *, on: date, subject: str
) -> Mapping[Name, tuple[Minimum, ...]]:
    """Return the duties to keep each row of a collection for some time.

    Raises:
        InvalidInputError: the map does not have the field that a duty counts from.
    """
    listed, found = tuple(one for one in holds if one.days is not None), {}
    for one in data_map.collections:
        name, duties = str(one.name), list[Minimum]()
        for hold in covering(listed, on=on, collection=name, categories=(), subject=subject):
            if one.field(hold.since) is None:
                raise InvalidInputError(
                    f"`{hold.id}` ({hold.matter}) keeps rows of `{name}` for {hold.days} days from `{hold.since[:80]}`, and the data map "
                    "has no such field; add it there"
                )
            duties.append((hold.id, partial(_keeps, hold, on)))
        if duties:
            found[one.name] = tuple(duties)
    return found


def _keeps(hold: Hold, on: date, row: Row) -> bool:
    return keeps(hold, row[hold.since], on)


def ledger_fate(fulfilment: Fulfilment, holds: Iterable[Hold], *, on: date, subject: str) -> str:
    """Return what becomes of the subject's sealed payloads in the ledger, as a plan states it."""
    if fulfilment is not Fulfilment.ERASE:
        return "untouched"
    found = covering(holds, on=on, collection=LEDGER, categories=(), subject=subject)
    return "held: " + ", ".join(hold.id for hold in found) if found else "destroyed"


def collected(found: Investigation, plan: DataPlan) -> Mapping[str, list[dict[str, Value]]]:
    """Return the rows that a package gives out, cut to the fields that the plan names.

    Rows that are another person's too are given only if the approved plan releases them (GDPR Art. 15(4), 20(4)).
    """
    given: dict[str, list[dict[str, Value]]] = {}
    for verdict in found.verdicts:
        released = [
            key
            for kept in verdict.kept
            if kept.reason is Stay.NOT_PERSONAL or (kept.reason is Stay.SHARED and plan.release_shared)
            for key in kept.keys
        ]
        fields = given_fields(verdict, plan.fulfilment, {})
        keys = {*verdict.act, *released}
        rows = [row for key, row in found.found[verdict.collection.name].items() if key in keys]
        if fields and rows:
            given[str(verdict.collection.name)] = [{name: row[name] for name in fields} for row in rows]
    return given
