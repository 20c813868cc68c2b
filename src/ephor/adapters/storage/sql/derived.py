"""The two tables that the ledger is searched by, derived from its entries by position: fields, and words.

Row for row they follow from the entries, so either may be dropped: what is missing at its end is added when it is next asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from ephor.adapters.storage.search import COLUMNS, Asked, indexed, read, summary
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.adapters.storage.sql.tables import ledger_projection, ledger_words
from ephor.rooms.ledger.words import LONGEST, kept, words_of

Row = tuple[Any, ...]
"""A row after its place: what it says of one entry."""


class Derived(ABC):
    """One derived table."""

    table: ClassVar[sa.Table]
    called: ClassVar[str]

    @abstractmethod
    def rows_of(self, entries: Sequence[bytes]) -> Sequence[Row]:
        """Return what the table must say of *entries*; of one that is gone or damaged, as good as nothing."""

    @abstractmethod
    def stored(self, rows: SqliteRows, start: int, stop: int) -> Sequence[tuple[int, Row]]:
        """Return what it says, with the place in the log."""

    @abstractmethod
    def add(self, rows: SqliteRows, start: int, entries: Sequence[bytes]) -> None:
        """Add the rows of *entries*."""

    def reach(self, rows: SqliteRows, size: int) -> int:
        """Return how many of the first *size* entries it covers."""
        sql = f"select coalesce(max(idx) - ? + 1, 0) from {self.table.name} where idx >= ? and idx < ?"  # noqa: S608 - our own names
        return int(rows.run(sql, rows.base, rows.base, rows.base + size).fetchone()[0])

    def is_ready(self, rows: SqliteRows) -> bool:
        """Tell whether what finds its rows is there."""
        return True

    @abstractmethod
    def prepare(self, rows: SqliteRows) -> None:
        """Make what finds its rows, where it is missing."""

    def drop(self, connection: sa.Connection, rows: SqliteRows) -> None:
        """Make the table anew, with nothing in it."""
        self.table.drop(connection, checkfirst=True)
        self.table.create(connection)

    def damage(self, rows: SqliteRows) -> str | None:
        """Return what is wrong with that which finds its rows."""
        return None


class Fields(Derived):
    """The fields that are compared as a whole."""

    table = ledger_projection
    called = "fields"
    _names = ", ".join(("idx", "id", "at", *COLUMNS))
    _add = (
        f"insert into ledger_projection ({_names}) values (?, ?, ?{', ?' * len(COLUMNS)}) "  # noqa: S608 - constants
        "on conflict (idx) do nothing"
    )

    def rows_of(self, entries: Sequence[bytes]) -> Sequence[Row]:
        found = [summary(entry) for entry in entries]
        return [
            (indexed(one["id"]) or "", indexed(one["at"]) or "", *[indexed(one[name]) for name in COLUMNS])
            for one in found
        ]

    def stored(self, rows: SqliteRows, start: int, stop: int) -> Sequence[tuple[int, Row]]:
        sql = f"select {self._names} from ledger_projection where idx >= ? and idx < ? order by idx"  # noqa: S608
        found = rows.run(sql, rows.base + start, rows.base + stop).fetchall()
        return [(int(row[0]) - rows.base, tuple(row[1:])) for row in found]

    def add(self, rows: SqliteRows, start: int, entries: Sequence[bytes]) -> None:
        made = enumerate(self.rows_of(entries), rows.base + start)
        rows.many(self._add, [(place, *row) for place, row in made])

    def prepare(self, rows: SqliteRows) -> None:
        """The table's own indexes are made with it."""


