"""Rows of databases in Parquet files: each file is whole, read again and compared, or it is not there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from pyarrow import parquet

from ephor.adapters.connectors.values import plain
from ephor.engine.ports_retention import RawRow
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError
from ephor.rooms.retention.disposal import Archived

_NATIVE: dict[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    bool: pa.bool_(),
    date: pa.date32(),
}
_JSON = {b"ephor": b"json"}
"""A column whose values are of several types, or of one that Parquet has not: each value as JSON."""


@contextmanager
def row_archive(root: str, run: str) -> Iterator[ParquetRows]:
    """Open the archive of one run below *root*, for one process at a time.

    Raises:
        ConflictError: another process works on this run.
        UnavailableError: the folder cannot be written.
    """
    folder = Path(os.path.abspath(root)) / run
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(f"cannot archive to `{root}`: {error.strerror}; name a folder") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield ParquetRows(folder)
    except BlockingIOError:
        raise ConflictError(f"another process works on `{run}`; wait until it is done") from None
    finally:
        os.close(lock)  # a process that dies lets go of it as well


class ParquetRows:
    """The files of one run, numbered by collection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        return str(self._folder)

    def last(self, collection: str) -> tuple[Sequence[str], Sequence[RawRow]] | None:
        files = self._files(collection)
        if not files:
            return None
        table = _whole(files[-1], _read(files[-1]))
        columns = [_values(table.column(index), field) for index, field in enumerate(table.schema)]
        return table.column_names, list(zip(*columns, strict=True))

    def keep(self, collection: str, columns: Sequence[str], rows: Sequence[RawRow]) -> None:
        table = _table(columns, rows)
        files = self._files(collection)
        folder = self._of(collection)
        path = folder / f"part-{int(files[-1].stem[5:]) + 1 if files else 0:06d}.parquet"
        making = path.with_suffix(".unfinished")
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            with making.open("wb") as file:
                os.chmod(making, 0o600)
                parquet.write_table(
                    table, file, compression="zstd", store_schema=True, write_page_checksum=True
                )
                file.flush()
                os.fsync(file.fileno())
            again = parquet.read_table(pa.BufferReader(_read(making)), use_threads=False)
            if again.num_rows != len(rows) or not _equal(again, table):
                raise VerificationError(f"`{path}` does not say what was written; nothing was deleted for it")
            making.rename(path)
            _sync(folder)
        except OSError as error:
            raise UnavailableError(
                f"cannot write `{path}`: {error.strerror}; nothing was deleted for it"
            ) from error

    def sum_up(self, collection: str) -> Archived:
        rows, digests = 0, []
        for path in self._files(collection):
            data = _read(path)
            rows += _whole(path, data).num_rows
            digests.append(hashlib.sha256(data).hexdigest())
        sealed = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        return Archived(rows, len(digests), f"sha256:{sealed}" if digests else "")

    def _files(self, collection: str) -> list[Path]:
        return sorted(self._of(collection).glob("part-*.parquet"))

    def _of(self, collection: str) -> Path:
        return self._folder / quote(collection, safe="")


def _table(columns: Sequence[str], rows: Sequence[RawRow]) -> pa.Table:
    arrays, fields = [], []
    for name, values in zip(columns, zip(*rows, strict=True), strict=True):
        array, note = _array(values)
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=note))
    return pa.table(arrays, schema=pa.schema(fields))


def _array(values: Sequence[object]) -> tuple[pa.Array, dict[bytes, bytes] | None]:
    """Return a column in its own type where all of its values have it."""
    kinds = set(map(type, values)) - {type(None)}
    try:
        if not kinds:
            return pa.array(values, pa.string()), None
        if len(kinds) == 1 and (kind := _native(kinds.pop(), values)) is not None:
            return pa.array(values, kind), None
    except (pa.ArrowInvalid, OverflowError, UnicodeError):
        pass  # a number beyond 64 bits
    texts = [None if value is None else json.dumps(plain(value)) for value in values]
    return pa.array(texts, pa.string()), _JSON


def _native(kind: type, values: Sequence[object]) -> pa.DataType | None:
    if kind is not datetime:
        return _NATIVE.get(kind)
    zones = {value.tzinfo is None for value in values if isinstance(value, datetime)}
    return pa.timestamp("us", None if zones.pop() else "UTC") if len(zones) == 1 else None


def _values(column: Any, field: pa.Field) -> list[object]:
    values = column.to_pylist()
    if field.metadata is None or field.metadata.get(b"ephor") != b"json":
        return list(values)
    return [None if value is None else json.loads(value) for value in values]


def _equal(one: pa.Table, other: pa.Table) -> bool:
    if one.equals(other):
        return True
    # Not a number equals nothing, itself neither: the digits decide.
    return one.schema.equals(other.schema) and repr(one.to_pylist()) == repr(other.to_pylist())


def _whole(path: Path, data: bytes) -> pa.Table:
    """Return what a file of the archive says, each page held against its checksum.

    Raises:
        VerificationError: it is not what was written.
    """
    try:
        return parquet.read_table(pa.BufferReader(data), use_threads=False, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise VerificationError(
            f"`{path}` was damaged after it was written; nothing further is deleted: put it back from a copy and run again"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnavailableError(
            f"cannot read `{path}`: {error.strerror}; nothing further is deleted"
        ) from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
