"""The kernel for lakes: an Arrow batch in, counts out; run over a pool of processes, or by Spark's `mapInArrow`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.rooms.pii.columns import ColumnCount, count_columns, joined

ROWS = 4_096
"""Rows of a batch."""
SCHEMA = "table string, column string, type string, finds long, rows long"
"""What the kernel's answer holds, as Spark writes it."""


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise UnavailableError("Parquet needs `pyarrow`; install `ephor[parquet]`") from error
    return pyarrow


def parquet_batches(path: Any, name: str = "") -> Iterator[Mapping[str, Sequence[object]]]:
    """Yield the rows of a Parquet file, by its path or open, by column, `ROWS` at a time.

    Raises:
        InvalidInputError: it is no Parquet file, or damaged.
    """
    for batch in _opened(path, name).iter_batches(ROWS):
        yield _columns(batch)


def scan_batch(batch: Any, table: str = "", types: frozenset[str] | None = None) -> Any:
    """Return the counts of one Arrow record batch as an Arrow record batch: `SCHEMA`."""
    return _as_arrow(count_columns(table, _columns(batch), types))


def map_in_arrow(
    table: str = "", types: frozenset[str] | None = None
) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return the function to give to Spark: ``frame.mapInArrow(map_in_arrow("orders"), SCHEMA)``; sum its rows by the first three columns."""

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            yield scan_batch(batch, table, types)

    return run


def scan_in_pool(
    paths: Sequence[tuple[str, str]], types: frozenset[str] | None, workers: int
) -> tuple[ColumnCount, ...]:
    """Return the counts of Parquet files, each ``(path, name)``, by *workers* processes; the same as by one."""
    work = [(path, name, group, types) for path, name in paths for group in range(_groups(path))]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return joined(one for counts in pool.map(_scan_group, work) for one in counts)


def scan_with_spark(
    paths: Sequence[tuple[str, str]], types: frozenset[str] | None, session: Any = None
) -> tuple[ColumnCount, ...]:
    """Return the counts of Parquet files or folders by Spark: of *session*, else of the one that is running or a local one.

    Raises:
        UnavailableError: `pyspark` or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
        from pyspark.sql.functions import sum as total  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError(
            "`--spark` needs PySpark; install `ephor[spark]`, and Java beside it"
        ) from error
    try:
        spark = session or SparkSession.builder.appName("ephor pii scan").getOrCreate()
    except (RuntimeError, OSError) as error:  # what Spark raises without Java is a RuntimeError
        raise UnavailableError(f"Spark does not start: {type(error).__name__}; is Java installed?") from error
    if spark.sparkContext.master.startswith(
        "local"
    ):  # its workers are to be of this environment, not the machine's
        spark.sparkContext.pythonExec = sys.executable
    counts: list[ColumnCount] = []
    for path, name in paths:
        try:
            told = spark.read.parquet(path).mapInArrow(map_in_arrow(name, types), SCHEMA)
        except ImportError as error:  # pandas, which `mapInArrow` asks for
            raise UnavailableError(f"Spark lacks a package: {error}; install `ephor[spark]`") from error
        rows = told.groupBy("table", "column", "type").agg(total("finds"), total("rows")).collect()
        counts += (ColumnCount(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows)
    return joined(counts)


def _scan_group(work: tuple[str, str, int, frozenset[str] | None]) -> tuple[ColumnCount, ...]:
    path, name, group, types = work
    file = _pyarrow().parquet.ParquetFile(path)
    return joined(
        one
        for batch in file.iter_batches(ROWS, row_groups=[group])
        for one in count_columns(name, _columns(batch), types)
    )


def _groups(path: str) -> int:
    return int(_opened(path).num_row_groups)


def _opened(path: Any, name: str = "") -> Any:
    arrow = _pyarrow()
    try:
        return arrow.parquet.ParquetFile(path)
    except (OSError, arrow.ArrowException) as error:
        raise InvalidInputError(
            f"cannot read `{name or path}` as Parquet: {type(error).__name__}; is it whole?"
        ) from error


def _columns(batch: Any) -> Mapping[str, Sequence[object]]:
    return {name: batch.column(at).to_pylist() for at, name in enumerate(batch.schema.names)}


def _as_arrow(counts: Sequence[ColumnCount]) -> Any:
    arrow = _pyarrow()
    schema = arrow.schema(
        [
            ("table", arrow.string()),
            ("column", arrow.string()),
            ("type", arrow.string()),
            ("finds", arrow.int64()),
            ("rows", arrow.int64()),
        ]
    )
    return arrow.RecordBatch.from_arrays(
        [
            arrow.array([getattr(one, name) for one in counts], schema.field(name).type)
            for name in schema.names
        ],
        schema=schema,
    )
