"""Shelves in a table: the record as JSON, and beside it the fields it can be found by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Generic

import msgspec
import sqlalchemy as sa

from ephor.adapters.storage.catalogue import body_of, column_of, is_storable, noun_of, plan_of
from ephor.adapters.storage.sql.tables import SHELF_TABLES
from ephor.engine.ports import R
from ephor.kernel.errors import ConflictError, EphorError, NotFoundError, VerificationError


@lru_cache(maxsize=64)
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


class SqlShelf(Generic[R]):
    """One shelf, inside one transaction."""

    def __init__(self, kind: type[R], connection: sa.Connection) -> None:
        self._plan = plan_of(kind)
        self._kind, self._connection = kind, connection
        self._table = SHELF_TABLES[kind]
        self.touched = False

    def find(self, id: str) -> R | None:
        if not is_storable(id):
            return None
        found = self._connection.execute(sa.select(self._table.c.body).where(self._table.c.id == id)).scalar()
        return None if found is None else self._read(found)

    def get(self, id: str) -> R:
        if (record := self.find(id)) is None:
            raise NotFoundError(f"there is no {noun_of(self._kind)} `{id}`", id=id)
        return record

    def all(self, **where: str) -> Sequence[R]:
        plan_of(self._kind, where)
        if not all(map(is_storable, where.values())):
            return []
        query = sa.select(self._table.c.body).order_by(self._table.c.id).filter_by(**where)
        return [self._read(body) for body in self._connection.execute(query).scalars()]

    def page(self, after: str, limit: int) -> Sequence[R]:
        query = (
            sa.select(self._table.c.body)
            .where(self._table.c.id > after)
            .order_by(self._table.c.id)
            .limit(limit)
        )
        return [self._read(body) for body in self._connection.execute(query).scalars()]

    def add(self, record: R) -> None:
        if self.find(record.id) is not None:
            raise ConflictError(f"there is a {noun_of(self._kind)} `{record.id}` already", id=record.id)
        values = {"id": column_of(record, "id"), **self._columns(record)}
        self._connection.execute(self._table.insert().values(**values))
        self.touched = True

    def replace(self, old: R, new: R) -> None:
        if new.id != old.id:
            raise ConflictError(f"`{new.id}` cannot replace `{old.id}`; an id is for ever", id=old.id)
        done = self._connection.execute(
            self._table.update().where(*self._is(old)).values(**self._columns(new))
        )
        self._expect(done.rowcount, old)

    def remove(self, record: R) -> None:
        done = self._connection.execute(self._table.delete().where(*self._is(record)))
        self._expect(done.rowcount, record)

    def _read(self, body: str) -> R:
        try:
            found: R = _decoder(self._kind).decode(body)
        except (
            ValueError,
            EphorError,
        ) as error:  # not JSON, not of this shape, or refused by the record itself
            raise VerificationError(
                f"a record on shelf `{self._plan.table}` is damaged: {error}; restore the database from a backup"
            ) from error
        return found

    def _columns(self, record: R) -> dict[str, str | None]:
        return {"body": body_of(record), **{name: column_of(record, name) for name in self._plan.columns}}

    def _is(self, record: R) -> tuple[sa.ColumnElement[bool], ...]:
        return self._table.c.id == record.id, self._table.c.body == body_of(record)

    def _expect(self, rows: int, record: R) -> None:
        if rows != 1:
            raise ConflictError(
                f"{noun_of(self._kind)} `{record.id}` changed meanwhile; read it again", id=record.id
            )
        self.touched = True
