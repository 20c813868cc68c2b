"""Files of text, JSON, JSON lines and CSV, read in pieces: what is found where, and the same file masked."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.model import Find, Located, Masked, StructuredFind, length_class
from ephor.rooms.pii.operators import Operator, redact
from ephor.rooms.pii.places import Place, csv_cells, csv_line, delimiter_of, json_places
from ephor.rooms.pii.stream import Stream
from ephor.rooms.pii.structure import MAX_DEPTH, mask_structure

LONGEST_LINE = 1 << 20
"""A longer line of JSON lines or CSV is read as running text, in pieces."""


@dataclass(frozen=True, slots=True)
class Read:
    """A piece of a file, masked, and what was found in it."""

    text: str
    finds: tuple[Located, ...] = ()


Reader = Callable[[Iterable[str], "frozenset[str] | None", Operator], Iterator[Read]]


def read_text(
    pieces: Iterable[str], types: frozenset[str] | None = None, operator: Operator = redact
) -> Iterator[Read]:
    """Yield running text masked; memory does not grow with it.

    >>> [find.line for read in read_text(["a\\nto jane@", "example.com"]) for find in read.finds]
    [2]
    """
    stream, lines = Stream(types, operator), _Lines()
    for piece in pieces:
        lines.add(piece)
        masked = stream.push(piece)
        if masked.text or masked.finds:
            yield Read(masked.text, tuple(map(lines.located, masked.finds)))
        lines.forget(stream.done)
    masked = stream.finish()
    yield Read(masked.text, tuple(map(lines.located, masked.finds)))


def read_json(
    pieces: Iterable[str], types: frozenset[str] | None = None, operator: Operator = redact
) -> Iterator[Read]:
    """Yield one JSON document masked without breaking its shape; what is no JSON that one reading covers is read as text.

    >>> next(read_json(['{"to": "jane@example.com"}'])).finds[0].start
    8
    """
    text = "".join(pieces)
    value = parsed(text)
    if value is None:
        yield from read_text([text], types, operator)
        return
    lines = _Lines()
    lines.add(text)
    masked, finds = mask_structure(value, types=types, operator=operator)
    places = json_places(text) if finds else ({}, {})
    located = sorted(
        (_in_json(find, places, lines, 0) for find in finds), key=lambda one: (one.start, one.end)
    )
    yield Read(json.dumps(sound(masked), ensure_ascii=False, indent=2) + "\n", tuple(located))


def read_json_lines(
    pieces: Iterable[str], types: frozenset[str] | None = None, operator: Operator = redact
) -> Iterator[Read]:
    """Yield JSON lines masked line by line; a line that is no JSON is read as text, one without finds stays as it is."""

    def one(line: str, offset: int, number: int) -> Read:
        value = parsed(line)
        if value is None:
            return _as_text(line, offset, number, types, operator)
        masked, finds = mask_structure(value, types=types, operator=operator)
        if not finds:
            return Read(line)
        places = json_places(line)
        lines = _Lines(offset=offset, number=number)
        ending = line[len(line.rstrip("\r\n")) :]
        written = json.dumps(sound(masked), ensure_ascii=False, separators=(",", ":")) + ending
        return Read(written, tuple(_in_json(find, places, lines, offset) for find in finds))

    return _by_line(pieces, one, types, operator, quoted=False)


def read_csv(
    pieces: Iterable[str], types: frozenset[str] | None = None, operator: Operator = redact
) -> Iterator[Read]:
    """Yield CSV masked record by record, by what each cell holds and what its column is called.

    A masked record holds no formula: see `csv_line`. A record without finds and formulas stays as it is.
    """
    head: list[str] = []
    delimiter = ","

    def one(record: str, offset: int, number: int) -> Read:
        nonlocal head, delimiter
        bare = record.rstrip("\r\n")
        first = not head
        if first:
            delimiter = delimiter_of(bare)
        cells = csv_cells(bare, delimiter)
        row = (
            {_column(head, at): cell for at, (cell, _) in enumerate(cells)}
            if not first
            else {str(at): cell for at, (cell, _) in enumerate(cells)}
        )
        masked, finds = mask_structure(row, types=types, operator=operator)
        if first:
            head = list(
                dict.fromkeys(cell.strip().lstrip("\ufeff") or str(at) for at, (cell, _) in enumerate(cells))
            )
        lines = _Lines(offset=offset, number=number)
        located = [_in_csv(find, cells, lines, offset) for find in finds if not find.in_key]
        written = csv_line([str(part) for part in masked.values()], delimiter) + record[len(bare) :]
        changed = located or any(cell[:1] in "=+-@\t\r" for cell, _ in cells if cell)
        return Read(written if changed else record, tuple(located))

    return _by_line(pieces, one, types, operator, quoted=True)


READERS: dict[str, Reader] = {"text": read_text, "json": read_json, "jsonl": read_json_lines, "csv": read_csv}


def parsed(text: str) -> Any:
    """Return the JSON object or array that *text* is; None where it is none, repeats a name, or is too deep to read."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return value if _shallow(value, MAX_DEPTH) else None


