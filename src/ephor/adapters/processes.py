"""Processes of this program that ask for decisions over and over, for a drill of the stop switch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import IO, Any

from ephor.rooms.agents.drill import Seen

_GRACE = 10.0
_PAUSE = 0.005


class ProcessProber:
    """Starts ``ephor agents probe``, and tells each over its standard input which database it is about: no list of
    processes shows a password.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def start(
        self, count: int, agent: str, tool: str, arguments: Mapping[str, Any], session: str
    ) -> Iterator[RunningProbes]:
        words = [
            sys.executable,
            "-m",
            "ephor",
            "agents",
            "probe",
            agent,
            "--tool",
            tool,
            "--session",
            session,
        ]
        told = json.dumps({"database": self._url, "arguments": dict(arguments)}) + "\n"
        with ExitStack() as stack:
            started = [stack.enter_context(_running(words, told)) for _ in range(count)]
            yield RunningProbes(started)

    def ticks(self) -> int:
        return time.monotonic_ns()

    def pause(self) -> None:
        time.sleep(_PAUSE)


class RunningProbes:
    """Reads what each process prints, as it prints it."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes
        self._seen: list[list[Seen]] = [[] for _ in processes]
        for index, process in enumerate(processes):
            Thread(target=_read, args=(process, self._seen[index]), daemon=True).start()

    def seen(self) -> Sequence[Sequence[Seen]]:
        return [list(one) for one in self._seen]

    def failed(self) -> str | None:
        for process in self._processes:
            if process.poll() is not None:
                said = process.stderr.read() if process.stderr else ""
                return " ".join(said.split())[:300] or f"exit code {process.returncode}"
        return None


def _read(process: subprocess.Popen[str], seen: list[Seen]) -> None:
    with suppress(ValueError):  # closed when the drill is over
        for line in process.stdout or ():
            asked, answered, outcome = line.split()
            seen.append(Seen(int(asked), int(answered), outcome == "allow", outcome == "stopped"))


@contextmanager
def _running(words: Sequence[str], told: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process; it ends when its input closes, and who does not is killed."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - this very program
    try:
        with suppress(OSError):  # it ended already; `failed` says so
            _stdin(process).write(told)
            _stdin(process).flush()
        yield process
    finally:
        with suppress(OSError):
            _stdin(process).close()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _stdin(process: subprocess.Popen[str]) -> IO[str]:
    if process.stdin is None:
        raise BrokenPipeError
    return process.stdin
