"""What a database's complaint means to the caller. Whatever is not known here fails closed as unavailable."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import TracebackType

from ephor.engine.ports import ReadOnlyError
from ephor.kernel.errors import EphorError, InvalidInputError, UnavailableError, VerificationError

_LEDGER = ("ledger_entries", "ledger_tiles")
_TABLE = "`{where}` is damaged: a table or column is gone from it; restore it from a backup"
_BEYOND = (
    "`{where}` holds rows beyond the ledger's signed head, where the next entry belongs: somebody put them there; nothing was "
    "recorded, run `ephor ledger fsck`"
)
_SQLITE = (
    (
        "not a database",
        InvalidInputError,
        "`{where}` is not a database, or no longer one; name another file, or restore it from a backup",
    ),
    ("no such table", VerificationError, _TABLE),
    ("no such column", VerificationError, _TABLE),
    ("unique constraint failed: ledger_entries", VerificationError, _BEYOND),
    ("unique constraint failed: ledger_tiles", VerificationError, _BEYOND),
    ("malformed", UnavailableError, "`{where}` is damaged; restore it from a backup, nothing was recorded"),
    ("locked", UnavailableError, "another process holds `{where}`; nothing was recorded, try again"),
    ("busy", UnavailableError, "another process holds `{where}`; nothing was recorded, try again"),
    (
        "readonly",
        ReadOnlyError,
        "`{where}` is read-only; nothing was recorded, make the file and its folder writable",
    ),
    ("append-only", UnavailableError, "`{where}` refuses to change what was recorded; nothing was recorded"),
    (
        "unable to open",
        UnavailableError,
        "cannot open `{where}`; check that the folder exists and is writable",
    ),
    ("full", UnavailableError, "no space left for `{where}`; nothing was recorded, free some and try again"),
    ("disk i/o error", UnavailableError, "the disk under `{where}` failed; nothing was recorded"),
)

_POSTGRES: Mapping[str, tuple[type[EphorError], str]] = {
    "55P03": (  # lock_not_available
        UnavailableError,
        "another process holds `{where}`; nothing was recorded, try again",
    ),
    "25006": (  # read_only_sql_transaction
        ReadOnlyError,
        "`{where}` is read-only here; nothing was recorded",
    ),
    "53100": (  # disk_full
        UnavailableError,
        "no space left for `{where}`; nothing was recorded, free some and try again",
    ),
    "42501": (  # insufficient_privilege
        UnavailableError,
        "the database role of `{where}` may not do this; nothing was recorded: changes of the schema and `ephor ledger reindex` "
        "run as the owner of the tables, and nobody changes what was recorded",
    ),
    "42P01": (VerificationError, _TABLE),  # undefined_table
    "42703": (VerificationError, _TABLE),  # undefined_column
}


def translate(error: BaseException, where: str) -> EphorError:
    """Return our error for a driver's, with the driver's own words kept as a fact."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip()
    if isinstance(cause, sqlite3.Error):
        for sign, family, message in _SQLITE:
            if sign in text.lower():
                return family(message.format(where=where), database=text)
    state = getattr(cause, "sqlstate", None) or ""
    if state == "23505" and any(name in text for name in _LEDGER):  # unique_violation
        return VerificationError(_BEYOND.format(where=where), database=text)
    if known := _POSTGRES.get(state):
        return known[0](known[1].format(where=where), database=text)
    first = text.splitlines()[0] if text else type(cause).__name__
    return UnavailableError(
        f"the database `{where}` did not answer: {first}; nothing was recorded, try again", database=text
    )


class translated:  # noqa: N801 - read as a verb
    """Turn a driver's errors into ours on the way out."""

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, EphorError) and is_database_error(error):
            raise translate(error, self._where) from error


def is_database_error(error: Exception) -> bool:
    """Tell whether a driver, or what lies above it, complains."""
    names = {kind.__module__.split(".")[0] for kind in type(error).__mro__}
    return isinstance(error, sqlite3.Error) or bool(names & {"sqlalchemy", "psycopg"})
