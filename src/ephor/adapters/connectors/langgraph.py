"""What LangGraph keeps of conversations in a database: threads with all their checkpoints, and long-term memories.

It is read without LangGraph: its own reader makes objects of whatever class a checkpoint names, and what an agent wrote
is nothing to run code from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import orjson
import sqlalchemy as sa

from ephor.adapters.connectors.records import Late, Record, RecordStore, alike
from ephor.adapters.connectors.sql import SqlStore, _any_of, _chunks
from ephor.adapters.connectors.sql_open import open_store
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.store import Key, Table, Value

_OF_THREADS = ("checkpoints", "writes", "checkpoint_writes", "checkpoint_blobs")
_THREADS = ("thread_id", "checkpoints", "metadata", "state")
_MEMORIES = ("prefix", "key", "value")
_DEEP = 64


def connect_langgraph(url: str) -> LangGraphStore:
    """Return the checkpoints in the database at *url*, ``langgraph+sqlite:///agent.db`` or ``langgraph+postgresql://…``.

    Raises:
        InvalidInputError: not such a URL, or a database without checkpoints.
        NotFoundError: the SQLite file does not exist.
        UnavailableError: the database does not answer.
    """
    inner = url.removeprefix("langgraph+")
    if not inner.startswith(("sqlite:", "postgresql:", "postgresql+")):
        raise InvalidInputError("write `langgraph+sqlite:///agent.db` or `langgraph+postgresql://…`")
    return LangGraphStore(open_store(inner))


class LangGraphStore(RecordStore):
    """Threads as rows: a thread goes as a whole, with every checkpoint and every write of it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._sql = engine, SqlStore(engine)

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        known = self._table(table)
        if tuple(key) != known.primary_key:
            raise InvalidInputError(f"rows of `{table}` are told apart by `{', '.join(known.primary_key)}`")
        holders = self._holders(table)
        bound = [tuple(str(part) for part in row) for row in rows]
        with self._sql._guarded(), self._engine.begin() as connection:  # noqa: SLF001 - two faces of one store
            there = {one for one in self._keys(connection, table) if one in set(bound)}
            for batch in _chunks(bound):
                for holder in holders:
                    clause = sa.table(holder, *map(sa.column, key))
                    connection.execute(
                        sa.delete(clause).where(_any_of([clause.c[one] for one in key], batch))
                    )
        return len(there)

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        raise InvalidInputError(f"`{table}` is what was said; it can be deleted, not corrected")

    def scrub(self, tables: Sequence[str]) -> str:
        holders = [holder for table in tables for holder in self._holders(table)]
        return self._sql.scrub(list(dict.fromkeys(holders)))

    def close(self) -> None:
        self._sql.close()

    def _tables(self) -> Mapping[str, Table]:
        self._sql.tables()
        made = {}
        if self._holders("threads"):
            made["threads"] = Table("threads", _THREADS, ("thread_id",), fixed=_THREADS)
        if self._holders("memories"):
            made["memories"] = Table("memories", _MEMORIES, ("prefix", "key"), fixed=_MEMORIES)
        if not made:
            raise InvalidInputError(
                "this database has no checkpoints of LangGraph; name the one of the saver"
            )
        return made

    def _holders(self, table: str) -> tuple[str, ...]:
        """Return the tables of the database in which rows of *table* lie."""
        known = self._sql._known or self._sql.tables()  # noqa: SLF001 - two faces of one store
        if table == "memories":
            return tuple(name for name in ("store_vectors", "store") if name in known)
        own = (name for name in known if name in _OF_THREADS or name.startswith("checkpoint"))
        return tuple(sorted(name for name in own if "thread_id" in known[name].columns))

    def _keys(self, connection: sa.Connection, table: str) -> Iterator[tuple[str, ...]]:
        key = ("thread_id",) if table == "threads" else ("prefix", "key")
        parts: list[Any] = [
            sa.select(*map(sa.column, key)).select_from(sa.table(one)) for one in self._holders(table)
        ]
        for row in connection.execute(sa.union(*parts)):
            yield tuple(str(part) for part in row)

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        with self._sql._guarded(), self._engine.connect() as connection:  # noqa: SLF001 - two faces of one store
            if table.name == "memories":
                yield from self._memories(connection)
                return
            wanted = (
                {alike(one) for one in values or ()} if column == "thread_id" and values is not None else None
            )
            for (thread,) in sorted(self._keys(connection, "threads")):
                if wanted is None or thread in wanted:
                    yield self._thread(connection, thread)

    def _thread(self, connection: sa.Connection, thread: str) -> Record:
        rows = self._rows(connection, "checkpoints", ("checkpoint_id", "metadata"), thread)
        metadata: dict[str, Any] = {}
        for _, said in sorted(rows, key=lambda row: str(row[0])):
            known = _json(said)
            metadata |= known if isinstance(known, dict) else {}
        return Late(
            {"thread_id": thread, "checkpoints": len(rows), "metadata": metadata},
            {"state": lambda: self._state(thread)},
        )

    def _state(self, thread: str) -> list[object]:
        """Return what every checkpoint and every write of a thread says, each value once."""
        found: list[object] = []
        with self._engine.connect() as connection:
            for name in self._holders("threads"):
                columns = self._sql.tables()[name].columns
                typed = next((one for one in ("checkpoint", "value", "blob") if one in columns), None)
                if typed is None:
                    continue
                kind = "type" if "type" in columns else typed
                for how, data in self._rows(connection, name, (kind, typed), thread):
                    value = _read(str(how) if kind == "type" else "json", data)
                    if isinstance(value, dict) and "channel_values" in value:
                        value = value["channel_values"]
                    if value not in (None, {}, [], "") and value not in found:
                        found.append(value)
        return found

    def _rows(
        self, connection: sa.Connection, table: str, columns: Iterable[str], thread: str
    ) -> list[tuple[Any, ...]]:
        clause = sa.table(table, *map(sa.column, dict.fromkeys((*columns, "thread_id"))))
        if table not in self._holders("threads"):
            return []
        query = sa.select(*(clause.c[one] for one in columns)).where(clause.c["thread_id"] == thread)
        return [tuple(row) for row in connection.execute(query)]

    def _memories(self, connection: sa.Connection) -> Iterator[Record]:
        clause = sa.table("store", *map(sa.column, _MEMORIES))
        for prefix, key, value in connection.execute(
            sa.select(*clause.columns).order_by(*clause.columns[:2])
        ):
            yield {"prefix": prefix, "key": key, "value": _json(value)}


