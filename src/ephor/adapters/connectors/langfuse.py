"""Traces in Langfuse, through its documented public HTTP API."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ephor.adapters.connectors.records import Late, Record, RecordStore, alike
from ephor.adapters.connectors.web import ask, read_place, read_secret
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.rooms.dsr.store import Key, Table, Value

_COLUMNS = (
    "id", "timestamp", "name", "userId", "sessionId", "input", "output", "metadata", "tags", "release", "version",
    "observations", "scores",
)  # fmt: skip
_ASKED = {"userId": "userId", "sessionId": "sessionId", "name": "name"}
"""What the API itself can look for."""
_PAGE = 100
_WAIT = 60.0


def connect_langfuse(url: str) -> LangfuseStore:
    """Return the project at *url*, ``langfuse+https://HOST?credentials=FILE``: a file with `PUBLIC_KEY:SECRET_KEY`.

    The keys may stand in the URL instead. ``wait`` is for how many seconds deletion is waited for: Langfuse deletes later.

    Raises:
        InvalidInputError: not such a URL, or no keys.
    """
    place = read_place(url, frozenset({"credentials", "wait"}))
    keys = f"{place.user}:{place.password}" if place.user else ""
    if file := place.options.get("credentials"):
        keys = read_secret(file)
    if not all(keys.partition(":")):
        raise InvalidInputError(
            "Langfuse wants its keys; add `?credentials=FILE` with `PUBLIC_KEY:SECRET_KEY`"
        )
    try:
        wait = float(place.options.get("wait", _WAIT))
    except ValueError:
        raise InvalidInputError("`wait` is a number of seconds") from None
    return LangfuseStore(place.url, keys, min(max(wait, 0.0), 3600.0))


class LangfuseStore(RecordStore):
    """Traces as rows. A trace goes with its observations and scores."""

    def __init__(self, url: str, keys: str, wait: float) -> None:
        self._url, self._wait = url + "/api/public", wait
        self._headers = {"Authorization": "Basic " + base64.b64encode(keys.encode()).decode()}
        self._going: list[str] = []

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        self._table(table)
        if tuple(key) != ("id",):
            raise InvalidInputError("traces are told apart by `id`; mark it in the data map")
        there = [id for row in rows if self._one(id := str(row[0])) is not None]
        for start in range(0, len(there), _PAGE):
            self._ask("DELETE", "/traces", {"traceIds": there[start : start + _PAGE]})
        self._going = there
        return len(there)

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        raise InvalidInputError("traces are what was said; they can be deleted, not corrected")

    def scrub(self, tables: Sequence[str]) -> str:
        end, pause = time.monotonic() + self._wait, 0.2
        while self._going:
            self._going = [id for id in self._going if self._one(id) is not None]
            if self._going and time.monotonic() >= end:
                raise UnavailableError(
                    f"Langfuse took the deletion of {len(self._going)} traces and has not carried it out; fulfil again later"
                )
            if self._going:
                time.sleep(min(pause, self._wait))
                pause = min(pause * 2, 15.0)
        return "langfuse: deleted with observations and scores; its exports and backups are not touched"

    def close(self) -> None:
        """Every question has its own connection."""

    def _tables(self) -> Mapping[str, Table]:
        self._ask("GET", "/traces?" + urlencode({"page": 1, "limit": 1}))
        return {"traces": Table("traces", _COLUMNS, ("id",), fixed=_COLUMNS)}

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        if column == "id" and values is not None:
            for id in dict.fromkeys(text for one in values if (text := alike(one))):
                if (found := self._one(id)) is not None:
                    yield self._record(found)
            return
        if column in _ASKED and values is not None:
            for value in dict.fromkeys(text for one in values if (text := alike(one))):
                yield from self._pages({_ASKED[column]: value})
            return
        yield from self._pages({})

    def _pages(self, asked: Mapping[str, str]) -> Iterator[Record]:
        page = 1
        while True:
            found = self._ask("GET", "/traces?" + urlencode({**asked, "page": page, "limit": _PAGE}))
            data = found.get("data") if isinstance(found, dict) else None
            if not isinstance(data, list):
                raise UnavailableError("Langfuse answered without `data`; is this its API?")
            for one in data:
                yield self._record(one)
            if len(data) < _PAGE:
                return
            page += 1

    def _record(self, found: Mapping[str, Any]) -> Record:
        """A list of traces names their observations; what these hold is asked for when it is wanted."""
        known = {name: found.get(name) for name in _COLUMNS if name != "observations"}
        return Late(known, {"observations": lambda: (self._one(str(found["id"])) or {}).get("observations")})

    def _one(self, id: str) -> Mapping[str, Any] | None:
        found = self._ask("GET", f"/traces/{quote(id, safe='')}")
        return found if isinstance(found, Mapping) else None

    def _ask(self, method: str, path: str, content: object = None) -> Any:
        _, answer = ask(method, self._url + path, content, self._headers, "Langfuse")
        return answer
