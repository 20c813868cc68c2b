"""One Parquet file of an archive, opened without trusting its size, its schema or what it promises."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from ephor.adapters.parquet.pages import (
    BY_DICTIONARY,
    DELTA_INTEGERS,
    MAX_CHUNK,
    OLD_DICTIONARY,
    PLAIN,
    Chunk,
    MalformedError,
    check_chunk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FOOTER = 32 * 1024 * 1024
MAX_ROWS = 65_536 + 256
"""Most rows of a row group: the writer's own end with the bundle that reaches 65,536."""
MAX_GROUPS = 100_000
_MAGIC = b"PAR1"
_MAKER = "parquet-cpp-arrow "
_CODECS = ("ZSTD", "UNCOMPRESSED")


def open_inside(root: Path, name: str) -> IO[bytes] | None:
    """Open a file of the folder *root*, itself resolved, without leaving it; ``None`` where there is none.

    Raises:
        MalformedError: it leads out of the folder, is not a file, or cannot be read.
    """
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root):
            raise MalformedError(f"`{name}` leads out of the archive")
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, RuntimeError) as error:
        raise MalformedError(f"`{name}` cannot be read ({type(error).__name__})") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise MalformedError(f"`{name}` is not a file")
    return os.fdopen(handle, "rb")


class Table:
    """The row groups of one file, each column of which is looked at before it is unpacked."""

    def __init__(self, root: Path, name: str, schema: pa.Schema) -> None:
        self.name = name
        file = open_inside(root, name)
        if file is None:
            raise MalformedError(f"`{name}` is missing")
        self._file, self._schema = file, schema
        try:
            with self._reading():
                self._open()
        except MalformedError:
            file.close()
            raise
        self.groups = [self._metadata.row_group(at).num_rows for at in range(self._metadata.num_row_groups)]
        """How many rows each row group has."""

    def close(self) -> None:
        self._file.close()

    def column(self, group: int, name: str) -> Sequence[Any]:
        """Return the values of one column of a row group; times as microseconds since 1970.

        Raises:
            MalformedError: it cannot be read, or would take more memory than a column of an archive does.
        """
        if not self.groups[group]:
            return []  # the table of a log without entries has a row group, and nothing in it
        with self._reading(f", column `{name}`, row group {group}"):
            check_chunk(self._read, self._chunk(group, name))
            read = self._parquet.read_row_group(group, columns=[name], use_threads=False).column(0)
            values = [value for part in read.chunks for value in _values(part)]
        if len(values) != self.groups[group]:
            raise MalformedError(
                f"`{self.name}`, column `{name}`, has {len(values)} values in row group {group}"
            )
        return values

    @contextmanager
    def _reading(self, where: str = "") -> Iterator[None]:
        """Say of whatever a reader may stumble on that the file is damaged, and where."""
        try:
            yield
        except MalformedError as error:
            raise MalformedError(f"`{self.name}`{where}: {error}") from None
        except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError) as error:
            said = str(error).partition("\n")[0]
            raise MalformedError(f"`{self.name}`{where} cannot be read: {said[:120]}") from None

    def _open(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        end = self._read(size - 8, 8) if size >= 12 else b""
        footer = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or footer > min(size - 12, MAX_FOOTER):
            raise MalformedError("it is no Parquet file, or was cut")
        self._end = size - 8 - footer
        flat = [field.name for field in self._schema if field.type == pa.string()]
        try:
            self._parquet = parquet.ParquetFile(
                self._file,
                read_dictionary=flat,  # or one long value that is named often would take its length each time
                pre_buffer=False,
                thrift_string_size_limit=MAX_FOOTER,
                thrift_container_size_limit=1_000_000,
                arrow_extensions_enabled=False,
            )
        except KeyError as error:
            raise MalformedError("its columns are not those of an archive") from error
        self._metadata = self._parquet.metadata
        self._check_schema(flat)
        self._check_groups()

    def _check_schema(self, flat: Sequence[str]) -> None:
        expected = pa.schema(
            [
                field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in flat else field
                for field in self._schema
            ]
        )
        if not self._parquet.schema_arrow.equals(expected):
            raise MalformedError("its columns are not those of an archive")
        if not str(self._metadata.created_by).startswith(_MAKER):
            raise MalformedError("it was not written by Ephor")

    def _check_groups(self) -> None:
        if self._metadata.num_row_groups > MAX_GROUPS:
            raise MalformedError("it has more row groups than a file of an archive")
        rows = 0
        for at in range(self._metadata.num_row_groups):
            group = self._metadata.row_group(at)
            if not 0 <= group.num_rows <= MAX_ROWS:
                raise MalformedError(
                    f"row group {at} promises {group.num_rows} rows; none of an archive does"
                )
            rows += group.num_rows
        if rows != self._metadata.num_rows:
            raise MalformedError(
                f"its row groups hold {rows} rows, where {self._metadata.num_rows} are promised"
            )

    def _chunk(self, group: int, name: str) -> Chunk:
        place = self._schema.get_field_index(name)
        about = self._metadata.row_group(group).column(place)
        start, dictionary = about.data_page_offset, about.dictionary_page_offset
        if dictionary is not None:
            start = min(start, dictionary)
        length = about.total_compressed_size
        if about.file_path or about.path_in_schema != name or about.compression not in _CODECS:
            raise MalformedError("it does not lie where an archive has it")
        if start < 4 or length < 0 or start + length > self._end or about.num_values != self.groups[group]:
            raise MalformedError("its size is not that of its row group")
        if about.total_uncompressed_size > MAX_CHUNK:
            raise MalformedError(f"unpacked it would take {about.total_uncompressed_size} bytes")
        return Chunk(start, length, about.num_values, self._encodings(name))

    def _encodings(self, name: str) -> frozenset[int]:
        kind = self._schema.field(name).type
        if kind == pa.string():
            return frozenset((PLAIN, OLD_DICTIONARY, BY_DICTIONARY))
        if pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
            return frozenset((PLAIN, DELTA_INTEGERS))
        return frozenset((PLAIN,))

    def _read(self, start: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, start)


def _values(part: pa.Array) -> Sequence[Any]:
    if pa.types.is_dictionary(part.type):
        words = part.dictionary.to_pylist()
        return [None if at is None else words[at] for at in part.indices.to_pylist()]
    if pa.types.is_timestamp(part.type):
        part = part.cast(pa.int64())
    values: Sequence[Any] = part.to_pylist()
    return values
