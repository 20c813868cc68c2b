"""`ephor limits`: how much may pass in one window of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.definitions import lines_of, listing, load_all
from ephor.edges.cli.fields import fields, listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.rooms.policies.limits import Limit, Window, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

app = typer.Typer(
    name="limits", help="Limits on calls, money and records per window of time.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The limit's name, for example `refunds-a-day`.")]


@app.command()
def load(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A YAML or JSON file with `limits:`; `-` reads standard input.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Lay down the limits in a file, in place of those of the same names. They count at once.

    Windows are the calendar's, in UTC: minute, hour, day, week (from Monday), month, ever. Money is a whole number in
    the smallest unit, or text with at most `scale` decimals. A call whose amount is missing, negative or unreadable is
    denied; a call that is denied, or that waits for a person, uses nothing up.

    Example: ephor limits load limits.yaml
    """
    done = load_all(context, "limits", file, database, person)
    emit(lines_of(done), lambda out: listing(out, "limit", done), json=json)


@app.command("list")
def list_limits(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the limits.

    Example: ephor limits list
    """
    found = context.obj.open(database).limits.all()
    emit(found, lambda out: _print(out, found), json=json)


@app.command()
def show(context: typer.Context, name: Name, json: Json = False, database: Database = None) -> None:
    """Show one limit.

    Example: ephor limits show refunds-a-day
    """
    found = context.obj.open(database).limits.show(name)
    emit(found, lambda out: fields(out, _rows(found)), json=json)


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a limit away; calls it held back are held back no more.

    Example: ephor limits remove refunds-a-day
    """
    gone = context.obj.open(database).limits.remove(name, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"limit {gone.id} is gone"), json=json)


def _rows(one: Limit) -> list[tuple[str, object]]:
    return [
        ("limit", one.id),
        ("at most", f"{shown(one)} {_when(one)}"),
        ("counted for", _whom(one)),
        ("covers", _covers(one)),
        ("amount in", one.argument or "-"),
    ]


def _print(out: Console, found: Sequence[Limit]) -> None:
    rows = [(one.id, shown(one), _when(one), _whom(one), _covers(one)) for one in found]
    table(out, ("limit", "at most", "window", "counted for", "covers"), rows, empty="no limits")


def _when(one: Limit) -> str:
    return "in all" if one.window is Window.EVER else f"per {one.window.value}"


def _whom(one: Limit) -> str:
    return f"each {listed(one.per)}" if one.per else "all together"


def _covers(one: Limit) -> str:
    named = {"agent": one.agent, "tool": one.tool, "delegation": one.delegation}
    return ", ".join(f"{what} {name}" for what, name in named.items() if name) or "every call"
