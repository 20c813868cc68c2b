"""What subject requests do in data stores: put the questions, hand out, correct, delete, and ask again afterwards."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import msgspec
import orjson

from ephor.engine.epochs import payload_of
from ephor.engine.ports import Unit, World
from ephor.engine.ports_data import DataStore, Hands
from ephor.kernel.canonical import digest
from ephor.kernel.errors import ConflictError, InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.datamap import DataMap, Name, parse_map
from ephor.rooms.dsr.investigate import Investigation, held_collections, investigate, ledger_fate, minimums_of
from ephor.rooms.dsr.masking import masked
from ephor.rooms.dsr.opening import by_collection
from ephor.rooms.dsr.plan import Batch, ByHand, DataPlan, Tombstone, make_plan
from ephor.rooms.dsr.request import ENDED, Request, RequestStatus
from ephor.rooms.dsr.review import settled
from ephor.rooms.dsr.rights import Fulfilment, fulfilment_of
from ephor.rooms.dsr.store import (
    Ask,
    Find,
    Key,
    Tally,
    Value,
    check_changeable,
    check_masks,
    check_settable,
    elements,
    fit,
)
from ephor.rooms.retention.hold import Hold

Stores = Mapping[str, DataStore]
"""Data stores by dataset."""
T = TypeVar("T")


def event_of(world: World, kind: str, request: Request, by: str, **facts: Any) -> Event:
    """Return the event that the person *by* did something for *request*."""
    return Event(
        kind,
        world.clock.now(),
        f"person:{by}",
        resource=f"request:{request.id}",
        subject=request.subject,
        **facts,
    )


def record(unit: Unit, before: Request, after: Request, event: Event) -> str:
    """Put a changed request in its place with the event that says so; return the entry's id."""
    unit.shelf(Request).replace(before, after)
    return unit.append(event)


def receive(world: World, asked: Sequence[tuple[Request, Mapping[str, object]]]) -> tuple[Request, ...]:
    """Record requests that arrived together, all or none, with what each was opened with sealed under its subject's key."""
    received = []
    with world.storage.unit() as unit:
        for request, content in asked:
            by = request.opened_by
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            facts = {"law": request.law.value, "right": request.right.value, "due": request.due.isoformat()}
            event = Event(
                "dsr.received/1",
                request.received_at,
                f"person:{by}",
                resource=f"request:{request.id}",
                subject=request.subject,
                metadata=dict(facts),
            )
            listed = unit.shelf(Request).all(subject=request.subject)
            same = (one for one in listed if one.status not in ENDED)
            first = next((one.id for one in same if (one.law, one.right) == (request.law, request.right)), "")
            new = replace(request, entry=unit.append(event, orjson.dumps(content)), duplicate_of=first)
            unit.shelf(Request).add(new)
            received.append(new)
    return tuple(received)


def sealed(world: World, request: Request) -> Mapping[str, Mapping[str, Any]]:
    """Return the identities and corrections that came with a request.

    Raises:
        ConflictError: they were erased with their subject.
    """
    payload = payload_of(world, request.entry)
    if payload is None:
        raise ConflictError(
            f"what `{request.id}` was opened with was erased with its subject; open a new request"
        )
    content: Mapping[str, Mapping[str, Any]] = orjson.loads(payload)
    return content


def look_into(
    world: World,
    request: Request,
    given: Mapping[str, object],
    stores: Stores,
    *,
    by: str,
    release_shared: bool,
) -> tuple[DataPlan, Investigation]:
    """Return what is in the stores for a request, and the plan it comes to today.

    Raises:
        InvalidInputError: map and stores do not fit each other, or the request.
        ConflictError: the identifiers are gone.
    """
    data_map, now, content = parse_map(given), world.clock.now(), sealed(world, request)
    way = fulfilment_of(request.right)
    by_hand = [
        ByHand(name, store.person)
        for name, store in sorted(stores.items())
        if isinstance(store, Hands) and name in data_map.datasets
    ]
    searched = data_map.without({one.dataset for one in by_hand})
    shapes = fit(searched, {dataset: store.tables() for dataset, store in stores.items()})
    with world.storage.reading() as unit:
        holds = unit.shelf(Hold).all()
        for one in by_hand:
            unit.shelf(Person).get(one.person)
    whole, on = [one for one in holds if one.days is None], now.date()
    held = held_collections(data_map, whole, on=on, subject=request.subject)
    names = [str(one.name) for one in searched.collections]
    wanted = by_collection(content["corrections"], names)
    corrections = {name: tuple(values) for name, values in wanted.items()}
    check_settable(shapes, corrections)
    if way is Fulfilment.CORRECT:
        check_changeable(shapes, [one for one in shapes.mapped if str(one) in corrections])
    if way is Fulfilment.ERASE:
        check_changeable(shapes, shapes.mapped)
        check_masks(shapes)
    members = _together(world, request)
    others = tuple(members.values())
    minimums = minimums_of(searched, holds, on=on, subject=request.subject) if way is Fulfilment.ERASE else {}
    settle = partial(settled, reviews=request.reviews, fingerprint=partial(fingerprint_of, world, request.id))
    asking = investigate(searched, shapes, content["identities"], way, held, others, settle, minimums)
    found = drive(asking, stores)
    plan = make_plan(
        request.id,
        way,
        data_map,
        found.verdicts,
        map_digest=map_digest(data_map),
        unreachable=found.unreachable,
        unmapped=shapes.unmapped,
        corrections=corrections,
        release_shared=release_shared,
        ledger=ledger_fate(way, holds, on=on, subject=request.subject),
        made_at=now,
        made_by=by,
        by_hand=by_hand,
        household=tuple(members),
    )
    return plan, found


