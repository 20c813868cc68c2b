"""Records inside a Parquet file: read batch by batch, and written anew row group by row group with the schema it has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import orjson

from ephor.adapters.connectors.values import to_json
from ephor.kernel.errors import InvalidInputError, UnavailableError

_ROWS = 1_000
Changed = Callable[[dict[str, Any], str], "dict[str, Any] | None"]
"""Takes a record and what tells it apart, and returns it, another one, or nothing when it goes."""


def read_records(file: IO[bytes], where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each record and what tells it apart: a digest of what it says.

    Raises:
        InvalidInputError: it cannot be read as Parquet.
        UnavailableError: `pyarrow` is not installed.
    """
    with _reading(where):
        for batch in _parquet().ParquetFile(file).iter_batches(_ROWS):
            for row in batch.to_pylist():
                yield _told(row)


def rewrite_records(file: IO[bytes], where: str, change: Changed, out: IO[bytes]) -> None:
    """Write the file anew as *change* says; what stays keeps its values and types.

    Raises:
        InvalidInputError: it cannot be read as Parquet, or a column cannot hold what is to be set.
        UnavailableError: `pyarrow` is not installed.
    """
    parquet = _parquet()
    with _reading(where):
        read = parquet.ParquetFile(file)
        groups = read.metadata.num_row_groups
        packed = read.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
        kind = "NONE" if packed == "UNCOMPRESSED" else packed
        with parquet.ParquetWriter(out, read.schema_arrow, compression=kind) as writer:
            for number in range(groups):
                kept = _changed(read.read_row_group(number), where, change)
                if kept.num_rows:
                    writer.write_table(kept)


def _changed(group: Any, where: str, change: Changed) -> Any:
    """Return a row group as *change* says; rows that nobody changed are never taken apart."""
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to load

    parts, start = [], 0
    for at, row in enumerate(group.to_pylist()):
        before, name = _told(row)
        after = change(dict(before), name)
        if after == before:
            continue
        parts.append(group.slice(start, at - start))
        start = at + 1
        if after is not None:
            new = {column: after[column] for column in after if after[column] != before.get(column)}
            parts.append(pa.Table.from_pylist([row | _typed(new, group.schema, where)], schema=group.schema))
    return pa.concat_tables([*parts, group.slice(start)])


def _typed(values: Mapping[str, Any], schema: Any, where: str) -> dict[str, Any]:
    """Return values as their columns take them."""
    import pyarrow as pa  # noqa: PLC0415

    typed = {}
    for name, value in values.items():
        if name not in schema.names:
            raise InvalidInputError(
                f"`{where}` has no column `{name[:80]}`, and a Parquet file gets no new one"
            )
        kind = schema.field(name).type
        try:
            typed[name] = pa.scalar(value, kind) if isinstance(value, dict | list) else _cast(pa, value, kind)
        except (pa.ArrowException, TypeError, ValueError):
            raise InvalidInputError(
                f"column `{name[:80]}` of `{where}` cannot hold the value given; check its type"
            ) from None
    return {name: value.as_py() for name, value in typed.items()}


def _cast(pa: Any, value: object, kind: Any) -> Any:
    return pa.scalar(None, kind) if value is None else pa.scalar(value).cast(kind)


def _told(row: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    record = {name: _plain(value) for name, value in row.items()}
    return record, hashlib.sha256(orjson.dumps(record)).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it, lists and structures as such."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(one) for one in value]
    return value if isinstance(value, float) else to_json(value)


@contextmanager
def _reading(where: str) -> Iterator[None]:
    import pyarrow as pa  # noqa: PLC0415

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InvalidInputError(f"`{where}` is not readable as Parquet; correct or replace it") from error


def _parquet() -> Any:
    from pyarrow import parquet  # noqa: PLC0415

    return parquet


def needs_pyarrow(where: str) -> None:
    """Check that Parquet can be read. Raises UnavailableError."""
    try:
        import pyarrow as pa  # noqa: F401, PLC0415
    except ImportError as error:
        raise UnavailableError(
            f"`{where}` is Parquet, which needs pyarrow; install `ephor[parquet]`"
        ) from error
