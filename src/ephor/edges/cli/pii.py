"""`ephor pii`: personal data in a file, found and masked. No report holds a value."""

from __future__ import annotations

import json as json_text
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.options import AsOf, Json, given
from ephor.edges.cli.render import emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.pii.catalogue import NOT_LOOKED_FOR, chosen, profile
from ephor.rooms.pii.mask import mask as mask_text
from ephor.rooms.pii.model import Find, StructuredFind, length_class
from ephor.rooms.pii.operators import NAMES, Operator, operator_named, redact
from ephor.rooms.pii.structure import mask_structure

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.edges.door import Door

app = typer.Typer(name="pii", help="Personal data in text and JSON: find it, mask it.", no_args_is_help=True)

File = Annotated[
    str, typer.Argument(metavar="FILE|-", help="A text or JSON file, or `-` for standard input.")
]
Types = Annotated[
    str | None, typer.Option("--types", metavar="A,B", help="Only these types.", callback=given)
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="default, gdpr, hipaa or pci.", callback=given)
]
KeyFile = Annotated[
    str | None,
    typer.Option("--key-file", metavar="FILE", help="The key for `hash`: 16 bytes or more.", callback=given),
]


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file holds: text, and the JSON value if it is a JSON object or array."""

    text: str
    value: Any = None
    structured: bool = False


@app.command()
def scan(
    context: typer.Context, file: File, types: Types = None, profile_: Profile = None, json: Json = False
) -> None:
    """Say what personal data a file holds and where; never the data itself.

    Example: ephor pii scan letter.txt --profile hipaa --json
    """
    wanted = _wanted(types, profile_)
    content = _content(context.obj, file)
    _, finds = _masked(content, wanted, redact)
    report = _report(content, finds, wanted)
    emit(report, lambda out: _print(out, report), json=json)


@app.command()
def mask(
    context: typer.Context,
    file: File,
    types: Types = None,
    profile_: Profile = None,
    operator: Annotated[str, typer.Option("--operator", help=f"One of: {', '.join(NAMES)}.")] = "redact",
    key_file: KeyFile = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Write the file with its personal data masked; JSON keeps its shape. With --json, the report as well.

    Example: ephor pii mask export.json --operator keep-last > masked.json
    """
    door: Door = context.obj
    wanted = _wanted(types, profile_)
    if operator == "hash" and key_file is None:
        raise InvalidInputError(
            "operator `hash` needs a key; name a file of 16 bytes or more with --key-file"
        )
    key = door.read_bytes(key_file) if key_file else None
    on = day(as_of) if as_of else door.today()
    content = _content(door, file)
    masked, finds = _masked(content, wanted, operator_named(operator, key=key, this_year=on.year))
    if json:
        report = {"masked": _sound(masked), "operator": operator, **_report(content, finds, wanted)}
        emit(report, lambda out: None, json=True)
        return
    written = _as_json_text(masked) if content.structured else str(masked).encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()


def _wanted(types: str | None, name: str | None) -> frozenset[str]:
    if types is not None and name is not None:
        raise InvalidInputError("both --types and --profile are given; give one")
    if types is not None:
        return chosen(frozenset(part.strip() for part in types.split(",") if part.strip()))
    return profile(name or "default")


def _content(door: Door, file: str) -> _Content:
    raw = door.read_bytes(file)
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = raw.decode("utf-16", "replace")
    else:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if text.lstrip()[:1] not in {"{", "["}:
        return _Content(text)
    try:
        return _Content(
            text, json_text.loads(text, object_pairs_hook=_object, parse_constant=_constant), structured=True
        )
    except (ValueError, RecursionError):  # not JSON, or not JSON that one reading covers: text, then
        return _Content(text)


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice; a reader would drop the first value unseen")
    return read


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number (RFC 8259, section 6)")


def _masked(
    content: _Content, wanted: frozenset[str], operator: Operator
) -> tuple[Any, tuple[Find, ...] | tuple[StructuredFind, ...]]:
    if content.structured:
        return mask_structure(content.value, types=wanted, operator=operator)
    done = mask_text(content.text, wanted, operator)
    return done.text, done.finds


def _report(
    content: _Content, finds: Sequence[Find | StructuredFind], wanted: frozenset[str]
) -> Mapping[str, Any]:
    starts = [0, *(at + 1 for at, part in enumerate(content.text) if part == "\n")] if finds else [0]
    rows = [_row(find, starts) for find in finds]
    return {
        "format": "json" if content.structured else "text",
        "finds": rows,
        "counts": dict(sorted(Counter(row["type"] for row in rows).items())),
        "looked_for": sorted(wanted),
        "not_looked_for": [
            {"type": kind.type, "description": kind.description, "because": kind.standard}
            for kind in NOT_LOOKED_FOR
        ],
    }


def _row(find: Find | StructuredFind, starts: Sequence[int]) -> dict[str, Any]:
    """Return one find for the report; in text its position, in JSON its path, of its length the class only."""
    one = find.find if isinstance(find, StructuredFind) else find
    row: dict[str, Any] = {
        "type": one.type,
        "confidence": one.confidence,
        "length": length_class(one.end - one.start),
    }
    if isinstance(find, StructuredFind):
        return row | {"path": _sound(find.path), "in_key": find.in_key, "by_name": find.hinted}
    line = bisect_right(starts, one.start)
    return row | {
        "start": one.start,
        "end": one.end,
        "line": line,
        "column": one.start - starts[line - 1] + 1,
    }


def _print(out: Console, report: Mapping[str, Any]) -> None:
    rows = [
        (
            row.get("path", f"{row.get('line')}:{row.get('column')}"),
            row["type"],
            f"{row['confidence']} %",
            row["length"],
        )
        for row in report["finds"]
    ]
    table(out, ("where", "type", "confidence", "length"), rows, empty="nothing found")
    if rows:
        out.print(", ".join(f"{count} {type_}" for type_, count in report["counts"].items()))
    missing = ", ".join(part["description"].split(" (")[0] for part in report["not_looked_for"])
    out.print(f"not looked for: {missing}")


def _as_json_text(value: object) -> bytes:
    return json_text.dumps(_sound(value), ensure_ascii=False, indent=2).encode() + b"\n"


def _sound(value: object) -> Any:
    """Return *value* as any JSON reader takes it: lone surrogates as U+FFFD (RFC 8259, section 8.1), integers beyond
    64 bits as text.
    """
    if isinstance(value, str):
        return (
            value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if not value.isascii()
            else value
        )
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return str(value)
    if isinstance(value, dict):
        return {_sound(key): _sound(part) for key, part in value.items()}
    return [_sound(part) for part in value] if isinstance(value, list) else value
