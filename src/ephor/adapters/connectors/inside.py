"""What lies inside a JSON column of a database, found and set by the database itself; a path is a value, never SQL."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from ephor.rooms.dsr.store import Value

Clause = sa.ColumnElement[Any]


def inside(column: Clause, path: list[str], dialect: str) -> Clause:
    """Return the text that lies at *path* in *column*, or nothing where there is none or the column is no JSON."""
    if dialect == "postgresql":
        steps = sa.cast(sa.literal(_array(path), sa.Text()), sa.ARRAY(sa.Text()))
        return sa.cast(sa.cast(column, sa.Text()), jsonb()).op("#>>")(steps)
    place = sa.literal(_dollar(path), sa.Text())
    found: Clause
    if dialect == "sqlite":
        found = sa.cast(sa.func.json_extract(column, place), sa.Text())
        return sa.case((sa.func.json_valid(column) == 1, found), else_=sa.null())
    found = sa.func.json_unquote(sa.func.json_extract(column, place))
    return sa.case((sa.func.json_valid(column) == 1, found), else_=sa.null())


def with_inside(
    column: Clause, path: list[str], value: Value, kind: sa.types.TypeEngine[Any], dialect: str
) -> Clause:
    """Return *column* with *value* at *path*."""
    said = json.dumps(value)
    if dialect == "postgresql":
        steps = sa.cast(sa.literal(_array(path), sa.Text()), sa.ARRAY(sa.Text()))
        document = sa.cast(sa.cast(column, sa.Text()), jsonb())
        set_ = sa.func.jsonb_set(document, steps, sa.cast(sa.literal(said, sa.Text()), jsonb()))
        return sa.cast(sa.cast(set_, sa.Text()), kind)
    place = sa.literal(_dollar(path), sa.Text())
    if dialect == "sqlite":
        return sa.func.json_set(column, place, sa.func.json(sa.literal(said, sa.Text())))
    return sa.func.json_set(
        column, place, sa.func.json_extract(sa.literal(said, sa.Text()), sa.literal("$", sa.Text()))
    )


def _dollar(path: list[str]) -> str:
    return "$" + "".join(f".{json.dumps(step, ensure_ascii=False)}" for step in path)


def _array(path: list[str]) -> str:
    return "{" + ",".join(json.dumps(step, ensure_ascii=False) for step in path) + "}"


def jsonb() -> Any:
    """Return the type of PostgreSQL's JSON, bound and read as it is."""
    from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415 - only where it is PostgreSQL

    class Raw(JSONB):
        """What is bound is text already."""

        cache_ok = True

        def bind_processor(self, dialect: Any) -> Any:
            return None

    return Raw()
