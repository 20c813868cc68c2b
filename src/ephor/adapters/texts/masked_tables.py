"""A database's columns masked: in a copy of a SQLite file, or in place; all of it in one transaction, or nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from json import loads
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from ephor.adapters.connectors.sql_open import open_store
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from ephor.rooms.pii.columns import ColumnCount, count_columns, joined, mask_columns
from ephor.rooms.pii.operators import Operator

ROWS = 1_000
"""Rows read and written at a time."""
_PLAIN = (sa.Integer, sa.Boolean, sa.Date, sa.DateTime, sa.Time)
"""Columns of which nothing is told when they are left as they are."""


@dataclass(frozen=True, slots=True)
class TableMask:
    """What to mask: by table the columns that lose every value; nothing named means whatever is found, anywhere.

    ``types`` and ``operator`` are as for texts; ``told`` hears of every step.
    """

    named: Mapping[str, frozenset[str]]
    types: frozenset[str] | None
    operator: Operator
    told: Callable[[str, int], None]
    skipped: list[str] = field(default_factory=list)
    """Columns that are not masked: keys, and what cannot hold what is masked."""
    left: list[ColumnCount] = field(default_factory=list)
    """What was found in those, and is still there."""


def mask_database(
    url: str, mask: TableMask, *, copy: str | None = None, dry_run: bool = False
) -> tuple[ColumnCount, ...]:
    """Mask the database at *url*, or a copy of a SQLite file at the path *copy*; *dry_run* counts and writes nothing.

    Keys are left as they are, and naming one is refused: rows would no longer find each other.

    Raises:
        InvalidInputError: no such table or column, a key, a column that holds no text, or no primary key.
        NotFoundError: there is no such SQLite file.
        ConflictError: the copy is there already, or masked values would have to be unique.
        UnavailableError: the database does not answer, or cannot be written.
    """
    if dry_run or copy is None:
        return _mask(open_store(url), mask, dry_run=dry_run)
    source = open_store(url)
    if source.dialect.name != "sqlite" or not source.url.database:
        raise InvalidInputError(
            "only a SQLite file is copied; copy the database by its own tools and mask that with --in-place"
        )
    with _copied(source.url.database, copy) as path:
        return _mask(open_store(f"sqlite:///{path}"), mask, dry_run=False)


@contextmanager
def _copied(database: str, copy: str) -> Iterator[str]:
    """Copy a SQLite file beside *copy*, and give it that name once it is masked; on a failure nothing is left."""
    whole, making = Path(copy), Path(f"{copy}.unfinished-{os.getpid()}")
    if os.path.lexists(whole):
        raise ConflictError(f"`{copy}` is there already; name a new file")
    try:
        making.touch(mode=0o600, exist_ok=False)
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(making)) as new,
        ):
            old.backup(new, pages=1_000)
            new.execute("pragma journal_mode=delete")
        yield str(making)
        os.link(making, whole)
    except FileExistsError as error:
        raise ConflictError(f"`{copy}` is there already; name a new file") from error
    except (OSError, sqlite3.Error) as error:
        raise UnavailableError(f"cannot write `{copy}`: {error}; nothing was masked") from error
    finally:
        for name in (making, *(Path(f"{making}{end}") for end in ("-wal", "-shm", "-journal"))):
            name.unlink(missing_ok=True)


def _mask(engine: sa.Engine, mask: TableMask, *, dry_run: bool) -> tuple[ColumnCount, ...]:
    counts: list[ColumnCount] = []
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("pragma secure_delete=on")
            for chosen in _chosen(connection, mask):
                counts += _mask_table(connection, chosen, mask, dry_run=dry_run)
            if dry_run:
                transaction.rollback()
        if engine.dialect.name == "sqlite" and counts and not dry_run:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("vacuum")  # what was there would stay in pages nobody uses
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    except exc.IntegrityError as error:
        raise ConflictError(
            "masked values break a rule of the database, such as one that they be unique; use `hash` or `token`. "
            "Nothing was masked"
        ) from error
    except exc.SQLAlchemyError as error:
        raise UnavailableError(
            f"cannot mask the database: {type(error).__name__}; nothing was masked"
        ) from error
    finally:
        engine.dispose()
    return joined(counts)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One table: its primary key, the columns to mask, the types of those that hold JSON, and what is only looked at."""

    table: Any
    key: Sequence[str]
    wanted: Sequence[str]
    json: Mapping[str, Any]
    looked_at: Sequence[str] = ()


def _chosen(connection: sa.Connection, mask: TableMask) -> list[_Chosen]:
    """Return each table with its primary key and the columns to look at, before anything is written."""
    inspector, named = sa.inspect(connection), mask.named
    names = sorted(inspector.get_table_names())
    if strange := sorted(set(named) - set(names)):
        raise InvalidInputError(f"there is no table `{strange[0]}`; there are: {', '.join(names) or 'none'}")
    found: list[_Chosen] = []
    for name in sorted(named) if named else names:
        columns = {column["name"]: column["type"] for column in inspector.get_columns(name)}
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        foreign = {one for key_ in inspector.get_foreign_keys(name) for one in key_["constrained_columns"]}
        keys = {*key, *foreign, *_referred(inspector, names, name)}
        wanted = sorted(named.get(name, ())) or [
            one for one in columns if one not in keys and _is_text(connection, columns[one])
        ]
        skipped = [] if named else [one for one in columns if one not in wanted]
        mask.skipped.extend(f"{name}.{one}" for one in skipped)
        looked_at = [one for one in skipped if not isinstance(columns[one], _PLAIN)]
        _check(name, wanted, columns, keys, connection)
        if not key:
            raise InvalidInputError(
                f"table `{name}` has no primary key, so its rows cannot be told apart; give it one"
            )
        if wanted or looked_at:
            table = sa.table(name, *(sa.column(one) for one in dict.fromkeys((*key, *wanted, *looked_at))))
            json = {one: columns[one] for one in wanted if _is_json(connection, columns[one])}
            found.append(_Chosen(table, key, wanted, json, looked_at))
    return found


