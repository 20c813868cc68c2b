"""Columns of tables: how much of which type is in each, counted batch by batch; no value and no place of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.detect import detect_each
from ephor.rooms.pii.hints import hinted
from ephor.rooms.pii.structure import mask_structure


@dataclass(frozen=True, slots=True, order=True)
class ColumnCount:
    """How many finds of a type a column holds, and in how many of its rows."""

    table: str
    column: str
    type: str
    finds: int
    rows: int


def count_columns(
    table: str, columns: Mapping[str, Sequence[object]], types: frozenset[str] | None = None
) -> tuple[ColumnCount, ...]:
    """Return what a batch holds: the same for the same rows, however a table is cut into batches, once `joined`.

    >>> count_columns("people", {"contact": ["jane@example.com", "none"], "ssn": [123456789, None]})
    (ColumnCount(table='people', column='contact', type='email', finds=1, rows=1), ColumnCount(table='people', column='ssn', type='us_ssn', finds=1, rows=1))
    """
    wanted = chosen(types)
    counts: list[ColumnCount] = []
    for column, values in columns.items():
        finds: Counter[str] = Counter()
        rows: Counter[str] = Counter()
        for value in _to_look_at(column, values, wanted):
            _, found = mask_structure({column: value}, types=wanted)
            here = Counter(one.find.type for one in found if not (one.in_key and len(one.steps) == 1))
            finds.update(here)
            rows.update(here.keys())
        counts += (ColumnCount(table, column, type_, finds[type_], rows[type_]) for type_ in sorted(finds))
    return tuple(counts)


def joined(counts: Iterable[ColumnCount]) -> tuple[ColumnCount, ...]:
    """Return the counts of several batches as one, in order of table, column and type.

    >>> joined([ColumnCount("t", "c", "email", 1, 1), ColumnCount("t", "c", "email", 2, 1)])
    (ColumnCount(table='t', column='c', type='email', finds=3, rows=2),)
    """
    finds: Counter[tuple[str, str, str]] = Counter()
    rows: Counter[tuple[str, str, str]] = Counter()
    for one in counts:
        finds[one.table, one.column, one.type] += one.finds
        rows[one.table, one.column, one.type] += one.rows
    return tuple(ColumnCount(*key, finds[key], rows[key]) for key in sorted(finds))


def _to_look_at(column: str, values: Sequence[object], wanted: frozenset[str]) -> Iterable[object]:
    """Return the values that a closer look may find something in; plain columns of text are read in one pass."""
    values = [value.isoformat() if isinstance(value, date) else value for value in values]
    if hinted(column) in wanted or not all(value is None or isinstance(value, str) for value in values):
        return (value for value in values if value is not None)
    texts = [value for value in values if value]
    return [texts[at] for at in detect_each(texts, wanted)]  # type: ignore[arg-type]
