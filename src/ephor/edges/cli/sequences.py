"""`ephor sequences`: what may come after what in one session, and what a session has touched."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.definitions import Laid, commands
from ephor.edges.cli.fields import listed
from ephor.edges.cli.options import Database, Json
from ephor.edges.cli.render import emit
from ephor.rooms.policies.sequences import SequenceRule

app = typer.Typer(
    name="sequences", help="Rules about what may come after what in one session.", no_args_is_help=True
)


@app.command()
def session(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The session, as its host names it.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Show what a session has touched so far.

    Example: ephor sequences session chat-4711
    """
    labels = context.obj.open(database).decisions.session(name)
    emit(
        {"session": name, "labels": labels},
        lambda out: out.print("\n".join(labels) or "nothing yet"),
        json=json,
    )


def _then(one: SequenceRule) -> str:
    return "deny" if one.denies else "ask"


def _about(one: SequenceRule) -> str:
    said = [f"effect {effect.value}" for effect in one.effects] + [f"tool {tool}" for tool in one.tools]
    return ", ".join(said) or "every call"


def _rows(one: SequenceRule) -> list[tuple[str, object]]:
    return [
        ("rule", one.id),
        ("after", listed(one.after)),
        ("about", _about(one)),
        ("then", _then(one)),
        ("because", one.because or "-"),
    ]


commands(
    app,
    Laid(
        key="sequences",
        noun="sequence rule",
        load="""Lay down the sequence rules in a file, in place of those of the same names. They count at once.

A session carries the labels of every call that was allowed in it: tool:NAME, effect:EFFECT, data:CATEGORY,
sensitivity:LEVEL (and every level below it, but public), and those the tool catalogue adds. A call that names no
session may follow anything: each rule about its tool or effect applies to it. A label that no call can ever add is
refused; a tool or label that nobody knows yet is warned of.

Example: ephor sequences load sequences.yaml""",
        listing="List the sequence rules.\n\nExample: ephor sequences list",
        show="Show one sequence rule.\n\nExample: ephor sequences show no-mail-after-customer-data",
        remove="Take a sequence rule away.\n\nExample: ephor sequences remove no-mail-after-customer-data",
        gone=lambda one: f"sequence rule {one.id} is gone",
        columns=("rule", "after", "about", "then"),
        row=lambda one: (one.id, listed(one.after), _about(one), _then(one)),
        empty="no sequence rules",
        rows=_rows,
    ),
)
