"""Which rows are past their time in SQLite: told with one look at each value, and the same as the plain way tells it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.past import is_past
from ephor.engine.ports_retention import Selection
from ephor.rooms.retention.schedule import Unit

CUTOFF = datetime(2026, 3, 1, tzinfo=UTC)
DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
VALUES: list[object] = [
    "2026-02-28", "2026-03-01", "2026-02-28T23:59:59.999", "2026-03-01 00:00:00", "2026-03-01T00:00:00+00:01",
    "2026-02-28T23:59:59-00:01", "2026-02-28 24:00:00", "2026-02-31", "2026-13-01", "2026-2-1", "0001-01-01",
    "now", "12:34", "12:34:56", "123e-5", "12e5-08-9", "    -0e-5", "-2020-01-01", " 2020-01-01", "2020-01-01x",
    "2460000.5", 2460000.5, 20200101, -1, "", None, b"2020-01-01", b"    -0e-5", "\uff12020-01-01", "2020\u201001\u201001",
]  # fmt: skip


def selection(unit: Unit, cutoff: datetime = CUTOFF) -> Selection:
    return Selection("t", "at", unit, cutoff)


def asked(condition: sa.ColumnElement[bool]) -> list[bool | None]:
    engine = sa.create_engine("sqlite://")
    table = sa.table("t", sa.column("at"))
    with engine.begin() as connection:
        connection.exec_driver_sql("create table t (n integer primary key, at)")
        for value in VALUES:
            connection.exec_driver_sql("insert into t (at) values (?)", (value,))
        query = sa.select(sa.type_coerce(condition, sa.Integer)).select_from(table).order_by(sa.text("n"))
        return [{None: None, 0: False, 1: True}[one] for one in connection.scalars(query)]


def test_a_day_is_past_where_the_plain_way_says_so_and_nothing_else_says_a_time() -> None:
    column: sa.ColumnElement[object] = sa.column("at")
    told = asked(is_past(column, sa.types.NullType(), selection(Unit.TIMESTAMP), "sqlite"))
    plain = sa.and_(column.op("GLOB")(DAY), sa.func.datetime(column).is_not(None))
    readable = asked(sa.func.coalesce(plain, sa.false()))
    # Without a modifier SQLite gives back 24:00 and the 31st of February as they came.
    before = asked(sa.func.datetime(column, "+0 days") < "2026-03-01 00:00:00")
    assert told == [one if may else None for may, one in zip(readable, before, strict=True)]
    assert told.count(True) == 4
    assert told.count(None) > 12


@pytest.mark.parametrize(("unit", "value"), [(Unit.EPOCH, 2460000.5), (Unit.EPOCH_MS, 20200101)])
def test_a_number_is_past_and_a_text_says_no_time_where_numbers_are_meant(unit: Unit, value: object) -> None:
    told = asked(is_past(sa.column("at"), sa.types.NullType(), selection(unit), "sqlite"))
    assert told[VALUES.index(value)] is True
    assert told[0] is None
    assert told[VALUES.index(None)] is None


def test_a_cutoff_before_the_year_1000_is_a_year_and_not_a_text() -> None:
    long_ago = selection(Unit.TIMESTAMP, datetime(931, 1, 1, tzinfo=UTC))
    told = asked(is_past(sa.column("at"), sa.types.NullType(), long_ago, "sqlite"))
    assert [value for value, past in zip(VALUES, told, strict=True) if past] == ["0001-01-01"]
