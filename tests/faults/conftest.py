"""A plane in a file that things happen to, and the command line as somebody would use it on that plane."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ephor import bootstrap
from planes import Made, event, migrate_file, sqlite_plane

FAMILIES = {
    2: "invalid-input",
    3: "not-found",
    4: "conflict",
    5: "not-permitted",
    6: "verification-failed",
    7: "unavailable",
}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    def fails(self, code: int, *words: str) -> None:
        """Check that this is an error of the family with that exit code, said as the house says it."""
        assert self.code == code, self
        match = re.fullmatch(r"ephor: ([a-z-]+): (.+)\n", self.err, re.DOTALL)
        assert match, self.err
        message = match[2]
        assert match[1] == FAMILIES[code]
        assert message[0] == "`" or not message[0].isupper() or message.startswith("EPHOR"), message
        assert not message.endswith("."), message
        assert "Traceback" not in self.err
        assert "please report" not in message
        for word in words:
            assert word in message, message


Ephor = Callable[..., Answer]


@pytest.fixture
def ephor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plane: Made) -> Ephor:
    """Runs one command as `ada` on the plane, or on the database given."""

    def run(*arguments: str, database: str | None = None) -> Answer:
        monkeypatch.setenv("EPHOR_DATABASE", database or plane.url)
        monkeypatch.setenv("EPHOR_PERSON", "ada")
        monkeypatch.delenv("EPHOR_KEYS", raising=False)
        monkeypatch.setattr(sys, "argv", ["ephor", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            bootstrap.main()
        said = capsys.readouterr()
        return Answer(int(stop.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it."""
    return migrate_file(tmp_path_factory.mktemp("migrated") / "empty.db")


@pytest.fixture
def plane(tmp_path: Path, migrated: Path) -> Iterator[Made]:
    """A plane with five entries in it and two who operate it, closed; its keys lie where the command line looks for them."""
    folder = tmp_path / "plane"
    folder.mkdir()
    made = sqlite_plane(folder, migrated)
    made.open().append([event(n) for n in range(5)])
    made.close()
    with closing(sqlite3.connect(made.file)) as connection, connection:
        for name in ("ada", "nobody"):  # who asks, and whose account stands for another's
            body = f'{{"id":"{name}","name":"{name}","roles":["administrator"]}}'
            connection.execute("insert into people (id, body) values (?, ?)", (name, body))
    yield made
    made.close()


@pytest.fixture
def events(tmp_path: Path) -> str:
    """A file with one event, for `ephor ledger append`."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}\n')
    return str(path)
