"""Signers and Vaults to try keys on: a real process, and a fake that says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ephor.adapters.keys import keyset
from ephor.adapters.keys.keyset import KeySet
from ephor.rooms.access.people import Person, PlaneRole
from ephor.settings import Settings
from fake_transit import TOKEN, FakeTransit
from planes import Made, event, migrate_file, sqlite_plane

SERVE = """
import sys
from pathlib import Path
from ephor.adapters.keys.serving import serve
print("starting", flush=True)
serve(Path(sys.argv[1]), Path(sys.argv[2]), mode=int(sys.argv[3], 8), origins=sys.argv[4:],
      ready=lambda: print("ready", flush=True), say=lambda text: print(text, file=sys.stderr, flush=True))
"""


@dataclass
class Signer:
    """A signer process that can be stopped, killed and started again."""

    folder: Path
    place: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *origins: str, mode: str = "600") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.folder), str(self.place), mode, *origins],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
        line = process.stdout.readline()
        assert line == "ready\n", process.communicate()[1]
        self.processes.append(process)
        return process

    def signal(self, number: int) -> None:
        os.kill(self.processes[-1].pid, number)

    def pause(self) -> None:
        """Stop the process and wait until it stands still."""
        self.signal(signal.SIGSTOP)
        state = Path(f"/proc/{self.processes[-1].pid}/stat")
        while state.read_text().rsplit(")", 1)[1].split()[0] != "T":
            time.sleep(0.001)

    def kill(self) -> str:
        """Kill the process; return what it complained of."""
        process = self.processes.pop()
        process.kill()
        return process.communicate()[1]


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[Signer]:
    with tempfile.TemporaryDirectory(prefix="ephor-s-") as short:  # a socket's name fits into 107 bytes
        made = Signer(tmp_path / "held", Path(short) / "s")
        made.start()
        yield made
        while made.processes:
            made.kill()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it."""
    return migrate_file(tmp_path_factory.mktemp("migrated") / "empty.db")


def peopled(made: Made) -> Made:
    """Give a plane an administrator and somebody who is none, and close it."""
    storage = made.open()
    with storage.unit() as unit:
        unit.shelf(Person).add(Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,)))
        unit.shelf(Person).add(Person("ola", "Ola", (PlaneRole.OPERATOR,)))
        unit.append(event(0))
    made.close()
    return made


@pytest.fixture
def make_plane(tmp_path: Path, migrated: Path) -> Iterator[Callable[..., Made]]:
    """Makes planes in SQLite files, with keys as the settings say, and closes them."""
    planes: list[Made] = []

    def make(name: str = "plane", settings: Settings = Settings()) -> Made:  # noqa: B008 - frozen
        folder = tmp_path / name
        folder.mkdir()
        planes.append(sqlite_plane(folder, migrated))
        planes[-1].settings = settings
        return peopled(planes[-1])

    yield make
    for one in planes:
        one.close()


@pytest.fixture(params=["sqlite", "postgres"])
def plane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """A plane in either database, with keys in files."""
    if request.param == "sqlite":
        yield request.getfixturevalue("make_plane")()
        return
    made = peopled(Made(request.getfixturevalue("postgres_url"), tmp_path / "keys"))
    yield made
    made.close()


@pytest.fixture
def vault() -> Iterator[FakeTransit]:
    fake = FakeTransit()
    fake.make("signing", "ed25519")
    fake.make("wrapping", "aes256-gcm96")
    yield fake
    fake.close()


@pytest.fixture
def token(tmp_path: Path) -> str:
    """A file that holds the token."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o640)
    return str(path)


@pytest.fixture
def key_set() -> Iterator[Callable[[Path, Settings], KeySet]]:
    """Makes key sets, and closes them."""
    made: list[KeySet] = []

    def make(path: Path, settings: Settings) -> KeySet:
        made.append(keyset.key_set(path, settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