def _together(world: World, request: Request) -> Mapping[str, Mapping[str, str]]:
    """Return what the others of a household are found by, of those who were verified and whose key still is."""
    if not request.household:
        return {}
    with world.storage.reading() as unit:
        listed = unit.shelf(Request).all()
    members = {}
    for one in listed:
        same = one.household == request.household and one.id != request.id and one.right is request.right
        if same and one.verified_at is not None and one.status is not RequestStatus.REFUSED:
            payload = payload_of(world, one.entry)
            if payload is not None:
                members[one.id] = orjson.loads(payload)["identities"]
    return members


def fingerprint_of(world: World, request: str, collection: str, key: Key) -> str:
    """Return what a shared row is called in a review: nobody can tell its key from it, nor the row in another request."""
    return world.pseudonyms.fingerprint(orjson.dumps([request, collection, key])).rpartition(":")[2][:32]


def tombstones(world: World, request: str, batches: Sequence[Batch]) -> tuple[Tombstone, ...]:
    """Return what tells erased rows again when a backup brings them back, and nobody whose they were."""
    return tuple(
        Tombstone(
            one.collection,
            one.key,
            tuple(fingerprint_of(world, request, one.collection, key) for key in one.rows),
            one.fields,
            one.values,
        )
        for one in batches
    )


def map_digest(data_map: DataMap) -> str:
    """Return the digest of what a data map says; how its file is written does not matter."""
    return digest(repr(data_map))


def overwriting(
    world: World, request: Request, found: Investigation, batches: Sequence[Batch]
) -> tuple[Batch, ...]:
    """Return the batches with what is written into rows that stay: worked out once, so that a run carries it through."""
    made = []
    for batch in batches:
        name = name_of(batch)
        masks = found.shapes.mapped[name].collection.masks
        fields = tuple(sorted(masks))
        values = tuple(
            tuple(
                masked(
                    masks[field],
                    found.found[name][key][field],
                    f"{request.id}:{batch.collection}:{field}:{key}",
                    world.pseudonyms.fingerprint,
                )
                for field in fields
            )
            for key in (batch.rows if fields else ())
        )
        made.append(replace(batch, fields=fields, values=values))
    return tuple(made)


def drive(asking: Generator[Ask, Any, T], stores: Stores) -> T:
    """Put every question of *asking* to its store, a count that is asked for twice once, and return what it comes to."""
    answer: object = None
    counted: dict[Tally, Mapping[Key, int]] = {}
    while True:
        try:
            ask = asking.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        store = stores[ask.name.dataset]
        if isinstance(ask, Find):
            answer = store.find(ask)
        else:
            answer = counted[ask] if ask in counted else counted.setdefault(ask, store.tally(ask))


def check_present(batches: Sequence[Batch], stores: Stores) -> None:
    """Check that every row can be found again by its key, before the first one is touched.

    A key that does not survive the way through JSON would make a deletion, and its proof, pass over the row.

    Raises:
        ConflictError: a row cannot be found again.
    """
    for batch in batches:
        if (there := _count(batch, stores)) != len(batch.rows):
            raise ConflictError(
                f"{len(batch.rows)} rows of `{batch.collection}` were found and {there} can be found again by "
                f"`{', '.join(batch.key)}`; plan again, with a primary key that tells the rows apart"
            )


def erase(batch: Batch, stores: Stores) -> int:
    """Delete the rows of one collection, or overwrite them; those gone already do not matter. Return how many there were."""
    name = name_of(batch)
    store = stores[name.dataset]
    if not batch.fields:
        return store.delete(name.collection, batch.key, batch.rows)
    alike: dict[Key, list[Key]] = {}
    for key, values in zip(batch.rows, batch.values, strict=True):
        alike.setdefault(values, []).append(key)
    return sum(
        store.update(name.collection, batch.key, rows, dict(zip(batch.fields, values, strict=True)))
        for values, rows in alike.items()
    )


