"""Runs `ephor` commands in children of a process that has everything imported: each is a process of its own, and cheap.

Reads one JSON line for each command, ``{"words", "folder", "environment", "output"}``, and answers with its exit code.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import sqlalchemy
import typer._adapters  # noqa: F401 - otherwise loaded as the first command is read

import ephor
from ephor import bootstrap
from ephor.edges.cli import app


def warm_up() -> None:
    """Load, for the children's sake, what commands load."""
    for module in pkgutil.walk_packages(ephor.__path__, "ephor."):
        if (
            not module.name.startswith("ephor.adapters.storage.migrations")
            and module.name != "ephor.__main__"
        ):
            with suppress(ModuleNotFoundError):  # an extra that is not installed
                import_module(module.name)
    for first in (*app.COMMANDS, *app.GROUPS):
        app._reader(first)
    sqlalchemy.create_engine("sqlite://").dispose()
    gc.collect()
    gc.freeze()


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
    warm_up()
    serve()
