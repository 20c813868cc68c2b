"""Open a database the way Ephor needs it opened: real transactions, durable commits."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ephor.kernel.errors import InvalidInputError, NotFoundError

BUSY_MS = 10_000
"""How long a writer waits for another process before it gives up; the caller is told to try again."""
PRAGMAS = (f"busy_timeout={BUSY_MS}", "journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on")


def open_engine(url: str) -> sa.Engine:
    """Return an engine for *url*; on SQLite, one whose transactions start at once and as a writer.

    Raises:
        InvalidInputError: not a URL of SQLite or PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise InvalidInputError(f"`{url}` is not a database URL; write sqlite:///FILE or postgresql+psycopg://…") from None
    dialect = parsed.get_backend_name()
    if dialect == "sqlite":
        engine = sa.create_engine(parsed, poolclass=sa.pool.QueuePool, pool_size=5, max_overflow=20, connect_args={"check_same_thread": False})
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        return engine
    if dialect == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), isolation_level="READ COMMITTED", pool_pre_ping=True)
    raise InvalidInputError(f"`{dialect}` databases cannot hold a plane; use sqlite:///FILE or postgresql+psycopg://…")


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for another database.

    Raises:
        InvalidInputError: a SQLite URL that names no file.
    """
    if not url.startswith("sqlite:"):
        return None
    if not url.startswith("sqlite:///") or not url.removeprefix("sqlite:///").strip() or ":memory:" in url:
        raise InvalidInputError(f"`{url}` names no file; write sqlite:///ephor.db")
    return Path(url.removeprefix("sqlite:///"))


def check_file(path: Path, *, create: bool) -> None:
    """Refuse a file that cannot hold a plane before anything is written to it.

    Raises:
        NotFoundError: there is none and none is to be made, or no folder to make it in.
        InvalidInputError: it is a folder, or no SQLite database.
    """
    if path.is_dir():
        raise InvalidInputError(f"`{path}` is a folder; name a file in it")
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder `{path.parent}`; make it first")
    if not path.exists():
        if not create:
            raise NotFoundError(f"there is no database `{path}`; run `ephor init`, or name another with --database")
        return
    with path.open("rb") as file:
        start = file.read(16)
    if start and start != b"SQLite format 3\0":
        raise InvalidInputError(f"`{path}` is not a database; name another file, or move it away to start anew")


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """Return a connection of our own, outside the pool, for the ledger's hot path."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")
    return connection


def connect_postgres(url: sa.URL) -> Any:
    """Return a connection of our own, outside the pool, that commits only when told."""
    import psycopg  # noqa: PLC0415 - an extra; SQLite planes do without

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Python's driver would start transactions late and leave DDL outside them
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _begin(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("ephor_reading", False)
    connection.exec_driver_sql("begin" if reading else "begin immediate")
