"""The settings, and the only reader of the environment."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    signer: str = ""
    """Who signs instead of a file: ``unix:PATH`` of `ephor keys serve`, or ``vault:https://host:8200/transit/NAME``."""
    wrapper: str = ""
    """Who wraps the keys of data subjects instead of a file: ``vault:https://host:8200/transit/NAME``."""
    signing_key: str = field(default="", repr=False)
    """The signing key itself, PEM or its 32 bytes in base64, instead of a file; after a comma, the one to rotate to."""
    wrapping_key: str = field(default="", repr=False)
    """The wrapping key itself, 32 bytes in base64, instead of a file; after a comma, the one to rotate to."""
    pseudonym_key: str = field(default="", repr=False)
    """The pseudonym key itself, 32 bytes in base64, instead of a file."""
    vault_token: str = field(default="", repr=False)
    """The token for Vault. A file is better: an environment is easily seen and cannot be renewed."""
    vault_token_file: str = ""
    """The file that holds the token for Vault, read anew for each request."""
    vault_ca: str = ""
    """PEM file of the authority that signed Vault's certificate; by default those the system trusts."""
    smtp: str = ""
    """The server for notices by mail: ``smtp://USER@HOST:587`` with STARTTLS, or ``smtps://USER@HOST:465``."""
    smtp_password: str = field(default="", repr=False)
    """The password for that server."""
    smtp_sender: str = ""
    """The address that notices by mail come from."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that *environment* (default: the process's own) describes."""
    given = os.environ if environment is None else environment
    return Settings(
        database=given.get("EPHOR_DATABASE") or DEFAULT_DATABASE,
        keys=given.get("EPHOR_KEYS", ""),
        origin=given.get("EPHOR_ORIGIN", ""),
        person=given.get("EPHOR_PERSON") or _account(),
        signer=given.get("EPHOR_SIGNER", ""),
        wrapper=given.get("EPHOR_WRAPPER", ""),
        signing_key=given.get("EPHOR_SIGNING_KEY", ""),
        wrapping_key=given.get("EPHOR_WRAPPING_KEY", ""),
        pseudonym_key=given.get("EPHOR_PSEUDONYM_KEY", ""),
        vault_token=given.get("EPHOR_VAULT_TOKEN", ""),
        vault_token_file=given.get("EPHOR_VAULT_TOKEN_FILE", ""),
        vault_ca=given.get("EPHOR_VAULT_CA", ""),
        smtp=given.get("EPHOR_SMTP", ""),
        smtp_password=given.get("EPHOR_SMTP_PASSWORD", ""),
        smtp_sender=given.get("EPHOR_SMTP_SENDER", ""),
    )


def read_named(name: str) -> str | None:
    """Return the environment variable that somebody named for a secret which stands in no file and no URL."""
    return os.environ.get(name)


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
