"""A plane of the first schema goes on in this one, with every entry, tile and proof it had."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ephor.adapters.storage.sql import engines, migrate
from planes import Made, check_whole, event, numbers, sqlite_plane

FIRST = ("ledger_entries", "ledger_tiles", "plane_state")


def first_schema(url: str) -> sa.Engine:
    """Return an engine on an empty database of the first schema."""
    engine = engines.open_engine(url)
    with engine.connect() as connection, connection.begin():
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrate.MIGRATIONS))
        command.upgrade(config, "0001")
    return engine


def move_back(new: Made, old: sa.Engine) -> None:
    """Put the rows of a plane into a database of the first schema, as its version would have written them."""
    source = engines.reading(engines.open_engine(new.url))
    with source.connect() as found, old.begin() as into:
        for name in FIRST:
            table = sa.Table(name, sa.MetaData(), autoload_with=into)
            if rows := [row._asdict() for row in found.execute(sa.select(table))]:
                into.execute(table.insert(), rows)
        head = found.execute(sa.text("select * from ledger_head")).one()._asdict()
        fresh = b"".join(
            bytes(one) for one in found.scalars(sa.text("select hashes from ledger_fresh order by idx"))
        )
        table = sa.Table("ledger_head", sa.MetaData(), autoload_with=into)
        into.execute(table.insert().values(**head, partial=fresh))
    source.dispose()


@pytest.mark.parametrize("size", [1, 255, 256, 600])
@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_a_plane_of_the_first_schema_goes_on(request, tmp_path: Path, migrated, where, size):
    (tmp_path / "new").mkdir()
    new = sqlite_plane(tmp_path / "new", migrated)
    storage = new.open()
    storage.append([event(n) for n in range(size)])
    root = storage.ledger.head().root
    new.close()
    url = (
        f"sqlite:///{tmp_path / 'old.db'}"
        if where == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    engine = first_schema(url)
    move_back(new, engine)
    engine.dispose()
    old = Made(url, new.folder)
    storage = old.open()
    assert storage.is_set_up()
    assert storage.ledger.head().root == root
    assert old.ledger(storage).verify(None, None).verdict == "CONSISTENT"
    storage.append([event(size)])
    assert numbers(storage) == list(range(size + 1))
    check_whole(storage)
    old.close()


def test_a_plane_of_the_first_schema_is_upgraded_by_whoever_asks_if_there_is_one(tmp_path, migrated):
    (tmp_path / "new").mkdir()
    new = sqlite_plane(tmp_path / "new", migrated)
    new.open().append([event(1)])
    new.close()
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = first_schema(url)
    move_back(new, engine)
    engine.dispose()
    old = Made(url, new.folder)
    reading = new.open()
    reading.close()
    made = old.open()
    assert made.is_set_up()
    assert [one.origin for one in made.logs.names()] == ["test.local/ephor/main"]
    old.close()
    new.close()
