"""Shelves in memory: dictionaries of frozen records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic

from ephor.adapters.storage.catalogue import body_of, column_of, noun_of, plan_of
from ephor.engine.ports import R
from ephor.kernel.errors import ConflictError, NotFoundError


class MemoryShelf(Generic[R]):
    """One shelf, as seen by one unit."""

    def __init__(self, kind: type[R], records: dict[str, Any]) -> None:
        self._plan = plan_of(kind)
        self._kind = kind
        self._records = records
        self.touched = False

    def find(self, id: str) -> R | None:
        return self._records.get(id)

    def get(self, id: str) -> R:
        if (record := self.find(id)) is None:
            raise NotFoundError(f"there is no {noun_of(self._kind)} `{id}`", id=id)
        return record

    def all(self, **where: str) -> Sequence[R]:
        plan_of(self._kind, where)
        kept = (self._records[key] for key in sorted(self._records))
        return [one for one in kept if all(column_of(one, name) == value for name, value in where.items())]

    def page(self, after: str, limit: int) -> Sequence[R]:
        return [self._records[key] for key in sorted(self._records) if key > after][:limit]

    def add(self, record: R) -> None:
        if record.id in self._records:
            raise ConflictError(f"there is a {noun_of(self._kind)} `{record.id}` already", id=record.id)
        self._put(record)

    def replace(self, old: R, new: R) -> None:
        if new.id != old.id:
            raise ConflictError(f"`{new.id}` cannot replace `{old.id}`; an id is for ever", id=old.id)
        self._expect(old)
        self._put(new)

    def remove(self, record: R) -> None:
        self._expect(record)
        del self._records[record.id]
        self.touched = True

    def _put(self, record: R) -> None:
        for column in ("id", *self._plan.columns):
            column_of(record, column)
        body_of(record)  # memory keeps nothing that a database would refuse
        self._records[record.id] = record
        self.touched = True

    def _expect(self, old: R) -> None:
        if self._records.get(old.id) != old:
            raise ConflictError(
                f"{noun_of(self._kind)} `{old.id}` changed meanwhile; read it again", id=old.id
            )
