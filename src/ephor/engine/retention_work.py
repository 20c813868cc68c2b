"""What a retention plan is made of: the rows past their time in each store, and whatever keeps some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ephor.engine.ports import World
from ephor.engine.ports_retention import RetentionStore, RetentionStores, Selection
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.consent.restriction import Restriction
from ephor.rooms.dsr.datamap import DataMap, Name, is_under
from ephor.rooms.retention.disposal import (
    Keeps,
    Line,
    RetentionDecision,
    Staying,
    conflict_id,
    cutoff,
    period,
    told,
)
from ephor.rooms.retention.hold import Hold, is_active
from ephor.rooms.retention.plan import plan as policies_under
from ephor.rooms.retention.schedule import Binding, PolicyEntry, Schedule

ASKED_FOR = "asked for"
"""The ground of a restriction that the person wants; data kept against an erasure goes when its time is over."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What keeps rows of one collection: holds over all of it, and people whose rows stay."""

    whole: str
    people: frozenset[str]


def name_of(collection: str) -> Name:
    """Return dataset and table of ``dataset.table``."""
    dataset, _, table = collection.partition(".")
    return Name(dataset, table)


def store_of(collection: str, stores: RetentionStores) -> RetentionStore:
    """Return the store of a collection. Raises InvalidInputError."""
    dataset = name_of(collection).dataset
    if dataset not in stores:
        raise InvalidInputError(f"no store is given for dataset `{dataset}`; add `--store {dataset}=URL`")
    return stores[dataset]


def fit_map(schedule: Schedule, data_map: DataMap | None) -> Mapping[str, tuple[str, ...]]:
    """Return the data categories of each collection; the data map's where there is one.

    Raises:
        InvalidInputError: the map lacks a collection or a column that the schedule names.
    """
    known: dict[str, tuple[str, ...]] = {}
    for policy in schedule.policies:
        for one in policy.collections:
            known[one.collection] = one.categories
            if data_map is not None:
                mapped = data_map.get(one.collection)
                named = [one.trigger, *(name for name, _ in (*one.only, *one.change))]
                named += [one.subject] if one.subject and "." not in one.subject else []
                if missing := [name for name in named if mapped.field(name) is None]:
                    raise InvalidInputError(f"the data map has no field `{one.collection}.{missing[0]}`")
                known[one.collection] = tuple(sorted({*mapped.categories, *one.categories}))
    return known


def standing(world: World, line: Line) -> Standing:
    """Return what keeps rows of a collection today. What cannot be told apart is kept as a whole.

    A minimum keeps the collection unless the line, too, counts from its field, and deletes nothing that is younger.
    """
    today, collection = world.clock.now().date(), line.collection
    subject, categories = line.binding.subject, line.binding.categories
    with world.storage.reading() as unit:
        active = [hold for hold in unit.shelf(Hold).all() if is_active(hold, today)]
        holds = [hold for hold in active if not _is_kept_to(line, hold)]
        restrictions = unit.shelf(Restriction).all()
    whole = [hold.id for hold in holds if any(_covers(part, collection, categories) for part in hold.scope)]
    people = {
        part.removeprefix("subject:") for hold in holds for part in hold.scope if part.startswith("subject:")
    }
    people |= {one.subject for one in restrictions if one.lifted_at is None and one.ground == ASKED_FOR}
    personal = not categories or any(is_under(one, "user") for one in categories)
    if people and personal and subject is None and not whole:
        whole = [f"{len(people)} people's data is held or restricted and no `subject` column is named"]
    return Standing(", ".join(sorted(whole)), frozenset(people))


def _is_kept_to(line: Line, hold: Hold) -> bool:
    counted = hold.days is not None and line.days is not None and line.binding.trigger == hold.since
    return counted and (line.days or 0) >= (hold.days or 0)


