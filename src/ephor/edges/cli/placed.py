"""Which line of the file somebody handed over a refusal is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError

_QUOTED = re.compile(r"`([^`]+)`")
_NAMES = ("id", "name", "agent", "use_case")
"""Keys whose value tells one item of a list from the others."""


@dataclass(slots=True)
class Placed:
    """Reads the files of one command, and remembers where in them everything stands."""

    open: Callable[[str], tuple[Mapping[str, Any], Mapping[str, int]]] = lambda _file: ({}, {})
    """Reads a file, and tells the line of each path in it."""
    typed: frozenset[str] = frozenset()
    """What the command line says, value by value: a refusal that quotes it, and nothing of a file, is not of that file."""
    files: list[tuple[str, Mapping[str, Any], Mapping[str, int]]] = field(default_factory=list)

    def read(self, file: str) -> Mapping[str, Any]:
        """Return a YAML or JSON file whose top level is a mapping."""
        document, lines = self.open(file)
        self.files.append((file, document, lines))
        return document

    def tell(self, error: EphorError) -> EphorError:
        """Return a refusal of what a file says with the file and the line; any other as it is."""
        of_a_file = isinstance(error, InvalidInputError) or (
            isinstance(error, ConflictError) and "path" in error.facts
        )
        message = str(error)
        if not of_a_file or "line" in error.facts or " --" in message or "`--" in message:
            return error
        for file, document, lines in reversed(self.files):
            if f"{file}:" in message:
                return error
            line = line_of(document, lines, message, str(error.facts.get("path", "")))
            if line is None and not self.typed.isdisjoint(_QUOTED.findall(message)):
                continue
            if line is not None or len(self.files) == 1:
                facts = {**error.facts, "file": file, "line": line or 1}
                return type(error)(f"{file}:{line or 1}: {message}", **facts)
        return error


def typed(arguments: Iterable[str]) -> frozenset[str]:
    """Return what a person typed, value by value.

    >>> sorted(typed(["plan", "--store=shop=a.db", "--form", "pdf"]))[3:]
    ['a.db', 'pdf', 'plan', 'shop', 'shop=a.db']
    """
    said: set[str] = set()
    for one in arguments:
        rest = one.split("=")
        said |= {one, *rest, *("=".join(rest[at:]) for at in range(1, len(rest)))}
    return frozenset(said - {""})


def line_of(
    document: Mapping[str, Any], lines: Mapping[str, int], message: str, path: str = ""
) -> int | None:
    """Return the line that *message* is about, by the keys and values it quotes; *path* says in which part of the document.

    >>> line_of({"limits": [{"id": "a", "most": 1}, {"id": "b", "most": -1}]},
    ...         {"limits[0].most": 3, "limits[1].id": 4, "limits[1].most": 5}, "`most` of limit `b` is negative")
    5
    """
    said = [*_said(document, "")]
    words = _QUOTED.findall(message)
    names = {value: where for where, key, value in said if key in _NAMES and _inside(where, path)}
    told = [word for word in words if word in names]
    if told and not path and sum(value == told[0] for _, key, value in said if key in _NAMES) == 1:
        path = names[told[0]].rpartition(".")[0]
    words = [*(word for word in words if word not in names), *told]
    for word in words:
        found = [
            where
            for where, key, value in said
            if (word in (key, value) or word == where) and _inside(where, path)
        ]
        if len({lines.get(where) for where in found}) == 1:
            return lines.get(found[0])
    return lines.get(path) if path else None


def _inside(where: str, path: str) -> bool:
    return not path or where == path or where.startswith((f"{path}.", f"{path}["))


def _said(value: object, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield every key and every plain value, with its path as the reader of files writes it."""
    if isinstance(value, Mapping):
        if path:
            yield path, key, ""
        for name, part in value.items():
            yield from _said(part, f"{path}.{name}" if path else str(name), str(name))
    elif isinstance(value, list):
        yield path, key, ""
        for index, part in enumerate(value):
            yield from _said(part, f"{path}[{index}]", key)
    else:
        yield path, key, str(value)
