"""`ephor ledger list` and `ephor ledger reindex`: find entries, and make anew what they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console

from ephor.edges.cli.ledger import app
from ephor.edges.cli.ledger_archive import progress
from ephor.edges.cli.options import As, Database, Json, Stream, beginning, ending, given
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.ledger import Page
from ephor.engine.ports import MAIN
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Outcome
from ephor.rooms.ledger.kinds import KINDS, is_custom
from ephor.rooms.regulation.classification import Category

_Text: TypeAlias = str | None


@app.command("list")
def list_entries(
    context: typer.Context,
    kind: Annotated[
        _Text, typer.Option("--kind", "--type", help="For example decision.made.", callback=given)
    ] = None,
    agent: Annotated[_Text, typer.Option(help="An agent's id.", callback=given)] = None,
    actor: Annotated[
        _Text, typer.Option(help="Who acted: agent:ID, person:ID or ephor.", callback=given)
    ] = None,
    subject: Annotated[
        _Text,
        typer.Option(
            help="A data subject, by the identifier your systems have. Needs privacy:write.", callback=given
        ),
    ] = None,
    subject_pseudonym: Annotated[
        _Text, typer.Option(metavar="sub_…", help="A data subject, by pseudonym.", callback=given)
    ] = None,
    tool: Annotated[_Text, typer.Option(help="A tool's name.", callback=given)] = None,
    resource: Annotated[_Text, typer.Option(help="What it was done to.", callback=given)] = None,
    session: Annotated[_Text, typer.Option(help="A session's id.", callback=given)] = None,
    outcome: Annotated[
        _Text, typer.Option(help="allow, ask or deny; approve or reject; or a class.", callback=given)
    ] = None,
    since: Annotated[
        _Text, typer.Option(metavar="DATE|7d", help="Happened then or later.", callback=given)
    ] = None,
    until: Annotated[
        _Text, typer.Option(metavar="DATE", help="Happened before then.", callback=given)
    ] = None,
    text: Annotated[
        _Text, typer.Option(help="Words that all occur; `refund*` is how one begins.", callback=given)
    ] = None,
    before: Annotated[int | None, typer.Option(min=0, help="Only entries before this position.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    stream: Stream = MAIN,
    epoch: Annotated[int | None, typer.Option(min=1, help="A log that a later epoch ended.")] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """List the entries that fit everything asked for, newest first. A day stands for its beginning in UTC.

    What is sealed under a subject's key is never searched. With --json, `next` is the --before of the page that follows.

    Example: ephor ledger list --kind decision.made --outcome deny --since 7d --text "refund*"
    """
    where = {
        "kind": _kind(kind),
        "actor": _actor(agent, actor),
        "subject": subject_pseudonym,
        "tool": tool,
        "resource": resource,
        "session": session,
        "decision": _outcome(outcome, _kind(kind)),
    }
    door: Door = context.obj
    engine = door.open(database)
    found = engine.ledger.of(stream, epoch).search(
        {name: value for name, value in where.items() if value is not None},
        text=text,
        since=beginning(since) if since else None,
        until=ending(until) if until else None,
        subject=subject,
        by=person or door.person,
        before=before,
        limit=limit,
    )
    if agent is not None and not found.entries:
        engine.agents.show(agent)  # a name misspelt is told, or nothing would look like nothing done
    emit(found, lambda out: _print_list(out, found), json=json)


@app.command()
def reindex(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Make anew what entries are found by, for every log, from the entries themselves.

    Recording goes on meanwhile, and so does searching. If it is interrupted, the next search goes on from there.

    Example: ephor ledger reindex
    """
    engine = context.obj.open(database)
    rows_to_make = 2 * sum(one.size for one in engine.streams.list())
    with progress(rows_to_make, "reindexing") as advance:
        done = engine.ledger.reindex(advance)
    rows = [(one.stream, one.epoch, one.size) for one in done]
    emit(
        {"logs": done, "entries": sum(one.size for one in done)},
        lambda out: table(out, ("stream", "epoch", "entries"), rows, empty="no log"),
        json=json,
    )


def _actor(agent: str | None, actor: str | None) -> str | None:
    if agent is None:
        return actor
    if actor not in (None, f"agent:{agent}"):
        raise InvalidInputError("--agent and --actor name two who acted; leave one of them out")
    return f"agent:{agent}"


def _kind(text: str | None) -> str | None:
    """Return the kind with its version, the first where none is named."""
    if text is None:
        return None
    kind = text if "/" in text else f"{text}/1"
    if kind not in KINDS and not is_custom(kind):
        known = ", ".join(one.removesuffix("/1") for one in KINDS)
        raise InvalidInputError(f"unknown kind `{text[:80]}`; use `x-NAME` or one of: {known}")
    return kind


_DECIDED: Mapping[str, type[StrEnum]] = {
    "decision.made/1": Outcome,
    "call.asked/1": Outcome,
    "call.claimed/1": Outcome,
    "review.submitted/1": Verdict,
    "agent.classified/1": Category,
    "agent.class-signed/1": Category,
}
"""Kinds of entries that have an outcome, and of what words it is."""


def _outcome(text: str | None, kind: str | None) -> str | None:
    if text is None:
        return None
    if kind is not None and kind not in _DECIDED:
        raise InvalidInputError(
            f"entries of kind `{kind}` have no outcome; leave --outcome out, or name one of these kinds: {', '.join(_DECIDED)}"
        )
    known = [
        one.value for words in dict.fromkeys([_DECIDED[kind]] if kind else _DECIDED.values()) for one in words
    ]
    if text not in known:
        what = f"entries of kind `{kind}` have no outcome" if kind else "unknown outcome"
        raise InvalidInputError(f"{what} `{text[:80]}`; use one of: {', '.join(known)}")
    return text


def _print_list(out: Console, found: Page) -> None:
    rows = [
        (
            one.position,
            f"{one.entry['at'][:10]} {one.entry['at'][11:16]} UTC",
            one.entry["kind"],
            one.entry["actor"],
            _about(one.entry),
            _told(one.entry),
        )
        for one in found.entries
    ]
    table(out, ("#", "at", "kind", "actor", "about", "outcome"), rows, empty="nothing recorded that fits")
    if found.next is not None and out.is_terminal:  # a table in a pipe has one line an entry
        out.print(f"older ones fit as well: --before {found.next}")


def _told(entry: Mapping[str, Any]) -> str:
    """What was decided; `reported` where the entry is somebody's word and not the plane's."""
    return "reported" if "reported_by" in entry.get("refs", {}) else str(entry.get("decision", ""))


def _about(entry: Mapping[str, Any]) -> str:
    return str(entry.get("tool") or entry.get("resource") or entry.get("subject") or "")
