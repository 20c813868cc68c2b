"""How `ephor pii scan` tells what it found: places, types and classes of length, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ephor.edges.cli.render import table
from ephor.engine.pii import SourceReport
from ephor.engine.ports_texts import Refused
from ephor.rooms.pii.catalogue import KINDS, NOT_LOOKED_FOR
from ephor.rooms.pii.model import Located
from ephor.rooms.pii.naming import shown_names

if TYPE_CHECKING:
    from rich.console import Console

_FORMS = {"text": "text", "json": "json", "jsonl": "jsonl", "csv": "csv", "table": "table"}


def report(
    parts: Sequence[SourceReport],
    wanted: Iterable[str],
    not_read: Sequence[Refused],
    looked: frozenset[str],
    *,
    several: bool,
) -> dict[str, Any]:
    """Return the report of a search as JSON holds it. Names that hold personal data are shown by its type."""
    wanted = frozenset(wanted)
    columns = [one for part in parts for one in part.columns]
    names = [*(part.name for part in parts if several), *(one.name for one in not_read)]
    names += [name for one in columns for name in (one.table, one.column)]
    shown = shown_names(names, wanted & KINDS.keys())
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    told: dict[str, Any] = {
        "format": "several" if several or not parts else _FORMS[parts[0].form],
        "finds": [_row(find, shown[part.name] if several else None) for part in parts for find in part.finds],
        "counts": dict(sorted(counts.items())),
        "looked_for": sorted(wanted),
        "not_looked_for": [
            {"type": kind.type, "description": kind.description, "because": kind.standard}
            for kind in NOT_LOOKED_FOR
            if kind.type not in looked
        ],
        "not_read": [
            {"name": shown[one.name], "because": one.because.replace(one.name, shown[one.name])}
            for one in not_read
        ],
        "names_with_finds": sum(name != called for name, called in shown.items()),
        "finds_left_out": sum(part.left_out for part in parts),
    }
    if several:
        told["sources"] = [
            {"name": shown[part.name], "format": part.form, "counts": part.counts} for part in parts
        ]
    if columns or any(part.form == "table" for part in parts):
        told["columns"] = [
            {
                "table": shown[one.table],
                "column": shown[one.column],
                "type": one.type,
                "finds": one.finds,
                "rows": one.rows,
            }
            for one in columns
        ]
    return told


def _row(find: Located, name: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"source": name} if name is not None else {}
    row |= {
        "type": find.type,
        "confidence": find.confidence,
        "length": find.length,
        "start": find.start,
        "end": find.end,
        "line": find.line,
        "column": find.column,
    }
    return (
        row
        if find.path is None
        else row | {"path": find.path, "in_key": find.in_key, "by_name": find.by_name}
    )


_MOST_ROWS = 1_000
"""Finds that are listed for people: nobody reads more, and a wide table of all takes minutes."""


def show(out: Console, told: Mapping[str, Any]) -> None:
    """Print a report for people."""
    listed = told["finds"][:_MOST_ROWS]
    forms = {one["name"]: one["format"] for one in told.get("sources", ())}
    rows = [
        (
            _where(row, forms.get(row.get("source"), told["format"])),
            row["type"],
            f"{row['confidence']} %",
            row["length"],
        )
        for row in listed
    ]
    if told.get("columns"):
        cells = [
            (one["table"], one["column"], one["type"], one["finds"], one["rows"]) for one in told["columns"]
        ]
        table(out, ("table", "column", "type", "finds", "rows"), cells, empty="")
    if rows or not told.get("columns"):
        table(out, ("where", "type", "confidence", "length"), rows, empty="nothing found")
    if told["counts"]:
        out.print(", ".join(f"{count} {type_}" for type_, count in told["counts"].items()))
    if len(told["finds"]) > len(rows):
        out.print(f"{len(told['finds']) - len(rows)} more finds are listed with --json")
    if told["finds_left_out"]:
        out.print(f"{told['finds_left_out']} more are counted and not listed")
    if told["names_with_finds"]:
        out.print(
            f"names of files, tables or columns that hold personal data, shown by its type: {told['names_with_finds']}"
        )
    for one in told["not_read"]:
        out.print(f"not read: {one['name']}: {one['because']}")
    missing = ", ".join(part["description"].split(" (")[0] for part in told["not_looked_for"])
    if missing:
        out.print(f"not looked for: {missing}")


def _where(row: Mapping[str, Any], form: str) -> str:
    """Return the place: of a record among many its line, too."""
    place = row.get("path")
    if place is None or not place:
        place = f"{row['line']}:{row['column']}"
    elif form in ("jsonl", "csv"):
        place = f"{row['line']}:{place}"
    return f"{row['source']}:{place}" if "source" in row else place
