"""Tables of observations that people hand over: CSV, JSON lines or Parquet, read as columns."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.models.column import Cell
from ephor.rooms.models.observation import Table

MOST_COLUMNS = 1_000
_CHUNK = 1 << 20


def read_table(path: str) -> Table:
    """Return the columns of a file, by the ending of its name: `.csv`, `.jsonl` (also `.ndjson`), `.parquet`.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it has another ending, or is not what its ending says.
        UnavailableError: it is Parquet, and the extra `parquet` is not installed.
    """
    ending = Path(path).suffix.lower()
    try:
        with Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        columns = _columns(path, ending)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file `{path}`") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"`{path}` is not UTF-8 text: {error.reason}; save it as UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot read `{path}`: {reason}") from error
    rows = max(map(len, columns.values()), default=0)
    if not rows:
        raise InvalidInputError(f"`{path}` holds no rows; it needs a header and at least one")
    if len(columns) > MOST_COLUMNS:
        raise InvalidInputError(f"`{path}` has more than {MOST_COLUMNS} columns; hand in fewer")
    return Table(digest, rows, columns)


_LONGEST_CELL = 131_072
"""Characters of one cell; stated here, since what the `csv` module allows is one number for the whole process."""


def _columns(path: str, ending: str) -> Mapping[str, list[Cell]]:
    if ending == ".parquet":
        return _parquet(path)
    if ending not in (".csv", ".jsonl", ".ndjson"):
        raise InvalidInputError(f"`{path}` is none of .csv, .jsonl, .ndjson, .parquet; convert it")
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return _csv(path, file) if ending == ".csv" else _json_lines(path, file)


def _csv(path: str, file: IO[str]) -> Mapping[str, list[Cell]]:
    reader = csv.reader(file, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) != len(names) or not all(names):
            raise InvalidInputError(
                f"the first line of `{path}` does not name each column once; write a header"
            )
        columns: dict[str, list[Cell]] = {name: [] for name in names}
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                raise InvalidInputError(
                    f"line {reader.line_num} of `{path}` has {len(row)} cells, the header has {len(names)}; correct it"
                )
            if max(map(len, row)) > _LONGEST_CELL:
                raise InvalidInputError(
                    f"line {reader.line_num} of `{path}`: field larger than field limit ({_LONGEST_CELL}); shorten it"
                )
            for name, cell in zip(names, row, strict=True):
                columns[name].append(cell)
    except csv.Error as error:
        raise InvalidInputError(
            f"line {reader.line_num} of `{path}` is not CSV: {error}; correct it"
        ) from error
    return columns


def _json_lines(path: str, file: Iterable[str]) -> Mapping[str, list[Cell]]:
    columns: dict[str, list[Cell]] = {}
    for count, row in enumerate(_objects(path, file)):
        for name in row:
            if name not in columns:
                if len(columns) >= MOST_COLUMNS:
                    raise InvalidInputError(f"`{path}` has more than {MOST_COLUMNS} columns; hand in fewer")
                columns[name] = [None] * count
        for name, column in columns.items():
            column.append(_cell(path, count + 1, name, row.get(name)))
    return columns


def _objects(path: str, file: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"line {number} of `{path}` is not JSON: {error}; correct it") from error
        if not isinstance(row, dict):
            raise InvalidInputError(f'line {number} of `{path}` is no object; write {{"column": value}}')
        yield row


def _parquet(path: str) -> Mapping[str, list[Cell]]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra, and 200 ms
    except ImportError as error:
        raise UnavailableError("Parquet needs pyarrow; run: pip install 'ephor[parquet]'") from error
    table = parquet.read_table(path)
    return {
        name: [_cell(path, at + 1, name, value) for at, value in enumerate(table.column(name).to_pylist())]
        for name in table.column_names
    }


def _cell(path: str, row: int, name: str, value: object) -> Cell:
    if value is None or isinstance(value, str | float | bool):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) < 2**53 else str(value)
    raise InvalidInputError(
        f"row {row} of `{path}`: column `{name}` holds a {type(value).__name__}; flatten it first"
    )
