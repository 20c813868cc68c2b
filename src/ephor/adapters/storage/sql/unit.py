"""One transaction on a SQL database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from ephor.adapters.storage.catalogue import plan_of
from ephor.adapters.storage.growth import Draft
from ephor.adapters.storage.sql.shelf import SqlShelf
from ephor.adapters.storage.sql.tables import plane_state, sealed_payloads, subject_keys
from ephor.adapters.storage.vault import Sealed, Vault, Wrapped
from ephor.engine.ports import Forgotten, Ids, LogName, R
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId


class SqlUnit:
    """What a use case reads and writes between begin and commit."""

    def __init__(
        self,
        connection: sa.Connection,
        vault: Vault,
        ids: Ids,
        open_log: Callable[[sa.Connection, str], LogName],
    ) -> None:
        self._connection, self._vault, self._ids, self._open_log = connection, vault, ids, open_log
        self._shelves: dict[type[Any], SqlShelf[Any]] = {}
        self.drafts: list[Draft] = []
        self._moved_on = False
        self.forgot = False
        """Whether somebody's key or payloads were destroyed."""

    def shelf(self, of: type[R]) -> SqlShelf[R]:
        if of not in self._shelves:
            self._shelves[of] = SqlShelf(of, self._connection)
        return self._shelves[of]

    def append(self, event: Event, payload: bytes | None = None) -> EntryId:
        id = self._ids.new("evt")
        self.drafts.append(
            Draft(id, event, self._seal(id, event.subject, payload) if payload is not None else None)
        )
        return EntryId(id)

    def forget(self, subject: str) -> Forgotten:
        self.forgot = True
        keys = self._connection.execute(
            subject_keys.delete().where(subject_keys.c.subject == subject)
        ).rowcount
        payloads = self._connection.execute(
            sealed_payloads.delete().where(sealed_payloads.c.subject == subject)
        ).rowcount
        return Forgotten(keys, payloads)

    def sealed_subjects(self, after: str, limit: int) -> Sequence[tuple[str, str]]:
        of = sealed_payloads.c
        newest = sa.select(of.subject, sa.func.max(of.entry)).where(of.subject > after)
        found = self._connection.execute(newest.group_by(of.subject).order_by(of.subject).limit(limit))
        return [(subject, entry) for subject, entry in found]

    def open_log(self, stream: str) -> LogName:
        return self._open_log(self._connection, stream)

    def changed(self) -> bool:
        """Tell whether any shelf was written to that holds more than copies."""
        return any(shelf.touched and not plan_of(kind).derived for kind, shelf in self._shelves.items())

    def move_on(self) -> None:
        self._moved_on = True

    def governed(self) -> bool:
        """Tell whether anything was written that decisions depend on."""
        return self._moved_on or any(
            shelf.touched and plan_of(kind).governs for kind, shelf in self._shelves.items()
        )

    def _seal(self, id: str, subject: str | None, payload: bytes) -> Sealed:
        if subject is None:
            raise InvalidInputError("a sealed payload needs the pseudonym of its subject")
        wrapped = wrapped_key(self._connection, subject)
        if wrapped is None:
            # Asked in this transaction: another process may have rotated the wrapping key, and destroyed the old one.
            wrapped = self._vault.new_key(subject, mark_in(self._connection, "wrapping"))
            self._connection.execute(
                subject_keys.insert().values(subject=subject, wrapped=wrapped.data, kek=wrapped.kek)
            )
        sealed = self._vault.seal(wrapped, entry=id, subject=subject, payload=payload)
        self._connection.execute(
            sealed_payloads.insert().values(entry=id, subject=subject, salt=sealed.salt, box=sealed.box)
        )
        return sealed


def wrapped_key(connection: sa.Connection, subject: str) -> Wrapped | None:
    """Return a subject's key as it is kept; None where there is none, or it was destroyed."""
    known = sa.select(subject_keys.c.wrapped, subject_keys.c.kek).where(subject_keys.c.subject == subject)
    row = connection.execute(known).one_or_none()
    return None if row is None else Wrapped(row.wrapped, row.kek)


def mark_in(connection: sa.Connection, name: str) -> int | None:
    """Return the mark of the plane's own wrapping or pseudonym key, as a transaction sees it."""
    query = sa.select(plane_state.c.value).where(plane_state.c.name == f"{name}-key")
    found = connection.execute(query).scalar()
    if found is not None and type(found) is not int:
        raise VerificationError(
            f"the mark of the {name} key is damaged in the database; restore it from a backup"
        )
    return found
