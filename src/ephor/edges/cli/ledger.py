"""`ephor ledger`: what was recorded, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import loads
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from ephor.edges.cli.options import As, Database, Json, Stream
from ephor.edges.cli.render import emit
from ephor.edges.door import Door
from ephor.engine.ledger import Appended, Ledgers, Shown
from ephor.engine.ports import MAIN
from ephor.kernel.errors import InvalidInputError

app = typer.Typer(
    name="ledger", help="The one record of what agents did and what people decided.", no_args_is_help=True
)


@app.command()
def append(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="JSON lines, one event each in the guide's words; `-` reads standard input.")
    ],
    stream: Stream = MAIN,
    skip: Annotated[
        int,
        typer.Option(
            "--skip", min=0, metavar="N", help="Leave out the first N events: they are recorded already."
        ),
    ] = 0,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record events that happened elsewhere, as this person's word. All are read before the first is recorded.

    What was handed in before and is handed in again is recorded again, unless it is counted: see `source` below, and --skip.
    A `user_id` that looks like personal data (an address of e-mail, a telephone number), or is declared with `user_is_subject: true`, is recorded by
    its pseudonym: `ephor ledger list --subject` finds it. Each entry names who handed it in; an approver, a policy or a decision it tells of is kept as reported. An event with
    a `source` and a `sequence` from 1 is counted: a number that came already is refused, one that skips others is told.

    Example: echo '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}' | ephor ledger append -
    """
    door: Door = context.obj
    ledger: Ledgers = door.open(database).ledger.of(stream)
    events, lines = _events(file, door.read_bytes(file))
    if skip > len(events):
        raise InvalidInputError(
            f"--skip {skip} leaves out more than the {len(events)} events there are; nothing was recorded"
        )
    try:
        done = ledger.append(events[skip:], by=person or door.person)
    except InvalidInputError as error:
        if not isinstance(number := error.facts.get("event"), int):
            raise
        line = lines[skip + number - 1]
        raise InvalidInputError(f"{file}:{line}: {error}", **error.facts, file=file, line=line) from error
    told = {
        "appended": len(done.entries),
        "entries": list(done.entries),
        "already": done.already,
        "missing": done.missing,
    }
    emit(told, lambda out: _print_appended(out, done), json=json)


@app.command()
def show(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="An entry's id, or its position from 0.")],
    stream: Stream = MAIN,
    json: Json = False,
    database: Database = None,
) -> None:
    """Show one entry as it was recorded, and its sealed payload where its subject was not forgotten.

    Example: ephor ledger show 12
    """
    found = context.obj.open(database).ledger.of(stream).show(entry)
    emit(found, lambda out: _print_one(out, found), json=json)


def _print_appended(out: Console, done: Appended) -> None:
    if done.already:
        out.print(f"{done.already} recorded already: exactly these were handed in last")
        return
    out.print(f"{len(done.entries)} recorded")
    if done.missing:
        out.print(
            f"{done.missing} never arrived: the counters of their sources jumped, see `ephor ledger sources`"
        )


def _events(file: str, data: bytes) -> tuple[Sequence[Mapping[str, Any]], Sequence[int]]:
    """Return the events of a file, and the line of each."""
    events, lines = [], []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        where = {"file": file, "line": number}
        try:
            value = loads(line, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            text = f"{file}:{number}: line {number} is not JSON: {error}; nothing was recorded"
            raise InvalidInputError(text, **where) from None
        if not isinstance(value, dict):
            text = f"{file}:{number}: line {number} is no JSON object; write one event a line, nothing was recorded"
            raise InvalidInputError(text, **where)
        events.append(value)
        lines.append(number)
    return events, lines


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key `{twice[:80]}` stands twice, and only one of them could be meant")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"`{text}` is no number of JSON")


def _print_one(out: Console, found: Shown) -> None:
    out.print(f"entry {found.position}, leaf {found.leaf}")
    out.print(orjson.dumps(found.entry, option=orjson.OPT_INDENT_2).decode())
    if "payload" in found.entry:
        out.print(
            "payload: erased with its subject's key" if found.payload is None else f"payload: {found.payload}"
        )
