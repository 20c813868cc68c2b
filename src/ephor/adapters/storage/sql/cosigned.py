"""Cosigned checkpoints in their table, beside the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import sqlalchemy as sa

from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.adapters.storage.sql.tables import ledger_cosigned


class SqlCosigned:
    """Reads through *reading*; writes through *writing*, which lets one in at a time."""

    def __init__(
        self,
        look: Callable[[int], AbstractContextManager[SqliteRows]],
        reading: Callable[[], AbstractContextManager[sa.Connection]],
        writing: Callable[[], AbstractContextManager[sa.Connection]],
    ) -> None:
        self._look, self._reading, self._writing = look, reading, writing

    def latest(self, log: int, limit: int) -> Sequence[bytes]:
        with self._look(log) as rows:
            return rows.cosigned(limit)

    def at(self, log: int, size: int) -> bytes | None:
        with self._reading() as connection:
            return _at(connection, log, size)

    def keep(self, log: int, size: int, old: bytes | None, new: bytes) -> bool:
        with self._writing() as connection:
            if _at(connection, log, size) != old:
                return False
            if old is None:
                connection.execute(ledger_cosigned.insert().values(log=log, size=size, note=new))
            else:
                connection.execute(ledger_cosigned.update().where(*_is(log, size)).values(note=new))
        return True


def _at(connection: sa.Connection, log: int, size: int) -> bytes | None:
    found = connection.execute(sa.select(ledger_cosigned.c.note).where(*_is(log, size))).scalar()
    return None if found is None else bytes(found)


def _is(log: int, size: int) -> tuple[sa.ColumnElement[bool], ...]:
    return ledger_cosigned.c.log == log, ledger_cosigned.c.size == size
