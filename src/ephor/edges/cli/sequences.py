"""`ephor sequences`: what may come after what in one session, and what a session has touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.definitions import lines_of, listing, load_all
from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.rooms.policies.sequences import SequenceRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

app = typer.Typer(
    name="sequences", help="Rules about what may come after what in one session.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The rule's name, for example `no-mail-after-customer-data`.")]


@app.command()
def load(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A YAML or JSON file with `sequences:`; `-` reads standard input.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Lay down the sequence rules in a file, in place of those of the same names. They count at once.

    A session carries the labels of every call that was allowed in it: tool:NAME, effect:EFFECT, data:CATEGORY,
    sensitivity:LEVEL (and every level below it, but public), and those the tool catalogue adds. A call that names no
    session may follow anything: each rule about its tool or effect applies to it.

    Example: ephor sequences load sequences.yaml
    """
    done = load_all(context, "sequences", file, database, person)
    emit(lines_of(done), lambda out: listing(out, "sequence rule", done), json=json)


@app.command("list")
def list_sequences(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the sequence rules.

    Example: ephor sequences list
    """
    found = context.obj.open(database).sequences.all()
    emit(found, lambda out: _print(out, found), json=json)


@app.command()
def show(context: typer.Context, name: Name, json: Json = False, database: Database = None) -> None:
    """Show one sequence rule.

    Example: ephor sequences show no-mail-after-customer-data
    """
    found = context.obj.open(database).sequences.show(name)
    emit(found, lambda out: fields(out, _rows(found)), json=json)


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a sequence rule away.

    Example: ephor sequences remove no-mail-after-customer-data
    """
    gone = context.obj.open(database).sequences.remove(name, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"sequence rule {gone.id} is gone"), json=json)


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


def _print(out: Console, found: Sequence[SequenceRule]) -> None:
    rows = [(one.id, listed(one.after), _about(one), _then(one)) for one in found]
    table(out, ("rule", "after", "about", "then"), rows, empty="no sequence rules")
