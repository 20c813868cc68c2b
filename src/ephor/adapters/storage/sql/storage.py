"""A plane in SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from functools import partial
from threading import Lock, RLock, get_ident, local
from typing import Any

import sqlalchemy as sa

from ephor.adapters.keys.kept import KeptHeads, size_of
from ephor.adapters.keys.keyset import KeySet
from ephor.adapters.keys.local import mark_of
from ephor.adapters.storage.growth import Grower, Growth
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.doubt import settled
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.ledger import SqlLedger
from ephor.adapters.storage.sql.logs import Database, SqlLogs, current, goes_on
from ephor.adapters.storage.sql.rotation import SqlKeyRing
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.adapters.storage.sql.tables import metadata, plane_state
from ephor.adapters.storage.sql.unit import SqlUnit, mark_in
from ephor.adapters.storage.vault import Vault
from ephor.engine.ports import MAIN, Ids, LogName
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId

_SCRUB_MS = 1_000


class SqlStorage:
    """A `Storage` whose units are database transactions and whose ledger commits in groups."""

    def __init__(
        self, url: str, keys: KeySet, heads: KeptHeads, grower: Grower, vault: Vault, ids: Ids
    ) -> None:
        self.where = engines.parse_url(url).render_as_string(hide_password=True)
        self._engine = engines.open_engine(url)
        self._readers = engines.reading(self._engine)
        self._keys, self._heads, self._vault, self._ids = keys, heads, vault, ids
        self._writing = RLock()
        self._writes_in: int | None = None
        """The thread that has a transaction open."""
        self._asking = Lock()
        self._held = local()
        """What this thread keeps reading through."""
        self._path = engines.sqlite_path(url)
        self._place = None if self._path is None else engines.Place(self._path)
        self._version: Any = None
        database = Database(
            self.where, self._reader, self._writer, self._rows, self._own_connection, self._writing, self._check_ready, self._look, self._steady
        )  # fmt: skip
        self.logs = SqlLogs(database, grower, heads, vault, ids)
        self.keyring = SqlKeyRing(database, self.logs, keys, heads, vault, ids, self._unit_on, self._scrub)

    @property
    def ledger(self) -> SqlLedger:
        """The main log, as it goes on now: another process may have begun a new epoch."""
        return self.logs.of(current(self.logs.names(), MAIN).number)

    def set_up(self, origin: str) -> bool:
        """Create what is missing; tell whether this call made the plane.

        Raises:
            ConflictError: the database is of a newer schema.
            InvalidInputError: it is no database, or somebody else's.
            UnavailableError: it cannot be written.
            VerificationError: there was a plane here, or one with these keys, and it is gone.
        """
        with self._reader() as connection:
            if migrate.revision(connection) is None:  # refuses what is not ours before anything is written
                self._check_unused()
        with translated(self.where):
            if self._path is not None:
                with self._engine.connect() as connection:
                    engines.use_wal(connection.connection.driver_connection)
            migrate.upgrade(self._engine)
        with self._writer() as connection:
            rows = self._rows(connection, 0)
            if rows.head() is not None:
                return False
            if rows.entries(0, 1):
                raise VerificationError(
                    f"`{self.where}` holds entries and no signed head: somebody removed it; restore it from a backup"
                )
            self._check_unused()
            self._keys.create()
            self.logs.found(connection, MAIN, origin)
            connection.execute(plane_state.insert().values(name="version", value=0))
            marks = {
                "pseudonym": mark_of(self._keys.pseudonym.read()),
                "wrapping": self._keys.wrapping.at_hand()[0].mark,
            }
            for name, mark in marks.items():
                connection.execute(plane_state.insert().values(name=f"{name}-key", value=mark))
            if (made := rows.head()) is not None:
                self._keys.publish(made.key)
        return True

    def is_set_up(self) -> bool:
        """Tell whether there is a plane; one of an older schema is brought to this version's first.

        Raises:
            ConflictError: the database is of a newer schema.
            InvalidInputError: it is no database, or somebody else's.
        """
        with self._reader() as connection:
            if (found := migrate.revision(connection)) is None:
                return False
        if found != migrate.HEAD:
            with translated(self.where):
                migrate.upgrade(self._engine)
        with self._reader() as connection:
            rows = self._rows(connection, 0)
            if rows.head() is not None or rows.entries(0, 1):
                return True
            if connection.execute(sa.select(plane_state.c.name).limit(1)).first() is not None:
                raise VerificationError(
                    f"`{self.where}` was a plane, and its ledger is gone: every entry is missing; keep it for whoever "
                    "investigates, and restore a backup"
                )
            return False

    def pseudonym(self) -> bytes:
        """Return the pseudonym key, if it is the one this plane was made with: another would name, and so find, nobody.

        Raises:
            UnavailableError: it is missing, or out of reach.
            VerificationError: it is another plane's.
        """
        key = self._keys.pseudonym.read()
        with self._reader() as connection:
            known = mark_in(connection, "pseudonym")
        if known is None:
            raise VerificationError(
                f"`{self.where}` does not say which pseudonym key is its own: a row is gone from it; restore it from a backup"
            )
        if known != mark_of(key):
            raise VerificationError(
                f"`pseudonym.key` is not the key that `{self.where}` was made with; restore its key folder, or point EPHOR_KEYS at "
                "it"
            )
        return key

    def check(self) -> None:
        self.pseudonym()
        with self._writer() as connection:
            if gone := sorted(set(metadata.tables) - set(sa.inspect(connection).get_table_names())):
                raise VerificationError(
                    f"`{self.where}` is damaged: the table `{gone[0]}` is gone from it; restore it from a backup"
                )
            self._check_state(connection)
            main = self._main_in(connection)
            rows = self._rows(connection, main.number)
            rows.run(
                "update plane_state set value = value where name = 'version'"
            )  # fails where nothing can be written
            self._check_logs(connection)
            self.logs.writer(main.number).grower.check(rows)
            if (head := rows.head()) is not None and (extra := rows.beyond(head.size)):
                raise VerificationError(
                    f"{extra} rows of the ledger in `{self.where}` lie beyond its signed head; run `ephor ledger fsck`"
                )

    @contextmanager
    def unit(self) -> Iterator[SqlUnit]:
        growth: Growth | None = None
        with self._writing, ExitStack() as doubtful:
            grown: list[tuple[int, Growth]] = []
            with self._settling(grown), ExitStack() as kept, self._writer() as connection:
                name = self._main_in(connection)
                rows, grower = self._rows(connection, name.number), self.logs.writer(name.number).grower
                rows.lock()
                doubtful.callback(grower.settle, None)
                unit = self._unit_on(connection)
                yield unit
                growth = self._finish(unit, rows, grower, kept)
                grown += [(rows.log, growth)] if growth is not None else []
            doubtful.pop_all()
            if growth is not None:
                grower.settle(growth)
            if unit.forgot:
                self._scrub()

    @contextmanager
    def reading(self) -> Iterator[SqlUnit]:
        with self._reader() as connection:
            unit = self._unit_on(connection)
            yield unit
            if unit.changed() or unit.forgot or unit.drafts:
                raise ConflictError("a reading unit cannot write; open a unit")

    def append(self, events: Sequence[Event], *, version: int | None = None) -> Sequence[EntryId]:
        return self.logs.append(MAIN, events, version=version)

    def version(self) -> int:
        with self._asking, translated(self.where):
            rows = self._version = self._version or self._own_connection()
            try:
                return int(rows.version())
            except BaseException:
                self._version = None  # whatever ails it, the next question comes on a new connection
                rows.connection.close()
                raise

    def close(self) -> None:
        """Release every connection. Nothing waits to be written: what was acknowledged is durable already."""
        self.logs.close()
        if self._version is not None:
            self._version.connection.close()
        self._version = None
        self._heads.close()
        self._keys.close()
        self._engine.dispose()

    def _finish(self, unit: SqlUnit, rows: SqliteRows, grower: Grower, kept: ExitStack) -> Growth | None:
        if (unit.changed() or unit.forgot) and not unit.drafts:
            raise ConflictError("a unit changed what is kept and recorded nothing; append an event")
        if unit.governed():
            rows.bump()
        if not unit.drafts:
            return None
        growth = grower.grow(rows, unit.drafts)
        kept.enter_context(self._heads.keeping(growth.head.note, growth.first, rows.log))
        return growth

    @contextmanager
    def _settling(self, grown: Sequence[tuple[int, Growth]]) -> Iterator[None]:
        """Take a commit that failed for one that happened, if what *grown* says it wrote is there."""
        try:
            yield
        except UnavailableError as error:
            # Once something grew, nothing was left to be done but to commit.
            cause = error.__cause__
            if not isinstance(cause, Exception) or not any(
                settled(self.where, partial(self._own_connection, log), self._heads, one, cause)
                for log, one in grown
            ):
                raise

    def _unit_on(self, connection: sa.Connection) -> SqlUnit:
        return SqlUnit(connection, self._vault, self._ids, self._open_log)

    def _open_log(self, connection: sa.Connection, stream: str) -> LogName:
        base = self.logs.names_in(connection)[0].origin.rpartition("/")[0]
        return self.logs.found(connection, stream, f"{base}/{stream}")

    def _main_in(self, connection: sa.Connection) -> LogName:
        """Return the main log as this transaction sees it: another process may have begun a new epoch."""
        return goes_on(self._rows(connection, 0), MAIN)

    def _check_state(self, connection: sa.Connection) -> None:
        """Check what is kept of the plane as a whole: what governance is at, and the marks of its keys."""
        found = connection.execute(sa.select(plane_state.c.name, plane_state.c.value))
        kept = {row.name: row.value for row in found}
        for name in ("version", "pseudonym-key", "wrapping-key"):
            if type(kept.get(name)) is not int:
                raise VerificationError(
                    f"`{self.where}` is damaged: its `plane_state` does not say `{name}`; restore it from a backup"
                )
        self._vault.check(kept["wrapping-key"])

    def _check_logs(self, connection: sa.Connection) -> None:
        known = {one.number for one in self.logs.names_in(connection)}
        if missing := sorted(self._heads.logs() - known):
            raise VerificationError(
                f"a head of log {missing[0]} was published, and `{self.where}` has no such log: an old backup was restored; "
                "nothing is recorded until that is resolved, see `ephor ledger renew`",
                log=missing[0],
            )

    def _check_unused(self) -> None:
        """Refuse keys that signed another ledger: a database that was deleted must not come back empty and unnoticed."""
        kept = self._heads.head()
        if kept is not None and (size := size_of(kept)):
            raise VerificationError(
                f"the keys in `{self._keys.path}` signed a ledger of {size} entries, and `{self.where}` holds none: restore that "
                "database, or move the keys away to make a new plane",
                published=size,
            )

    def _check_ready(self) -> None:
        """Refuse a thread that has a unit open, and a file that nobody else sees any more."""
        if self._place is not None:
            self._place.check()
        if self._writes_in == get_ident():
            raise ConflictError("this thread has a unit open already; record through it, or leave it first")

    def _scrub(self) -> None:
        """Overwrite the write-ahead log, where destroyed keys still lie. Where readers are in the way it is done later."""
        if self._path is not None:
            with (
                suppress(sqlite3.Error),
                closing(engines.connect_sqlite(self._path, _SCRUB_MS)) as connection,
            ):
                connection.execute("pragma wal_checkpoint(truncate)")

    def _own_connection(self, log: int = 0) -> SqliteRows:
        if self._path is None:
            return PostgresRows(engines.connect_postgres(self._engine.url), log)
        connection = engines.connect_sqlite(self._path)
        engines.use_wal(connection)
        return SqliteRows(connection, log)

    def _rows(self, connection: sa.Connection, log: int) -> SqliteRows:
        return self._rows_behind(connection.connection.driver_connection, log)

    def _rows_behind(self, driver: Any, log: int) -> SqliteRows:
        return SqliteRows(driver, log) if self._path is not None else PostgresRows(driver, log)

    @contextmanager
    def _writer(self) -> Iterator[sa.Connection]:
        self._check_ready()
        with self._writing, translated(self.where), self._engine.begin() as connection:
            self._writes_in = get_ident()
            try:
                self._rows(connection, 0).lock()
                yield connection
            finally:
                self._writes_in = None

    @contextmanager
    def _reader(self) -> Iterator[sa.Connection]:
        with translated(self.where), self._readers.connect() as connection, connection.begin():
            yield connection

    def _look(self, log: int) -> AbstractContextManager[SqliteRows]:
        """Give the rows of a log for reading, of one moment; those of the block that keeps this thread steady, if any."""
        held = getattr(self._held, "driver", None)
        return self._lent(log) if held is None else nullcontext(self._rows_behind(held, log))

    @contextmanager
    def _lent(self, log: int) -> Iterator[SqliteRows]:
        if self._path is None:
            with self._reader() as connection:
                yield self._rows(connection, log)
        else:  # SQLAlchemy's own transaction would take longer than what is asked in it
            with translated(self.where), closing(self._engine.raw_connection()) as lent:
                driver: Any = lent.driver_connection
                driver.execute("begin")  # given back, the pool rolls it back
                yield SqliteRows(driver, log)

    @contextmanager
    def _steady(self) -> Iterator[None]:
        before = getattr(self._held, "driver", None)
        with self._look(0) as rows:
            self._held.driver = rows.connection
            try:
                yield
            finally:
                self._held.driver = before
