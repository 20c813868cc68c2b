"""What may be done with each row that was found: whose else it is, what forbids its deletion, what hangs on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from collections.abc import Collection as Container
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any, TypeAlias

from ephor.rooms.dsr.datamap import Collection, Name
from ephor.rooms.dsr.route import Route
from ephor.rooms.dsr.store import Ask, ForeignKey, Key, Row, Shapes, Tally, Value, each
from ephor.rooms.dsr.survey import Found, Survey


@unique
class Stay(StrEnum):
    """Why a row is left as it is."""

    SHARED = "shared"
    """Another person's rows hang on it as well: a person has to look at it."""
    NOT_PERSONAL = "not_personal"
    """Shared or merely referred to, and nothing in it is about a person by the map: nothing to do."""
    HELD = "held"
    """A legal hold or a duty to keep: processing is restricted instead (GDPR Art. 17(3)(b), (e), 18)."""
    REFERENCED = "referenced"
    """Rows that stay, or that nobody looked at, name it by a foreign key."""


Minimum: TypeAlias = tuple[str, Callable[[Row], bool]]
"""A duty to keep each row of a collection for some time: its id, and whether it keeps a row."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one collection that stay, for one reason."""

    reason: Stay
    because: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to the rows found in one collection."""

    collection: Collection
    act: tuple[Key, ...]
    kept: tuple[Kept, ...]


def judge_sharing(
    route: Route, shapes: Shapes, survey: Survey, people: Sequence[Mapping[str, str]]
) -> Generator[Ask, Any, Mapping[Name, Verdict]]:
    """Return which rows are this person's alone.

    A row is shared when, along any reference of the map, it belongs with more rows than those found for this person:
    an address that another customer has too, a message whose recipient is somebody else, a document whose list of owners
    names another. So is a row with a list in which anybody stands who is none of these *people*.
    """
    found = survey.rows
    shared: dict[Name, dict[Key, str]] = {name: {} for name in route.reached}
    for name, key in sorted(survey.climbed, key=str):
        if not shapes.mapped[name].collection.is_personal:
            shared[name][key] = "whoever refers to it"  # a product in an order is the shop's
    for name, key, column in _crowds(shapes, found, people):
        shared[name].setdefault(key, f"others in {column}")
    for edge in dict.fromkeys(way for one in route.edges for way in (one, one.back)):
        name, other = edge.source, edge.target
        if name not in found or other not in found or not found[name]:
            continue
        values = _distinct(one for row in found[name].values() for one in _told_by(row, edge.source_fields))
        if not values:
            continue
        totals = _readable((yield Tally(other, edge.target_fields, values)), values)
        own = Counter(one for row in found[other].values() for one in _held(row, edge.target_fields))
        for key, row in found[name].items():
            if totals is None or any(totals[value] > own[value] for value in _held(row, edge.source_fields)):
                shared[name].setdefault(key, str(other))
    return {name: _share(shapes.mapped[name].collection, found[name], shared[name]) for name in route.reached}


def _crowds(
    shapes: Shapes, found: Found, people: Sequence[Mapping[str, str]]
) -> Iterator[tuple[Name, Key, str]]:
    """Yield each row in whose list of people stands somebody else, with the field that lists them."""
    for name, rows in found.items():
        for field in (one for one in shapes.mapped[name].collection.fields if one.identity):
            wanted = {one[kind].lower() for one in people for kind in one if kind == field.identity}
            for key, row in rows.items():
                held = row[field.name]  # a store may look into a list that the map does not call one
                if (field.many or len(_told(held)) > 1) and _with_others(held, wanted):
                    yield name, key, field.name


def _with_others(held: Value, wanted: set[str]) -> bool:
    """Say whether somebody else stands in a list of people; where it is not known who is meant, whether several do.

    >>> _with_others('["ann@example.com", "bob@example.com"]', {"ann@example.com"}), _with_others("Ann@example.com", {"ann@example.com"})
    (True, False)
    """
    listed = {one.lower() for one in _told(held)}
    return bool(listed.difference(wanted)) if wanted else len(listed) > 1


def _told(held: Value) -> list[str]:
    """Return the values of a list as a store tells it: one as it is, several as JSON."""
    try:
        parsed = json.loads(held) if isinstance(held, str) and held.startswith("[") else held
    except ValueError:
        parsed = held
    return [str(one) for one in (parsed if isinstance(parsed, list) else [parsed]) if one is not None]


def judge_erasure(
    shapes: Shapes,
    found: Found,
    sharing: Mapping[Name, Verdict],
    held: Mapping[Name, str],
    minimums: Mapping[Name, Sequence[Minimum]] = MappingProxyType({}),
) -> Generator[Ask, Any, Mapping[Name, Verdict]]:
    """Return which rows can be deleted; *held* names the collections under a hold, and the holds; *minimums* keep some rows of others.

    What a foreign key of the database names from a row that stays, stays too, and so on until nothing more follows.
    """
    verdicts = {
        name: _young(_hold(verdict, held.get(name)), found.get(name, {}), minimums.get(name, ()))
        for name, verdict in sharing.items()
    }
    ties = []
    for name, verdict in verdicts.items():
        deleted = verdict.act and not verdict.collection.masks  # a row that is overwritten stays where it is
        for holder, key in shapes.pointing_to(name) if deleted else ():
            values = _distinct(_pick(found[name][row], key.target_columns) for row in verdict.act)
            totals = _readable((yield Tally(holder, key.columns, values)) if values else {}, values)
            ties.append((name, holder, key, totals))
    settled = False
    while not settled:
        settled = True
        for name, holder, key, totals in ties:
            leaves = holder in verdicts and not verdicts[holder].collection.masks
            going = frozenset(verdicts[holder].act if leaves else ())
            stuck = _stuck(verdicts[name].act, found, name, holder, key, totals, going)
            if stuck:
                verdicts[name] = _keep(verdicts[name], Kept(Stay.REFERENCED, str(holder), stuck))
                settled = False
    return verdicts


def erasure_order(shapes: Shapes, names: Sequence[Name]) -> tuple[Name, ...]:
    """Return *names* so that rows which name others by a foreign key go before them; a circle goes farthest first.

    ``erase_after`` in the map is respected the same way.
    """
    before: dict[Name, set[Name]] = {name: set() for name in names}
    for name in names:
        holders = {holder for holder, _ in shapes.pointing_to(name)} | set(
            shapes.mapped[name].collection.erase_after
        )
        before[name] = (holders & set(names)) - {name}
    order: list[Name] = []
    rest = list(reversed(names))
    while rest:
        name = next((one for one in rest if not before[one] - set(order)), rest[0])
        rest.remove(name)
        order.append(name)
    return tuple(order)


def _share(collection: Collection, rows: Mapping[Key, Row], shared: Mapping[Key, str]) -> Verdict:
    reason = Stay.SHARED if collection.is_personal else Stay.NOT_PERSONAL
    groups = tuple(
        Kept(reason, other, tuple(key for key, with_ in shared.items() if with_ == other))
        for other in sorted(set(shared.values()))
    )
    return Verdict(collection, tuple(key for key in rows if key not in shared), groups)


def _hold(verdict: Verdict, holds: str | None) -> Verdict:
    return (
        verdict if holds is None or not verdict.act else _keep(verdict, Kept(Stay.HELD, holds, verdict.act))
    )


def _young(verdict: Verdict, rows: Mapping[Key, Row], minimums: Sequence[Minimum]) -> Verdict:
    for id, keeps in minimums:
        if young := tuple(key for key in verdict.act if keeps(rows[key])):
            verdict = _keep(verdict, Kept(Stay.HELD, id, young))
    return verdict


def _keep(verdict: Verdict, kept: Kept) -> Verdict:
    staying = frozenset(kept.keys)
    return Verdict(
        verdict.collection, tuple(key for key in verdict.act if key not in staying), (*verdict.kept, kept)
    )


def _stuck(
    act: Sequence[Key],
    found: Found,
    name: Name,
    holder: Name,
    key: ForeignKey,
    totals: Counter[Key] | None,
    going: Container[Key],
) -> tuple[Key, ...]:
    """Return the rows that more rows name than are going."""
    held = found.get(holder, {})
    leaving = Counter(_alike(_pick(row, key.columns)) for row_key, row in held.items() if row_key in going)
    named = ((one, _alike(_pick(found[name][one], key.target_columns))) for one in act)
    return tuple(one for one, value in named if totals is None or totals[value] > leaving[value])


def _readable(totals: Mapping[Key, int], asked: Sequence[Key]) -> Counter[Key] | None:
    """Return the counts by comparable values; None when the store counted something it was not asked for.

    A column may hold `1` where another holds `"1"`, or compare without regard to case. What cannot be told to be
    nobody else's is somebody else's.
    """
    counts: Counter[Key] = Counter()
    for key, count in totals.items():
        counts[_alike(key)] += count
    return counts if counts.keys() <= {_alike(key) for key in asked} else None


def _alike(key: Key) -> Key:
    """Return values that are equal where a database takes them as equal: 1, 1.0, True and "1"."""
    whole = (int(part) if isinstance(part, float) and part.is_integer() else part for part in key)
    return tuple(
        part if part is None else str(int(part) if isinstance(part, bool) else part) for part in whole
    )


def _told_by(row: Row, columns: Sequence[str]) -> tuple[Key, ...]:
    """Return what a row says in these columns; of a list in a single one, each element."""
    return tuple((one,) for one in each(row[columns[0]])) if len(columns) == 1 else (_pick(row, columns),)


def _held(row: Row, columns: Sequence[str]) -> set[Key]:
    return {_alike(one) for one in _told_by(row, columns)}


def _pick(row: Row, columns: Sequence[str]) -> Key:
    return tuple(row[column] for column in columns)


def _distinct(keys: Any) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(key for key in keys if None not in key))
