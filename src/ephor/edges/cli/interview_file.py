"""The file an interview writes: kept after every answer, and gone on with where one stopped. Comments stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ephor.edges.cli.interview import line_of, written
from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classify import USE_CASE
from ephor.rooms.regulation.facts import UNKNOWN

_FACTS = re.compile(r"facts:[ \t]*(?:#.*)?")
_ITEM = re.compile(r"([ ]+)([a-z0-9_]+):")


class AnswerFile:
    """Answers on disk. What was there before stays, but for a fact that stood there as unknown and is answered now."""

    def __init__(self, door: Door, path: str) -> None:
        self._door, self._path = door, path
        self.role: str | None = None
        self.stated: dict[str, object] = {}
        self._key: str | None = None
        self._is_there = Path(path).exists()
        if self._is_there:
            self._read()

    def keep(self, name: str, value: object) -> None:
        """Write one more answer; the file is whole before and after.

        Raises:
            InvalidInputError: the file's shape lets nothing be added; it stays as it was.
        """
        if not self._is_there:
            with self._door.new_file(self._path) as write:
                write(written({name: value}))
            self._is_there = True
            self.stated[name] = value
            return
        old = self._door.read_bytes(self._path)
        text = old.decode()
        if self._key is not None:  # beside facts, a key of the guide counts only as one of them
            text = with_answer(text, USE_CASE, self._key, self._path)
        self._door.replace_file(self._path, with_answer(text, name, value, self._path).encode())
        if self._facts().get(name) != value:
            self._door.replace_file(self._path, old)
            raise InvalidInputError(
                f"`{self._path}` cannot take the answer to `{name}`; write it there yourself"
            )
        self.stated[name], self._key = value, None

    @property
    def is_there(self) -> bool:
        """Whether anything was written."""
        return self._is_there

    def finish(self) -> None:
        """Write a file even where nobody knew anything."""
        if not self._is_there:
            with self._door.new_file(self._path) as write:
                write(written({}))

    def _read(self) -> None:
        content = self._door.read_yaml(self._path)
        facts = self._facts()
        if facts.get("complete") is True or content.get("complete") is True:
            raise InvalidInputError(
                f"`{self._path}` says that it is complete, so nothing is open; take `complete` out to be asked"
            )
        with_answer(self._door.read_bytes(self._path).decode(), "function", "x", self._path)
        role = content.get("operator_role")
        self.role = role if isinstance(role, str) else None
        self.stated = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in facts.items()
            if value is not None and value != UNKNOWN and name != "complete"
        }
        if "facts" not in content and "schema" not in content and USE_CASE in content:
            self._key = str(content[USE_CASE])
            self.stated = {USE_CASE: self._key}

    def _facts(self) -> Mapping[str, object]:
        facts = self._door.read_yaml(self._path).get("facts")
        return facts if isinstance(facts, Mapping) else {}


def with_answer(text: str, name: str, value: object, path: str) -> str:
    r"""Return the file's text with one more fact below `facts:`, or in the place of one that stands there as unknown.

    >>> with_answer("facts:\n  domain: finance  # ours\nowner: eve\n", "profiling", True, "f.yaml")
    'facts:\n  domain: finance  # ours\n  profiling: true\nowner: eve\n'

    Raises:
        InvalidInputError: there is no such block, or its facts stand on one line.
    """
    lines = text.splitlines()
    start = next((row for row, line in enumerate(lines) if _FACTS.fullmatch(line)), None)
    if start is None and not any(line.startswith("facts:") for line in lines):
        return "\n".join([*lines, "facts:", f"  {line_of(name, value)}"]) + "\n"
    if start is None:
        if (
            empty := next((row for row, line in enumerate(lines) if line.rstrip() == "facts: {}"), None)
        ) is None:
            raise InvalidInputError(
                f"the facts of `{path}` stand on one line; write each on its own below `facts:`, then go on"
            )
        lines[empty : empty + 1] = ["facts:", f"  {line_of(name, value)}"]
        return "\n".join(lines) + "\n"
    last, indent = start, "  "
    for row in range(start + 1, len(lines)):
        line = lines[row]
        if line.strip() and not line.startswith((" ", "#")):
            break
        if (item := _ITEM.match(line)) and (last == start or item[1] == indent):
            indent = item[1]
            if item[2] == name:
                lines[row] = indent + line_of(name, value)
                return "\n".join(lines) + "\n"
        if line.strip() in ("{}",):
            lines[row] = indent + line_of(name, value)
            return "\n".join(lines) + "\n"
        if line.startswith(" ") and line.strip():
            last = row
    lines.insert(last + 1, indent + line_of(name, value))
    return "\n".join(lines) + "\n"
