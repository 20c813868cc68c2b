"""What a data store is to a request: tables with keys, and two questions that can be put to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import Collection, DataMap, Name
from ephor.rooms.dsr.masking import Strategy

Value: TypeAlias = "str | int | float | bool | None"
"""What a column holds, as JSON can say it; a connector translates to and from the column's own type."""
Row: TypeAlias = "Mapping[str, Value]"
Key: TypeAlias = "tuple[Value, ...]"
"""The values of a row's primary key."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """What the database itself enforces: *columns* name a row of *target* by *target_columns*."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the database describes it, or a collection of a store without a schema."""

    name: str
    columns: tuple[str, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    fixed: tuple[str, ...] = ()
    """Columns that cannot be set: where a file lies is no field of it."""
    shifting: tuple[str, ...] = ()
    """Columns whose value changes with the row's content: rows cannot be found again by them once something was set."""
    required: tuple[str, ...] = ()
    """Columns that cannot be empty."""
    lists: bool = False
    """Whether it finds what lies in lists inside a column."""
    blank: bool = False
    """Whether no row is there to show which columns there are."""
    read_only: str = ""
    """Why nothing in it can be changed, if nothing can."""


@dataclass(frozen=True, slots=True)
class Find:
    """Which rows hold one of *values* in *column*? ``fold`` compares without regard to case.

    With ``more`` columns, which rows hold one of ``keys`` in *column* and these together; only databases are asked so.
    """

    name: Name
    columns: tuple[str, ...]
    column: str
    values: tuple[Value, ...]
    fold: bool = False
    more: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows hold each of these combinations of values?"""

    name: Name
    columns: tuple[str, ...]
    values: tuple[Key, ...]


Ask: TypeAlias = "Find | Tally"


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapped collection over its table: the columns to read and those that tell rows apart."""

    collection: Collection
    key: tuple[str, ...]
    columns: tuple[str, ...]
    unmapped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shapes:
    """All mapped collections, and every table of the stores they lie in."""

    mapped: Mapping[Name, Shape]
    tables: Mapping[Name, Table]

    @property
    def ties(self) -> tuple[tuple[Name, ForeignKey], ...]:
        """Return every foreign key of the stores, with the table that has it."""
        return tuple((name, key) for name, table in self.tables.items() for key in table.foreign_keys)

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Tables and columns that the stores have and the map does not mention: nobody looked there."""
        tables = [str(name) for name in self.tables if name not in self.mapped]
        columns = [f"{name}.{column}" for name, shape in self.mapped.items() for column in shape.unmapped]
        return tuple(sorted(tables + columns))

    def pointing_to(self, name: Name) -> tuple[tuple[Name, ForeignKey], ...]:
        """Return each foreign key of a table in the same store that names rows of *name*."""
        return tuple(
            (holder, key)
            for holder, table in self.tables.items()
            if holder.dataset == name.dataset
            for key in table.foreign_keys
            if key.target == name.collection
        )


def each(value: Value) -> tuple[Value, ...]:
    """Return what a field holds: of a list, which a store tells as JSON, its elements beside it.

    >>> each("[1, 2]"), each("a"), each("[no list")
    (('[1, 2]', 1, 2), ('a',), ('[no list',))
    """
    held = elements(value)
    return held if held == (value,) else (value, *held)


def elements(value: Value) -> tuple[Value, ...]:
    """Return the elements of a list, which a store tells as JSON; of what is none, itself.

    >>> elements("[1, 2]"), elements("a"), elements("[]")
    ((1, 2), ('a',), ('[]',))
    """
    if not (isinstance(value, str) and value.startswith("[")):
        return (value,)
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return (value,)
    return tuple(one for one in parsed if isinstance(one, str | int | float | bool | None)) or (value,)


def fit(data_map: DataMap, stores: Mapping[str, Mapping[str, Table]]) -> Shapes:
    """Return the map laid over the tables of its stores, by dataset.

    Raises:
        InvalidInputError: a dataset without a store, a collection or field that its store does not have, or a
            collection without a primary key.
    """
    for dataset in data_map.datasets:
        if dataset not in stores:
            raise InvalidInputError(f"no store is given for dataset `{dataset}`; add `--store {dataset}=URL`")
    tables = {
        Name(dataset, name): stores[dataset][name]
        for dataset in data_map.datasets
        for name in sorted(stores[dataset])
    }
    shapes = {}
    for collection in data_map.collections:
        table = tables.get(collection.name)
        if table is None:
            raise InvalidInputError(
                f"the store of `{collection.name.dataset}` has no table `{collection.name.collection}`"
            )
        shapes[collection.name] = _shape(collection, table)
    needed = _needed(tables)
    fitted = {name: _widen(shape, needed.get(name, ())) for name, shape in shapes.items()}
    return Shapes(fitted, tables)


def _shape(collection: Collection, table: Table) -> Shape:
    names = tuple(field.name for field in collection.fields)
    roots = {name: root_of(name, table.columns) for name in names}
    if missing := [name for name, root in roots.items() if root is None and not table.blank]:
        raise InvalidInputError(
            f"table `{collection.name}` has no column `{missing[0]}`; correct the data map"
        )
    key = tuple(field.name for field in collection.fields if field.primary_key) or table.primary_key
    if not key:
        raise InvalidInputError(
            f"`{collection.name}` has no primary key; mark its fields with `primary_key: true` in the data map"
        )
    if not table.lists and (
        deep := [one.name for one in collection.fields if one.many and one.name not in table.columns]
    ):
        raise InvalidInputError(
            f"`{collection.name}.{deep[0][:80]}` lies in a list inside a column, where this store does not look; "
            "map the column as a whole"
        )
    own = {column for column in table.primary_key if column.startswith("_")}  # a connector's, not the store's
    unmapped = tuple(one for one in table.columns if one not in roots.values() and one not in own)
    return Shape(collection, key, tuple(dict.fromkeys((*key, *names))), unmapped)


def root_of(path: str, columns: Sequence[str]) -> str | None:
    """Return the column that *path* lies in: itself, or the one before a dot.

    >>> root_of("who.email", ["who"]), root_of("a.b", ["a.b", "a"]), root_of("x", ["who"])
    ('who', 'a.b', None)
    """
    if path in columns:
        return path
    before = (path[:at] for at, letter in enumerate(path) if letter == ".")
    return next((one for one in before if one in columns), None)


def check_settable(shapes: Shapes, changes: Mapping[str, Sequence[str]]) -> None:
    """Check that stores can set these fields, by collection.

    Raises:
        InvalidInputError: a field that is no field of the store, or rows that could not be found again.
    """
    for name, shape in shapes.mapped.items():
        table, wanted = shapes.tables[name], changes.get(str(name), ())
        for field in wanted:
            if root_of(field, table.fixed) is not None:
                raise InvalidInputError(
                    f"`{name}.{field[:80]}` cannot be set in its store; delete, or leave it out"
                )
        if wanted and set(shape.key) & set(table.shifting):
            raise InvalidInputError(
                f"rows of `{name}` are told apart by what they hold; mark the fields that tell them apart with "
                "`primary_key: true` in the data map, so that they are found again after a change"
            )


def check_changeable(shapes: Shapes, names: Iterable[Name]) -> None:
    """Check that these collections lie in stores that can be changed: nothing is begun that cannot be carried through.

    Raises:
        InvalidInputError: one that can only be read.
    """
    for name in names:
        if why := shapes.tables[name].read_only:
            raise InvalidInputError(
                f"`{name}` can only be read: {why}; give the dataset to a person, `--store {name.dataset}=manual:PERSON`, "
                "or change it where it lies and leave it out of the map"
            )


def check_masks(shapes: Shapes) -> None:
    """Check that stores can hold what masks write.

    Raises:
        InvalidInputError: a field that cannot be set, or cannot be empty and is to be emptied.
    """
    masks = {name: shape.collection.masks for name, shape in shapes.mapped.items()}
    check_settable(shapes, {str(name): tuple(found) for name, found in masks.items()})
    for name, found in masks.items():
        for field, mask in found.items():
            if mask.strategy is Strategy.NULL and field in shapes.tables[name].required:
                raise InvalidInputError(
                    f"`{name}.{field[:80]}` cannot be empty in its store; mask it with `string_rewrite` in the data map"
                )


def _needed(tables: Mapping[Name, Table]) -> Mapping[Name, tuple[str, ...]]:
    """The columns that foreign keys compare, on both ends: without them nobody can tell what hangs on a row."""
    needed: dict[Name, tuple[str, ...]] = {}
    for name, table in tables.items():
        for key in table.foreign_keys:
            target = Name(name.dataset, key.target)
            needed[name] = (*needed.get(name, ()), *key.columns)
            needed[target] = (*needed.get(target, ()), *key.target_columns)
    return needed


def _widen(shape: Shape, columns: tuple[str, ...]) -> Shape:
    return Shape(
        shape.collection, shape.key, tuple(dict.fromkeys((*shape.columns, *columns))), shape.unmapped
    )
