"""The tables of a database as sources, read row by row through SQLAlchemy; names are quoted, nothing is written."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

ROWS = 1_000
"""Rows read at a time."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """One table of a database."""

    engine: sa.Engine
    name: str
    schema: str | None = None
    form: str = "table"

    def pieces(self) -> Iterator[str]:
        raise InvalidInputError(f"`{self.name}` is a table, not text")

    def batches(self) -> Iterator[Mapping[str, Sequence[object]]]:
        try:
            with self.engine.connect() as connection, warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", exc.SAWarning
                )  # a column type SQLAlchemy does not know is read as it comes
                names = [column["name"] for column in sa.inspect(connection).get_columns(self.name)]
                # By name and without types: values come as the driver gives them, whatever the column claims to hold.
                query: Any = sa.select(*(sa.column(name) for name in names)).select_from(sa.table(self.name))
                rows = connection.execution_options(stream_results=True, yield_per=ROWS).execute(query)
                for part in rows.partitions(ROWS):
                    yield {name: [_plain(row[at]) for row in part] for at, name in enumerate(names)}
        except exc.SQLAlchemyError as error:
            raise UnavailableError(
                f"cannot read table `{self.name}`: {type(error).__name__}; is it a table this account may read?"
            ) from error


def table_sources(url: str) -> Iterator[TableSource]:
    """Yield the tables of the database at *url* by name.

    Raises:
        InvalidInputError: the URL cannot be read.
        NotFoundError: the SQLite file does not exist; none is created.
        UnavailableError: the database does not answer, or its driver is not installed.
    """
    try:
        parsed = sa.engine.make_url(url)
    except exc.ArgumentError:
        raise InvalidInputError(
            "the database's URL cannot be read; write `sqlite:///shop.db` or `postgresql+psycopg://…`"
        ) from None
    if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).is_file()):
        raise NotFoundError(f"there is no SQLite file `{parsed.database}`; name an existing one")
    try:
        engine = sa.create_engine(parsed, poolclass=sa.pool.NullPool, hide_parameters=True)
    except (ImportError, exc.SQLAlchemyError) as error:
        raise UnavailableError(
            f"no driver for `{parsed.drivername}`: {error}; install it beside Ephor"
        ) from error
    try:
        with engine.connect() as connection:
            names = sorted(sa.inspect(connection).get_table_names())
    except exc.SQLAlchemyError as error:
        raise UnavailableError(
            f"the database does not answer: {type(error).__name__}; check the URL and that it runs"
        ) from error
    yield from (TableSource(engine, name) for name in names)


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
