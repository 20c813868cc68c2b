"""Opens the shop's SQLite file, creates it with its first rows, and reads it for analysts without being able to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .rows import rows
from .tables import INSERTS, TABLES, VERSION

WAIT = 5.0
"""Seconds to wait for another writer."""
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_STEPS = 100_000
_MOST_ROUNDS = 100
_LONGEST_VALUE = 1_000_000


class ShopError(Exception):
    """The shop refuses: what was asked for does not exist, is not allowed by its rules, or makes no sense."""


def create_shop(path: Path) -> bool:
    """Create the shop at *path* with its first rows; return whether there was something to do.

    All of it happens in one transaction: a process killed half-way leaves an empty file, which the next call fills.

    Raises:
        ShopError: the file is a database of something else, or of another version of the shop, or no database.
    """
    try:
        with _opened(path.absolute().as_uri() + "?mode=rwc") as connection, writing(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == VERSION:
                return False
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if version or tables:
                raise ShopError(
                    f"`{path}` is a database of something else; name a file that does not exist yet"
                )
            _fill(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            return True
    except sqlite3.Error as error:
        raise ShopError(f"cannot create the shop at `{path}`: {error}") from error


@contextmanager
def connection_to(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that may write and that checks every reference.

    Raises:
        ShopError: there is no shop at *path*.
    """
    if not path.is_file():
        raise ShopError(f"there is no shop at `{path}`; create it with `create_shop`")
    with _opened(path.absolute().as_uri() + "?mode=rw") as connection:
        connection.row_factory = sqlite3.Row
        yield connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock from the first read on, so that nothing read can change before it is acted upon."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def read_only(path: Path, sql: str, limit: int) -> tuple[list[str], list[list[object]]]:
    """Return the columns and at most *limit* rows of one query that can only read.

    Three locks, one behind the other: the file is opened for reading, every action but reading is refused while the
    statement is compiled, and a query that runs too long is stopped.

    Raises:
        ShopError: no query, more than one, one that does not only read, one that runs too long, or no shop there.
    """
    try:
        with _opened(path.absolute().as_uri() + "?mode=ro") as connection:
            rounds = iter(range(_MOST_ROUNDS))
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
            connection.set_authorizer(_only_reading)
            connection.set_progress_handler(lambda: next(rounds, None) is None, _STEPS)
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or ()]
            found = [[_plain(value) for value in row] for row in cursor.fetchmany(limit)]
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        raise ShopError(f"the query was not run: {error}") from error
    if not columns:
        raise ShopError("the query was not run: it asks for nothing")
    return columns, found


def _only_reading(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


@contextmanager
def _opened(uri: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(uri, uri=True, timeout=WAIT, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def _fill(connection: sqlite3.Connection) -> None:
    for table in TABLES:
        connection.execute(table)
    first = rows()
    for name, insert in INSERTS.items():
        connection.executemany(insert, first[name])
