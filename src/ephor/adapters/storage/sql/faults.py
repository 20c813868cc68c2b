"""What a database's complaint means to the caller. Whatever is not known here fails closed as unavailable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ephor.kernel.errors import EphorError, InvalidInputError, UnavailableError

_SQLITE = (
    (
        "not a database",
        InvalidInputError,
        "`{where}` is not a database; name another file, or move it away to start anew",
    ),
    ("malformed", UnavailableError, "`{where}` is damaged; restore it from a backup, nothing was recorded"),
    ("locked", UnavailableError, "another process holds `{where}`; nothing was recorded, try again"),
    ("busy", UnavailableError, "another process holds `{where}`; nothing was recorded, try again"),
    (
        "readonly",
        UnavailableError,
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

_POSTGRES = {
    "55P03": "another process holds `{where}`; nothing was recorded, try again",  # lock_not_available
    "25006": "`{where}` is read-only here; nothing was recorded",  # read_only_sql_transaction
    "53100": "no space left for `{where}`; nothing was recorded, free some and try again",  # disk_full
}


def translate(error: BaseException, where: str) -> EphorError:
    """Return our error for a driver's, with the driver's own words kept as a fact."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip()
    if isinstance(cause, sqlite3.Error):
        for sign, family, message in _SQLITE:
            if sign in text.lower():
                return family(message.format(where=where), database=text)
    if known := _POSTGRES.get(getattr(cause, "sqlstate", None) or ""):
        return UnavailableError(known.format(where=where), database=text)
    first = text.splitlines()[0] if text else type(cause).__name__
    return UnavailableError(
        f"the database `{where}` did not answer: {first}; nothing was recorded, try again", database=text
    )


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn a driver's errors into ours on the way out."""
    try:
        yield
    except EphorError:
        raise
    except Exception as error:
        if not _is_database_error(error):
            raise
        raise translate(error, where) from error


def _is_database_error(error: Exception) -> bool:
    names = {kind.__module__.split(".")[0] for kind in type(error).__mro__}
    return isinstance(error, sqlite3.Error) or bool(names & {"sqlalchemy", "psycopg"})
