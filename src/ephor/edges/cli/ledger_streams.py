"""`ephor ledger streams` and `ephor ledger renew`: the logs of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.anchors import Standing
from ephor.engine.ports import MAIN

streams = typer.Typer(name="streams", help="Further logs beside the main one.", no_args_is_help=True)
app.add_typer(streams)


@streams.command("list")
def list_streams(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List every log, its size, and how much of it the main log vouches for.

    Example: ephor ledger streams list
    """
    found: Sequence[Standing] = context.obj.open(database).streams.list()
    rows = [
        (one.log.stream, one.log.epoch, _standing(one), one.size, _anchored(one), one.log.origin)
        for one in found
    ]
    emit(
        [_told(one) for one in found],
        lambda out: table(
            out, ("stream", "epoch", "", "entries", "anchored", "origin"), rows, empty="no log"
        ),
        json=json,
    )


@streams.command("open")
def open_stream(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What to call it: lower case, digits, `.`, `_`, `-`.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Begin a further log, for events that are many and do not belong among the acts of governance.

    Example: ephor ledger streams open telemetry
    """
    door: Door = context.obj
    made = door.open(database).streams.open(name, by=person or door.person)
    emit(asdict(made), lambda out: out.print(f"{made.stream} opened: {made.origin}"), json=json)


@streams.command("anchor")
def anchor_streams(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Record the heads of streams that grew in the main log, whose checkpoint then vouches for them.

    `ephor ledger append --stream` does this by itself at its end.

    Example: ephor ledger streams anchor
    """
    done = context.obj.open(database).streams.anchor()
    told = [one.stream for one in done]
    emit(
        {"anchored": told}, lambda out: out.print(f"anchored: {', '.join(told) or 'nothing grew'}"), json=json
    )


@app.command()
def renew(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="What was lost, and why.", callback=given)],
    stream: Annotated[str, typer.Option("--stream", help="Which stream.", callback=given)] = MAIN,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Go on in a new epoch after an older backup was restored: what was published and is gone is said in its first entry.

    The log that lost entries is ended and stays readable. The new one has another origin, and so another verifier key:
    hand it to your auditors and witnesses.

    Example: ephor ledger renew --reason "disk lost, backup of 3 May restored"
    """
    door: Door = context.obj
    engine = door.open(database)
    made = engine.streams.renew(stream, reason, by=person or door.person)
    key = engine.ledger.of(stream).head().key
    emit(
        asdict(made) | {"key": key},
        lambda out: out.print(
            f"{made.stream} goes on as epoch {made.epoch}: {made.origin}\npublic key: {key}"
        ),
        json=json,
    )


def _standing(one: Standing) -> str:
    return "ended" if one.log.ended else ""


def _anchored(one: Standing) -> str:
    return "" if one.anchored is None else str(one.anchored)


def _told(one: Standing) -> dict[str, Any]:
    return asdict(one.log) | {"size": one.size, "anchored": one.anchored}
