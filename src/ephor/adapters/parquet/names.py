"""Which folders hold an archive, told by the names in them."""

from __future__ import annotations

import os
from pathlib import Path

from ephor.kernel.errors import InvalidInputError

MAX_FILES = 100_000
"""Most names in the folder of an archive: that many files hold a hundred thousand million entries."""


def is_archive(folder: Path) -> bool:
    """Return whether *folder* holds the tables of an archive.

    Raises:
        InvalidInputError: it cannot be read, or holds a folder of tiles as well: which of the two is meant?
    """
    names = names_in(folder)
    found = any(name == "tiles.parquet" or _is_table(name) for name in names)
    if found and "tile" in names:
        raise InvalidInputError(
            f"`{folder}` holds both `tile` and Parquet tables; move one of them elsewhere, then verify each"
        )
    return found


def names_in(folder: Path) -> list[str]:
    """Return the names in *folder*.

    Raises:
        InvalidInputError: it cannot be read, or holds more than `MAX_FILES`.
    """
    try:
        with os.scandir(folder) as found:
            names = [one.name for _, one in zip(range(MAX_FILES + 1), found, strict=False)]
    except OSError as error:
        raise InvalidInputError(
            f"`{folder}` cannot be read: {error.strerror}; name the folder of an export"
        ) from error
    if len(names) > MAX_FILES:
        raise InvalidInputError(f"`{folder}` holds more than {MAX_FILES} files; name the folder of an export")
    return names


def _is_table(name: str) -> bool:
    return name.startswith("entries-") and name.endswith(".parquet")
