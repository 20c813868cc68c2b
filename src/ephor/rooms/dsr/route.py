"""From a person's identity through the data map: which collections are visited, in which order, by which values."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import Collection, DataMap, Name


@dataclass(frozen=True, slots=True)
class Edge:
    """Values of ``source.source_field`` find rows of ``target`` by ``target_field``."""

    source: Name
    source_field: str
    target: Name
    target_field: str


@dataclass(frozen=True, slots=True)
class Step:
    """One collection, visited once: by identities (field, kind) and by values that earlier steps found."""

    collection: Collection
    identities: tuple[tuple[str, str], ...]
    inputs: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The steps in order; the collections that no step reaches; the references not followed because they close a circle."""

    steps: tuple[Step, ...]
    unreachable: tuple[Name, ...]
    cut: tuple[Edge, ...]

    @property
    def names(self) -> tuple[Name, ...]:
        return tuple(step.collection.name for step in self.steps)


def edges_of(data_map: DataMap) -> tuple[Edge, ...]:
    """Return every way values may flow. A reference to a collection's own fields leads to other people: not followed."""
    edges: list[Edge] = []
    for collection in data_map.collections:
        for field in collection.fields:
            for one in field.references:
                if one.target == collection.name:
                    continue
                there = Edge(collection.name, field.name, one.target, one.field)
                back = Edge(one.target, one.field, collection.name, field.name)
                edges += [there] * (one.direction != "from") + [back] * (one.direction != "to")
    return tuple(dict.fromkeys(edges))


def plan_route(data_map: DataMap, kinds: Container[str]) -> Route:
    """Return the route from identities of these *kinds* (``email``).

    Each collection is visited once, after everything its values come from; where that is circular, the one nearest to
    the identity goes first and what would close the circle is cut. So a circle ends, and a way back from a shared row
    never leads to the other people who share it.

    Raises:
        InvalidInputError: no field of the map carries an identity of these kinds.
    """
    starts = {one.name: _identities(one, kinds) for one in data_map.collections}
    if not any(starts.values()):
        known = sorted({field.identity for one in data_map.collections for field in one.fields if field.identity})
        raise InvalidInputError(f"no field of the data map is an identity of {', '.join(sorted(kinds))}; it has: {', '.join(known) or 'none'}")
    edges = edges_of(data_map)
    distance = _distances([name for name, found in starts.items() if found], edges)
    steps: list[Step] = []
    visited: dict[Name, int] = {}
    while len(visited) < len(distance):
        name = _next(visited, distance, edges)
        inputs = tuple(edge for edge in edges if edge.target == name and edge.source in visited)
        collection = data_map.find(name)
        assert collection is not None  # noqa: S101 - distances come from this map's own edges
        steps.append(Step(collection, starts[name], inputs))
        visited[name] = len(visited)
    cut = (edge for edge in edges if edge.source in visited and visited[edge.source] > visited[edge.target])
    both = {(edge.target, edge.target_field, edge.source, edge.source_field) for step in steps for edge in step.inputs}
    return Route(
        tuple(steps),
        tuple(one.name for one in data_map.collections if one.name not in visited),
        tuple(edge for edge in cut if (edge.source, edge.source_field, edge.target, edge.target_field) not in both),
    )


def _identities(collection: Collection, kinds: Container[str]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.identity) for field in collection.fields if field.identity and field.identity in kinds)


def _distances(starts: Sequence[Name], edges: Sequence[Edge]) -> dict[Name, int]:
    distance = dict.fromkeys(starts, 0)
    front = list(starts)
    while front:
        reached = dict.fromkeys(edge.target for name in front for edge in edges if edge.source == name)
        front = [name for name in reached if name not in distance]
        depth = max(distance.values()) + 1
        distance.update(dict.fromkeys(front, depth))
    return distance


def _next(visited: Container[Name], distance: dict[Name, int], edges: Sequence[Edge]) -> Name:
    """Take a collection whose sources are all visited; where none is, the nearest that something visited leads to."""
    open_ = [name for name in distance if name not in visited]
    fed = [name for name in open_ if not distance[name] or any(one.target == name and one.source in visited for one in edges)]
    one_way = [one for one in edges if Edge(one.target, one.target_field, one.source, one.source_field) not in edges]
    waits = {name: any(one.target == name and one.source in open_ for one in one_way) for name in fed}
    return min(fed, key=lambda name: (waits[name], distance[name], str(name)))