class Words(Derived):
    """The words an entry says. SQLite finds them with FTS5, PostgreSQL with a GIN index over a tsvector."""

    table = ledger_words
    called = "words"

    def rows_of(self, entries: Sequence[bytes]) -> Sequence[Row]:
        return [(" ".join(kept(words_of(read(entry)))),) for entry in entries]

    def stored(self, rows: SqliteRows, start: int, stop: int) -> Sequence[tuple[int, Row]]:
        words = "tsvector_to_array(words)" if isinstance(rows, PostgresRows) else "words"
        sql = f"select idx, {words} from ledger_words where idx >= ? and idx < ? order by idx"  # noqa: S608
        found = rows.run(sql, rows.base + start, rows.base + stop).fetchall()
        # PostgreSQL has an order of its own; the words are what counts.
        return [
            (int(at) - rows.base, (" ".join(sorted(said)) if isinstance(said, list) else str(said),))
            for at, said in found
        ]

    def add(self, rows: SqliteRows, start: int, entries: Sequence[bytes]) -> None:
        made = [(place, said) for place, (said,) in enumerate(self.rows_of(entries), rows.base + start)]
        if isinstance(rows, PostgresRows):
            sql = "insert into ledger_words (idx, words) values (?, array_to_tsvector(?::text[])) on conflict (idx) do nothing"
            rows.many(sql, [(place, said.split()) for place, said in made])
            return
        rows.many("insert into ledger_words (idx, words) values (?, ?)", made)
        rows.many("insert into ledger_text (rowid, words) values (?, ?)", made)

    def is_ready(self, rows: SqliteRows) -> bool:
        if isinstance(rows, PostgresRows):
            return rows.run("select to_regclass('ix_ledger_words_words')").fetchone()[0] is not None
        return rows.run("select 1 from sqlite_master where name = 'ledger_text'").fetchone() is not None

    def prepare(self, rows: SqliteRows) -> None:
        if self.is_ready(rows):
            return
        if isinstance(rows, PostgresRows):
            rows.run("create index ix_ledger_words_words on ledger_words using gin (words)")
            return
        rows.run(
            "create virtual table ledger_text using fts5 (words, content='ledger_words', content_rowid='idx', tokenize='ascii', "
            "detail='none')"
        )
        rows.run("insert into ledger_text (ledger_text) values ('rebuild')")

    def drop(self, connection: sa.Connection, rows: SqliteRows) -> None:
        if not isinstance(rows, PostgresRows):
            rows.run("drop table if exists ledger_text")
        super().drop(connection, rows)

    def damage(self, rows: SqliteRows) -> str | None:
        if isinstance(rows, PostgresRows) or not self.is_ready(rows):
            return None
        try:
            rows.run("insert into ledger_text (ledger_text, rank) values ('integrity-check', 1)")
        except rows.connection.DatabaseError as error:
            return f"the index over the words is not that of its rows ({error})"
        return None


FIELDS, WORDS = Fields(), Words()
DERIVED: Sequence[Derived] = (FIELDS, WORDS)


def choose(rows: SqliteRows, asked: Asked, top: int, limit: int) -> Sequence[int]:
    """Return at most *limit* places below *top* that may fit, newest first: an index holds beginnings of texts only."""
    table = "ledger_words" if asked.words else "ledger_projection"
    place = f"{table}.idx"
    terms = [f"{place} >= ?", f"{place} < ?"]
    values: list[object] = [rows.base, rows.base + top]
    joined = table
    if asked.words:
        term, value = _says(rows, asked)
        terms.append(term)
        values.append(value)
        if not isinstance(rows, PostgresRows):
            joined = "ledger_text join ledger_words on ledger_words.idx = ledger_text.rowid"
        if asked.by_fields:
            joined += " join ledger_projection on ledger_projection.idx = ledger_words.idx"
    for name, text in asked.where.items():
        terms.append(f"ledger_projection.{name} = ?")
        values.append(indexed(text))
    for sign, at in ((">=", asked.since), ("<", asked.until)):
        if at is not None:
            terms.append(f"ledger_projection.at {sign} ?")
            values.append(at)
    sql = f"select {place} - ? from {joined} where {' and '.join(terms)} order by {place} desc limit {limit}"  # noqa: S608 - names were checked
    found = [int(row[0]) for row in rows.run(sql, rows.base, *values)]
    return list(dict.fromkeys(found))


def _says(rows: SqliteRows, asked: Asked) -> tuple[str, str]:
    """Return the condition that the words are there, and its value. Words are letters and digits: nothing needs escaping."""
    words = [(word.text[:LONGEST], word.begins) for word in asked.words]
    if isinstance(rows, PostgresRows):
        told = " & ".join(f"'{text}'{':*' if begins else ''}" for text, begins in words)
        return "ledger_words.words @@ ?::tsquery", told
    return "ledger_text match ?", " ".join(f'"{text}"{"*" if begins else ""}' for text, begins in words)
