"""Bring a database to the schema of this version, and refuse one that is ahead of it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from ephor.kernel.errors import ConflictError, InvalidInputError, VerificationError

KNOWN = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
)
"""Every migration, the newest last. Written here so that opening a database need not load Alembic; a test keeps it true."""
HEAD = KNOWN[-1]
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def revision(connection: sa.Connection) -> str | None:
    """Return the schema revision of a database; None when it is empty.

    Raises:
        InvalidInputError: it holds tables, and they are not Ephor's.
        ConflictError: the database was made by a newer version of Ephor.
    """
    names = set(sa.inspect(connection).get_table_names())
    if {"alembic_version", "ledger_head"} <= names:
        found = connection.execute(sa.text("select version_num from alembic_version")).scalar()
        if found not in KNOWN:
            if not (isinstance(found, str) and len(found) == len(HEAD) and found.isdigit() and found > HEAD):
                raise VerificationError(
                    f"this database says it has schema `{str(found)[:20]}`, and there is none of that name: it is damaged; restore it "
                    "from a backup"
                )
            raise ConflictError(
                f"this database has schema `{found}`, made by a newer Ephor; this version knows `{HEAD}`: upgrade Ephor"
            )
        return str(found)
    if "ledger_entries" in names:
        raise VerificationError(
            "a table is gone from this database, and the ledger's entries are there: it is damaged; restore it from a backup"
        )
    if names:
        some = ", ".join(f"`{name}`" for name in sorted(names)[:3])
        raise InvalidInputError(f"this database holds other tables ({some}) and is not Ephor's; name another")
    return None


def upgrade(engine: sa.Engine, to: str = HEAD) -> None:
    """Create or upgrade the schema in one transaction, to *to* at least. Two processes at once both arrive.

    Raises:
        ConflictError: the database was made by a newer version of Ephor.
        InvalidInputError: it is somebody else's.
    """
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("set local lock_timeout = '20s'"))
            connection.execute(sa.text("select pg_advisory_xact_lock(20260802)"))
        if (found := revision(connection)) is not None and KNOWN.index(found) >= KNOWN.index(to):
            return
        from alembic import command  # noqa: PLC0415 - costs 150 ms and is needed once in a database's life
        from alembic.config import Config  # noqa: PLC0415

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        command.upgrade(config, to)
