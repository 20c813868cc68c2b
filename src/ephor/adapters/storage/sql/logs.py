"""The logs of one plane: the main one, further streams, and those that a new epoch ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import repeat
from threading import RLock
from typing import Any, cast

import sqlalchemy as sa

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.storage.floor import has_grown
from ephor.adapters.storage.growth import Draft, Grower, HeadRow
from ephor.adapters.storage.sql.cosigned import SqlCosigned
from ephor.adapters.storage.sql.inspection import Inspection
from ephor.adapters.storage.sql.ledger import SqlLedger
from ephor.adapters.storage.sql.rows import SHIFT, SqliteRows
from ephor.adapters.storage.sql.tables import ledger_logs
from ephor.adapters.storage.sql.writer import LogWriter
from ephor.adapters.storage.vault import Vault
from ephor.engine.ports import MAIN, Damage, Ended, Ids, LogName
from ephor.kernel.errors import ConflictError, NotFoundError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId
from ephor.rooms.ledger import checkpoint, note

_C = ledger_logs.c
_NAMES = (
    "select number, stream, epoch, origin, ended from ledger_logs "
    "left join ledger_head on ledger_head.id = number + 1 order by number"
)
"""Through the driver: SQLAlchemy would take longer to write it than a proof takes."""
_MOST = 1 << 63 - SHIFT
"""Logs there is room for."""


@dataclass(frozen=True, slots=True)
class Database:
    """How logs reach their rows."""

    where: str
    reading: Callable[[], AbstractContextManager[sa.Connection]]
    writing: Callable[[], AbstractContextManager[sa.Connection]]
    rows: Callable[[sa.Connection, int], SqliteRows]
    connect: Callable[[int], SqliteRows]
    """Opens a connection for one log alone."""
    lock: RLock
    """Keeps this process's writers apart."""
    check_ready: Callable[[], None]
    look: Callable[[int], AbstractContextManager[SqliteRows]]
    """Gives the rows of a log for reading."""
    steady: Callable[[], AbstractContextManager[None]]
    """Keeps what this thread reads of the logs in one transaction until it is left."""


