"""A nursery whose children run `ephor` commands until they are killed: one for each line of JSON it reads.

A line is ``{"arguments": [...], "stop": N}``. The child answers `pid P`, then `at N` once it has done N
things to files and waits to be killed there, `steps N` where it ends by itself, and the nursery `ended STATUS`. Without ``stop`` the child waits nowhere.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

STEPS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "sqlite3.connect"})  # fmt: skip


def run(arguments: list[str], stop: int | None, told: int) -> None:
    """Run a command as a process of its own, and pause for good at the step named."""
    from ephor.bootstrap import main  # noqa: PLC0415 - imported before the first fork

    os.write(told, f"pid {os.getpid()}\n".encode())
    done = [0]

    def step(event: str, _: Any) -> None:
        if event in STEPS:
            done[0] += 1
            if done[0] == stop:
                os.write(told, f"at {stop}\n".encode())
                signal.pause()

    code = 1
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    sys.argv = ["ephor", *arguments]
    sys.addaudithook(step)
    try:
        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        os.write(told, f"steps {done[0]}\n".encode())
        os._exit(code)


def nurse() -> None:
    """Start one child for each line, and tell of its end."""
    import ephor.adapters.backup.way  # noqa: PLC0415 - what is imported before the fork need not be after it
    import ephor.bootstrap  # noqa: PLC0415
    import ephor.edges.cli.app  # noqa: PLC0415
    import ephor.edges.cli.backup  # noqa: F401, PLC0415

    told = os.dup(1)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            run(asked["arguments"], asked["stop"], told)
        _, status = os.waitpid(child, 0)
        os.write(told, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


class Nursery:
    """Runs commands as children of one process, which imports everything once, and kills them."""

    def __init__(self, keys: Path) -> None:
        given = {**os.environ, "EPHOR_KEYS": str(keys), "EPHOR_PERSON": "ada"}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=given
        )

    def run(self, arguments: Sequence[str], stop: int | None = None) -> tuple[int, int]:
        """Return the exit status and the steps done; kill -9 at the step *stop*."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"arguments": list(arguments), "stop": stop}).encode() + b"\n")
        self._process.stdin.flush()
        child, steps = 0, 0
        for word, number in self._told():
            if word == "pid":
                child = number
            elif word == "at" and child > 0:
                os.kill(child, signal.SIGKILL)
            elif word == "steps":
                steps = number
            else:
                return number, steps
        raise AssertionError("the nursery ended")

    def _told(self) -> Iterator[tuple[str, int]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, number = line.split()
            yield word.decode(), int(number)

    def close(self) -> None:
        self._process.communicate()


if __name__ == "__main__":
    nurse()