def _json(value: object) -> Any:
    if isinstance(value, bytes | memoryview | str):
        try:
            return orjson.loads(bytes(value) if not isinstance(value, str) else value)
        except orjson.JSONDecodeError:
            return None
    return value


def _read(how: str, data: Any) -> Any:
    """Return a stored value as plain data; what only LangGraph or a key can read is named instead."""
    if data is None or how in ("null", "empty", "None"):
        return None
    if how == "msgpack":
        try:
            return _plain(msgspec.msgpack.decode(bytes(data), ext_hook=_extended, strict=False), _DEEP)
        except (msgspec.DecodeError, RecursionError):
            return {"unreadable": how}
    if how == "json":
        return _plain(_json(data), _DEEP)
    return {"unreadable": how}


def _extended(code: int, data: memoryview) -> object:
    """Return what an object of LangGraph's said about itself: its class and what it was made of."""
    try:
        parts = msgspec.msgpack.decode(bytes(data), ext_hook=_extended, strict=False)
    except msgspec.DecodeError:
        return {"unreadable": f"extension {code}"}
    if isinstance(parts, list) and len(parts) >= 3:
        return {"class": parts[1], "value": parts[2]}
    return parts


def _plain(value: Any, deep: int) -> Any:
    if deep == 0:
        return "…"
    if isinstance(value, dict):
        return {str(name): _plain(one, deep - 1) for name, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one, deep - 1) for one in value]
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
