"""What an edge is given from outside: ways to open a plane and to read the files people hand over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.engine.regulation import Law
from ephor.rooms.agents.manifest import Manifest


class Open(Protocol):
    """Opens the plane at a URL (None: the default); makes it first only where *create* says so."""

    def __call__(self, database: str | None = None, *, create: bool = False) -> Engine: ...


class Demo(Protocol):
    """Tells the story in a folder (None: a new temporary one) and returns its figures."""

    def __call__(self, folder: str | None, *, quiet: bool) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Handed to every command as ``context.obj``."""

    open: Open
    person: str
    """Who acts when nobody is named."""
    database: str
    """The database that commands use when none is named."""
    law: Law
    """Questions to the law that need no plane."""
    today: Callable[[], date]
    read_bytes: Callable[[str], bytes]
    """Reads a file, or standard input for ``-``."""
    read_yaml: Callable[[str], Mapping[str, Any]]
    """Reads a YAML or JSON file whose top level is a mapping."""
    read_manifest: Callable[[str], Manifest]
    connect: Callable[[str], DataStore]
    """Opens a database that subject requests reach, by its URL."""
    bundle: Callable[[str], Callable[[str, bytes], None]]
    """Opens a new folder, and returns what writes a file of that name into it."""
    demo: Demo
