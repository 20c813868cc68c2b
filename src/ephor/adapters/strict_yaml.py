"""YAML without its guesses: what is read is JSON, every key once, every value as written.

Plain YAML 1.1 reads ``jurisdiction: NO`` as false and ``on:`` as true, lets a key repeat in silence, and can unfold a
few lines of aliases into gigabytes. In a manifest or a pack each of those is a wrong answer. This reader knows
``true``, ``false``, ``null`` and integers; everything else stays text, days included. Tags, anchors, aliases and merge
keys are refused, and so is whatever is too long, too deep or too wide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from ephor.kernel.errors import InvalidInputError

MAX_BYTES = 1 << 20
"""Longest document in bytes."""
MAX_DEPTH = 32
"""Deepest nesting of mappings and lists."""
MAX_NODES = 100_000
"""Most values one document may hold."""
MAX_KEY = 256
"""Longest key in characters."""
_MAX_PATH = 512
_LARGEST = 2**53 - 1
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(data: bytes) -> object:
    """Return the one document in *data*: text, integers, true, false, null, lists and mappings with text keys.

    >>> read(b"on: 2026-08-02\\njurisdiction: NO\\nlevel: 3\\nversion: 1.10")
    {'on': '2026-08-02', 'jurisdiction': 'NO', 'level': 3, 'version': '1.10'}

    Raises:
        InvalidInputError: not UTF-8, not YAML, more than one document, a key that repeats, a tag, an anchor, an alias,
            a merge key, or beyond one of the limits above; ``line`` and ``column`` (from 1) are among its facts.
    """
    return _read(data).value


def lines(data: bytes) -> Mapping[str, int]:
    """Return the line (from 1) on which each value of *data* begins, by its path as `place` writes it.

    A value in a mapping begins where its key stands; the whole document is the path ``""``. Paths longer than
    512 characters are left out.

    >>> lines(b"tools:\\n  - name: search\\n    effect: read")["tools[0].effect"]
    3

    Raises:
        InvalidInputError: as for `read`.
    """
    return _read(data).lines


def place(path: Iterable[str | int]) -> str:
    """Return *path* as one word: keys joined by dots, positions in brackets.

    >>> place(["tools", 0, "name"])
    'tools[0].name'
    """
    text = ""
    for step in path:
        text = f"{text}[{step}]" if isinstance(step, int) else f"{text}.{step}" if text else step
    return text


@dataclass(slots=True)
class _Reading:
    """One pass over the parser's events; it never builds what it is going to refuse."""

    advance: Callable[[], Any]
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    value: object = None

    def document(self) -> None:
        self.advance()  # stream start
        event = self.advance()
        if isinstance(event, yaml.StreamEndEvent):
            self.lines[""] = 1
            return
        self.value = self.node(self.advance(), "", 0, None)
        self.advance()  # document end
        extra = self.advance()
        if not isinstance(extra, yaml.StreamEndEvent):
            _refuse("a second document begins; keep one document to a file", extra)

    def node(self, event: Any, path: str, depth: int, line: int | None) -> object:
        self._admit(event, depth)
        if len(path) <= _MAX_PATH:
            self.lines[path] = event.start_mark.line + 1 if line is None else line
        if isinstance(event, yaml.MappingStartEvent):
            return dict(self._pairs(path, depth + 1))
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._items(path, depth + 1))
        return _scalar(event)

    def _admit(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            _refuse(f"alias `*{_short(event.anchor)}` is not followed; write the value out", event)
        if event.anchor is not None:
            _refuse(
                f"anchor `&{_short(event.anchor)}` is not allowed; write the value out where it is used",
                event,
            )
        if event.tag is not None:
            _refuse(
                f"tag `{_short(event.tag)}` is not allowed; write plain text, a number, true or false", event
            )
        if depth > MAX_DEPTH:
            _refuse(f"nested deeper than {MAX_DEPTH} levels; flatten it", event)
        if self.nodes > MAX_NODES:
            _refuse(f"holds more than {MAX_NODES} values; split it", event)

    def _pairs(self, path: str, depth: int) -> Iterator[tuple[str, object]]:
        seen: dict[str, int] = {}
        while not isinstance(event := self.advance(), yaml.MappingEndEvent):
            key = self._key(event, depth)
            line = event.start_mark.line + 1
            if key in seen:
                _refuse(f"key `{_short(key)}` repeats the one on line {seen[key]}; keep one of them", event)
            seen[key] = line
            step = f"{path}.{key}" if path else key
            yield key, self.node(self.advance(), step[: _MAX_PATH + 1], depth, line)

    def _items(self, path: str, depth: int) -> Iterator[object]:
        index = 0
        while not isinstance(event := self.advance(), yaml.SequenceEndEvent):
            yield self.node(event, f"{path}[{index}]"[: _MAX_PATH + 1], depth, None)
            index += 1

    def _key(self, event: Any, depth: int) -> str:
        self._admit(event, depth)
        if not isinstance(event, yaml.ScalarEvent):
            _refuse("a key is itself a list or a mapping; use text, and put `{{ }}` in quotes", event)
        key = str(event.value)
        if len(key) > MAX_KEY:
            _refuse(f"a key is longer than {MAX_KEY} characters; shorten it", event)
        if key == "<<" and event.implicit[0]:
            _refuse("merge key `<<` is not followed; write the keys out", event)
        return key


def _read(data: bytes) -> _Reading:
    if len(data) > MAX_BYTES:
        raise InvalidInputError(
            f"document is {len(data)} bytes long; at most {MAX_BYTES} are read, so split it", bytes=len(data)
        )
    text = _decoded(data)
    parser = None
    try:
        parser = _PARSER(text)
        reading = _Reading(parser.get_event)
        reading.document()
    except yaml.YAMLError as error:
        raise _unreadable(error, text) from None
    finally:
        if parser is not None:
            parser.dispose()
    return reading


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise InvalidInputError(
            f"line {line}, column {column}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8",
            line=line,
            column=column,
        ) from None


def _scalar(event: Any) -> str | int | bool | None:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if not _INTEGER.fullmatch(text):
        return text
    if len(text) > 17 or abs(int(text)) > _LARGEST:
        _refuse(f"integer `{_short(text)}` is beyond 2^53 - 1; put it in quotes to keep it as text", event)
    return int(text)


def _refuse(message: str, event: Any) -> NoReturn:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    raise InvalidInputError(f"line {line}, column {column}: {message}", line=line, column=column)


def _unreadable(error: yaml.YAMLError, text: str) -> InvalidInputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not understood"
    if mark is not None:
        line, column = mark.line + 1, mark.column + 1
    else:
        before = text[: getattr(error, "position", 0) or 0]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return InvalidInputError(
        f"line {line}, column {column}: not readable as YAML ({problem}); correct it there",
        line=line,
        column=column,
    )


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= 60 else text[:57] + "..."
