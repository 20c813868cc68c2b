"""Keeps what the ledger is searched by up with the entries, answers from it, and makes it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from ephor.adapters.storage.search import Asked
from ephor.adapters.storage.sql.derived import DERIVED, FIELDS, WORDS, Derived, choose
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError

BATCH = 1_024
"""Entries that are taken in within one transaction: appends wait for no more than these."""
_PAGE = 256
_FEW = 64
_TRIES = 3
_UNUSABLE = (
    UnavailableError,  # the database is read-only, or has no FTS5
    ConflictError,  # this thread is in a unit of its own
    VerificationError,  # a table is gone; the entries themselves are searched then
)


class Projection:
    """What one log is searched by."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sa.Connection]],
        writing: Callable[[], AbstractContextManager[sa.Connection]],
        rows: Callable[[sa.Connection], SqliteRows],
    ) -> None:
        self._reading, self._writing, self._rows_of = reading, writing, rows

    def places(self, asked: Asked, top: int, limit: int) -> Sequence[int] | None:
        """Return places below *top* that may fit, newest first; None where only the entries themselves can tell."""
        if asked.anything:
            return None
        needed = [one for one in DERIVED if (asked.words if one is WORDS else asked.by_fields)]
        limit = max(16, min(limit, _PAGE))
        try:
            for _ in range(_TRIES):
                for one in needed:
                    self._reach(one, top)
                with self._rows() as rows:
                    # In this very moment: somebody may have dropped it since, to make it anew.
                    if all(one.is_ready(rows) and one.reach(rows, top) >= top for one in needed):
                        return choose(rows, asked, top, limit)
        except _UNUSABLE:
            pass
        return None

    def named(self, id: str, top: int) -> Sequence[int] | None:
        """Return where the first *top* entries may have that id; None where only the entries themselves can tell."""
        try:
            with self._rows() as rows:  # a few new entries are looked through sooner than they are taken in
                start = FIELDS.reach(rows, top) if FIELDS.is_ready(rows) else 0
            plain = id.isascii() and id.replace("_", "").isalnum()
            if top - start > (few := _FEW if plain else 0):
                self._reach(FIELDS, top)
            with self._rows() as rows:
                start = FIELDS.reach(rows, top)
                if top - start > few:
                    return None
                newest = enumerate(_filled(rows, start, top), start)
                last = [place for place, entry in newest if id.encode() in entry]
                sql = "select idx - ? from ledger_projection where id = ? and idx >= ? and idx < ?"
                found = rows.run(sql, rows.base, id, rows.base, rows.base + start)
                return [*(int(row[0]) for row in found), *last]
        except _UNUSABLE:
            return None

    def fill(self, size: int, advance: Callable[[int], None]) -> None:
        """Take in the first *size* entries, as far as they are not; tell how many at a time."""
        for one in DERIVED:
            self._reach(one, size, advance)

    def drop(self) -> None:
        """Forget what every log of the plane is searched by, and make its tables anew."""
        with self._writing() as connection:
            rows = self._rows_of(connection)
            for one in DERIVED:
                one.drop(connection, rows)
                one.prepare(rows)

    def differences(self) -> Iterator[tuple[int | None, str]]:
        """Return where this log's rows are not what follows from the entries, the first of each table, in bounded memory."""
        for one in DERIVED:
            found = self._difference(one)
            if found is not None:
                yield found
        try:
            with self._writing() as connection:  # FTS5 is asked by writing to it
                problem = WORDS.damage(self._rows_of(connection))
        except UnavailableError as error:
            problem = f"the index over the words cannot be checked: {error}"
        if problem is not None:
            yield None, problem

    def _difference(self, one: Derived) -> tuple[int | None, str] | None:
        start, last = 0, False
        while not last:
            with self._rows() as rows:
                head = rows.head()
                size = 0 if head is None else head.size
                reach = one.reach(rows, size)
                if start == 0 and (stray := self._stray(rows, one, size)) is not None:
                    return stray, f"the {one.called} of an entry that is not there"
                stop = min(start + BATCH, reach)
                last = stop >= reach
                expected = one.rows_of(_filled(rows, start, stop))
                stored = dict(one.stored(rows, start, stop))
            for place, row in enumerate(expected, start):
                if place not in stored:
                    return place, f"the {one.called} of an entry are missing"
                if stored[place] != row:
                    return place, f"the {one.called} are not those of the entry"
            start = stop
        return None

    def _stray(self, rows: SqliteRows, one: Derived, size: int) -> int | None:
        ends = "select coalesce(max(number), 0) + 1 from ledger_logs"
        last = int(rows.run(ends).fetchone()[0]) << 40
        sql = f"select min(idx) from {one.table.name} where idx < 0 or idx >= ? or (idx >= ? and idx < ?)"  # noqa: S608
        found = rows.run(sql, last, rows.base + size, rows.end).fetchone()[0]
        return None if found is None else int(found) - rows.base

    def _reach(self, one: Derived, size: int, advance: Callable[[int], None] = lambda _: None) -> None:
        """Let *one* cover the first *size* entries. Two who do this at once take turns: each goes on from where the other left."""
        while True:
            with self._rows() as rows:
                if one.is_ready(rows) and one.reach(rows, size) >= size:
                    return
            with self._writing() as connection:
                rows = self._rows_of(connection)
                one.prepare(rows)
                start = one.reach(rows, size)
                stop = min(start + BATCH, size)
                if start < stop:
                    one.add(rows, start, _filled(rows, start, stop))
            advance(stop - start)

    @contextmanager
    def _rows(self) -> Iterator[SqliteRows]:
        with self._reading() as connection:
            yield self._rows_of(connection)


def _filled(rows: SqliteRows, start: int, stop: int) -> list[bytes]:
    """Return the entries from *start* up to *stop*; nothing in the place of one that is gone."""
    found = dict(rows.placed(start, stop))
    return [bytes(found.get(place, b"")) for place in range(start, stop)]
