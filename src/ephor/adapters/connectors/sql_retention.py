"""Disposal of rows in sets: what is past its time is deleted in batches, each one transaction with its archive inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from ephor.adapters.connectors.past import is_past
from ephor.adapters.connectors.sql import SqlStore, _any_of, _chunks, _raw
from ephor.adapters.connectors.sql_open import open_store
from ephor.adapters.connectors.values import from_json, same_row
from ephor.engine.ports_retention import Appraisal, Done, Keep, RawKey, RawRow, Selection
from ephor.kernel.errors import ConflictError, InvalidInputError, VerificationError
from ephor.rooms.dsr.store import ForeignKey

_TRIES = 5
_YIELD = 1_000
_SPARED = 20_000
"""Most subjects that one table can spare: more values than that fit into no statement."""
_TIMELESS = 1 << 32
"""What a row that says no time adds to a sum of ones and zeros: one sum, and one look at each value, tells both counts."""
T = TypeVar("T")
Clause = sa.ColumnElement[bool]


def connect_retention(url: str) -> SqlRetentionStore:
    """Return the database at *url* for retention; see `sql.connect`."""
    engine = open_store(url)
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise InvalidInputError(
            f"retention does not run over `{engine.dialect.name}`; use sqlite or postgresql"
        )
    return SqlRetentionStore(engine)


class SqlRetentionStore(SqlStore):
    """A SQLite or PostgreSQL database whose rows are disposed of in sets."""

    def check(self, selection: Selection) -> None:
        named = [selection.trigger, *(name for name, _ in (*selection.only, *selection.change))]
        table = self._clause(selection.table, named)
        if selection.subject is not None:
            self._subject(self._all(selection.table), selection)
        key = self._key(selection.table)
        if changed := {name for name, _ in selection.change} & {*key, selection.trigger}:
            raise InvalidInputError(
                f"`{selection.table}.{sorted(changed)[0]}` tells rows or their age apart and cannot be overwritten"
            )
        if len(selection.spared) > _SPARED:
            raise ConflictError(
                f"{len(selection.spared)} held people have rows in `{selection.table}`; place a hold on the collection"
            )
        self._past(table, selection)
        full = self._all(selection.table)
        with self._guarded(), self._engine.connect() as connection:
            missing = (
                sa.select(sa.literal(1))
                .select_from(full)
                .where(sa.or_(*(full.c[one].is_(None) for one in key)))
            )
            if connection.execute(missing.limit(1)).first():
                raise ConflictError(
                    f"`{selection.table}` has rows without a key, which nothing can tell apart"
                )

    def appraise(self, selection: Selection, going: Sequence[Selection]) -> Appraisal:
        table = self._all(selection.table)
        past, only = self._past(table, selection), self._only(table, selection)
        spared = self._spared(table, selection)
        counted: list[sa.ColumnElement[Any]] = []
        counted.append(sa.func.sum(sa.case({True: 1, False: 0}, value=past, else_=_TIMELESS)))
        counted.append(_count_if(sa.and_(past, spared)) if _is_any_spared(selection) else sa.literal(0))
        if not selection.change and self._holders(selection.table):
            free = self._free(table, selection.table, going, ())
            counted.append(_count_if(sa.and_(past, sa.not_(spared), sa.not_(free))))
        else:
            counted.append(sa.literal(0))
        query = sa.select(*counted).select_from(table)
        pending = sa.and_(only, self._unchanged(table, selection))
        with self._guarded(), self._engine.connect() as connection:
            both, kept, named = (int(one or 0) for one in connection.execute(query.where(pending)).one())
        timeless, due = divmod(both, _TIMELESS)
        return Appraisal(due, kept, named, timeless)

    def subjects(self, selection: Selection) -> Iterator[str]:
        if selection.subject is None:
            return
        table = self._all(selection.table)
        column = self._subject(table, selection)
        where = sa.and_(self._past(table, selection), self._only(table, selection), column.is_not(None))
        with self._guarded(), self._engine.connect() as connection:
            query = sa.select(column).where(where).distinct()
            for row in connection.execution_options(yield_per=_YIELD).execute(query):
                yield row[0]

    def batch(self, selection: Selection, after: RawKey | None, size: int, keep: Keep | None) -> Done:
        return self._again(lambda: self._batch(selection, after, size, keep))

    def settle(self, selection: Selection, columns: Sequence[str], rows: Sequence[RawRow]) -> int:
        return self._again(lambda: self._settle(selection, columns, rows))

    def _batch(self, selection: Selection, after: RawKey | None, size: int, keep: Keep | None) -> Done:
        table, key = self._all(selection.table), self._key(selection.table)
        columns = [table.c[name] for name in key]
        where = self._where(table, selection)
        with self._writing() as connection:
            if after is not None:
                where = sa.and_(where, _beyond(columns, after))
            if keep is not None and (selection.change or self._engine.dialect.name == "sqlite"):
                return self._read_first(connection, (table, columns), selection, where, size, keep)
            edge = sa.select(*columns).where(where).order_by(*columns).limit(1).offset(size - 1)
            found = connection.execute(edge).one_or_none()
            last = None if found is None else tuple(found)
            if last is not None:
                where = sa.and_(where, sa.not_(_beyond(columns, last)))
            if keep is None:
                return Done(connection.execute(self._act(table, selection).where(where)).rowcount, last)
            rows = _rows(connection, sa.delete(table).where(where).returning(*table.columns))
            if rows:
                keep([column.name for column in table.columns], rows)
            return Done(len(rows), last)

    def _read_first(
        self,
        connection: sa.Connection,
        of: tuple[sa.TableClause, Sequence[sa.ColumnElement[Any]]],
        selection: Selection,
        where: Clause,
        size: int,
        keep: Keep,
    ) -> Done:
        """Read the batch, act on it, and compare: what an update returns is new already, and what SQLite returns it has copied.

        No other transaction writes in between, so that the same condition up to the last row read means the same rows.
        """
        (table, columns), key = of, self._key(selection.table)
        names = [column.name for column in table.columns]
        rows = _rows(connection, sa.select(*table.columns).where(where).order_by(*columns).limit(size))
        last = None
        if len(rows) == size:
            last = tuple(rows[-1][names.index(name)] for name in key)
            where = sa.and_(where, sa.not_(_beyond(columns, last)))
        changed = connection.execute(self._act(table, selection).where(where)).rowcount
        if changed != len(rows):
            raise VerificationError(
                f"{len(rows)} rows of `{selection.table}` were read and {changed} would change; nothing was changed"
            )
        if rows:
            keep(names, rows)
        return Done(changed, last)

    def _settle(self, selection: Selection, columns: Sequence[str], rows: Sequence[RawRow]) -> int:
        table, key = self._all(selection.table), self._key(selection.table)
        if set(key) - set(columns):
            raise ConflictError(
                f"the archive of `{selection.table}` lacks its key; the table was changed, plan again"
            )
        places = [list(columns).index(name) for name in key]
        kept = {tuple(row[place] for place in places): row for row in rows}
        names = [column.name for column in table.columns]
        where, done = self._where(table, selection), 0
        with self._writing() as connection:
            for chunk in _chunks(list(kept)):
                there = sa.and_(where, _any_of([table.c[name] for name in key], chunk))
                alike = []
                for row in connection.execute(sa.select(*table.columns).where(there)):
                    found = dict(zip(names, row, strict=True))
                    own = tuple(found[name] for name in key)
                    if own in kept and same_row(tuple(found.get(name) for name in columns), kept[own]):
                        alike.append(own)
                if alike:
                    act = self._act(table, selection).where(_any_of([table.c[name] for name in key], alike))
                    done += connection.execute(act).rowcount
        return done

    def _act(self, table: sa.TableClause, selection: Selection) -> Any:
        if not selection.change:
            return sa.delete(table)
        new = {table.c[name]: self._new(selection.table, name, value) for name, value in selection.change}
        return sa.update(table).values(new)

    def _where(self, table: sa.TableClause, selection: Selection) -> Clause:
        """The rows that may go now: past their time, nobody's who is spared, and named by nothing that is there."""
        parts = [
            self._past(table, selection),
            self._only(table, selection),
            self._unchanged(table, selection),
            sa.not_(self._spared(table, selection)),
        ]
        if not selection.change:
            parts.append(self._free(table, selection.table, (), ()))
        return sa.and_(*parts)

    def _past(self, table: sa.TableClause, selection: Selection) -> Clause:
        kind = self._types[selection.table, selection.trigger]
        return is_past(table.c[selection.trigger], kind, selection, self._engine.dialect.name)

    def _only(self, table: sa.TableClause, selection: Selection) -> Clause:
        return sa.and_(
            sa.true(),
            *(
                table.c[name].in_([self._new(selection.table, name, value) for value in values])
                for name, values in selection.only
            ),
        )

    def _spared(self, table: sa.TableClause, selection: Selection) -> Clause:
        if not _is_any_spared(selection):
            return sa.false()
        named = self._subject(table, selection)
        return sa.func.coalesce(named.in_(sorted(selection.spared)), sa.false())

    def _subject(self, table: Any, selection: Selection) -> sa.ColumnElement[Any]:
        """Return what names the person: a column, or `people.email` of the row that the only foreign key there names."""
        target, dot, column = (selection.subject or "").rpartition(".")
        if not dot:
            self._clause(selection.table, [column])
            return sa.cast(table.c[column], sa.Text)
        self._clause(target, [column])
        ties = [one for one in self._known[selection.table].foreign_keys if one.target == target]
        if len(ties) != 1:
            raise InvalidInputError(
                f"`{selection.table}` has {len(ties)} foreign keys to `{target[:80]}`; name a column of its own as subject"
            )
        names = ties[0].target_columns or self._key(target)
        other = self._clause(target, [column, *names]).alias()
        same = (other.c[a] == table.c[b] for a, b in zip(names, ties[0].columns, strict=True))
        return sa.select(sa.cast(other.c[column], sa.Text)).where(*same).correlate(table).scalar_subquery()

    def _unchanged(self, table: sa.TableClause, selection: Selection) -> Clause:
        """What was overwritten before is not past its time any more."""
        if not selection.change:
            return sa.true()
        return sa.or_(
            *(
                table.c[name].is_distinct_from(self._new(selection.table, name, value))
                for name, value in selection.change
            )
        )

    def _free(
        self, table: sa.TableClause, name: str, going: Sequence[Selection], seen: tuple[str, ...]
    ) -> Clause:
        """Nothing names the row by a foreign key but rows that go as well; in a circle of tables what is there stays."""
        parts: list[Clause] = [sa.true()]
        for holder, tie in self._holders(name):
            other = self._all(holder).alias()
            target = tie.target_columns or self._key(name)
            names = [other.c[a] == table.c[b] for a, b in zip(tie.columns, target, strict=True)]
            if holder != name and holder not in seen:
                leaves = [
                    self._goes(other, one, going, (*seen, name)) for one in going if one.table == holder
                ]
                names += (
                    [sa.not_(sa.func.coalesce(sa.or_(sa.false(), *leaves), sa.false()))] if leaves else []
                )
            parts.append(sa.not_(sa.exists().where(sa.and_(*names))))
        return sa.and_(*parts)

    def _holders(self, name: str) -> list[tuple[str, ForeignKey]]:
        """Return the foreign keys that name the table, each with the table that has it."""
        known = (self._known or self.tables()).values()
        return [(holder.name, tie) for holder in known for tie in holder.foreign_keys if tie.target == name]

    def _goes(
        self, table: Any, selection: Selection, going: Sequence[Selection], seen: tuple[str, ...]
    ) -> Clause:
        if selection.change:
            return sa.false()
        return sa.and_(
            self._past(table, selection),
            self._only(table, selection),
            sa.not_(self._spared(table, selection)),
            self._free(table, selection.table, going, seen),
        )

    def _new(self, table: str, column: str, value: Any) -> sa.BindParameter[Any]:
        if self._engine.dialect.name == "sqlite":
            return _raw(value)
        return _raw(from_json(self._types[table, column], value, f"{table}.{column}"))

    def _all(self, name: str) -> sa.TableClause:
        known = self._known or self.tables()
        if name not in known:
            raise InvalidInputError(f"the store has no table `{name[:80]}`")
        return self._clause(name, known[name].columns)

    def _key(self, name: str) -> tuple[str, ...]:
        key = (self._known or self.tables())[name].primary_key
        if not key:
            raise InvalidInputError(
                f"table `{name}` has no primary key; retention takes tables that have one"
            )
        return key

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """One transaction that sees one state of the data, and is the only one that writes to what it read."""
        if self._engine.dialect.name != "sqlite":
            strict = self._engine.execution_options(isolation_level="REPEATABLE READ")
            with self._guarded(), strict.begin() as connection:
                yield connection
            return
        with self._guarded(), self._engine.connect() as connection:
            connection.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
            connection.exec_driver_sql("begin immediate")
            yield connection
            connection.commit()

    def _again(self, work: Callable[[], T]) -> T:
        """Try once more where another transaction changed a row in between (PostgreSQL: 40001)."""
        for _ in range(_TRIES - 1):
            try:
                return work()
            except Exception as error:
                if not _is_race(error):
                    raise
        return work()


def _is_race(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(cause, exc.DBAPIError) and getattr(cause.orig, "sqlstate", "") in ("40001", "40P01")


def _beyond(columns: Sequence[sa.ColumnElement[Any]], key: RawKey) -> Clause:
    if len(columns) == 1:
        return columns[0] > _raw(key[0])
    return sa.tuple_(*columns) > sa.tuple_(*map(_raw, key))


def _rows(connection: sa.Connection, query: Any) -> list[RawRow]:
    """Return the rows as the driver gives them; no column has a type here, and wrapping each row costs as much as reading it."""
    with closing(connection.execute(query)) as found:
        return list(found.cursor.fetchall())


def _is_any_spared(selection: Selection) -> bool:
    return selection.subject is not None and bool(selection.spared)


def _count_if(condition: Clause) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
