"""Planes over every storage there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from ephor.adapters.storage.sql import engines, migrate
from planes import Made, emptied, migrate_file, sqlite_plane


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it."""
    return migrate_file(tmp_path_factory.mktemp("migrated") / "empty.db")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with the schema, emptied before each test that asks for a plane in it."""
    with postgres_database(postgres_server) as url:
        engine = engines.open_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture
def made_in(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Made]]:
    """Makes a plane in `memory`, `sqlite` or `postgres`, and closes what was opened of it."""
    planes: list[Made] = []

    def make(where: str) -> Made:
        if where == "sqlite":
            planes.append(sqlite_plane(tmp_path, request.getfixturevalue("migrated")))
        else:
            url = "memory:"
            if where == "postgres":
                url = emptied(request.getfixturevalue("migrated_postgres"))
            planes.append(Made(url, tmp_path / "keys"))
        return planes[-1]

    yield make
    for plane in planes:
        plane.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def made(request: pytest.FixtureRequest, made_in: Callable[[str], Made]) -> Made:
    return made_in(request.param)


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, made_in: Callable[[str], Made]) -> Made:
    """A plane that several storages can open at once."""
    return made_in(request.param)


@pytest.fixture
def storage(made: Made) -> Any:
    return made.open()