def correct(batch: Batch, stores: Stores, values: Mapping[str, Value]) -> int:
    """Set *values* in the rows of one collection. Return how many there were."""
    name = name_of(batch)
    return stores[name.dataset].update(name.collection, batch.key, batch.rows, values)


def prove_gone(batches: Sequence[Batch], stores: Stores) -> tuple[str, ...]:
    """Remove what deleting left in the files, ask the stores again, and return what they said.

    Raises:
        VerificationError: a row is still there.
    """
    touched: dict[str, list[str]] = {}
    for batch in batches:
        touched.setdefault(name_of(batch).dataset, []).append(name_of(batch).collection)
    said = [f"{dataset}: {stores[dataset].scrub(tables)}" for dataset, tables in touched.items()]
    for batch in batches:
        if batch.fields:
            said.append(_overwritten(batch, stores))
            continue
        if left := _count(batch, stores):
            raise VerificationError(
                f"{left} rows of `{batch.collection}` are there after they were deleted; something wrote them again"
            )
        said.append(f"{batch.collection}: {len(batch.rows)} rows asked for by key, 0 left")
    return tuple(said)


def _overwritten(batch: Batch, stores: Stores) -> str:
    """Return that the rows hold what was written, as the store says it. Raises VerificationError."""
    seen = tuple(seen_again(batch, stores))
    if other := [field for _, field in seen if field]:
        raise VerificationError(
            f"`{batch.collection}.{other[0]}` of a row does not hold what was written; something wrote it again"
        )
    return f"{batch.collection}: {len(seen)} rows asked for by key, {', '.join(batch.fields)} overwritten in each"


def seen_again(batch: Batch, stores: Stores) -> Iterator[tuple[Key, str]]:
    """Yield the rows of an overwritten batch that are there, each with a field that holds something else than what was written."""
    name = name_of(batch)
    wanted = dict(zip(batch.rows, batch.values, strict=True))
    first = tuple(dict.fromkeys(key[0] for key in batch.rows))
    for row in stores[name.dataset].find(Find(name, (*batch.key, *batch.fields), batch.key[0], first)):
        key = tuple(row[column] for column in batch.key)
        if key in wanted:
            pairs = zip(batch.fields, wanted[key], strict=True)
            yield (
                key,
                next(
                    (field for field, value in pairs if not _holds(row[field], value, inside="." in field)),
                    "",
                ),
            )


def _holds(held: Value, value: Value, *, inside: bool) -> bool:
    """Tell whether a field holds what was written, in every element of a list; where there is no such place, nothing could be."""
    if held is None and inside:
        return True
    return all(one == value or str(one or "") == str(value or "") for one in elements(held))


def name_of(batch: Batch) -> Name:
    """Return the collection a batch belongs to."""
    dataset, _, collection = batch.collection.partition(".")
    return Name(dataset, collection)


def pack(batches: Sequence[Batch]) -> bytes:
    """Return the list of rows as the payload that is sealed while they are worked on."""
    return orjson.dumps(
        [
            {"collection": one.collection, "key": one.key, "rows": one.rows}
            | ({"fields": one.fields, "values": one.values} if one.fields else {})
            for one in batches
        ]
    )


def unpack(payload: bytes) -> tuple[Batch, ...]:
    """Return the list of rows that `pack` wrote."""
    return tuple(
        Batch(
            one["collection"],
            tuple(one["key"]),
            tuple(tuple(row) for row in one["rows"]),
            tuple(one.get("fields", ())),
            tuple(tuple(row) for row in one.get("values", ())),
        )
        for one in orjson.loads(payload)
    )


def check_stores(batches: Sequence[Batch], stores: Stores) -> None:
    """Check that the store of every batch is given. Raises InvalidInputError."""
    for batch in batches:
        if name_of(batch).dataset not in stores:
            raise InvalidInputError(f"no store is given for dataset `{name_of(batch).dataset}`; add one")


def document(content: Mapping[str, object]) -> bytes:
    """Return a package as indented JSON with keys in order; machine-readable as GDPR Art. 20(1) asks."""
    return (
        orjson.dumps(
            msgspec.to_builtins(content, str_keys=True), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        )
        + b"\n"
    )


def _count(batch: Batch, stores: Stores) -> int:
    name = name_of(batch)
    rows: tuple[Key, ...] = batch.rows
    return sum(stores[name.dataset].tally(Tally(name, batch.key, rows)).values())
