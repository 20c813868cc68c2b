"""Whether a row's time is over, told by the database itself; what cannot be read as a time is never past."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ephor.engine.ports_retention import Selection
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.retention.schedule import Unit

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
"""SQLite takes a bare number for a Julian day, and `now` for a time; neither is one that somebody wrote down."""


def is_past(
    column: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], selection: Selection, dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that the time in *column* began before the selection's cutoff.

    Raises:
        InvalidInputError: the column's type cannot hold such a time.
    """
    cutoff = selection.cutoff
    if selection.unit is not Unit.TIMESTAMP:
        seconds = int(cutoff.timestamp()) * (1000 if selection.unit is Unit.EPOCH_MS else 1)
        if dialect != "sqlite" and not isinstance(kind, sa.types.Numeric | sa.types.Integer):
            raise _unfit(selection, "a number")
        return sa.and_(is_readable(column, selection.unit, dialect), column < seconds)
    if dialect == "sqlite":
        return sa.and_(
            is_readable(column, selection.unit, dialect),
            sa.func.datetime(column) < cutoff.strftime("%Y-%m-%d %H:%M:%S"),
        )
    if isinstance(kind, sa.types.DateTime):
        aware = getattr(kind, "timezone", False)
        return column < sa.literal(cutoff if aware else cutoff.replace(tzinfo=None), kind)
    if isinstance(kind, sa.types.Date):
        return column < sa.literal(cutoff.date(), kind)
    raise _unfit(selection, "a time or a day")


def is_readable(column: sa.ColumnElement[Any], unit: Unit, dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition that the column says a time at all; it is true or false, never unknown."""
    if dialect != "sqlite":
        return column.is_not(None)
    if unit is Unit.TIMESTAMP:
        text = sa.func.coalesce(column.op("GLOB")(_DAY), sa.false())
        return sa.and_(text, sa.func.datetime(column).is_not(None))
    return sa.func.typeof(column).in_(["integer", "real"])


def _unfit(selection: Selection, what: str) -> InvalidInputError:
    return InvalidInputError(
        f"`{selection.table}.{selection.trigger}` holds no {what}; name another trigger, or its `unit`"
    )
