"""The shape of a PostgreSQL database's tables in two short questions; where it holds anything unusual, SQLAlchemy reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Shape: TypeAlias = "tuple[Sequence[Any], Sequence[Any]]"
"""The rows of both answers: columns and keys."""
Described: TypeAlias = "tuple[str, Sequence[Any], Any, Sequence[Any]]"
"""A table's name, columns, primary key and foreign keys, in the words of SQLAlchemy's inspector."""

_COLUMNS = """
SELECT c.oid, c.relname, c.relkind::text, c.relispartition, t.typtype::text, a.attnum, a.attname, a.attnotnull, a.atttypid, a.atttypmod,
       format_type(a.atttypid, NULL)
  FROM pg_class c
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_type t ON t.oid = a.atttypid
 WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND c.relnamespace <> 'pg_catalog'::regnamespace
   AND pg_table_is_visible(c.oid)
 ORDER BY c.relname, a.attnum
"""
_KEYS = """
SELECT k.conrelid, k.contype::text, k.conname, k.conkey, k.confrelid, k.confkey
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE k.contype IN ('p', 'f') AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND c.relnamespace <> 'pg_catalog'::regnamespace
   AND pg_table_is_visible(c.oid)
 ORDER BY k.conname, k.oid
"""
_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "smallint": sa.SMALLINT(),
    "integer": sa.INTEGER(),
    "bigint": sa.BIGINT(),
    "real": sa.REAL(),
    "double precision": sa.DOUBLE_PRECISION(),
    "numeric": sa.NUMERIC(),
    "boolean": sa.BOOLEAN(),
    "text": sa.TEXT(),
    "character varying": sa.VARCHAR(),
    "uuid": sa.UUID(),
    "bytea": postgresql.BYTEA(),
    "json": postgresql.JSON(),
    "jsonb": postgresql.JSONB(),
    "date": sa.DATE(),
    "time without time zone": postgresql.TIME(),
    "timestamp without time zone": postgresql.TIMESTAMP(),
    "timestamp with time zone": postgresql.TIMESTAMP(timezone=True),
}
"""The types whose values need no more than the name to be read and written."""


def shape_of(connection: sa.Connection) -> Shape | None:
    """Return what changes whenever the tables' columns or keys change; None where that is not known.

    SQLAlchemy asks six long questions, which a new connection answers in as much time as the work itself takes.
    """
    if connection.dialect.name != "postgresql":
        return None
    return tuple(
        [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()] for sql in (_COLUMNS, _KEYS)
    )  # type: ignore[return-value]


def described(shape: Shape) -> list[Described] | None:
    """Return the tables; None where one is partitioned, has a column of a type that is not plain, or names a table not seen here."""
    columns, keys = shape
    if any(one[2] == "p" or one[3] or one[4] not in ("b", None) for one in columns):
        return None
    if any(one[5] is not None and one[10] not in _TYPES for one in columns):
        return None
    names = {one[0]: one[1] for one in columns}
    at = {(one[0], one[5]): one[6] for one in columns}
    try:
        return list(_tables(names, columns, keys, at))
    except KeyError:  # a key of another schema, or tables that changed between the two questions
        return None


def _tables(
    names: Mapping[int, str], columns: Sequence[Any], keys: Sequence[Any], at: Mapping[tuple[int, int], str]
) -> Iterator[Described]:
    fields: dict[int, list[dict[str, Any]]] = {oid: [] for oid in names}
    for one in columns:
        if one[5] is not None:  # a table may have no column at all
            fields[one[0]].append({"name": one[6], "type": _TYPES[one[10]], "nullable": not one[7]})
    primary: dict[int, dict[str, Any]] = {}
    ties: dict[int, list[dict[str, Any]]] = {oid: [] for oid in names}
    for oid, kind, _, own, target, others in keys:
        if kind == "p":
            primary[oid] = {"constrained_columns": [at[oid, number] for number in own]}
        else:
            ties[oid].append(
                {
                    "constrained_columns": [at[oid, number] for number in own],
                    "referred_table": names[target],
                    "referred_columns": [at[target, number] for number in others],
                }
            )
    for oid, name in names.items():
        yield name, fields[oid], primary.get(oid, {"constrained_columns": []}), ties[oid]
