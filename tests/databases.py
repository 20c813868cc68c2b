"""Databases of a test PostgreSQL server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager


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
    with engine.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
    engine.dispose()
