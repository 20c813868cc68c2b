"""The way to backups on disk, for the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ephor.adapters.backup.making import Verify, back_up, check
from ephor.adapters.backup.restoring import restore
from ephor.engine.ports_backup import Given, Restored, Stored, Wanted
from ephor.kernel.time import stamp


class DiskBackups:
    """Backups of the plane at a URL (None: the default)."""

    def __init__(
        self, database: str, keys: Callable[[str], Path], now: Callable[[], datetime], verify: Verify
    ) -> None:
        self._database, self._keys, self._now, self._verify = database, keys, now, verify

    def back_up(self, database: str | None, folder: str, given: Given, keys: Given | None) -> Stored:
        """Write a new backup, and try it."""
        url = database or self._database
        return back_up(
            url,
            folder,
            given,
            at=stamp(self._now()),
            verify=self._verify,
            keys=self._keys(url),
            keys_given=keys,
        )

    def check(self, folder: str, given: Given) -> Stored:
        """Return a backup that is good."""
        return check(folder, given, verify=self._verify)

    def restore(self, folder: str, given: Given, wanted: Wanted) -> Restored:
        """Put a backup back where there is no plane."""
        return restore(folder, given, wanted, verify=self._verify)

    def keys_of(self, database: str | None) -> str:
        """Return the folder where a plane's keys lie."""
        return str(self._keys(database or self._database))
