"""The chain of migrations arrives where the tables say, on both databases; what is not ours is not touched."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.tables import metadata
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from planes import Made, event

TESTS = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = engines.open_engine(url)
    yield engine
    engine.dispose()


def shape(engine: sa.Engine) -> dict[str, object]:
    inspected = sa.inspect(engine)
    return {
        name: (
            [(one["name"], str(one["type"]), one["nullable"]) for one in inspected.get_columns(name)],
            inspected.get_indexes(name),
            inspected.get_pk_constraint(name),
        )
        for name in inspected.get_table_names()
    }


def test_migrated_and_declared_tables_are_the_same(engine):
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    assert set(shape(engine)) == {*metadata.tables, "alembic_version"}


def test_migrating_twice_changes_nothing(engine):
    migrate.upgrade(engine)
    once = shape(engine)
    migrate.upgrade(engine)
    assert shape(engine) == once


def test_there_is_one_head_and_the_code_knows_every_revision():
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.HEAD]
    assert [one.revision for one in reversed(list(scripts.walk_revisions()))] == list(migrate.KNOWN)


def test_three_servers_that_start_at_once_all_arrive_at_one_plane(url, tmp_path):
    code = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path\nfrom planes import Made, event\n"
        "storage = Made(sys.argv[1], Path(sys.argv[2])).open()\nstorage.append([event(1)])\nstorage.close()\n"
    )
    arguments = [url, str(tmp_path / "keys"), str(TESTS), str(TESTS.parent / "src")]
    started = [
        subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [(process.communicate(timeout=300)[1], process.returncode) for process in started] == [
        (b"", 0)
    ] * 3
    made = Made(url, tmp_path / "keys")
    storage = made.open()
    assert storage.ledger.head().size == 3
    assert made.ledger(storage).verify(None, None).verdict == "CONSISTENT"
    made.close()


def test_a_newer_schema_is_refused(engine, url, tmp_path):
    made = Made(url, tmp_path / "keys")
    storage = made.open()
    storage.append([event()])
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    for ask in (
        storage.is_set_up,
        lambda: storage.set_up("other.local/a/b"),
        lambda: migrate.upgrade(engine),
    ):
        with pytest.raises(ConflictError, match=r"`9999`, made by a newer Ephor.*upgrade Ephor"):
            ask()
    made.close()


def test_somebody_elses_database_is_refused(engine, url, tmp_path):
    with engine.begin() as connection:
        connection.execute(sa.text("create table customers (id integer primary key)"))
    before = shape(engine)
    made = Made(url, tmp_path / "keys")
    with pytest.raises(InvalidInputError, match=r"holds other tables.*`customers`.*name another"):
        made.open()
    made.close()
    with pytest.raises(InvalidInputError, match="`customers`"):
        migrate.upgrade(engine)
    assert shape(engine) == before
    assert not (tmp_path / "keys").exists()


def test_a_database_with_another_programs_migrations_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("create table alembic_version (version_num varchar(32) not null)"))
        connection.execute(sa.text("insert into alembic_version values ('abc')"))
    with pytest.raises(InvalidInputError, match="not Ephor's"):
        migrate.upgrade(engine)


def test_somebody_elses_file_keeps_every_byte(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (id integer primary key)")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    made = Made(f"sqlite:///{path}", tmp_path / "keys")
    with pytest.raises(InvalidInputError, match="`customers`"):
        made.open()
    made.close()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["shop.db"]


def test_a_migration_that_fails_leaves_no_half_made_table(engine, monkeypatch):
    def fail(*_arguments: object, **_more: object) -> None:
        raise sa.exc.OperationalError("create trigger", {}, Exception("disk full"))

    monkeypatch.setattr(op, "execute", fail)
    with pytest.raises(sa.exc.OperationalError):
        migrate.upgrade(engine)
    monkeypatch.undo()
    assert sa.inspect(engine).get_table_names() == []
    migrate.upgrade(engine)
    assert "ledger_entries" in sa.inspect(engine).get_table_names()


@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_entries set data = data",
        "delete from ledger_entries",
        "update ledger_tiles set root = hashes",
        "delete from ledger_tiles where level = 0",
    ],
)
def test_the_ledgers_tables_refuse_to_be_changed(shared, sql):
    storage = shared.open()
    storage.append([event(n) for n in range(300)])
    head = storage.ledger.head()
    engine = engines.open_engine(shared.url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(sql))
    if shared.url.startswith("postgresql"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(
                sa.text(f"truncate {'ledger_entries' if 'entries' in sql else 'ledger_tiles'}")
            )
    engine.dispose()
    assert storage.ledger.head() == head


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ephor.db", "`ephor.db` is not a database URL"),
        ("mysql://h/d", "`mysql` databases cannot hold a plane"),
        ("postgresql://h:port/d", "is not a database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///a.db?timeout=5", "says more than a file"),
        ("sqlite+pysqlite:///a.db", "says more than a file"),
    ],
)
def test_a_url_that_cannot_hold_a_plane_is_refused(url, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        engines.open_engine(url)


def test_a_postgresql_that_does_not_answer_is_unavailable(tmp_path):
    made = Made(f"postgresql://nobody@/nothing?host={tmp_path}", tmp_path / "keys")
    with pytest.raises(UnavailableError, match=r"did not answer.*try again"):
        made.open()
    made.close()
