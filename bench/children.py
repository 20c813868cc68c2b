"""Contestants in processes of their own: one JSON line asks, one answers. Standard library only, any environment runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class ChildError(Exception):
    """A child said that it could not do what it was asked, or ended."""


class Child:
    """A running script of this folder that answers one question after the other."""

    def __init__(self, script: str, *, python: str = sys.executable) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [python, str(HERE / script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, command: str, **values: Any) -> None:
        """Ask without waiting for the answer; `hear` must follow."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": command, **values}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ChildError(f"{self._script} ended with {self._process.wait()}") from None

    def hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildError(f"{self._script} ended with {self._process.wait()}")
        told = json.loads(line)
        if "error" in told:
            raise ChildError(f"{self._script}: {told['error']}")
        return told["told"]

    def ask(self, command: str, **values: Any) -> Any:
        self.tell(command, **values)
        return self.hear()

    def close(self) -> None:
        """Let the child end by itself, as it does when nobody asks any more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Answer questions until there are no more. What the code under test prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = {"told": commands[asked.pop("do")](**asked)}
        except Exception as error:  # noqa: BLE001 - told to who asked
            traceback.print_exc()
            told = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(told) + "\n")


def took(act: Callable[[], Any]) -> dict[str, float]:
    """Run *act* and return wall and CPU seconds."""
    before, started = time.process_time(), time.perf_counter()
    act()
    return {"wall": time.perf_counter() - started, "cpu": time.process_time() - before}


def peak_memory() -> int:
    """Return the most bytes this process had in memory at once, since it was started."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell the peak of a process's memory")
