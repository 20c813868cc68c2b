"""A store without a query language: it lists its records, and what is asked for is found by looking at each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from ephor.adapters.connectors.values import to_json
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.store import Find, Key, Row, Table, Tally, Value

Record: TypeAlias = "Mapping[str, Any]"
"""One record as JSON can say it; values may be nested."""


def alike(value: object) -> str | None:
    """Return a value as it is compared: a number read from a CSV is text, and the same number in JSON is not.

    >>> alike(7) == alike(7.0) == alike("7"), alike(True), alike(None)
    (True, 'true', None)
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(to_json(value))


def values_at(record: Record, path: str) -> Iterator[Any]:
    """Return what lies at *path*, as it is compared: every element of a list, on the way and at its end.

    >>> list(values_at({"who": [{"email": "a"}, {"email": ["b", "c"]}]}, "who.email"))
    ['a', 'b', 'c']
    """
    for held in _held_at(record, path):
        yield from _elements(held)


def _elements(held: Any) -> Iterator[Any]:
    if isinstance(held, list):
        for one in held:
            yield from _elements(one)
    else:
        yield held


def _held_at(record: Record, path: str) -> Iterator[Any]:
    """Return what lies at *path*: a column of that name, else each step of ``a.b`` down; every element of a list on the way."""
    if path in record:
        yield record[path]
        return
    name, dot, rest = path.partition(".")
    while dot:
        if name in record:
            yield from _below(record[name], rest)
            return
        more, dot, rest = rest.partition(".")
        name = f"{name}.{more}"


def value_at(record: Record, path: str) -> Value:
    """Return what lies at *path* as one value; several are told as a JSON list."""
    found = list(_held_at(record, path))
    return to_json(found[0]) if len(found) == 1 else (to_json(found) if found else None)


def _below(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _below(one, path)
    elif isinstance(value, Mapping):
        yield from _held_at(value, path)


def set_at(record: dict[str, Any], path: str, value: Value) -> bool:
    """Put *value* at *path*, in every element of a list on the way; tell whether there was such a place."""
    if path in record:
        record[path] = value
        return True
    name, dot, rest = path.partition(".")
    while dot:
        if name in record:
            inner = record[name] if isinstance(record[name], list) else [record[name]]
            return sum(set_at(one, rest, value) for one in inner if isinstance(one, dict)) > 0
        more, dot, rest = rest.partition(".")
        name = f"{name}.{more}"
    return False


class Late(Mapping[str, Any]):
    """A record whose heavy parts are read when they are asked for."""

    def __init__(self, known: Record, late: Mapping[str, Callable[[], Any]]) -> None:
        self._known, self._late = known, late

    def __getitem__(self, name: str) -> Any:
        return self._known[name] if name in self._known else self._late[name]()

    def __iter__(self) -> Iterator[str]:
        yield from (*self._known, *self._late)

    def __len__(self) -> int:
        return len(self._known) + len(self._late)

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._late


class RecordStore(ABC):
    """What finding and counting are where a store can only be read through. Subclasses read and change it."""

    _known: Mapping[str, Table] | None = None

    @abstractmethod
    def _tables(self) -> Mapping[str, Table]:
        """Describe the store."""

    @abstractmethod
    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        """Return records of *table*: all of them, or at least those that hold one of *values* in *column*."""

    def tables(self) -> Mapping[str, Table]:
        self._known = {name: replace(one, lists=True) for name, one in self._tables().items()}
        return self._known

    def find(self, ask: Find) -> Sequence[Row]:
        table = self._table(ask.name.collection)
        fold: Callable[[str], str] = str.lower if ask.fold else str
        wanted = {fold(text) for one in ask.values if (text := alike(one)) is not None}
        rows = []
        for record in self._records(table, ask.column, None if ask.fold else ask.values):
            held = (alike(one) for one in values_at(record, ask.column))
            if any(one is not None and fold(one) in wanted for one in held):
                rows.append({name: value_at(record, name) for name in ask.columns})
        return sorted(rows, key=lambda row: str(row[ask.columns[0]]))

    def tally(self, ask: Tally) -> Mapping[Key, int]:
        table = self._table(ask.name.collection)
        return count(self._records(table, ask.columns[0], [key[0] for key in ask.values]), ask)

    def keys(self, table: str, key: Sequence[str]) -> Iterator[Key]:
        """Return the key of every record."""
        known = self._table(table)
        for record in self._records(known, key[0], None):
            yield tuple(value_at(record, name) for name in key)

    def sample(self, table: str, rows: int) -> Mapping[str, Sequence[object]]:
        known = self._table(table)
        looked: list[Record] = []
        for record in self._records(known, known.columns[0], None):
            looked.append(record)
            if len(looked) >= rows:
                break
        return {name: [value_at(one, name) for one in looked] for name in known.columns}

    def _table(self, name: str) -> Table:
        """Return the table, if the store has it. Which columns it has is seen in its records, and goes with the last."""
        tables = self._known if self._known is not None else self.tables()
        if name not in tables:
            raise InvalidInputError(f"the store has no table `{name[:80]}`")
        return tables[name]


def count(records: Iterable[Record], ask: Tally) -> Mapping[Key, int]:
    """Return how many of *records* hold each combination that is asked for."""
    wanted = {like(key): key for key in ask.values}
    counts: Counter[Key] = Counter()
    for record in records:
        for key in _combinations(record, ask.columns):
            if key in wanted:
                counts[wanted[key]] += 1
    return counts


def like(key: Sequence[Value]) -> tuple[str | None, ...]:
    """Return a key as keys are compared."""
    return tuple(alike(part) for part in key)


def _combinations(record: Record, columns: Sequence[str]) -> set[tuple[str | None, ...]]:
    made: set[tuple[str | None, ...]] = {()}
    for column in columns:
        held = [alike(one) for one in values_at(record, column)] or [None]
        made = {(*before, one) for before in made for one in held}
    return made
