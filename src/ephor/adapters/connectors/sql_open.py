"""How databases of others are opened: by URL, with their drivers, and warm where the process had them open before."""

from __future__ import annotations

import os
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

_BACKENDS = ("sqlite", "postgresql", "mysql", "mariadb")
_DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
"""The driver of a URL that names none."""
_IDLE = 5.0
"""Seconds after which a connection is asked whether it still stands, before it is used."""


def open_store(url: str) -> sa.Engine:
    """Return the database at *url*; see `connect`."""
    try:
        parsed = sa.engine.make_url(url)
    except exc.ArgumentError:
        raise InvalidInputError(
            "the store's URL cannot be read; write `sqlite:///shop.db` or `postgresql+psycopg://…`"
        ) from None
    backend = parsed.get_backend_name()
    if backend not in _BACKENDS:
        raise InvalidInputError(f"`{backend}` stores are not supported; use one of {', '.join(_BACKENDS)}")
    if parsed.drivername in _DRIVERS:
        parsed = parsed.set(drivername=f"{backend}+{_DRIVERS[parsed.drivername]}")
    if backend == "sqlite" and not (parsed.database and Path(parsed.database).is_file()):
        raise NotFoundError(f"there is no SQLite file `{parsed.database}`; name an existing one")
    return _opened(parsed, os.getpid())


@lru_cache(maxsize=16)
def _opened(parsed: sa.URL, _process: int) -> sa.Engine:
    """Return the engine for a URL, the same each time: what it compiled and learned of its server is not learned again.

    A child of a fork has its own: two processes that talk over one connection hear each other's answers.
    """
    backend = parsed.get_backend_name()
    try:
        kept: dict[str, Any] = (
            {"poolclass": sa.pool.NullPool}
            if backend == "sqlite"
            else {
                "pool_size": 1,
                "max_overflow": 4,
            }  # a new connection costs a process there
        )
        engine = sa.create_engine(parsed, hide_parameters=True, **kept)
    except (ImportError, exc.SQLAlchemyError) as error:
        extra = "postgres" if backend == "postgresql" else "mysql"
        raise UnavailableError(
            f"no driver for `{parsed.drivername}`: {error}; install `ephor[{extra}]`"
        ) from error
    if backend == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    else:
        sa.event.listen(engine, "checkin", _note_use)
        sa.event.listen(engine, "checkout", _ask_if_idle)
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _ask_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that lay idle whether it still stands; to ask before every question would double the way."""
    used = record.info.get("used")
    if used is None or monotonic() - used < _IDLE:
        return
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except connection.Error as error:
        raise exc.DisconnectionError from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.execute(
        "PRAGMA foreign_keys = ON"
    )  # off by default: deleting would leave rows that point nowhere
    connection.execute("PRAGMA secure_delete = ON")  # deleted content is overwritten with zeros
    connection.execute("PRAGMA busy_timeout = 5000")
