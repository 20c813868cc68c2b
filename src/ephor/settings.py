"""The settings, and the only reader of the environment."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATABASE = "sqlite:///ephor.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside. Each key has an environment variable of the same name with ``EPHOR_`` before it."""

    database: str = DEFAULT_DATABASE
    """URL of the database: ``sqlite:///PATH`` or ``postgresql+psycopg://…``."""
    keys: str = ""
    """Folder of the signing, wrapping and pseudonym keys; by default beside the SQLite file, or ``./ephor-keys``."""
    origin: str = ""
    """Name of a new plane's log, ``host/organisation/stream``; by default a random one that no other plane has."""
    person: str = ""
    """Who acts when a command is not told ``--as``; by default the name of the account that runs it."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that *environment* (default: the process's own) describes."""
    given = os.environ if environment is None else environment
    return Settings(
        database=given.get("EPHOR_DATABASE") or DEFAULT_DATABASE,
        keys=given.get("EPHOR_KEYS", ""),
        origin=given.get("EPHOR_ORIGIN", ""),
        person=given.get("EPHOR_PERSON") or _account(),
    )


def keys_folder(settings: Settings, database: str) -> Path:
    """Return where the keys of *database* lie."""
    if settings.keys:
        return Path(settings.keys)
    if database.startswith("sqlite:///"):
        return Path(database.removeprefix("sqlite:///") + ".keys")
    return Path("ephor-keys")


def _account() -> str:
    try:
        raw = getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        raw = "operator"
    return re.sub(r"[^a-z0-9._-]", "-", raw.lower()).strip("._-") or "operator"
