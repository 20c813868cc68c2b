"""A plane in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any

import sqlalchemy as sa

from ephor.adapters.keys.folder import KeyFolder
from ephor.adapters.storage.growth import Draft, Grower, Growth, size_of
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.ledger import SqlLedger
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.adapters.storage.sql.tables import plane_state
from ephor.adapters.storage.sql.unit import SqlUnit
from ephor.adapters.storage.vault import Vault
from ephor.engine.ports import Ids
from ephor.kernel.errors import ConflictError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId


class SqlStorage:
    """A `Storage` whose units are database transactions and whose ledger commits in groups."""

    def __init__(self, url: str, keys: KeyFolder, grower: Grower, vault: Vault, ids: Ids) -> None:
        self.where = sa.make_url(url).render_as_string(hide_password=True) if "://" in url else url
        self._engine = engines.open_engine(url)
        self._readers = self._engine.execution_options(ephor_reading=True)
        self._keys, self._grower, self._vault, self._ids = keys, grower, vault, ids
        self._writing = RLock()
        self._asking = Lock()
        self._path = engines.sqlite_path(url)
        self._hot: Any = None
        self._version: Any = None
        self._commits = GroupCommit(self._writing, self._commit)
        self.ledger = SqlLedger(self._reader, self._writer, self._rows, vault, keys.head)

    def set_up(self, origin: str) -> bool:
        """Create what is missing; tell whether this call made the plane.

        Raises:
            ConflictError: the database is of a newer schema.
            InvalidInputError: it is no database, or somebody else's.
            UnavailableError: it cannot be written.
        """
        with translated(self.where):
            migrate.upgrade(self._engine)
        with self._writer() as connection:
            rows = self._rows(connection)
            if rows.head() is not None:
                return False
            self._keys.create()
            self._grower.found(rows, origin)
            connection.execute(plane_state.insert().values(name="version", value=0))
        self._keys.publish(self.ledger.head().key)
        return True

    def is_set_up(self) -> bool:
        """Tell whether the schema is this version's, without writing anything."""
        with self._reader() as connection:
            found = migrate.revision(connection)
            return found == migrate.HEAD and self._rows(connection).head() is not None

    @contextmanager
    def unit(self) -> Iterator[SqlUnit]:
        growth: Growth | None = None
        with self._writing:
            try:
                with self._writer() as connection:
                    unit = SqlUnit(connection, self._vault, self._ids)
                    yield unit
                    if unit.changed() and not unit.drafts:
                        raise ConflictError("a unit changed a shelf and recorded nothing; append an event")
                    rows = self._rows(connection)
                    if unit.drafts:
                        growth = self._grower.grow(rows, unit.drafts)
                    if unit.changed():
                        rows.bump()
            except BaseException:
                self._grower.settle(None)
                raise
            self._settle(growth)

    @contextmanager
    def reading(self) -> Iterator[SqlUnit]:
        with self._reader() as connection:
            yield SqlUnit(connection, self._vault, self._ids)

    def append(self, events: Sequence[Event]) -> Sequence[EntryId]:
        drafts = [Draft(self._ids.new("evt"), event) for event in events]
        if drafts:
            self._commits.submit(drafts)
        return [EntryId(draft.id) for draft in drafts]

    def version(self) -> int:
        with self._asking, translated(self.where):
            if self._version is None:
                self._version = self._own_connection()
            return self._version.version()

    def close(self) -> None:
        """Release every connection. Nothing waits to be written: what was acknowledged is durable already."""
        for rows in (self._hot, self._version):
            if rows is not None:
                rows.connection.close()
        self._hot = self._version = None
        self._engine.dispose()

    def _commit(self, drafts: Sequence[Draft]) -> None:
        """Append outside any unit, on the hot connection, with the writers' lock held."""
        growth: Growth | None = None
        with translated(self.where):
            if self._hot is None:
                self._hot = self._own_connection()
            rows = self._hot
            try:
                rows.run("begin immediate" if self._path else "begin")
                rows.lock()
                growth = self._grower.grow(rows, drafts)
                rows.run("commit")
            except BaseException:
                self._grower.settle(None)
                self._drop_hot()
                raise
        self._settle(growth)

    def _settle(self, growth: Growth | None) -> None:
        self._grower.settle(growth)
        if growth is not None:
            self._keys.keep_head(growth.head.note, growth.head.size, size_of)

    def _drop_hot(self) -> None:
        """Close a connection whose transaction failed: whatever it still holds is rolled back with it."""
        rows, self._hot = self._hot, None
        rows.connection.close()

    def _own_connection(self) -> SqliteRows:
        if self._path is not None:
            return SqliteRows(engines.connect_sqlite(self._path))
        return PostgresRows(engines.connect_postgres(self._engine.url))

    def _rows(self, connection: sa.Connection) -> SqliteRows:
        driver = connection.connection.driver_connection
        return SqliteRows(driver) if self._path is not None else PostgresRows(driver)

    @contextmanager
    def _writer(self) -> Iterator[sa.Connection]:
        with self._writing, translated(self.where), self._engine.begin() as connection:
            self._rows(connection).lock()
            yield connection

    @contextmanager
    def _reader(self) -> Iterator[sa.Connection]:
        with translated(self.where), self._readers.connect() as connection, connection.begin():
            yield connection