def _covers(part: str, collection: str, categories: Sequence[str]) -> bool:
    kind, _, value = part.partition(":")
    if kind == "category":  # a collection whose categories nobody stated may hold any
        return not categories or any(is_under(one, value) for one in categories)
    return kind == "everything" or (kind == "collection" and value == collection)


def spared(
    world: World, store: RetentionStore, selection: Selection, people: frozenset[str]
) -> frozenset[str]:
    """Return the subjects, as the column writes them, whose rows stay."""
    if not people:
        return frozenset()
    of = world.pseudonyms.of
    return frozenset(
        text
        for text in store.subjects(selection)
        if not people.isdisjoint({text, of(text), of(text.strip()), of(text.lower())})
    )


def select(line: Line, people: Iterable[str] = ()) -> Selection:
    """Return the rows that a line of a plan is about. Raises InvalidInputError where nothing decides its time."""
    if line.cutoff is None:
        raise InvalidInputError(f"nothing decides how long `{line.collection}` is kept")
    bound = line.binding
    return Selection(
        table=name_of(line.collection).collection,
        trigger=bound.trigger,
        unit=bound.unit,
        cutoff=line.cutoff,
        only=bound.only,
        subject=bound.subject,
        spared=frozenset(people),
        change=bound.change,
    )


def draft_lines(
    world: World,
    schedule: Schedule,
    stores: RetentionStores,
    categories: Mapping[str, tuple[str, ...]],
    as_of: date,
) -> tuple[Line, ...]:
    """Return the lines of a plan with nothing counted yet, rows that name others before those they name.

    Raises:
        InvalidInputError: a number outside of what its rules allow, or a store that lacks what is named.
    """
    with world.storage.reading() as unit:
        decided = {one.id: one for one in unit.shelf(RetentionDecision).all()}
    lines = [
        _draft(entry, bound, schedule, decided, categories[bound.collection], as_of)
        for entry in schedule.policies
        for bound in entry.collections
    ]
    return tuple(lines[place] for place in _order([line.collection for line in lines], stores))


def _draft(
    entry: PolicyEntry,
    bound: Binding,
    schedule: Schedule,
    decided: Mapping[str, RetentionDecision],
    categories: tuple[str, ...],
    as_of: date,
) -> Line:
    policy = next(one for one in policies_under(entry.laws, schedule.rules) if one.category is entry.category)
    word = decided.get(conflict_id(policy))
    days, why = period(entry, policy, word)
    return Line(
        collection=bound.collection,
        category=entry.category,
        purpose=entry.purpose,
        jurisdiction=entry.jurisdiction,
        basis=policy.basis,
        minimum_days=policy.minimum_days,
        maximum_days=policy.maximum_days,
        days=days,
        cutoff=None if days is None else cutoff(as_of, days),
        method=entry.method,
        archive=entry.archive,
        binding=replace(bound, categories=categories),
        due=0,
        act=0,
        stays=(Staying(Keeps.UNDECIDED, why, 0),) if days is None else (),
        proposal=told(entry, policy, word),
    )


def _order(collections: Sequence[str], stores: RetentionStores) -> list[int]:
    """Return the places of *collections* so that holders of foreign keys come before what they name."""
    shapes = {dataset: store.tables() for dataset, store in stores.items()}
    names = [name_of(one) for one in collections]
    for name in names:
        store_of(str(name), stores)
        if name.collection not in shapes[name.dataset]:
            raise InvalidInputError(f"the store of `{name.dataset}` has no table `{name.collection}`")

    def holds(one: Name, other: Name) -> bool:
        ties = shapes[one.dataset][one.collection].foreign_keys
        return (
            one.dataset == other.dataset
            and one != other
            and any(tie.target == other.collection for tie in ties)
        )

    order: list[int] = []
    rest = list(range(len(names)))
    while rest:
        free = (one for one in rest if not any(holds(names[other], names[one]) for other in rest))
        chosen = next(free, rest[0])
        rest.remove(chosen)
        order.append(chosen)
    return order