def _check(
    name: str,
    wanted: Sequence[str],
    columns: Mapping[str, Any],
    keys: Collection[str],
    connection: sa.Connection,
) -> None:
    for one in wanted:
        if one not in columns:
            raise InvalidInputError(f"table `{name}` has no column `{one}`; it has: {', '.join(columns)}")
        if one in keys:
            raise InvalidInputError(f"`{name}.{one}` is a key; masked, rows would no longer find each other")
        if not _is_text(connection, columns[one]):
            raise InvalidInputError(
                f"`{name}.{one}` holds no text, and cannot hold what is masked; leave it out"
            )


def _referred(inspector: sa.Inspector, names: Sequence[str], table: str) -> set[str]:
    """Return the columns of *table* that others refer to."""
    return {
        column
        for name in names
        for key in inspector.get_foreign_keys(name)
        if key["referred_table"] == table
        for column in key["referred_columns"]
    }


def _is_text(connection: sa.Connection, kind: Any) -> bool:
    """SQLite holds any value anywhere; elsewhere only text and JSON can hold what is masked."""
    return connection.dialect.name == "sqlite" or isinstance(kind, sa.String | sa.JSON)


def _is_json(connection: sa.Connection, kind: Any) -> bool:
    return connection.dialect.name != "sqlite" and isinstance(kind, sa.JSON)


def _mask_table(
    connection: sa.Connection, chosen: _Chosen, mask: TableMask, *, dry_run: bool
) -> list[ColumnCount]:
    table, key, wanted = chosen.table, chosen.key, chosen.wanted
    whole = frozenset(wanted) if mask.named else frozenset()
    counts: tuple[ColumnCount, ...] = ()
    last: Any = None
    keys = [table.c[one] for one in key]
    left: tuple[ColumnCount, ...] = ()
    ask = sa.select(*table.c).order_by(*keys).limit(ROWS)
    while rows := connection.execute(ask if last is None else ask.where(_after(keys, last))).mappings().all():
        last = tuple(rows[-1][one] for one in key)
        read = {one: [_read(row[one], chosen.json.get(one), connection) for row in rows] for one in wanted}
        masked, found = mask_columns(table.name, read, mask.types, mask.operator, whole)
        counts = joined((*counts, *found))
        other = {one: [row[one] for row in rows] for one in chosen.looked_at}
        left = joined((*left, *count_columns(table.name, other, mask.types)))
        for columns, at in () if dry_run else _changed(read, masked, len(rows)).items():
            connection.execute(
                _change(chosen, columns), [_bound(rows[one], key, columns, masked, one) for one in at]
            )
        mask.told(table.name, sum(one.finds for one in counts))
    mask.left.extend(left)
    return list(counts)


def _read(value: Any, json: Any, connection: sa.Connection) -> Any:
    """Return a value as it is masked: JSON by its structure, which some drivers give as text."""
    if json is None or not isinstance(value, str) or connection.dialect.name == "postgresql":
        return value
    return loads(value)


def _changed(
    read: Mapping[str, Sequence[object]], masked: Mapping[str, Sequence[object]], rows: int
) -> Mapping[tuple[str, ...], Sequence[int]]:
    """Return the places of rows by the columns in which something was masked; the others are not written again."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for at in range(rows):
        columns = tuple(one for one in read if masked[one][at] is not read[one][at])
        if columns:
            groups.setdefault(columns, []).append(at)
    return groups


def _change(chosen: _Chosen, columns: Sequence[str]) -> Any:
    table = chosen.table
    return (
        sa.update(table)
        .where(sa.and_(*(table.c[one] == sa.bindparam(f"k{at}") for at, one in enumerate(chosen.key))))
        .values({one: sa.bindparam(f"v{at}", type_=chosen.json.get(one)) for at, one in enumerate(columns)})
    )


def _after(keys: Sequence[Any], last: Sequence[Any]) -> Any:
    """Return the condition for rows behind the last one read."""
    if len(keys) == 1:
        return keys[0] > last[0]
    return sa.tuple_(*keys) > sa.tuple_(*(sa.literal(value) for value in last))


def _bound(
    row: Mapping[Any, Any],
    key: Sequence[str],
    wanted: Sequence[str],
    masked: Mapping[str, Sequence[object]],
    at: int,
) -> dict[str, object]:
    return {
        **{f"k{number}": row[one] for number, one in enumerate(key)},
        **{f"v{number}": masked[one][at] for number, one in enumerate(wanted)},
    }
