"""Appends to one log, outside any unit: a connection of its own, whose commits many callers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from types import TracebackType

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.storage.growth import Draft, Grower
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.adapters.storage.sql.doubt import settled
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.kernel.errors import UnavailableError


class LogWriter:
    """Writes one log; *lock* keeps this process's other writers out, the database those of other processes."""

    def __init__(
        self, where: str, connect: Callable[[], SqliteRows], grower: Grower, heads: KeptHeads, lock: RLock
    ) -> None:
        self._where, self._connect, self.grower, self._heads = where, connect, grower, heads
        self._hot: SqliteRows | None = None
        transaction = _Transaction(self, where)
        self._commits = GroupCommit(lock, self._commit, lambda: transaction, self._version)

    def append(self, drafts: Sequence[Draft], version: int | None = None) -> None:
        """Return when *drafts* are durable.

        Raises:
            StaleError: governance moved on since *version*, if one is named.
        """
        if drafts:
            self._commits.submit(drafts, version)

    def close(self) -> None:
        """Release the connection."""
        if self._hot is not None:
            self._hot.connection.close()
        self._hot = None

    def begin(self) -> None:
        """Begin a transaction, alone in this log."""
        self._hot = self._hot or self._connect()
        self._hot.enter(self.grower.asks_from)

    def abandon(self) -> None:
        """Close the connection, and take back what it has not committed."""
        self.grower.settle(None)
        rows, self._hot = self._hot, None
        if rows is not None:
            rows.connection.close()

    def _version(self) -> int:
        return self._open().version()

    def _open(self) -> SqliteRows:
        if self._hot is None:
            raise UnavailableError("the plane was closed while somebody appended; nothing was recorded")
        return self._hot

    def _commit(self, drafts: Sequence[Draft]) -> None:
        rows = self._open()
        growth = self.grower.grow(rows, drafts)
        try:
            with self._heads.keeping(growth.head.note, growth.first, rows.log):
                rows.run("commit")
        except Exception as error:  # where no answer comes, or an error, it is found out whether it happened
            self._hot = None
            rows.connection.close()  # it rolls back whatever it still holds
            if not settled(self._where, self._connect, self._heads, growth, error):
                raise
        self.grower.settle(growth)


class _Transaction:
    """One transaction of a writer; whatever goes wrong within takes the connection with it."""

    __slots__ = ("_translated", "_writer")

    def __init__(self, writer: LogWriter, where: str) -> None:
        self._writer, self._translated = writer, translated(where)

    def __enter__(self) -> None:
        try:
            with self._translated:
                self._writer.begin()
        except BaseException:
            self._writer.abandon()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._writer.abandon()
            self._translated.__exit__(kind, error, trace)
