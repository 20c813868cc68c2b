"""Appends to one log, outside any unit: a connection of its own, whose commits many callers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.storage.growth import Draft, Grower, Growth
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.adapters.storage.sql.doubt import settled
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.rows import SqliteRows


class LogWriter:
    """Writes one log; *lock* keeps this process's other writers out, the database those of other processes."""

    def __init__(
        self, where: str, connect: Callable[[], SqliteRows], grower: Grower, heads: KeptHeads, lock: RLock
    ) -> None:
        self._where, self._connect, self.grower, self._heads = where, connect, grower, heads
        self._hot: SqliteRows | None = None
        self._commits = GroupCommit(lock, self._commit)

    def append(self, drafts: Sequence[Draft]) -> None:
        """Return when *drafts* are durable."""
        if drafts:
            self._commits.submit(drafts)

    def close(self) -> None:
        """Release the connection."""
        if self._hot is not None:
            self._hot.connection.close()
        self._hot = None

    def _commit(self, drafts: Sequence[Draft]) -> None:
        with translated(self._where):
            rows = self._hot = self._hot or self._connect()
            try:
                rows.begin()
                rows.lock()
                growth = self.grower.grow(rows, drafts)
                with self._heads.keeping(growth.head.note, growth.first, rows.log):
                    self._finish(rows, growth)
            except BaseException:
                self.grower.settle(None)
                self._hot = None  # closed, it rolls back whatever it still holds
                rows.connection.close()
                raise
        self.grower.settle(growth)

    def _finish(self, rows: SqliteRows, growth: Growth) -> None:
        """Commit; where no answer comes, or an error, find out whether it happened."""
        try:
            rows.run("commit")
        except Exception as error:
            self._hot = None
            rows.connection.close()  # it rolls back whatever it still holds
            if not settled(self._where, self._connect, growth, error):
                raise