class SqlLogs:
    """Knows every log by number."""

    def __init__(self, database: Database, grower: Grower, heads: KeptHeads, vault: Vault, ids: Ids) -> None:
        self._database, self._reading, self._writing, self._rows = (
            database,
            database.reading,
            database.writing,
            database.rows,
        )
        self._grower, self._heads, self._vault, self._ids = grower, heads, vault, ids
        self.cosigned = SqlCosigned(database.look, database.reading, database.writing)
        self._writers: dict[int, LogWriter] = {}
        self._ledgers: dict[int, SqlLedger] = {}
        self._current: dict[str, int] = {}

    def names(self) -> Sequence[LogName]:
        """Return every log, in the order they began."""
        with self._database.look(0) as rows:
            return _names(_listed(rows))

    def names_in(self, connection: sa.Connection) -> Sequence[LogName]:
        """Return every log as a transaction sees them."""
        return _names(_listed(self._rows(connection, 0)))

    def steady(self) -> AbstractContextManager[None]:
        return self._database.steady()

    def of(self, number: int) -> SqlLedger:
        """Return a log for reading."""
        if number not in self._ledgers:
            self._ledgers[number] = SqlLedger(
                self._reading,
                self._writing,
                lambda: self._database.look(number),
                lambda connection: self._rows(connection, number),
                self._vault,
                lambda: self._heads.head(number),
            )
        return self._ledgers[number]

    def append(
        self, stream: str, events: Sequence[Event], *, version: int | None = None
    ) -> Sequence[EntryId]:
        """Record events in a stream; they are durable when this returns.

        Raises:
            NotFoundError: no such stream was opened.
            StaleError: governance moved on since *version*.
        """
        self._database.check_ready()
        ids = self._ids.many("evt", len(events))
        drafts = cast(
            "list[Draft]", [*zip(ids, events, repeat(None))]
        )  # eight times as fast as making drafts
        try:
            self.writer(self.number_of(stream)).append(drafts, version)
        except UnavailableError:
            self._current.clear()  # perhaps another process began a new epoch: the next try looks again
            raise
        return cast("list[EntryId]", ids)

    def writer(self, number: int) -> LogWriter:
        """Return what appends to a log."""
        if number not in self._writers:
            grower = self._grower if number == 0 else self._grower.of(number)
            database = self._database
            self._writers[number] = LogWriter(
                database.where, lambda: database.connect(number), grower, self._heads, database.lock
            )
        return self._writers[number]

    def number_of(self, stream: str) -> int:
        """Return the number of the log that a stream goes on in. Raises NotFoundError."""
        if stream not in self._current:
            with self._database.look(0) as rows:
                self._current[stream] = goes_on(rows, stream).number
        return self._current[stream]

    def found(self, connection: sa.Connection, stream: str, origin: str, epoch: int = 1) -> LogName:
        """Begin a log within a transaction.

        Raises:
            ConflictError: there is a log of this origin.
        """
        known = self.names_in(connection)
        if any(one.origin == origin for one in known):
            raise ConflictError(f"there is a log `{origin}` already; name another stream")
        # A number whose head was published by a database that is lost must not name another log.
        number = max((-1, *(one.number for one in known), *self._heads.logs())) + 1 if known else 0
        connection.execute(ledger_logs.insert().values(number=number, stream=stream, epoch=epoch, ended=0))
        main = self._rows(connection, current(known, MAIN).number).head() if known else None
        like = main.key if main is not None else None
        self.writer(number).grower.found(self._rows(connection, number), origin, like)
        return LogName(number, stream, epoch, origin)

    def renew(self, stream: str, tell: Callable[[Ended], Event]) -> LogName:
        """End a log whose newest entries are lost, and begin its next epoch with the entry that *tell* makes of that.

        Raises:
            ConflictError: nothing is lost; the log can go on.
        """
        with ExitStack() as kept:
            with self._writing() as connection:
                names = self.names_in(connection)
                old = goes_on(self._rows(connection, 0), stream)
                rows = self._rows(connection, old.number)
                rows.lock()
                ended = self._ended(rows, old, names)
                first = next(one.origin for one in names if one.stream == stream and one.epoch == 1)
                new = self.found(connection, stream, f"{first}/{old.epoch + 1}", old.epoch + 1)
                connection.execute(ledger_logs.update().where(_C.number == old.number).values(ended=1))
                grower = self.writer(new.number).grower
                draft = Draft(self._ids.new("evt"), tell(ended))
                growth = grower.grow(self._rows(connection, new.number), [draft])
                kept.enter_context(self._heads.keeping(growth.head.note, 0, new.number))
            grower.settle(growth)
        self._heads.retire(*ended.lost)  # that of the old log stays: nothing may ever follow it
        self._current.clear()
        return new

    def inspect(self, number: int) -> Iterator[Damage]:
        """Hold the rows that are derived from a log's entries against them."""
        with self._database.look(0) as listed:
            problem = _problem(_listed(listed), number)
        if problem is not None:
            yield Damage("head", None, problem)
        rows, projection = lambda connection: self._rows(connection, number), self.of(number).projection
        yield from Inspection(self._reading, rows, projection).run()

    def reindex(self, advance: Callable[[int], None] = lambda _: None) -> Mapping[int, int]:
        """Make anew what every log is searched by; return how many entries of each were taken in.

        Whoever searches meanwhile, or after this was interrupted, takes in by itself what is not yet.
        """
        names = self.names()
        self.of(0).projection.drop()
        sizes = {one.number: self.of(one.number).head().size for one in names}
        for number, size in sizes.items():
            self.of(number).projection.fill(size, advance)
        return sizes

    def close(self) -> None:
        """Release every connection of its own."""
        for writer in self._writers.values():
            writer.close()

    def _ended(self, rows: SqliteRows, old: LogName, names: Sequence[LogName]) -> Ended:
        head, published = rows.head(), self._heads.head(old.number)
        if head is None:
            raise NotFoundError(f"the signed head of `{old.origin}` is gone; restore a whole backup first")
        if published is None or _goes_on(rows, head, published):
            raise ConflictError(
                f"nothing that was published of `{old.origin}` is missing: it goes on as it is, and needs no new epoch"
            )
        unknown = self._heads.logs() - {one.number for one in names} if old.stream == MAIN else frozenset()
        lost = {one: note for one in sorted(unknown) if (note := self._heads.head(one)) is not None}
        return Ended(old.origin, bytes(head.note), published, lost)


