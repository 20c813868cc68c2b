"""A witness as a process of its own, and the way to it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import ephor
from ephor.adapters.witness.folder import WitnessFolder
from sample_witness import LOG

SOURCE = str(Path(ephor.__file__).parents[1])
TESTS = str(Path(__file__).parent)


@dataclass
class Reply:
    status: int
    media_type: str
    body: bytes


@dataclass
class Served:
    """A folder with a witness, and the processes that serve it."""

    folder: Path
    log: str = str(LOG.verifier)
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[-1]}"

    @property
    def key(self) -> str:
        return (self.folder / "witness.pub").read_text().strip()

    def start(self, *words: str, script: str | None = None) -> int:
        """Start one more process and return its number; wait until it says that it is ready."""
        arguments = [
            "witness",
            "serve",
            "--keys",
            str(self.folder),
            "--log",
            self.log,
            "--json",
            *words,
        ]
        command = ["-m", "ephor", *arguments] if script is None else ["-c", script, str(self.folder)]
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((SOURCE, TESTS))},
        )
        self.running.append(process)
        told = ""
        assert process.stdout
        while not told.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            told += line
        self.ports.append(int(json.loads(told)["url"].rpartition(":")[2]))
        return len(self.running) - 1

    def post(self, body: bytes, which: int = -1) -> Reply:
        line = http.client.HTTPConnection("127.0.0.1", self.ports[which], timeout=300)
        try:
            line.request("POST", "/add-checkpoint", body)
            answer = line.getresponse()
            return Reply(answer.status, answer.headers["Content-Type"], answer.read())
        finally:
            line.close()

    def stop(self, which: int = -1) -> int:
        process = self.running[which]
        process.terminate()
        process.communicate(timeout=300)
        return process.returncode

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()


def make(folder: Path, name: str = "witness.example/w1", log: str = str(LOG.verifier)) -> Served:
    """Return a new witness that trusts one log; nothing serves it yet."""
    WitnessFolder(folder).create(name)
    return Served(folder, log)
