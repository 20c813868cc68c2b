"""From a person's identity through the data map: which references may be followed, and what is out of reach."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import Collection, DataMap, Name
from ephor.rooms.dsr.store import ForeignKey

Ties: TypeAlias = "Sequence[tuple[Name, ForeignKey]]"
"""Foreign keys, each with the table that has it."""
_Reference: TypeAlias = "tuple[tuple[str, ...], Name, tuple[str, ...], str | None]"


@dataclass(frozen=True, slots=True)
class Edge:
    """Values of ``source.source_field`` find rows of ``target`` by ``target_field``.

    ``more`` are further pairs of fields that have to agree as well, where a foreign key has several columns. ``climbs`` means from the row that holds a reference up to the row it names (order to address), the other way is
    down (customer to orders). ``directed`` means that the map's author chose this way.
    """

    source: Name
    source_field: str
    target: Name
    target_field: str
    climbs: bool
    directed: bool
    more: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return ((self.source_field, self.target_field), *self.more)

    @property
    def source_fields(self) -> tuple[str, ...]:
        return tuple(one for one, _ in self.pairs)

    @property
    def target_fields(self) -> tuple[str, ...]:
        return tuple(one for _, one in self.pairs)

    @property
    def back(self) -> Edge:
        """Return the same tie, seen from the other end."""
        other = tuple((target, source) for source, target in self.more)
        return Edge(
            self.target,
            self.target_field,
            self.source,
            self.source_field,
            not self.climbs,
            self.directed,
            other,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """A field that is compared with an identity the data subject gave."""

    collection: Name
    field: str
    kind: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where to start, which edges there are, what is reached (nearest first) and what is not."""

    starts: tuple[Start, ...]
    edges: tuple[Edge, ...]
    reached: tuple[Name, ...]
    unreachable: tuple[Name, ...]

    def follow(self, edge: Edge, *, climbed: bool) -> bool | None:
        """Return whether rows found along *edge* were climbed to, or None when it must not be followed.

        Up and then down leads to whoever else hangs on the same row, so it takes a direction in the map. Nobody is
        climbed to where people are identified: the recipient of a message is not its sender.
        """
        if edge.climbs:
            return None if any(one.collection == edge.target for one in self.starts) else True
        return None if climbed and not edge.directed else climbed


def edges_of(data_map: DataMap, ties: Ties = ()) -> tuple[Edge, ...]:
    """Return every way values may flow. A reference to a collection's own fields leads to other people: not followed.

    Where the map refers by every column of one foreign key of the database, *ties*, they count together.
    """
    edges: list[Edge] = []
    for collection in data_map.collections:
        for fields, target, others, direction in _references(collection, ties):
            more = tuple(zip(fields[1:], others[1:], strict=True))
            up = Edge(collection.name, fields[0], target, others[0], True, direction is not None, more)
            if direction != "from":
                edges.append(up)
            if direction != "to":
                edges.append(up.back)
    return tuple(dict.fromkeys(edges))


def _references(collection: Collection, ties: Ties) -> Iterator[_Reference]:
    """Yield the fields that refer, to which collection, by which fields there, and in which direction."""
    singles = [
        (field.name, one.target, one.field, one.direction)
        for field in collection.fields
        for one in field.references
        if one.target != collection.name
    ]
    for name, key in ties:
        if name != collection.name or len(key.columns) < 2 or key.target == name.collection:
            continue
        target = Name(name.dataset, key.target)
        parts = [
            next((one for one in singles if one[:3] == (column, target, other)), None)
            for column, other in zip(key.columns, key.target_columns, strict=True)
        ]
        whole = [one for one in parts if one is not None]
        if len(whole) == len(key.columns):
            said = {one[3] for one in whole}
            yield key.columns, target, key.target_columns, said.pop() if len(said) == 1 else None
            singles = [one for one in singles if one not in whole]
    for field, target, other, direction in singles:
        yield (field,), target, (other,), direction


def plan_route(data_map: DataMap, kinds: Container[str], ties: Ties = ()) -> Route:
    """Return the route from identities of these *kinds* (``email``); *ties* are the foreign keys of the databases.

    Raises:
        InvalidInputError: a kind that no field of the map carries.
    """
    starts = tuple(
        Start(one.name, field.name, field.identity)
        for one in data_map.collections
        for field in one.fields
        if field.identity is not None and field.identity in kinds
    )
    known = sorted({field.identity for one in data_map.collections for field in one.fields if field.identity})
    for kind in sorted(kinds):
        if kind not in known and data_map.collections:
            raise InvalidInputError(
                f"no field of the data map is an identity `{kind[:80]}`; it has: {', '.join(known) or 'none'}"
            )
    return _walk(data_map, Route(starts, edges_of(data_map, ties), (), ()))


def _walk(data_map: DataMap, route: Route) -> Route:
    """Every collection is entered at most twice, climbed to or not, so circles end."""
    front: Sequence[tuple[Name, bool]] = [(one.collection, False) for one in route.starts]
    seen = dict.fromkeys(front)
    while front:
        found: dict[tuple[Name, bool], None] = {}
        for name, climbed in front:
            for edge in route.edges:
                flag = route.follow(edge, climbed=climbed) if edge.source == name else None
                if flag is not None and (edge.target, flag) not in seen:
                    found[edge.target, flag] = None
        seen.update(found)
        front = list(found)
    reached = tuple(dict.fromkeys(name for name, _ in seen))
    return Route(
        route.starts,
        route.edges,
        reached,
        tuple(one.name for one in data_map.collections if one.name not in reached),
    )
