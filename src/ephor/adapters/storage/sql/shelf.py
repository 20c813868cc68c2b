"""Shelves in a table: the record as JSON, and beside it the fields it can be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


# A statement is built once for each kind: to build it anew costs four times what SQLite takes to answer it.
@lru_cache(maxsize=128)
def _finding(kind: type[Any]) -> sa.Select[Any]:
    table = SHELF_TABLES[kind]
    return sa.select(table.c.body).where(table.c.id == sa.bindparam("this"))


@lru_cache(maxsize=256)
def _listing(kind: type[Any], names: tuple[str, ...]) -> sa.Select[Any]:
    table = SHELF_TABLES[kind]
    fits = (table.c[name] == sa.bindparam(name) for name in names)
    return sa.select(table.c.body).where(*fits).order_by(table.c.id)


@lru_cache(maxsize=128)
def _adding(kind: type[Any]) -> sa.Insert:
    return SHELF_TABLES[kind].insert()


@lru_cache(maxsize=128)
def _replacing(kind: type[Any]) -> sa.Update:
    return SHELF_TABLES[kind].update().where(*_is(SHELF_TABLES[kind]))


@lru_cache(maxsize=128)
def _removing(kind: type[Any]) -> sa.Delete:
    return SHELF_TABLES[kind].delete().where(*_is(SHELF_TABLES[kind]))


def _is(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.id == sa.bindparam("this"), table.c.body == sa.bindparam("as_read")


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
        found = self._connection.execute(_finding(self._kind), {"this": id}).scalar()
        if found is None:
            return None
        record = self._read(found)
        if record.id != id:
            raise VerificationError(
                f"the record of `{id[:80]}` on shelf `{self._plan.table}` is another's: its row was changed; restore the database "
                "from a backup"
            )
        return record

    def get(self, id: str) -> R:
        if (record := self.find(id)) is None:
            raise NotFoundError(f"there is no {noun_of(self._kind)} `{id}`", id=id)
        return record

    def all(self, **where: str) -> Sequence[R]:
        plan_of(self._kind, where)
        if not all(map(is_storable, where.values())):
            return []
        query = _listing(self._kind, tuple(where))
        return [self._read(body) for body in self._connection.execute(query, where).scalars()]

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
        self._connection.execute(_adding(self._kind), values)
        self.touched = True

    def replace(self, old: R, new: R) -> None:
        if new.id != old.id:
            raise ConflictError(f"`{new.id}` cannot replace `{old.id}`; an id is for ever", id=old.id)
        self._change(_replacing(self._kind), old, self._columns(new))

    def remove(self, record: R) -> None:
        self._change(_removing(self._kind), record, {})

    def _change(self, statement: sa.Update | sa.Delete, old: R, values: Mapping[str, str | None]) -> None:
        """Run *statement* on the row of *old*, if it still says what *old* does."""
        asked = {**values, "this": old.id, "as_read": body_of(old)}
        if (
            self._connection.execute(statement, asked).rowcount != 1
        ):  # perhaps it says so in an earlier version's words
            stored = self._connection.execute(_finding(self._kind), {"this": old.id}).scalar()
            same = stored is not None and body_of(self._read(stored)) == asked["as_read"]
            if not same or self._connection.execute(statement, {**asked, "as_read": stored}).rowcount != 1:
                raise ConflictError(
                    f"{noun_of(self._kind)} `{old.id}` changed meanwhile; read it again", id=old.id
                )
        self.touched = True

    def _read(self, body: str) -> R:
        try:
            found: R = _decoder(self._kind).decode(body)
        except (
            ValueError,
            TypeError,
            EphorError,
        ) as error:  # not JSON, not of this shape, or refused by the record itself
            raise VerificationError(
                f"a record on shelf `{self._plan.table}` is damaged: {error}; restore the database from a backup"
            ) from error
        return found

    def misfiled(self) -> str | None:
        """Return the id of the first row that is damaged, or filed under something else than its record says."""
        names = ("id", *self._plan.columns)
        rows = self._connection.execute(sa.select(self._table).order_by(self._table.c.id))
        for row in rows.mappings():
            try:
                record = self._read(row["body"])
            except VerificationError:
                return str(row["id"])
            if any(row[name] != column_of(record, name) for name in names):
                return str(row["id"])
        return None

    def _columns(self, record: R) -> dict[str, str | None]:
        return {"body": body_of(record), **{name: column_of(record, name) for name in self._plan.columns}}
