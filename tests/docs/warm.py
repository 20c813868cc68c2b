"""Runs `ephor` commands in children of a process that has everything imported: each is a process of its own, and cheap.

Reads one JSON line for each command, ``{"words", "folder", "environment", "output"}``, and answers with its exit code.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import ephor.adapters.storage.sql.storage
import ephor.demo.story
import ephor.edges.cli.app  # noqa: F401 - imported for the children's sake
from ephor import bootstrap


def serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(asked: dict[str, Any]) -> None:
    """Go on as the command, with its own folder, environment and output; never return."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["ephor", *asked["words"]]
    code: object = 70
    try:
        bootstrap.main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve()
