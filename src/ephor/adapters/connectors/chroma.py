"""A Chroma database on disk or behind its server: each collection's records with their documents and metadata."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ephor.adapters.connectors.records import Record, RecordStore
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.store import Key, Table, Value

_PAGE = 1_000
_FILE = "chroma.sqlite3"
_OWN = ("id", "document")
_DELETE = 3
"""Chroma's number of the operation that removes a record, in its queue."""


def connect_chroma(url: str) -> ChromaStore:
    """Return the database at *url*, ``chroma:///FOLDER`` or ``chroma+https://HOST:PORT``.

    Raises:
        InvalidInputError: not such a URL.
        NotFoundError: there is no Chroma database; none is made.
        UnavailableError: `chromadb` is not installed, or the server does not answer.
    """
    parts = urlsplit(url)
    if parts.scheme == "chroma" and not parts.netloc and parts.path.startswith("/"):
        folder = Path(unquote(parts.path[1:]) or ".")
        if not (folder / _FILE).is_file():
            raise NotFoundError(
                f"there is no Chroma database in `{folder}`; name the folder of an existing one"
            )
        return ChromaStore(_client(lambda chroma, quiet: chroma.PersistentClient(str(folder), quiet)), folder)
    if parts.scheme in ("chroma+http", "chroma+https") and parts.hostname:
        secure = parts.scheme.endswith("s")
        host, port = parts.hostname, parts.port or (443 if secure else 8000)
        return ChromaStore(
            _client(lambda chroma, quiet: chroma.HttpClient(host, port, secure, settings=quiet)), None
        )
    raise InvalidInputError("write `chroma:///FOLDER` or `chroma+https://HOST:PORT`")


def _client(make: Callable[[Any, Any], Any]) -> Any:
    try:
        chroma = import_module("chromadb")
    except ImportError as error:
        raise UnavailableError("Chroma needs `chromadb`; install `ephor[chroma]`") from error
    return _asked(make, chroma, chroma.Settings(anonymized_telemetry=False))


class ChromaStore(RecordStore):
    """Collections of Chroma. A record's vector goes with it; texts go from the queue and the text index, too."""

    def __init__(self, client: Any, folder: Path | None) -> None:
        self._client, self._folder = client, folder

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        ids = self._ids(table, key, rows)
        collection = self._collection(table)
        there = 0
        for start in range(0, len(ids), _PAGE):
            some = ids[start : start + _PAGE]
            there += len(_asked(collection.get, ids=some, include=[])["ids"])
            _asked(collection.delete, ids=some)
        if self._folder is not None:
            self._forget(self._folder, str(collection.id), ids)
        return there

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        ids = self._ids(table, key, rows)
        collection = self._collection(table)
        there = list(_asked(collection.get, ids=ids, include=[])["ids"])
        change: dict[str, Any] = {"metadatas": [dict(values)] * len(there)}
        if there:
            _asked(collection.update, ids=there, **change)
        return len(there)

    def scrub(self, tables: Sequence[str]) -> str:
        if self._folder is None:
            return "chroma: deleted by its server; its files are not touched from here"
        try:
            with closing(_file(self._folder)) as base:
                base.isolation_level = None
                base.execute(
                    "INSERT INTO embedding_fulltext_search(embedding_fulltext_search) VALUES ('optimize')"
                )
                base.execute("VACUUM")
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise UnavailableError(
                "others hold the Chroma database, so deleted text may be in its file; fulfil again when they are done"
            ) from error
        return "chroma: text removed from queue and index, file vacuumed; vectors may stay in index files until Chroma writes them anew"

    def close(self) -> None:
        """Chroma closes with its process."""

    def _tables(self) -> Mapping[str, Table]:
        tables = {}
        for one in _asked(self._client.list_collections):
            names: dict[str, None] = {}
            for record in self._pages(one.name, None):
                names.update(dict.fromkeys(record))
            columns = tuple(dict.fromkeys((*_OWN, *names)))
            tables[one.name] = Table(one.name, columns, ("id",), fixed=_OWN, blank=not names)
        return tables

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        by_id = column == "id" and values is not None
        yield from self._pages(table.name, [str(one) for one in values or ()] if by_id else None)

    def _pages(self, name: str, ids: Sequence[str] | None) -> Iterator[Record]:
        collection = self._collection(name)
        start = 0
        while True:
            some = None if ids is None else ids[start : start + _PAGE]
            place: dict[str, Any] = {"limit": _PAGE, "offset": start} if ids is None else {"ids": some}
            if ids is not None and not some:
                return
            found = _asked(collection.get, include=["documents", "metadatas"], **place)
            documents, metadatas = found["documents"] or (), found["metadatas"] or ()
            for at, id in enumerate(found["ids"]):
                yield {**(metadatas[at] or {}), "id": id, "document": documents[at]}
            if ids is None and len(found["ids"]) < _PAGE:
                return
            start += _PAGE

    def _collection(self, name: str) -> Any:
        return _asked(self._client.get_collection, name, embedding_function=None)

    def _ids(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> list[str]:
        if tuple(key) != ("id",):
            raise InvalidInputError(f"records of `{table}` are told apart by `id`; mark it in the data map")
        return list(dict.fromkeys(str(row[0]) for row in rows))

    def _forget(self, folder: Path, collection: str, ids: Sequence[str]) -> None:
        """Take what was added from Chroma's queue, which keeps it for replay; that it was deleted stays there."""
        try:
            with closing(_file(folder)) as base, base:
                topics = [row[0] for row in base.execute("SELECT DISTINCT topic FROM embeddings_queue")]
                for topic in (one for one in topics if str(one).endswith(f"/{collection}")):
                    base.executemany(
                        "DELETE FROM embeddings_queue WHERE topic = ? AND id = ? AND operation <> ?",
                        [(topic, id, _DELETE) for id in ids],
                    )
        except sqlite3.Error as error:
            raise UnavailableError(
                "others hold the Chroma database; fulfil again when they are done"
            ) from error


def _file(folder: Path) -> sqlite3.Connection:
    base = sqlite3.connect(folder / _FILE, timeout=5)
    base.execute("PRAGMA secure_delete = ON")
    return base


def _asked(ask: Callable[..., Any], *given: Any, **more: Any) -> Any:
    try:
        return ask(*given, **more)
    except Exception as error:  # raised on, so not BLE001 - its own words may quote a document
        raise UnavailableError(f"Chroma did not answer ({type(error).__name__}); try again") from error
