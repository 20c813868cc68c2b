"""Finding a person's rows: which questions to put to the stores, one after the other.

The functions yield questions and are sent the answers, so they touch no store themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.route import Edge, Route
from ephor.rooms.dsr.store import Ask, Find, Key, Row, Shapes, each

Found: TypeAlias = "Mapping[Name, Mapping[Key, Row]]"
"""Rows by collection and primary key, in the order they were found."""

_FOLDED = frozenset({"email"})
"""Identities compared without regard to case: nobody tells two people apart by it, and a row missed stays behind."""


@dataclass(slots=True)
class _Search:
    """Rows found so far, whether they were climbed to, and what is still to be followed."""

    rows: dict[Name, dict[Key, Row]]
    climbed: dict[tuple[Name, Key], bool] = field(default_factory=dict)
    open: deque[tuple[Edge, tuple[Key, ...], bool]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found, and which of it was only climbed to: rows that the person's rows name."""

    rows: Found
    climbed: frozenset[tuple[Name, Key]]


def survey(route: Route, shapes: Shapes, identities: Mapping[str, str]) -> Generator[Ask, Any, Survey]:
    """Return every row that the identities lead to.

    A row is entered at most twice, climbed to or not, so circles in the references end.
    """
    search = _Search({name: {} for name in route.reached})
    for start in route.starts:
        value = identities[start.kind]
        columns = shapes.mapped[start.collection].columns
        rows = yield Find(start.collection, columns, start.field, (value,), fold=start.kind in _FOLDED)
        _enter(search, route, shapes, start.collection, rows, climbed=False)
    while search.open:
        edge, keys, climbed = search.open.popleft()
        ask = _leading(edge, [search.rows[edge.source][key] for key in keys], shapes)
        if ask is not None:
            rows = yield ask
            _enter(search, route, shapes, edge.target, rows, climbed=climbed)
    merely = frozenset(place for place, only in search.climbed.items() if only)
    return Survey(search.rows, merely)


def _leading(edge: Edge, rows: Sequence[Row], shapes: Shapes) -> Find | None:
    """Return which rows these lead to along *edge*; nothing where none of them says."""
    columns = shapes.mapped[edge.target].columns
    if edge.more:
        first, *more = edge.target_fields
        held = (tuple(row[name] for name in edge.source_fields) for row in rows)
        keys = tuple(dict.fromkeys(key for key in held if None not in key))
        return Find(edge.target, columns, first, (), more=tuple(more), keys=keys) if keys else None
    told = (row[edge.source_field] for row in rows)
    values = tuple(dict.fromkeys(one for value in told if value is not None for one in each(value)))
    return Find(edge.target, columns, edge.target_field, values) if values else None


def _enter(
    search: _Search, route: Route, shapes: Shapes, name: Name, rows: Sequence[Row], *, climbed: bool
) -> None:
    """Keep what is new, or newly reached without climbing, and queue where it leads."""
    fresh: list[Key] = []
    for row in rows:
        key = tuple(row[column] for column in shapes.mapped[name].key)
        before = search.climbed.get((name, key))
        if before is None or (before and not climbed):
            fresh.append(key)
            search.climbed[name, key] = climbed
            search.rows[name].setdefault(key, row)
    for edge in route.edges if fresh else ():
        flag = route.follow(edge, climbed=climbed) if edge.source == name else None
        if flag is not None:
            search.open.append((edge, tuple(fresh), flag))
