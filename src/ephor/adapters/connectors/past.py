"""Whether a row's time is over, told by the database itself; what cannot be read as a time is never past."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import sqlalchemy as sa

from ephor.engine.ports_retention import Selection
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.retention.schedule import Unit

_DAY = "[0-9]???-??-??*"
"""SQLite takes a bare number for a Julian day, and `now` for a time; neither is one that somebody wrote down. What SQLite reads
as a time, begins with a digit and has hyphens at these places is a day: a number has one such sign behind its first digit."""


def is_past(
    column: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], selection: Selection, dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that the time in *column* began before the selection's cutoff; unknown where it says no time.

    It reads each value once: over millions of rows that is what counting them costs.

    Raises:
        InvalidInputError: the column's type cannot hold such a time.
    """
    cutoff = selection.cutoff
    if selection.unit is not Unit.TIMESTAMP:
        seconds = int(cutoff.timestamp()) * (1000 if selection.unit is Unit.EPOCH_MS else 1)
        if dialect == "sqlite":
            return sa.case((sa.func.typeof(column).in_(["integer", "real"]), column < seconds))
        if not isinstance(kind, sa.types.Numeric | sa.types.Integer):
            raise _unfit(selection, "a number")
        return column < seconds
    if dialect == "sqlite":
        edge = cutoff.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat(" ")
        before = sa.func.julianday(column) < sa.func.julianday(edge)
        return sa.case((column.op("GLOB")(_DAY), before))
    if isinstance(kind, sa.types.DateTime):
        aware = getattr(kind, "timezone", False)
        return column < sa.literal(cutoff if aware else cutoff.replace(tzinfo=None), kind)
    if isinstance(kind, sa.types.Date):
        return column < sa.literal(cutoff.date(), kind)
    raise _unfit(selection, "a time or a day")


def _unfit(selection: Selection, what: str) -> InvalidInputError:
    return InvalidInputError(
        f"`{selection.table}.{selection.trigger}` holds no {what}; name another trigger, or its `unit`"
    )
