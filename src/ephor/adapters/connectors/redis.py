"""A Redis database: keys by pattern, each with its value whatever its type."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from ephor.adapters.connectors.layout import OTHERS, Pattern, read_layout
from ephor.adapters.connectors.records import Late, Record, RecordStore, set_at
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from ephor.rooms.dsr.store import Key, Table, Value

_KEY, _VALUE, _TYPE = "_key", "_value", "_type"
_MANY = 1_000
_REWRITE = 60.0
"""Seconds that a rewriting of the log may take."""


def connect_redis(url: str) -> RedisStore:
    """Return the database at *url*, ``redis://HOST:PORT/0?profiles=user:{customer_id}``.

    Raises:
        InvalidInputError: not such a URL, or no pattern.
        UnavailableError: `redis` is not installed.
    """
    parts = urlsplit(url)
    patterns = read_layout(parts.query, ":")
    if not patterns or not parts.hostname:
        raise InvalidInputError(
            "say which keys are a collection: `redis://HOST/0?profiles=user:{customer_id}`"
        )
    try:
        redis = import_module("redis")
    except ImportError as error:
        raise UnavailableError("Redis needs `redis`; install `ephor[redis]`") from error
    plain = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    try:
        client = redis.Redis.from_url(
            plain, decode_responses=True, encoding_errors="replace", socket_timeout=30
        )
    except ValueError:
        raise InvalidInputError("the store's URL is none of Redis; write `redis://HOST:PORT/0?…`") from None
    return RedisStore(client, patterns, redis.RedisError)


class RedisStore(RecordStore):
    """Keys as rows: `_key`, what the pattern takes from it, `_type` and `_value`."""

    def __init__(self, client: Any, patterns: Sequence[Pattern], error: type[Exception]) -> None:
        self._client, self._error = client, error
        self._patterns = {one.collection: one for one in patterns}

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        names = self._names(table, key, rows)
        return sum(
            int(self._ask(self._client.unlink, *names[start : start + _MANY]))
            for start in range(0, len(names), _MANY)
        )

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        if odd := [name for name in values if name != _VALUE and not name.startswith(f"{_VALUE}.")]:
            raise InvalidInputError(f"`{table}.{odd[0][:80]}` is part of a key and cannot be set")
        there = [name for name in self._names(table, key, rows) if self._ask(self._client.exists, name)]
        for name in there:
            self._ask(self._set, name, values)
        return len(there)

    def scrub(self, tables: Sequence[str]) -> str:
        try:
            said = self._client.info("persistence")
            if int(said.get("aof_enabled", 0)):
                self._client.bgrewriteaof()
                self._wait("aof_rewrite_in_progress", "aof_rewrite_scheduled")
                return "redis: deleted, append-only file written anew; snapshots, replicas and backups are not touched"
            self._client.bgsave()
            self._wait("rdb_bgsave_in_progress")
        except self._error:
            return (
                "redis: deleted; its files could not be written anew from here, nor were replicas and backups"
            )
        return "redis: deleted, snapshot written anew; replicas and backups are not touched"

    def close(self) -> None:
        self._client.close()

    def _wait(self, *going: str) -> None:
        end = time.monotonic() + _REWRITE
        while any(int(self._client.info("persistence").get(one, 0)) for one in going):
            if time.monotonic() > end:
                raise UnavailableError("Redis writes its files anew for long; fulfil again when it is done")
            time.sleep(0.05)

    def _set(self, name: str, values: Mapping[str, Value]) -> None:
        kind = self._client.type(name)
        for path, value in values.items():
            inner = path.partition(".")[2]
            if kind == "hash" and inner:
                self._client.hset(name, inner, "" if value is None else str(value))
            elif kind == "string" and not inner:
                self._client.set(name, "" if value is None else str(value), keepttl=True)
            elif kind == "string":
                known = _parsed(self._client.get(name))
                if not isinstance(known, dict) or not set_at(known, inner, value):
                    raise InvalidInputError(f"a value of Redis has no `{inner[:80]}`; correct the data map")
                self._client.set(name, orjson.dumps(known), keepttl=True)
            else:
                raise InvalidInputError(f"a {kind} of Redis is deleted, not corrected")

    def _names(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> list[str]:
        self._table(table)
        if tuple(key) != (_KEY,):
            raise InvalidInputError(
                f"rows of `{table}` are told apart by `{_KEY}`; mark no other in the data map"
            )
        names = [str(row[0]) for row in rows]
        if any(self._patterns[table].match(name) is None for name in names):
            raise ConflictError(f"a key is none of `{table}`; nothing was touched")
        return names

    def _tables(self) -> Mapping[str, Table]:
        tables = {
            name: Table(
                name,
                (_KEY, *pattern.names, _TYPE, _VALUE),
                (_KEY,),
                fixed=(_KEY, *pattern.names, _TYPE),
            )
            for name, pattern in self._patterns.items()
        }
        if any(all(one.match(key) is None for one in self._patterns.values()) for key in self._keys("*")):
            tables[OTHERS] = Table(OTHERS, (_KEY,), (_KEY,))
        return tables

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        pattern = self._patterns.get(table.name)
        if pattern is None:
            return
        exact = column == _KEY and values is not None
        names = (
            [one for one in map(str, values or ()) if self._ask(self._client.exists, one)]
            if exact
            else self._keys(_glob(pattern.text))
        )
        for name in dict.fromkeys(names):
            if (given := pattern.match(name)) is not None:
                yield Late(
                    {_KEY: name, **given},
                    {_TYPE: self._type_of(name), _VALUE: self._value_of(name)},
                )

    def _keys(self, glob: str) -> Iterator[str]:
        try:
            yield from self._client.scan_iter(match=glob, count=_MANY)
        except self._error as error:
            raise self._failed(error) from error

    def _type_of(self, name: str) -> Callable[[], Any]:
        return lambda: self._ask(self._client.type, name)

    def _value_of(self, name: str) -> Callable[[], Any]:
        return lambda: self._ask(self._value, name)

    def _value(self, name: str) -> Any:
        kind = self._client.type(name)
        read: Mapping[str, Callable[[], Any]] = {
            "string": lambda: _parsed(self._client.get(name)),
            "hash": lambda: self._client.hgetall(name),
            "list": lambda: self._client.lrange(name, 0, -1),
            "set": lambda: sorted(self._client.smembers(name)),
            "zset": lambda: [list(one) for one in self._client.zrange(name, 0, -1, withscores=True)],
            "stream": lambda: [list(one) for one in self._client.xrange(name)],
        }
        return read[kind]() if kind in read else None if kind == "none" else {"unreadable": kind}

    def _ask(self, ask: Callable[..., Any], *given: Any) -> Any:
        try:
            return ask(*given)
        except self._error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> UnavailableError:
        return UnavailableError(f"Redis did not answer ({type(error).__name__}); try again")


def _parsed(text: str | None) -> Any:
    """Return the object that a string is in JSON, else the string."""
    try:
        value = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, dict | list) else text


def _glob(text: str) -> str:
    """Return a pattern as Redis takes it; which keys match exactly is looked at here."""
    plain = re.sub(r"\{[^}]*\}|\*+", "\0", text)
    return re.sub(r"([\[\]?\\^])", r"\\\1", plain).replace("\0", "*")
