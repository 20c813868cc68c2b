"""Which files of a folder belong to which collection: patterns with `*`, `**` and `{name}`, which names a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import parse_qsl

from ephor.kernel.errors import InvalidInputError

TABLES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".parquet": "parquet",
}
"""Files that hold records. Every other file is a record itself."""
TEXTS = frozenset({".md", ".markdown", ".txt", ".text", ".log", ".rst", ".html", ".xml", ".yaml", ".yml"})
OTHERS = "_other_files"
"""The collection that stands for files which no pattern covers: nobody looked into them."""
_PIECE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}|(\*\*/?)|(\*)|([^{}*]+)|(.)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One collection's files. ``names`` are the columns that paths give."""

    collection: str
    text: str
    names: tuple[str, ...]
    rule: re.Pattern[str]

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return what *path* says of its record, or None where it is none of this collection's."""
        found = self.rule.fullmatch(path)
        return None if found is None else found.groupdict()


def read_layout(query: str, between: str = "/") -> tuple[Pattern, ...]:
    """Return the patterns of a URL's query, ``notes=notes/{customer_id}/*.md&orders=orders.csv``.

    *between* is what stands between the parts of a path, and of what a name or a star is a part.

    Raises:
        InvalidInputError: a pattern that climbs, starts at the root, or cannot be read; a collection named twice.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise InvalidInputError("write what follows `?` as `COLLECTION=PATTERN&…`") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidInputError("a collection is named twice; give it one pattern")
    return tuple(_pattern(name, text, between) for name, text in pairs)


def guess_layout(paths: Iterator[str]) -> tuple[Pattern, ...]:
    """Return one pattern for each file of records that lies in the folder itself, named like it."""
    made: dict[str, Pattern] = {}
    for path in sorted(one for one in paths if "/" not in one):
        place = PurePosixPath(path)
        if place.suffix.lower() in TABLES:
            if place.stem in made:
                raise InvalidInputError(
                    f"two files are called `{place.stem[:80]}`; name collections with `?NAME=PATTERN`"
                )
            made[place.stem] = Pattern(place.stem, path, (), re.compile(re.escape(path)))
    return tuple(made.values())


def _pattern(collection: str, text: str, between: str) -> Pattern:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", collection) or collection == OTHERS:
        raise InvalidInputError(
            f"`{collection[:80]}` is no name of a collection; use letters, digits, _ and -"
        )
    steps = text.split(between)
    if not text or "\0" in text or "\\" in text or any(step in ("", ".", "..") for step in steps):
        raise InvalidInputError(f"the pattern `{text[:80]}` must stay below its folder; write `notes/*.md`")
    names: list[str] = []
    rule = "".join(_piece(found, names, between) for found in _PIECE.finditer(text))
    if len(set(names)) != len(names) or any(name.startswith("_") for name in names):
        raise InvalidInputError(
            f"the pattern `{text[:80]}` names a column twice, or one that starts with `_`"
        )
    return Pattern(collection, text, tuple(names), re.compile(rule, re.DOTALL))


def _piece(found: re.Match[str], names: list[str], between: str) -> str:
    name, deep, star, plain, odd = found.groups()
    if odd:
        raise InvalidInputError(f"`{odd}` in a pattern is part of no `{{name}}`; write `{{customer_id}}`")
    if name:
        names.append(name)
        return f"(?P<{name}>[^{between}]+)"
    if deep:
        return f"(?:[^{between}]+/)*" if deep.endswith("/") else ".*"
    return f"[^{between}]*" if star else re.escape(plain)