def _shallow(value: object, room: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not parts or (
        room > 0 and all(_shallow(part, room - 1) for part in parts if isinstance(part, dict | list))
    )


def sound(value: object) -> Any:
    """Return *value* as any JSON reader takes it: lone surrogates as U+FFFD (RFC 8259, section 8.1), integers beyond
    64 bits as text.
    """
    if isinstance(value, str):
        return (
            value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return str(value)
    if isinstance(value, dict):
        return {sound(key): sound(part) for key, part in value.items()}
    return [sound(part) for part in value] if isinstance(value, list) else value


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice; a reader would drop the first value unseen")
    return read


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number (RFC 8259, section 6)")


@dataclass(slots=True)
class _Lines:
    """Where lines begin, as far as it can still matter."""

    offset: int = 0
    number: int = 1
    starts: list[int] = field(default_factory=list)
    begin: int = -1

    def add(self, piece: str) -> None:
        at = piece.find("\n")
        while at >= 0:
            self.starts.append(self.offset + at + 1)
            at = piece.find("\n", at + 1)
        self.offset += len(piece)

    def forget(self, before: int) -> None:
        """Drop the lines that ended before a place."""
        gone = bisect_right(self.starts, before)
        if gone:
            self.begin = self.starts[gone - 1]
            self.number += gone
            del self.starts[:gone]

    def located(self, find: Find) -> Located:
        line = bisect_right(self.starts, find.start)
        begin = self.starts[line - 1] if line else max(self.begin, 0)
        return Located(
            find.type,
            find.confidence,
            length_class(find.end - find.start),
            find.start,
            find.end,
            self.number + line,
            find.start - begin + 1,
        )


def _in_json(find: StructuredFind, places: tuple[Any, Any], lines: _Lines, offset: int) -> Located:
    place = places[find.in_key].get(find.steps) or Place(0, "")
    start, end = place.span(find.find.start, find.find.end)
    return _at(find, start + offset, end + offset, lines)


def _in_csv(find: StructuredFind, cells: Sequence[tuple[str, Place]], lines: _Lines, offset: int) -> Located:
    start, end = cells[find.steps[0]][1].span(find.find.start, find.find.end)
    return _at(find, start + offset, end + offset, lines)


def _at(find: StructuredFind, start: int, end: int, lines: _Lines) -> Located:
    one = find.find
    if lines.starts:
        line = bisect_right(lines.starts, start)
        number, begin = lines.number + line, (lines.starts[line - 1] if line else 0)
    else:
        number, begin = lines.number, lines.offset if lines.number > 1 else 0
    return Located(one.type, one.confidence, length_class(one.end - one.start), start, end, number, start - begin + 1,
                   sound(find.path), find.in_key, find.hinted)  # fmt: skip


def _as_text(line: str, offset: int, number: int, types: frozenset[str] | None, operator: Operator) -> Read:
    masked = mask(line, types, operator)
    finds = (
        Located(
            one.type,
            one.confidence,
            length_class(one.end - one.start),
            one.start + offset,
            one.end + offset,
            number,
            one.start + 1,
        )
        for one in masked.finds
    )
    return Read(masked.text, tuple(finds))


def _column(head: Sequence[str], at: int) -> str:
    return head[at] if at < len(head) else f"column {at + 1}"


def _by_line(
    pieces: Iterable[str],
    one: Callable[[str, int, int], Read],
    types: frozenset[str] | None,
    operator: Operator,
    *,
    quoted: bool,
) -> Iterator[Read]:
    """Yield what *one* says of each line, or, with *quoted*, of each record in which quotation marks are in pairs."""
    offset, number, waiting = 0, 1, ""
    running: _Running | None = None
    for line, whole in _lines(pieces):
        waiting += line
        if (
            running is not None or not whole
        ):  # longer than any record: running text, up to where the line ends
            running = running or _Running(
                Stream(types, operator), _Lines(offset, number, begin=offset), offset
            )
            yield running.push(waiting)
            if whole:
                yield running.finish()
                running = None
        elif quoted and waiting.count('"') % 2 and len(waiting) < LONGEST_LINE:
            continue
        else:
            yield one(waiting, offset, number)
        offset, number, waiting = offset + len(waiting), number + waiting.count("\n"), ""
    if running is not None:
        yield running.finish()
    if waiting:
        yield one(waiting, offset, number)


@dataclass(slots=True)
class _Running:
    """A line too long for a record, masked as it comes: a value is found wherever the pieces end."""

    stream: Stream
    lines: _Lines
    offset: int

    def push(self, text: str) -> Read:
        self.lines.add(text)
        read = self._read(self.stream.push(text))
        self.lines.forget(self.offset + self.stream.done)
        return read

    def finish(self) -> Read:
        return self._read(self.stream.finish())

    def _read(self, masked: Masked) -> Read:
        finds = (
            replace(find, start=find.start + self.offset, end=find.end + self.offset) for find in masked.finds
        )
        return Read(masked.text, tuple(map(self.lines.located, finds)))


def _lines(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield lines with their ends; one longer than `LONGEST_LINE` in parts, of which the last is said to be whole."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            yield line + "\n", True
        while len(rest) > LONGEST_LINE:
            yield rest[:LONGEST_LINE], False
            rest = rest[LONGEST_LINE:]
    if rest:
        yield rest, True
