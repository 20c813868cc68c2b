"""Columns of tables: how much of which type is in each, counted batch by batch; no value and no place of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.detect import detect_each
from ephor.rooms.pii.hints import hinted
from ephor.rooms.pii.operators import Operator, redact
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


def mask_columns(
    table: str,
    columns: Mapping[str, Sequence[object]],
    types: frozenset[str] | None = None,
    operator: Operator = redact,
    whole: frozenset[str] = frozenset(),
) -> tuple[dict[str, list[object]], tuple[ColumnCount, ...]]:
    """Return a batch masked, and how much of what was masked in it; columns in *whole* lose every value but none.

    A value with nothing to mask stays itself, of its own kind; a number or a day with a find becomes masked text.

    >>> mask_columns("people", {"contact": ["jane@example.com", "none"], "age": [7, None]}, whole=frozenset({"age"}))[0]
    {'contact': ['[email]', 'none'], 'age': ['[field]', None]}
    """
    wanted = chosen(types)
    masked: dict[str, list[object]] = {}
    counts: list[ColumnCount] = []
    for column, values in columns.items():
        kept = list(values)
        paths = ("/" + column.replace("~", "~0").replace("/", "~1"),) if column in whole else ()
        seen: dict[str, tuple[object, Counter[str]]] = {}
        finds: Counter[str] = Counter()
        rows: Counter[str] = Counter()
        for at in range(len(kept)) if paths else _places_to_look_at(column, kept, wanted):
            was = kept[at]
            value = was.isoformat() if isinstance(was, date) else was
            known = seen.get(value) if isinstance(value, str) else None
            if known is None:
                told, found = mask_structure({column: value}, types=wanted, operator=operator, paths=paths)
                here = Counter(one.find.type for one in found if not (one.in_key and len(one.steps) == 1))
                known = next(iter(told.values())), here
                if isinstance(value, str):
                    seen[value] = known
            if here := known[1]:
                kept[at] = known[0]
                finds.update(here)
                rows.update(here.keys())
        masked[column] = kept
        counts += (ColumnCount(table, column, type_, finds[type_], rows[type_]) for type_ in sorted(finds))
    return masked, tuple(counts)


def _places_to_look_at(column: str, values: Sequence[object], wanted: frozenset[str]) -> Iterable[int]:
    """Return where a closer look may find something; plain columns of text are read in one pass."""
    if hinted(column) in wanted or not all(value is None or isinstance(value, str) for value in values):
        return range(len(values))
    at = [index for index, value in enumerate(values) if value]
    return [at[one] for one in detect_each([values[index] for index in at], wanted)]  # type: ignore[misc]


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
