"""Where the values of JSON and CSV stand in their file, so that a find inside one has a place in the whole text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Steps = tuple[int, ...]
"""The way to a value: for each level, which child it is, from 0."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null|[\[\]{},:]', re.DOTALL)
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Place:
    """The span of a value in the text, and the text itself as written there."""

    start: int
    raw: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters *start* to *end* of the value stand; the whole value where it is written otherwise."""
        if self.raw[:1] != '"':
            whole = end - start >= len(self.raw)
            return (
                (self.start, self.start + len(self.raw)) if whole else (self.start + start, self.start + end)
            )
        inner = self.raw[1:-1]
        if "\\" not in inner and '""' not in inner:
            return self.start + 1 + start, self.start + 1 + end
        units = _UNIT.findall(inner) if "\\" in inner else re.findall(r'""|.', inner, re.DOTALL)
        edges = [0]
        for unit in units:
            edges.append(edges[-1] + len(unit))
        last = len(edges) - 1
        return self.start + 1 + edges[min(start, last)], self.start + 1 + edges[min(end, last)]


def json_places(text: str) -> tuple[Mapping[Steps, Place], Mapping[Steps, Place]]:
    """Return where each value and each key of the JSON *text* stands. The text is taken to be sound JSON.

    >>> values, keys = json_places('{"a": ["x", 12]}')
    >>> values[0, 1], keys[0,].span(0, 1)
    (Place(start=12, raw='12'), (2, 3))
    """
    values: dict[Steps, Place] = {}
    keys: dict[Steps, Place] = {}
    stack: list[int] = []
    inside: list[bool] = []  # whether each open bracket is an object's
    key = False
    for match in _TOKEN.finditer(text):
        part = match.group()
        if part in "[{":
            stack.append(0)
            inside.append(part == "{")
            key = inside[-1]
        elif part in "]}":
            stack.pop()
            inside.pop()
            key = False
        elif part == ",":
            stack[-1] += 1
            key = inside[-1]
        elif part == ":":
            key = False
        else:
            (keys if key else values)[tuple(stack)] = Place(match.start(), part)
    return values, keys


def csv_cells(record: str, delimiter: str) -> list[tuple[str, Place]]:
    """Return the cells of one CSV record (RFC 4180) and where each stands in it.

    >>> [cell for cell, _ in csv_cells('a,"b ""c"", d",', ",")]
    ['a', 'b "c", d', '']
    """
    cells: list[tuple[str, Place]] = []
    at = 0
    while True:
        if record[at : at + 1] == '"':
            end = at + 1
            while (end := record.find('"', end)) >= 0 and record[end + 1 : end + 2] == '"':
                end += 2
            end = len(record) if end < 0 else end + 1
            tail = record.find(delimiter, end)
            stop = len(record) if tail < 0 else tail
            cells.append(
                (record[at + 1 : end - 1].replace('""', '"') + record[end:stop], Place(at, record[at:stop]))
            )
        else:
            tail = record.find(delimiter, at)
            stop = len(record) if tail < 0 else tail
            cells.append((record[at:stop], Place(at, record[at:stop])))
        if stop >= len(record):
            return cells
        at = stop + 1


def csv_line(cells: Sequence[str], delimiter: str) -> str:
    """Return one CSV record in which no cell is a formula to a spreadsheet: `=`, `+`, `-`, `@` in front get an apostrophe.

    >>> csv_line(["=1+1", "-5", "a,b"], ",")
    '\\'=1+1,-5,"a,b"'
    """
    return delimiter.join(_quoted(_harmless(cell), delimiter) for cell in cells)


def _harmless(cell: str) -> str:
    number = re.fullmatch(r"[-+]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?", cell)
    return (
        f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not number and len(cell) > 1 else cell
    )


def _quoted(cell: str, delimiter: str) -> str:
    return (
        '"' + cell.replace('"', '""') + '"'
        if any(part in cell for part in (delimiter, '"', "\n", "\r"))
        else cell
    )


def delimiter_of(line: str) -> str:
    """Return what parts the cells of a header line: comma, semicolon, tab or bar, whichever stands most often."""
    return max(",;\t|", key=line.count)
