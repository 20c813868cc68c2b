"""Any SQLite, PostgreSQL, MySQL or MariaDB database as a data store, through SQLAlchemy Core: names are quoted, values are bound."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import finalize

import sqlalchemy as sa
from sqlalchemy import exc

from ephor.adapters.connectors.inside import with_inside
from ephor.adapters.connectors.listed import document_of, holding, lies_in_list, may_hold, with_set
from ephor.adapters.connectors.records import alike, count, value_at
from ephor.adapters.connectors.sql_open import open_store
from ephor.adapters.connectors.sql_shape import Described, Shape, described, shape_of
from ephor.adapters.connectors.values import from_json, from_json_loosely, to_json
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from ephor.rooms.dsr.store import Find, ForeignKey, Key, Row, Table, Tally, Value, root_of

_CHUNK = 400
"""Rows per statement: SQLite takes 32766 bound values, older builds 999."""


def connect(url: str) -> SqlStore:
    """Return the data store at *url*, ``sqlite:///PATH``, ``postgresql+psycopg://…`` or ``mysql://…``.

    Raises:
        InvalidInputError: not such a URL.
        NotFoundError: the SQLite file does not exist; none is created.
        UnavailableError: the database does not answer.
    """
    return SqlStore(open_store(url))


_OPTIMIZED = "tables rebuilt; binary logs, undo logs, replicas and backups are not touched"
_SCRUBS = {
    "postgresql": (
        "VACUUM",
        "postgresql: vacuumed; write-ahead log archives, replicas and backups are not touched",
    ),
    "mysql": ("OPTIMIZE TABLE", f"mysql: {_OPTIMIZED}"),
    "mariadb": ("OPTIMIZE TABLE", f"mariadb: {_OPTIMIZED}"),
}


class SqlStore:
    """A database. Its tables are read once per run, when they are first asked for."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reads = engine.execution_options(isolation_level="AUTOCOMMIT")
        """For single questions: what begins and ends a transaction would be two more ways to the server."""
        finalize(self, engine.dispose)  # the engine outlives its stores; their connections do not
        self._known: dict[str, Table] = {}
        self._shape: Shape | None = None
        self._types: dict[tuple[str, str], sa.types.TypeEngine[Any]] = {}

    def tables(self) -> Mapping[str, Table]:
        with self._guarded(), self._reads.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", exc.SAWarning
            )  # a column type SQLAlchemy does not know is read as it comes
            shape = shape_of(connection)
            if shape is not None and shape == self._shape:
                return self._known
            told = described(shape) if shape is not None else None
            found = _inspected(connection) if told is None else told
            self._known = {one[0]: self._table(*one) for one in found}
            self._shape = shape
        return self._known

    def find(self, ask: Find) -> Sequence[Row]:
        table = self._clause(ask.name.collection, (*ask.columns, ask.column, *ask.more))
        if any(name not in table.c for name in (*ask.columns, ask.column)):
            looked = self._looked_into(table, ask.columns, ask.column, ask.values, fold=ask.fold)
            rows = [{name: value_at(one, name) for name in ask.columns} for one in looked]
            return sorted(rows, key=lambda row: str(row[ask.columns[0]]))
        column, more = table.c[ask.column], [table.c[name] for name in ask.more]
        names, keys = (ask.column, *ask.more), ask.keys or [(one,) for one in ask.values]
        seen: list[Row] = []
        with self._guarded(), self._reads.connect() as connection:
            for values in _chunks(self._bound(table.name, names, keys)):
                where = _folded(column, values) if ask.fold else _any_of([column, *more], values)
                query = (
                    sa.select(*(table.c[name].label(None) for name in ask.columns))
                    .where(where)
                    .order_by(table.c[ask.columns[0]])
                )
                found = connection.execute(query)
                seen += [dict(zip(ask.columns, map(to_json, row), strict=True)) for row in found]
        return seen

    def tally(self, ask: Tally) -> Mapping[Key, int]:
        table = self._clause(ask.name.collection, ask.columns)
        if any(name not in table.c for name in ask.columns):
            first = tuple(dict.fromkeys(key[0] for key in ask.values))
            counted = count(self._looked_into(table, ask.columns, ask.columns[0], first), ask)
            return {
                tuple(  # inside a column of JSON everything is compared as text
                    part if name in table.c else alike(part)
                    for name, part in zip(ask.columns, key, strict=True)
                ): rows
                for key, rows in counted.items()
            }
        columns = [table.c[name] for name in ask.columns]
        counts: dict[Key, int] = {}
        with self._guarded(), self._reads.connect() as connection:
            for values in _chunks(self._bound(table.name, ask.columns, ask.values)):
                query = (
                    sa.select(*columns, sa.func.count()).where(_any_of(columns, values)).group_by(*columns)
                )
                counts.update(
                    {tuple(map(to_json, row[:-1])): int(row[-1]) for row in connection.execute(query)}
                )
        return counts

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        clause = self._clause(table, key)
        columns = [clause.c[name] for name in key]
        with self._guarded(), self._engine.begin() as connection:
            batches = _chunks(self._bound(table, key, rows))
            return sum(
                connection.execute(sa.delete(clause).where(_any_of(columns, batch))).rowcount
                for batch in batches
            )

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        clause = self._clause(table, (*key, *values))
        columns = [clause.c[name] for name in key]
        deep = [name for name in values if name not in clause.c]
        change, changed = sa.update(clause).values(self._assigned(clause, values)), 0
        with self._guarded(), self._engine.begin() as connection:
            for batch in _chunks(self._bound(table, key, rows)):
                by_row = self._in_lists(connection, clause, columns, batch, deep) if deep else {}
                for one, held in by_row.items():
                    new = self._assigned(clause, values, held)
                    changed += connection.execute(
                        sa.update(clause).values(new).where(_any_of(columns, [one]))
                    ).rowcount
                if rest := [one for one in batch if one not in by_row]:
                    changed += connection.execute(change.where(_any_of(columns, rest))).rowcount
        return changed

    def sample(self, table: str, rows: int) -> Mapping[str, Sequence[object]]:
        names = (self._known or self.tables())[table].columns
        clause = self._clause(table, names)
        order = [clause.c[name] for name in self._known[table].primary_key or names[:1]]
        looked: list[Sequence[object]] = []
        with self._guarded(), self._reads.connect() as connection:
            for ends in ([one.asc() for one in order], [one.desc() for one in order]):
                half = sa.select(*clause.columns).order_by(*ends).limit(rows - rows // 2)
                looked += [tuple(row) for row in connection.execute(half)]
        unique = list(dict.fromkeys(tuple(map(to_json, row)) for row in looked))[:rows]
        return {name: [row[at] for row in unique] for at, name in enumerate(names)}

    def keys(self, table: str, key: Sequence[str]) -> Iterator[Key]:
        """Return the key of every row, a few at a time, so that a table of any size is read through."""
        clause = self._clause(table, key)
        query = sa.select(*(clause.c[name].label(None) for name in key))
        with self._guarded(), self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1_000).execute(query):
                yield tuple(map(to_json, row))

    def scrub(self, tables: Sequence[str]) -> str:
        with (
            self._guarded(),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            dialect = self._engine.dialect
            if dialect.name != "sqlite":
                verb, said = _SCRUBS[dialect.name]
                quote = dialect.identifier_preparer.quote_identifier
                quoted = [quote(self._clause(name, ()).name) for name in dict.fromkeys(tables)]
                if quoted:
                    connection.exec_driver_sql(f"{verb} {', '.join(quoted)}")
                return said
            connection.execute(sa.text("VACUUM"))
            busy, *_ = connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            if busy:
                raise UnavailableError(
                    "others hold the database, so its log still has deleted bytes; fulfil again when they are done"
                )
            return "sqlite: overwritten, vacuumed, log truncated; backups and copies are not touched"

    def close(self) -> None:
        self._engine.dispose()

    def _table(self, name: str, columns: Sequence[Any], key: Any, ties: Sequence[Any]) -> Table:
        self._types.update({(name, column["name"]): column["type"] for column in columns})
        pointers = tuple(
            ForeignKey(
                tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"])
            )
            for one in ties
        )
        keyed = tuple(key["constrained_columns"])
        required = tuple(
            column["name"] for column in columns if not column["nullable"] and column["name"] not in keyed
        )
        return Table(
            name, tuple(column["name"] for column in columns), keyed, pointers, required=required, lists=True
        )

    def _looked_into(
        self,
        table: sa.TableClause,
        names: Sequence[str],
        column: str,
        values: Sequence[Value],
        *,
        fold: bool = False,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the rows that hold one of *values* in *column*, by column, with what lies in JSON columns as it is."""
        roots = {name: root_of(name, table.c.keys()) or name for name in (*names, column)}
        inner = {root for name, root in roots.items() if root != name}
        wanted, at = list(dict.fromkeys(roots.values())), table.c[roots[column]]
        with self._guarded(), self._reads.connect() as connection:
            for start in range(0, len(values), _CHUNK):
                some = values[start : start + _CHUNK]
                if column in table.c:
                    bound = self._bound(table.name, (column,), [(one,) for one in some])
                    where = _folded(at, bound) if fold else _any_of([at], bound)
                else:
                    path = column[len(roots[column]) + 1 :].split(".")
                    where = may_hold(at, path, some, self._engine.dialect.name, fold=fold)
                query = sa.select(*(table.c[name].label(None) for name in wanted)).where(where)
                found = connection.execute(query)
                rows = (
                    {
                        name: document_of(held) if name in inner else to_json(held)
                        for name, held in zip(wanted, row, strict=True)
                    }
                    for row in found
                )
                yield from (rows if column in table.c else holding(rows, column, some, fold=fold))

    def _in_lists(
        self,
        connection: sa.Connection,
        clause: sa.TableClause,
        key: Sequence[sa.ColumnElement[Any]],
        batch: Sequence[tuple[object, ...]],
        deep: Sequence[str],
    ) -> Mapping[tuple[object, ...], Mapping[str, object]]:
        """Return the rows in which one of these fields lies in a list, with what their JSON columns hold."""
        paths = {name: root_of(name, clause.c.keys()) or name for name in deep}
        roots = list(dict.fromkeys(paths.values()))
        query = sa.select(*key, *(clause.c[root].label(None) for root in roots)).where(_any_of(key, batch))
        if self._engine.dialect.name != "sqlite":
            query = query.with_for_update()
        found = {}
        for row in connection.execute(query):
            held = dict(zip(roots, row[len(key) :], strict=True))
            if any(
                lies_in_list(held[root], name[len(root) + 1 :].split(".")) for name, root in paths.items()
            ):
                found[tuple(row[: len(key)])] = held
        return found

    def _assigned(
        self, clause: sa.TableClause, values: Mapping[str, Value], held: Mapping[str, object] | None = None
    ) -> dict[Any, Any]:
        """Return what an update sets; several values inside one column are set one after the other.

        *held* is what the JSON columns of one row hold, where lists are on the way.
        """
        new: dict[Any, Any] = {}
        for root, document in (held or {}).items():
            inner = {
                name: value
                for name, value in values.items()
                if root_of(name, clause.c.keys()) == root != name
            }
            said = sa.literal(with_set(document, root, inner), sa.Text())
            new[clause.c[root]] = sa.cast(said, self._types[clause.name, root])
        for name, value in values.items():
            if name in clause.c:
                new[clause.c[name]] = _raw(self._value(clause.name, name, value))
                continue
            root = root_of(name, clause.c.keys()) or name
            if root in (held or {}):
                continue
            column, path = clause.c[root], name[len(root) + 1 :].split(".")
            kind = self._types[clause.name, root]
            before = new.get(column, column)
            new[column] = with_inside(before, path, value, kind, self._engine.dialect.name)
        return new

    def _clause(self, name: str, columns: Sequence[str]) -> sa.TableClause:
        """Return the table with quoted names, if the database has it."""
        known = self._known or self.tables()
        roots = [root_of(column, known[name].columns) for column in columns] if name in known else []
        if name not in known:
            raise InvalidInputError(
                f"the store has no table `{name[:80]}`; it has: {', '.join(known)[:200] or 'none'}"
            )
        if None in roots:
            missing = next(column for column, root in zip(columns, roots, strict=True) if root is None)
            raise InvalidInputError(f"table `{name[:80]}` of the store has no column `{missing[:80]}`")
        quoted = (sa.sql.quoted_name(str(column), quote=True) for column in dict.fromkeys(roots))
        # No types: a SQLite column may hold what its type cannot, and one such row must not stop a search.
        return sa.table(sa.sql.quoted_name(name, quote=True), *(sa.column(column) for column in quoted))

    def _bound(self, table: str, columns: Sequence[str], keys: Sequence[Key]) -> list[tuple[object, ...]]:
        """Return the keys as the columns' own types; a value that a column cannot hold matches nothing."""
        bound = []
        for key in keys:
            try:
                bound.append(
                    tuple(self._value(table, name, value) for name, value in zip(columns, key, strict=True))
                )
            except InvalidInputError:
                continue
        return bound

    def _value(self, table: str, column: str, value: Value) -> object:
        kind = self._types[table, column]
        if self._engine.dialect.name == "sqlite":
            return from_json_loosely(kind, value)
        return from_json(kind, value, f"{table}.{column}")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say in Ephor's words what the database says; its own message may quote data, so it stays out."""
        try:
            yield
        except exc.IntegrityError as error:
            raise ConflictError(
                "the store's own constraints forbid this; nothing was changed in that table, plan again"
            ) from error
        except exc.SQLAlchemyError as error:
            store = f"the data store `{_place(self._engine.url)}`"
            if _is_read_only(error):
                raise UnavailableError(
                    f"{store} is read-only here; nothing was changed in that table, let this account write and try again"
                ) from error
            raise UnavailableError(f"{store} did not answer ({type(error).__name__}); try again") from error


def _place(url: sa.URL) -> str:
    """Return where a database is; who enters it, and how, stays out."""
    return sa.URL.create(
        url.get_backend_name(), host=url.host, port=url.port, database=url.database
    ).render_as_string()


def _is_read_only(error: exc.SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    refused = "readonly database" in str(cause) or getattr(cause, "sqlstate", None) == "25006"
    return refused or bool(getattr(cause, "args", ())[:1] in {(1290,), (1792,)})  # of MySQL


def _inspected(connection: sa.Connection) -> list[Described]:
    look = sa.inspect(connection)
    columns, keys = look.get_multi_columns(), look.get_multi_pk_constraint()
    ties = look.get_multi_foreign_keys()
    return [(at[1], columns[at], keys[at], ties[at]) for at in columns if at[1]]


def _any_of(
    columns: Sequence[sa.ColumnElement[Any]], keys: Sequence[tuple[object, ...]]
) -> sa.ColumnElement[bool]:
    if len(columns) == 1:
        return columns[0].in_(_raw_each(key[0] for key in keys))
    return sa.or_(
        *(sa.and_(*(column == _raw(part) for column, part in zip(columns, key, strict=True))) for key in keys)
    )


def _folded(column: sa.ColumnElement[Any], keys: Sequence[tuple[object, ...]]) -> sa.ColumnElement[bool]:
    """Compare in lower case; SQLite lowers ASCII letters only, so the value is offered both ways."""
    texts = [str(value) for (value,) in keys]
    ascii_only = [re.sub("[A-Z]+", lambda found: found.group().lower(), text) for text in texts]
    both = dict.fromkeys([*(text.lower() for text in texts), *ascii_only])
    return sa.func.lower(column).in_(_raw_each(both))


def _raw(value: object) -> sa.BindParameter[Any]:
    """Bind *value* as it is: SQLAlchemy would take the type of the first value for that of all."""
    return sa.literal(value, sa.types.NULLTYPE)


class _AsItIs(sa.types.UserDefinedType[Any]):
    """What is bound with no type takes the type of what it is compared with."""

    cache_ok = True


def _raw_each(values: Iterable[object]) -> sa.BindParameter[Any]:
    """Bind all of *values* at once, each as it is: one by one takes longer than the database does."""
    return sa.bindparam(None, list(values), _AsItIs(), expanding=True)


def _chunks(keys: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
