"""From a person's identity through the data map: which references may be followed, and what is out of reach."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import DataMap, Name


@dataclass(frozen=True, slots=True)
class Edge:
    """Values of ``source.source_field`` find rows of ``target`` by ``target_field``.

    ``climbs`` means from the row that holds a reference up to the row it names (order to address), the other way is
    down (customer to orders). ``directed`` means that the map's author chose this way.
    """

    source: Name
    source_field: str
    target: Name
    target_field: str
    climbs: bool
    directed: bool


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


def edges_of(data_map: DataMap) -> tuple[Edge, ...]:
    """Return every way values may flow. A reference to a collection's own fields leads to other people: not followed."""
    edges: list[Edge] = []
    for collection in data_map.collections:
        for field in collection.fields:
            for one in field.references:
                if one.target == collection.name:
                    continue
                directed = one.direction is not None
                if one.direction != "from":
                    edges.append(Edge(collection.name, field.name, one.target, one.field, True, directed))
                if one.direction != "to":
                    edges.append(Edge(one.target, one.field, collection.name, field.name, False, directed))
    return tuple(dict.fromkeys(edges))


def plan_route(data_map: DataMap, kinds: Container[str]) -> Route:
    """Return the route from identities of these *kinds* (``email``).

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
    return _walk(data_map, Route(starts, edges_of(data_map), (), ()))


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
