"""`ephor ledger`: what was recorded, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from ephor.edges.cli.options import As, Database, Json, Stream, given
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.ledger import Appended, Ledgers, Shown
from ephor.engine.ports import MAIN
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Outcome
from ephor.rooms.ledger.kinds import KINDS, is_custom
from ephor.rooms.regulation.classification import Category

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
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record events that happened elsewhere, as this person's word. All are read before the first is recorded.

    Each entry names who handed it in; an approver, a policy or a decision it tells of is kept as reported. An event with
    a `source` and a `sequence` from 1 is counted: a number that came already is refused, one that skips others is told.

    Example: echo '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}' | ephor ledger append -
    """
    door: Door = context.obj
    ledger: Ledgers = door.open(database).ledger.of(stream)
    done = ledger.append(_lines(door.read_bytes(file)), by=person or door.person)
    told = {
        "appended": len(done.entries),
        "entries": list(done.entries),
        "already": done.already,
        "missing": done.missing,
    }
    emit(told, lambda out: _print_appended(out, done), json=json)


@app.command("list")
def list_entries(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="For example decision.made.", callback=given)] = None,
    agent: Annotated[str | None, typer.Option(help="An agent's id.", callback=given)] = None,
    tool: Annotated[str | None, typer.Option(help="A tool's name.", callback=given)] = None,
    outcome: Annotated[
        str | None, typer.Option(help="allow, ask or deny; approve or reject; or a class.", callback=given)
    ] = None,
    before: Annotated[int | None, typer.Option(min=0, help="Only entries before this position.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    json: Json = False,
    database: Database = None,
) -> None:
    """List entries, newest first.

    Example: ephor ledger list --kind decision.made --outcome deny
    """
    asked = {
        "kind": _kind(kind),
        "actor": f"agent:{agent}" if agent else None,
        "tool": tool,
        "decision": _outcome(outcome),
    }
    where = {name: value for name, value in asked.items() if value is not None}
    engine = context.obj.open(database)
    found = engine.ledger.list(where, before=before, limit=limit)
    if agent is not None and not found:
        engine.agents.show(agent)  # a name misspelt is told, or nothing would look like nothing done
    emit(found, lambda out: _print_list(out, found), json=json)


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


def _kind(text: str | None) -> str | None:
    """Return the kind with its version, the first where none is named."""
    if text is None:
        return None
    kind = text if "/" in text else f"{text}/1"
    if kind not in KINDS and not is_custom(kind):
        known = ", ".join(one.removesuffix("/1") for one in KINDS)
        raise InvalidInputError(f"unknown kind `{text[:80]}`; use `x-NAME` or one of: {known}")
    return kind


def _outcome(text: str | None) -> str | None:
    known = [one.value for kind in (Outcome, Category, Verdict) for one in kind]
    if text is not None and text not in known:
        raise InvalidInputError(f"unknown outcome `{text[:80]}`; use one of: {', '.join(known)}")
    return text


def _lines(data: bytes) -> Sequence[Mapping[str, Any]]:
    events = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InvalidInputError(
                f"line {number} is not JSON: {error}; nothing was recorded", line=number
            ) from None
        if not isinstance(value, dict):
            raise InvalidInputError(
                f"line {number} is no JSON object; write one event a line, nothing was recorded", line=number
            )
        events.append(value)
    return events


def _print_list(out: Console, found: Sequence[Shown]) -> None:
    rows = [
        (
            one.position,
            f"{one.entry['at'][:10]} {one.entry['at'][11:16]} UTC",
            one.entry["kind"],
            one.entry["actor"],
            _about(one.entry),
            _told(one.entry),
        )
        for one in found
    ]
    table(out, ("#", "at", "kind", "actor", "about", "outcome"), rows, empty="nothing recorded that fits")


def _told(entry: Mapping[str, Any]) -> str:
    """What was decided; `reported` where the entry is somebody's word and not the plane's."""
    return "reported" if "reported_by" in entry.get("refs", {}) else str(entry.get("decision", ""))


def _about(entry: Mapping[str, Any]) -> str:
    return str(entry.get("tool") or entry.get("resource") or entry.get("subject") or "")


def _print_one(out: Console, found: Shown) -> None:
    out.print(f"entry {found.position}, leaf {found.leaf}")
    out.print(orjson.dumps(found.entry, option=orjson.OPT_INDENT_2).decode())
    if "payload" in found.entry:
        out.print(
            "payload: erased with its subject's key" if found.payload is None else f"payload: {found.payload}"
        )
