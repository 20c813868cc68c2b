"""The rows of a plane's tables, on their way into chunks and out of them; the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from ephor.adapters.storage.sql.tables import metadata
from ephor.kernel.errors import VerificationError

CHUNK = 1024 * 1024
"""Bytes of rows after which a chunk ends."""
_BATCH = 500
DERIVED = frozenset({"ledger_projection", "ledger_words"})
"""Made anew from the entries after a restore; what words are found by differs from one database to the other."""


def tables(connection: sa.Connection) -> Sequence[sa.Table]:
    """Return the tables that are backed up, as this database has them: it may be of an older schema. Always in one order."""
    there = set(sa.inspect(connection).get_table_names())
    wanted = [name for name in sorted(metadata.tables) if name in there and name not in DERIVED]
    found = sa.MetaData()
    found.reflect(connection, only=wanted)
    return [found.tables[name] for name in wanted]


def dump(connection: sa.Connection, table: sa.Table) -> Iterator[tuple[bytes, int]]:
    """Yield the rows of a table, in the order of its key, as chunks with their number of rows."""
    streamed = connection.execution_options(yield_per=_BATCH)
    rows: list[list[Any]] = []
    size = 0
    for row in streamed.execute(sa.select(table).order_by(*table.primary_key.columns)):
        values = [bytes(one) if isinstance(one, memoryview) else one for one in row]
        rows.append(values)
        size += sum(len(one) if isinstance(one, str | bytes) else 8 for one in values)
        if size >= CHUNK:
            yield msgspec.msgpack.encode(rows), len(rows)
            rows, size = [], 0
    if rows:
        yield msgspec.msgpack.encode(rows), len(rows)


def load(connection: sa.Connection, name: str, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
    """Write rows into a table and return how many; *columns* are those the backup knew.

    Raises:
        VerificationError: there is no such table or column, or a chunk holds no rows.
    """
    try:
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        for column in columns:
            table.c[column]
    except (sa.exc.NoSuchTableError, KeyError) as error:
        raise VerificationError(f"this version has no table `{name[:60]}` as the backup has it") from error
    count = 0
    for chunk in chunks:
        try:
            rows = msgspec.msgpack.decode(chunk, type=list[list[Any]])
        except msgspec.DecodeError as error:
            raise VerificationError(f"a chunk of `{name}` holds no rows") from error
        for start in range(0, len(rows), _BATCH):
            told = [dict(zip(columns, row, strict=True)) for row in rows[start : start + _BATCH]]
            try:
                connection.execute(sa.insert(table), told)
            except (sa.exc.StatementError, TypeError) as error:
                if isinstance(error, sa.exc.OperationalError):
                    raise
                raise VerificationError(f"rows of `{name}` are not what that table holds") from error
        count += len(rows)
    return count


def copy(source: sa.Connection, target: sa.Connection, advance: Callable[[int], None]) -> None:
    """Write every row of one database into another that has the same tables."""
    for table in tables(source):
        columns = [one.name for one in table.columns]
        for chunk, count in dump(source, table):
            load(target, table.name, columns, [chunk])
            advance(count)
