"""Writes a table as one Parquet file, a row group at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ephor.adapters.files import new_path
from ephor.kernel.errors import UnavailableError
from ephor.rooms.exports.tables import Cell, Column, ColumnType, Row

GROUP = 20_000
"""Rows of a group."""


@contextmanager
def new_parquet(path: str, columns: Sequence[Column]) -> Iterator[Callable[[Row], object]]:
    """Give what writes rows into a new Parquet file (zstd); it appears under its name whole, or not at all.

    Raises:
        ConflictError: there is something at *path* already.
        UnavailableError: it cannot be written, or `pyarrow` is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to load
        from pyarrow import parquet  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnavailableError("Parquet needs pyarrow; install `ephor[parquet]`, or export csv") from error
    kinds = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.TRUTH: pa.bool_(),
        ColumnType.DAY: pa.date32(),
        ColumnType.TIME: pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([pa.field(one.name, kinds[one.type]) for one in columns])
    rows: list[Row] = []
    with new_path(path) as making, parquet.ParquetWriter(making, schema, compression="zstd") as writer:

        def flush() -> None:
            told: list[list[Cell]] = [list(column) for column in zip(*rows, strict=True)] or [
                [] for _ in columns
            ]
            arrays: list[Any] = [
                pa.array(cells, field.type) for cells, field in zip(told, schema, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            rows.clear()

        def write(row: Row) -> None:
            rows.append(row)
            if len(rows) == GROUP:
                flush()

        yield write
        flush()
