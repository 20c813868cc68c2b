"""Writes a log's files into a Parquet archive, in memory that does not grow with the log."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ephor.adapters.parquet.columns import COUNTS, ENTRIES, TEXTS, TILES, TIMES, flatten
from ephor.kernel.errors import ConflictError, UnavailableError
from ephor.rooms.ledger import tile

GROUP_BYTES = 16 * 1024 * 1024
"""A row group ends with the bundle that reaches this many bytes of entries,"""
GROUP_ROWS = 65_536
"""or this many rows,"""
FILE_ROWS = 1_048_576
"""and a file with the row group that reaches this many rows,"""
FILE_BYTES = 512 * 1024 * 1024
"""or this many bytes of entries."""
TILES_A_GROUP = 1_024

_ENTRY_OPTIONS: dict[str, Any] = {
    "compression": {name: "none" if name == "leaf" else "zstd" for name in ENTRIES.names},
    "compression_level": {name: 6 for name in ENTRIES.names if name != "leaf"},
    "use_dictionary": [*TEXTS, "reasons"],
    "column_encoding": dict.fromkeys(("position", *COUNTS, *TIMES), "DELTA_BINARY_PACKED"),
    "write_statistics": ["position", *TEXTS, *COUNTS, *TIMES],
    "write_batch_size": 64,  # a page is looked at after so many values: none is larger than a reader has to allow for
    "store_schema": False,
}
_TILE_OPTIONS: dict[str, Any] = {
    "compression": "none",  # hashes do not become smaller
    "use_dictionary": False,
    "write_statistics": ["level", "index"],
    "write_batch_size": 64,
    "store_schema": False,
}


class _Table:
    """One kind of rows, on their way into files of bounded size."""

    def __init__(self, root: Path, schema: pa.Schema, options: dict[str, Any], name: str) -> None:
        self._root, self._schema, self._options, self._name = root, schema, options, name
        self._splits = "{" in name
        self._writer: parquet.ParquetWriter | None = None
        self._rows = self._bytes = 0

    def write(self, first: int, columns: dict[str, Any], weight: int) -> None:
        """Write one row group; *first* names the file where this begins one."""
        if self._writer is None:
            path = self._root / self._name.format(first)
            self._writer = parquet.ParquetWriter(path, self._schema, **self._options)
            self._rows = self._bytes = 0
        arrays = [pa.array(columns[field.name], field.type) for field in self._schema]
        rows = len(arrays[0])
        self._writer.write_table(pa.table(arrays, schema=self._schema), row_group_size=max(rows, 1))
        self._rows, self._bytes = self._rows + rows, self._bytes + weight
        if self._splits and (self._rows >= FILE_ROWS or self._bytes >= FILE_BYTES):
            self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _Archive:
    """Takes the files of a tlog-tiles log in the order of their positions."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries_to = _Table(root, ENTRIES, _ENTRY_OPTIONS, "entries-{:012d}.parquet")
        self._tiles_to = _Table(root, TILES, _TILE_OPTIONS, "tiles.parquet")
        self._entries: list[bytes] = []
        self._weight = self._written = 0
        self._tiles: list[tuple[int, int, bytes]] = []

    def take(self, name: str, data: bytes) -> None:
        """Take in one file; what is neither entries nor hashes stays the file it is."""
        place = tile.parse_path(name)
        if place is None:
            (self._root / name).parent.mkdir(parents=True, exist_ok=True)
            (self._root / name).write_bytes(data)
        elif place[0] is None:
            self._take_entries(tile.decode_bundle(data))
        else:
            self._tiles.append((place[0], place[1], data))
            if len(self._tiles) == TILES_A_GROUP:
                self._flush_tiles()

    def close(self) -> None:
        """Write what is left; a log without entries has its two tables as well."""
        if self._entries or not self._written:
            self._flush_entries()
        if self._tiles or not self._written:
            self._flush_tiles()
        self.abandon()

    def abandon(self) -> None:
        """Close the files, whatever is in them."""
        self._entries_to.close()
        self._tiles_to.close()

    def _take_entries(self, entries: list[bytes]) -> None:
        self._entries += entries
        self._weight += sum(map(len, entries))
        if self._weight >= GROUP_BYTES or len(self._entries) >= GROUP_ROWS:
            self._flush_entries()

    def _flush_entries(self) -> None:
        first, stop = self._written, self._written + len(self._entries)
        columns = {"position": range(first, stop), "entry": self._entries, **flatten(self._entries)}
        self._entries_to.write(first, columns, self._weight)
        self._entries, self._weight, self._written = [], 0, stop

    def _flush_tiles(self) -> None:
        columns = {
            name: [row[at] for row in self._tiles] for at, name in enumerate(("level", "index", "hashes"))
        }
        self._tiles_to.write(0, columns, 0)
        self._tiles = []


@contextmanager
def new_archive(path: str) -> Iterator[Callable[[str, bytes], None]]:
    """Give what writes a log's files into a new archive; it appears under its name whole, when all is written, or not at all.

    Raises:
        ConflictError: there is something at *path* already.
        UnavailableError: it cannot be written.
    """
    root = Path(os.path.abspath(path))  # not resolved: a name that is a link stays one
    try:
        if os.path.lexists(root) and not (root.is_dir() and not any(root.iterdir())):
            raise ConflictError(f"`{path}` is there already and not empty; name a new folder")
        root.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f"{root.name}.unfinished-", dir=root.parent))
    except OSError as error:
        raise UnavailableError(f"cannot export to `{path}`: {error.strerror}; name a new folder") from error
    whole = making / "archive"
    archive = _Archive(whole)
    try:
        whole.mkdir()
        yield archive.take
        archive.close()
        _finish(whole, root)
    except OSError as error:
        raise UnavailableError(f"cannot write `{path}`: {error}; nothing was exported") from error
    finally:
        archive.abandon()
        shutil.rmtree(making, ignore_errors=True)


def _finish(whole: Path, root: Path) -> None:
    """Make every file durable, then give the folder its name: whoever sees the name sees all of it."""
    for folder, _, names in os.walk(whole, topdown=False):
        for name in (*names, "."):
            _sync(Path(folder, name))
    whole.rename(root)  # takes the place of an empty folder, and of nothing else (rename(2))
    _sync(root.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
