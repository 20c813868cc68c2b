"""Any service of yours that speaks four signed POST requests in JSON: describe, find, rectify, erase."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from ephor.adapters.clock import SystemClock
from ephor.adapters.connectors.records import Record, RecordStore
from ephor.adapters.connectors.web import ask_bytes, read_place, read_secret
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.rooms.approvals.notice import sign
from ephor.rooms.dsr.store import Find, Key, Row, Table, Value

_ROWS = 500
"""Rows of one request."""
_PAGES = 100_000


def connect_service(url: str) -> ServiceStore:
    """Return the service at *url*, ``service+https://HOST/PATH?secret=FILE``.

    Raises:
        InvalidInputError: not such a URL, or no secret.
    """
    place = read_place(url, frozenset({"secret"}))
    if "secret" not in place.options:
        raise InvalidInputError("requests to a service are signed; add `?secret=FILE`")
    return ServiceStore(place.url, read_secret(place.options["secret"]))


class ServiceStore(RecordStore):
    """What a service says it keeps. That rows it names are the ones asked for is checked here, not believed."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._run = secrets.token_hex(8)
        self._folded: Sequence[Value] = ()

    def find(self, ask: Find) -> Sequence[Row]:
        self._folded = ask.values if ask.fold else ()
        try:
            return super().find(ask)
        finally:
            self._folded = ()

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        return self._act("erase", table, key, rows, {})

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        return self._act("rectify", table, key, rows, {"values": dict(values)})

    def scrub(self, tables: Sequence[str]) -> str:
        return "service: it says that it erased; what lies behind it is its own"

    def close(self) -> None:
        """Every request has its own connection."""

    def _act(
        self, action: str, table: str, key: Sequence[str], rows: Sequence[Key], more: Mapping[str, object]
    ) -> int:
        self._table(table)
        done = 0
        for start in range(0, len(rows), _ROWS):
            some = [list(row) for row in rows[start : start + _ROWS]]
            answer = self._ask(action, {"collection": table, "key": list(key), "rows": some, **more})
            count = answer.get("rows")
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= len(some):
                raise UnavailableError(
                    f"the service did not say how many rows it took to {action}; nothing is relied on"
                )
            done += count
        return done

    def _tables(self) -> Mapping[str, Table]:
        listed = self._ask("describe", {}).get("collections")
        try:
            made = [
                Table(
                    str(one["name"]),
                    tuple(map(str, one["fields"])),
                    tuple(map(str, one["primary_key"])),
                    fixed=tuple(map(str, one.get("fixed", ()))),
                )
                for one in listed or ()
            ]
        except (TypeError, KeyError):
            raise UnavailableError(
                "the service describes a collection without name, fields and primary_key"
            ) from None
        return {one.name: one for one in made}

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        asked: dict[str, object] = {"collection": table.name, "fields": list(table.columns)}
        if values is not None or self._folded:
            folded = bool(self._folded)
            asked |= {"field": column, "values": list(values or self._folded), "ignore_case": folded}
        after: object = None
        for _ in range(_PAGES):
            answer = self._ask("find", {**asked, "after": after})
            rows = answer.get("rows")
            if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
                raise UnavailableError("the service answered without `rows`; nothing is relied on")
            yield from rows
            if (after := answer.get("next")) is None:
                return
        raise UnavailableError("the service does not come to an end of its pages")

    def _ask(self, action: str, content: Mapping[str, object]) -> Mapping[str, Any]:
        """A request that is tried again carries the same key, so that a service can tell it from a new one."""
        said = {"action": action, **content}
        key = hashlib.sha256(self._run.encode() + orjson.dumps(said)).hexdigest()
        body = orjson.dumps({"id": key, **said})
        headers = {
            "Ephor-Signature": sign(self._secret, body, SystemClock().now()),
            "Idempotency-Key": key,
        }
        status, answer = ask_bytes("POST", f"{self._url}/{action}", body, headers, "the service")
        if status == 404 or not isinstance(answer, Mapping):
            raise UnavailableError(f"the service has no `{action}`; see how it is to answer")
        return answer
