"""How much a chunk of a Parquet column takes once it is unpacked, told from its page headers before anything is unpacked.

A Parquet reader makes room for what a page header promises, and a few bytes can stand for gigabytes: by compression, by a
dictionary whose one long value is named often, by values that repeat their predecessors. So headers are read here first
(Parquet format, `PageHeader` in Thrift's compact protocol), strictly: what Ephor's writer would not have written is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAX_PAGE = 8 * 1024 * 1024
"""Most bytes of an unpacked page; the writer's own end at a megabyte and the 64 values it writes at a time."""
MAX_CHUNK = 64 * 1024 * 1024
"""Most bytes of all unpacked pages of one column in one row group."""
_MAX_HEADER = 65_536
_DATA, _DICTIONARY = 0, 2
PLAIN, OLD_DICTIONARY, DELTA_INTEGERS, BY_DICTIONARY = 0, 2, 5, 8
"""Encodings (Parquet format, `Encoding`). Values of any other could grow beyond the page they stand in."""

Fields: TypeAlias = Mapping[int, "int | Fields | None"]


class MalformedError(Exception):
    """The bytes are not what Ephor's writer makes; the message says how."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a column of a row group lies in its file, and what it may hold."""

    start: int
    length: int
    values: int
    encodings: frozenset[int]


def check_chunk(read: Callable[[int, int], bytes], chunk: Chunk) -> None:
    """Return if every page of *chunk* is of a known kind and size and they hold the values promised.

    *read* returns the bytes of the file from an offset on, at most so many.

    Raises:
        MalformedError: they do not, or unpacked they would take more than `MAX_CHUNK`.
    """
    at, end, values, unpacked = chunk.start, chunk.start + chunk.length, 0, 0
    while at < end:
        header, length = _read_header(read(at, min(_MAX_HEADER, end - at)))
        size, packed = _number(header, 2), _number(header, 3)
        unpacked += size
        if size > MAX_PAGE or unpacked > MAX_CHUNK:
            raise MalformedError(f"unpacked, a page would take {size} bytes; none of an archive does")
        values += _check_page(header, chunk.encodings, first=at == chunk.start)
        at += length + packed
    if at != end or values != chunk.values:
        raise MalformedError(f"its pages hold {values} values, where {chunk.values} are promised")


def _check_page(header: Fields, encodings: frozenset[int], *, first: bool) -> int:
    """Return how many values the page adds to the column."""
    kind = _number(header, 1)
    if kind == _DICTIONARY and first and BY_DICTIONARY in encodings:
        _number(_part(header, 7), 1)
        return 0
    if kind != _DATA:
        raise MalformedError(f"a page is of kind {kind}; an archive has none there")
    about = _part(header, 5)
    if _number(about, 2) not in encodings:
        raise MalformedError(f"a page is encoded in way {_number(about, 2)}; an archive's are not")
    return _number(about, 1)


def _number(fields: Fields, name: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or value < 0:
        raise MalformedError(f"a page header has no field {name}")
    return value


def _part(fields: Fields, name: int) -> Fields:
    value = fields.get(name)
    if not isinstance(value, Mapping):
        raise MalformedError(f"a page header has no field {name}")
    return value


def _read_header(data: bytes) -> tuple[Fields, int]:
    """Return the fields of the page header at the beginning of *data*, and its length."""
    try:
        return _read_struct(data, 0, 3)
    except IndexError:
        raise MalformedError("a page header does not end") from None


def _read_struct(data: bytes, at: int, depth: int) -> tuple[Fields, int]:
    fields: dict[int, int | Fields | None] = {}
    name = 0
    while True:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        if kind == 0:
            return fields, at
        if step == 0:  # the long form: it can go back, and make two readers take different ones of two fields
            raise MalformedError("a page header's fields are out of order")
        name += step
        fields[name], at = _read_value(data, at, kind, depth)


def _read_value(data: bytes, at: int, kind: int, depth: int) -> tuple[int | Fields | None, int]:
    """Return a number or a struct; of everything else only where it ends."""
    if kind in (1, 2):  # true, false
        return None, at
    if kind == 5:  # i32, the only numbers that are asked for
        raw, at = _read_varint(data, at)
        return (raw >> 1) ^ -(raw & 1), at
    if kind in (3, 4, 6):  # a byte, i16, i64
        return None, (at + 1 if kind == 3 else _read_varint(data, at)[1])
    if kind == 8:  # bytes
        length, at = _read_varint(data, at)
        data[at + length]  # it must end before the header does
        return None, at + length
    if kind == 12 and depth:
        return _read_struct(data, at, depth - 1)
    raise MalformedError(f"a page header holds a field of type {kind}; the format has none")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
    raise MalformedError("a page header's number does not end")