def _goes_on(rows: SqliteRows, head: HeadRow, published: bytes) -> bool:
    """Tell whether the stored log has grown from what was published of it, or is that still."""
    floor = checkpoint.parse(note.parse(published).text)
    return floor.origin == head.origin and has_grown(rows, head, floor)


def _listed(rows: SqliteRows) -> Sequence[tuple[Any, ...]]:
    """Return number, stream, epoch, origin and whether it was ended of every log, as they are stored."""
    return list(rows.run(_NAMES))


def _names(listed: Sequence[tuple[Any, ...]]) -> Sequence[LogName]:
    """Return every log. One is ended where a later epoch of it is there: else a word in its row could excuse what is missing."""
    if odd := [one[0] for one in listed if type(one[0]) is not int or not 0 <= one[0] < _MOST]:
        raise VerificationError(
            f"the list of logs names a log `{str(odd[0])[:20]}`, which cannot be: it was changed; restore it from a backup"
        )
    kept = [
        (
            number,
            stream if type(stream) is str else "",
            epoch if type(epoch) is int else 0,
            origin if type(origin) is str else "",
            bool(ended),
        )
        for number, stream, epoch, origin, ended in listed
    ]
    newest = {stream: epoch for _, stream, epoch, _, _ in sorted(kept, key=lambda one: one[2])}
    return [
        LogName(number, stream, epoch, origin, ended=ended and newest[stream] > epoch)
        for number, stream, epoch, origin, ended in kept
    ]


def _problem(listed: Sequence[tuple[Any, ...]], number: int) -> str | None:
    """Return what is wrong with the row of a log, for which nothing vouches but the signed heads: its own and the others'."""
    mine = [one for one in listed if one[0] == number]
    if len(mine) != 1:
        return "the list of logs does not name it"
    _, stream, epoch, origin, ended = mine[0]
    if type(stream) is not str or type(epoch) is not int or ended not in (0, 1):
        return "its row in the list of logs is damaged"
    if origin is not None and type(origin) is not str:
        return "its head names no log"
    known = [one for one in listed if one[1] == stream]
    if sum(one[2] == epoch for one in known) > 1:
        return f"epoch {epoch} of `{stream[:60]}` is there twice"
    if bool(ended) != any(type(one[2]) is int and one[2] > epoch for one in known):
        return (
            "a later epoch goes on from it"
            if not ended
            else "it says it was ended, and nothing goes on from it"
        )
    expected = _expected(listed, stream, epoch) if number != listed[0][0] else origin
    named = (stream, epoch) == (MAIN, 1) or number != listed[0][0]
    if origin is not None and (origin != expected or not named):
        return f"the list says it is `{stream[:60]}`, epoch {epoch}, and its head is of `{origin[:80]}`"
    return None


def _expected(listed: Sequence[tuple[Any, ...]], stream: str, epoch: int) -> str | None:
    """Return the origin that a log must have, by those of the logs before it."""
    if epoch == 1:
        return f"{str(listed[0][3]).rpartition('/')[0]}/{stream}"
    first = [one[3] for one in listed if one[1:3] == (stream, 1)]
    return f"{first[0]}/{epoch}" if first else None


def goes_on(rows: SqliteRows, stream: str) -> LogName:
    """Return the log that a stream goes on in, if its row is what the signed heads bear out.

    Raises:
        NotFoundError: no such stream was opened.
        VerificationError: somebody changed the list of logs.
    """
    listed = _listed(rows)
    name = current(_names(listed), stream)
    if listed and (problem := _problem(listed, name.number)):
        raise VerificationError(
            f"log {name.number} cannot be gone on with: {problem}; nothing was recorded, run `ephor ledger fsck` and restore a backup",
            log=name.number,
        )
    return name


def current(names: Sequence[LogName], stream: str) -> LogName:
    """Return the log that a stream goes on in: its newest epoch, the first where nothing says that there are any.

    Raises:
        NotFoundError: no such stream was opened.
    """
    found = [one for one in names if one.stream == stream]
    if found:
        return max(found, key=lambda one: one.epoch)
    if stream == MAIN:
        return LogName(
            0, MAIN, 1, ""
        )  # whoever reads it will say that its head is gone, or that there is no plane
    known = ", ".join(f"`{one}`" for one in sorted({one.stream for one in names}))
    raise NotFoundError(f"there is no stream `{stream[:60]}`; open it first, or name one of {known}")
