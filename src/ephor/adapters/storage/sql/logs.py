"""The logs of one plane: the main one, further streams, and those that a new epoch ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import repeat
from threading import RLock
from typing import cast

import sqlalchemy as sa

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.storage.floor import has_grown
from ephor.adapters.storage.growth import Draft, Grower, HeadRow
from ephor.adapters.storage.sql.cosigned import SqlCosigned
from ephor.adapters.storage.sql.inspection import Inspection
from ephor.adapters.storage.sql.ledger import SqlLedger
from ephor.adapters.storage.sql.rows import SqliteRows
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
            return _names(rows)

    def names_in(self, connection: sa.Connection) -> Sequence[LogName]:
        """Return every log as a transaction sees them."""
        return _names(self._rows(connection, 0))

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
            self._current[stream] = current(self.names(), stream).number
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
                old = current(names, stream)
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
        rows, projection = lambda connection: self._rows(connection, number), self.of(number).projection
        return Inspection(self._reading, rows, projection).run()

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


def _names(rows: SqliteRows) -> Sequence[LogName]:
    """Return every log, if what the rows say of each is what its signed head and the others bear out.

    Nothing else vouches for these rows, and which log is gone on with hangs on them, and whether a head that was kept
    still counts.
    """
    found = list[LogName]()
    for number, stream, epoch, origin, ended in rows.run(_NAMES):
        if (
            type(stream) is not str
            or type(epoch) is not int
            or ended not in (0, 1)
            or type(number) is not int
        ):
            raise _odd(number, "it is damaged")
        found.append(LogName(number, stream, epoch, origin or "", ended=bool(ended)))
    for one in found:
        if problem := _problem(one, found):
            raise _odd(one.number, problem)
    return found


def _problem(one: LogName, names: Sequence[LogName]) -> str | None:
    """Return what is wrong with the row of a log; its origin is judged where it is signed."""
    epochs = {other.epoch: other for other in names if other.stream == one.stream}
    if any(other.epoch == one.epoch and other is not one for other in names if other.stream == one.stream):
        return f"epoch {one.epoch} of `{one.stream[:60]}` is there twice"
    if one.ended != (max(epochs) > one.epoch):
        return (
            "nothing goes on from it, and it says it was ended"
            if one.ended
            else "a later epoch goes on from it"
        )
    main, first = names[0], epochs.get(1)
    if one is main:
        expected = one.origin if (one.stream, one.epoch) == (MAIN, 1) else None
    elif one.epoch == 1:
        expected = f"{main.origin.rpartition('/')[0]}/{one.stream}" if main.origin else one.origin
    else:
        expected = None if first is None else f"{first.origin}/{one.epoch}" if first.origin else one.origin
    if one.origin and one.origin != expected:
        return f"its signed head is that of `{one.origin[:80]}`, the row says `{one.stream[:60]}`, epoch {one.epoch}"
    return None


def _odd(number: object, problem: str) -> VerificationError:
    return VerificationError(
        f"the row of log {str(number)[:20]} in the list of logs was changed: {problem}; nothing is recorded, restore a backup",
    )


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
