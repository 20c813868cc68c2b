"""Parquet files masked into new ones, a batch at a time; a column whose masked values no longer fit becomes text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ephor.adapters.texts.lake import ROWS, _opened, _pyarrow
from ephor.rooms.pii.columns import ColumnCount, joined, mask_columns
from ephor.rooms.pii.operators import Operator


def mask_parquet(
    path: Any, name: str, types: frozenset[str] | None, operator: Operator, write: Callable[[bytes], object]
) -> tuple[ColumnCount, ...]:
    """Write the Parquet file at *path*, or the open one, masked by *write*, and return what was masked by column.

    The file is read twice: first to learn which columns can no longer hold what they held (a number with a find is
    masked text), then to write. Memory does not grow with its rows. What the file says of itself besides is left out.

    Raises:
        InvalidInputError: it is no Parquet file, or damaged.
        UnavailableError: `pyarrow` is not installed.
    """
    arrow, schema = _pyarrow(), _opened(path, name).schema_arrow
    lost: set[str] = set()
    other = [one.name for one in schema if not arrow.types.is_string(one.type)]
    for _, columns, _ in _masked(path, name, types, operator, other) if other else ():
        lost |= {
            one for one in columns if one not in lost and not _fits(arrow, columns[one], schema.field(one))
        }
    fields = [
        arrow.field(one.name, arrow.string() if one.name in lost else one.type, nullable=True)
        for one in schema
    ]
    target = arrow.schema(fields)
    counts: list[ColumnCount] = []
    with arrow.parquet.ParquetWriter(arrow.PythonFile(_Sink(write), mode="w"), target) as writer:
        for batch, columns, found in _masked(path, name, types, operator):
            counts += found
            changed = {one.column for one in found} | lost
            arrays = [
                arrow.array([_text(value) for value in columns[one.name]], arrow.string())
                if one.name in lost
                else arrow.array(columns[one.name], one.type)
                if one.name in changed
                else batch.column(at)
                for at, one in enumerate(fields)
            ]
            writer.write_batch(arrow.RecordBatch.from_arrays(arrays, schema=target))
    return joined(counts)


@dataclass(slots=True)
class _Sink:
    """As much of a file as a writer of Parquet asks for."""

    out: Callable[[bytes], object]
    length: int = 0
    closed: bool = False

    def write(self, data: Any) -> int:
        taken = bytes(data)
        self.out(taken)
        self.length += len(taken)
        return len(taken)

    def tell(self) -> int:
        return self.length

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


_Masked = tuple[Any, Mapping[str, Sequence[object]], tuple[ColumnCount, ...]]


def _masked(
    path: Any, name: str, types: frozenset[str] | None, operator: Operator, only: Sequence[str] | None = None
) -> Iterator[_Masked]:
    for batch in _opened(path, name).iter_batches(ROWS, columns=only):
        read = {one: batch.column(at).to_pylist() for at, one in enumerate(batch.schema.names)}
        columns, counts = mask_columns(name, read, types, operator)
        yield batch, columns, counts


def _fits(arrow: Any, values: Sequence[object], field: Any) -> bool:
    try:
        arrow.array(values, field.type)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
