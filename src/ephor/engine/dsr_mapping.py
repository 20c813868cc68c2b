"""Use case: a first data map of a database, drafted from its own description and from samples of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.drafting import Draft, Sampled, draft_map
from ephor.rooms.dsr.nested import Nested, documents_of, unfold
from ephor.rooms.pii.columns import count_columns

SAMPLE = 200
"""Rows of each table that are looked at."""


def draft(store: DataStore, dataset: str, *, rows: int = SAMPLE) -> Draft:
    """Return the data map that a database suggests. Nothing of what its rows hold is kept, and none of it is in the draft.

    Raises:
        InvalidInputError: no name for the dataset, less than one row, or a database without tables.
    """
    if not dataset or "." in dataset or rows < 1:
        raise InvalidInputError(
            "a draft takes a dataset's name without a dot, and a sample of at least one row"
        )
    tables = store.tables()
    if not tables:
        raise InvalidInputError("this database has no tables; name another")
    return draft_map(dataset, tables, {name: _look(name, store.sample(name, rows)) for name in tables})


def _look(table: str, columns: Mapping[str, Sequence[object]]) -> Sampled:
    inside = {name: found for name, values in columns.items() if (found := _unfolded(values)) is not None}
    seen: dict[str, Sequence[object]] = {}
    for name, values in columns.items():
        deep = inside[name].leaves if name in inside else {"": values}
        seen |= {f"{name}.{path}".rstrip("."): held for path, held in deep.items()}
    filled = {name: sum(value is not None for value in values) for name, values in seen.items()}
    text = frozenset(name for name, values in seen.items() if any(isinstance(value, str) for value in values))
    closed = frozenset(
        name for name, values in columns.items() if name not in inside and documents_of(values)
    )
    rows = max((len(values) for values in columns.values()), default=0)
    return Sampled(rows, filled, text, count_columns(table, seen), inside, closed)


def _unfolded(values: Sequence[object]) -> Nested | None:
    """Return what lies inside a column of JSON, where no key of it is somebody's."""
    found = unfold(values)
    keys = [step for path in (found.leaves if found else ()) for step in path.split(".")]
    return None if count_columns("", {"key": keys}) else found
