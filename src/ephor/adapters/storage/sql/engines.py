"""Open a database the way Ephor needs it opened: real transactions, durable commits."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

BUSY_MS = 10_000
"""How long a writer waits for another process before it gives up; the caller is told to try again."""
_URLS = "write sqlite:///FILE or postgresql+psycopg://…"


def parse_url(url: str) -> sa.URL:
    """Return the URL of a database that can hold a plane.

    Raises:
        InvalidInputError: not a URL of SQLite or PostgreSQL, or a SQLite URL that is more or less than a file.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise InvalidInputError(f"`{url}` is not a database URL; {_URLS}") from None
    dialect = parsed.get_backend_name()
    if dialect not in ("sqlite", "postgresql"):
        raise InvalidInputError(f"`{dialect}` databases cannot hold a plane; {_URLS}")
    if dialect == "sqlite":
        if not parsed.database or not parsed.database.strip() or parsed.database == ":memory:":
            raise InvalidInputError(f"`{url}` names no file; write sqlite:///ephor.db")
        if f"sqlite:///{parsed.database}" != url:
            raise InvalidInputError(f"`{url}` says more than a file; write sqlite:///{parsed.database}")
    return parsed


def open_engine(url: str) -> sa.Engine:
    """Return an engine for *url*; on SQLite, one whose transactions start at once and as a writer.

    Raises:
        InvalidInputError: not a URL of SQLite or PostgreSQL.
        UnavailableError: the driver for PostgreSQL is not installed.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            parsed,
            poolclass=sa.pool.QueuePool,
            pool_size=5,
            max_overflow=20,
            creator=lambda: _connect(Path(str(parsed.database))),
        )
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        return engine
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args=_postgres_arguments(),
        )
    except ModuleNotFoundError as error:
        raise UnavailableError("PostgreSQL needs its driver; install `ephor[postgres]`") from error


def reading(engine: sa.Engine) -> sa.Engine:
    """Return *engine* as one whose transactions only read, and see one moment."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(ephor_reading=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for another database.

    Raises:
        InvalidInputError: not a URL of a database that can hold a plane.
    """
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


class Place:
    """A SQLite file while it is open. SQLite itself goes on writing to one that was deleted, moved away or replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # whatever folder the process goes to
        self._file: tuple[int, int] | None = None

    def check(self) -> None:
        """Return if the file is the one it was when this was first asked.

        Raises:
            UnavailableError: whoever opens it now opens another, or none.
        """
        try:
            found = os.stat(self.path)
            file = found.st_dev, found.st_ino
        except FileNotFoundError:
            file = None
        if self._file is None:
            self._file = file
        elif self._file != file:
            raise UnavailableError(
                f"`{self.path}` was deleted, moved away or replaced while it was open; nothing was recorded: stop whatever uses it, "
                "put the right file in its place, and open the plane again"
            )


def check_file(path: Path, *, create: bool, used: bool = False) -> None:
    """Refuse a file that cannot hold a plane before anything is written to it; *used* says that there are keys for one.

    Raises:
        NotFoundError: there is none and none is to be made, or no folder to make it in.
        InvalidInputError: it is a folder, or no SQLite database.
        UnavailableError: it cannot be read, or is damaged.
    """
    try:
        _check_file(path, create=create, used=used)
    except OSError as error:
        raise UnavailableError(
            f"cannot read `{path}`: {error.strerror}; make it readable, or name another file"
        ) from error
    except ValueError:
        raise InvalidInputError(f"`{path}` cannot name a file; name another") from None


def _check_file(path: Path, *, create: bool, used: bool) -> None:
    if path.is_dir():
        raise InvalidInputError(f"`{path}` is a folder; name a file in it")
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder `{path.parent}`; make it first")
    if not path.exists():
        if not create:
            raise NotFoundError(
                f"there is no database `{path}`; run `ephor init`, or name another with --database"
            )
        # Whoever can write here can change what people decided; SQLite gives its side files the same mode.
        path.touch(mode=0o600)
        return
    if not path.is_file():
        raise InvalidInputError(f"`{path}` is no ordinary file; name another")
    with path.open("rb") as file:
        start = file.read(16)
    if start and start != b"SQLite format 3\0":
        if used:
            raise UnavailableError(
                f"`{path}` is damaged: it has keys and no longer begins as a database; restore it from a backup"
            )
        raise InvalidInputError(
            f"`{path}` is not a database; name another file, or move it away to start anew"
        )


def connect_sqlite(path: Path, busy_ms: int | None = None) -> sqlite3.Connection:
    """Return a connection of our own to an existing file, outside the pool, for the ledger's hot path."""
    place = f"file:{quote(str(path))}?mode=rw"
    connection = sqlite3.connect(
        place, uri=True, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    _configure(connection, None)
    if busy_ms is not None:
        connection.execute(f"pragma busy_timeout={busy_ms}")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection; to what this account may only read, one that reads without the side files a writer needs."""
    place = quote(str(path.absolute()))
    if not path.exists() or all(os.access(one, os.W_OK) for one in (path, path.parent)):
        return sqlite3.connect(path, check_same_thread=False)
    wal = Path(f"{path}-wal")
    ways = [str(path), f"file:{place}?mode=ro"]
    if (
        not wal.exists() or wal.stat().st_size == 0
    ):  # else the newest entries lie there, and would not be seen
        ways.append(f"file:{place}?immutable=1")
    for way in ways[:-1]:
        connection = sqlite3.connect(way, uri=way.startswith("file:"), check_same_thread=False)
        try:
            connection.execute("select 1 from sqlite_master limit 1").fetchall()
        except sqlite3.OperationalError:
            connection.close()
        else:
            return connection
    return sqlite3.connect(ways[-1], uri=True, check_same_thread=False)


def use_wal(connection: Any) -> None:
    """Let readers and the writer not wait for each other. The file remembers it; only a database known as ours is changed."""
    waited = 0
    while connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:  # here SQLite does not always wait by itself
            if "locked" not in str(error) or waited >= BUSY_MS:
                raise
            time.sleep(0.02)
            waited += 20


def connect_postgres(url: sa.URL) -> Any:
    """Return a connection of our own, outside the pool, that commits only when told."""
    import psycopg  # noqa: PLC0415 - an extra; SQLite planes do without

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, **_postgres_arguments())


def _postgres_arguments() -> dict[str, Any]:
    return {
        "connect_timeout": max(2, BUSY_MS // 1000),
        "options": f"-c lock_timeout={BUSY_MS}",
        # A server that is gone without a word is noticed in half a minute, not in two hours.
        "tcp_user_timeout": 30_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
    }


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = (
        None  # Python's driver would start transactions late and leave DDL outside them
    )
    for pragma in (f"busy_timeout={BUSY_MS}", "synchronous=full", "foreign_keys=on", "secure_delete=on"):
        connection.execute(f"pragma {pragma}")


def _begin(connection: sa.Connection) -> None:
    is_reading = connection.get_execution_options().get("ephor_reading", False)
    connection.exec_driver_sql("begin" if is_reading else "begin immediate")
