"""`ephor stop` and `ephor stops`: the stop switch for an agent, a tool, a model or everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.fields import listed, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.agents.stop import Stop, StopStatus, StopWhat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.stops import Ordered

app = typer.Typer(name="stops", help="Stops in force, and lifting them.", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; it is kept in the ledger.")]


def stop(
    context: typer.Context,
    reason: Reason,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="ID", help="Stop one agent.", callback=given)
    ] = None,
    tool: Annotated[
        str | None,
        typer.Option("--tool", metavar="NAME", help="Stop a tool, whoever calls it.", callback=given),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME", help="Stop a model; without @version, all of it.", callback=given
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Stop everything.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Stop an agent, a tool, a model or everything: from the next decision on, in every process.

    Example: ephor stop --tool email_send --reason "sends to the wrong people"
    """
    named = [
        (what, name)
        for what, name in ((StopWhat.AGENT, agent), (StopWhat.TOOL, tool), (StopWhat.MODEL, model))
        if name is not None
    ]
    if len(named) + everything != 1:
        raise InvalidInputError("say what to stop: one of --agent, --tool, --model or --all")
    what, name = named[0] if named else (StopWhat.ALL, None)
    done = context.obj.open(database).stops.order(what, name, reason, by=person or context.obj.person)
    emit(document(done), lambda out: _print_ordered(out, done), json=json)


@app.command()
def lift(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The stop's id, stp_….")],
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Let what was stopped act again. A stop of everything takes two people: run it once as each.

    Example: ephor stops lift stp_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --reason "addresses corrected" --as ola
    """
    lifted = context.obj.open(database).stops.lift(id, reason, by=person or context.obj.person)
    emit(lifted, lambda out: out.print(_after(lifted)), json=json)


@app.command("list")
def list_stops(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--lifted", help="Those that were lifted, too.")] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the stops that are in force.

    Example: ephor stops list --lifted
    """
    found = context.obj.open(database).stops.all(open_only=not every)
    emit(found, lambda out: _print(out, found), json=json)


def document(done: Ordered) -> dict[str, Any]:
    """Return a stop as JSON with the agents it touches."""
    return {**as_json(done.stop), "agents": list(done.agents)}


def _after(stop: Stop) -> str:
    if stop.status is StopStatus.LIFTED:
        return f"{_what(stop)} may act again"
    return f"{_what(stop)} is still stopped; now somebody else: ephor stops lift {stop.id} --reason …"


def _print_ordered(out: Console, done: Ordered) -> None:
    out.print(f"{_what(done.stop)} is stopped ({done.stop.id})")
    if done.agents:
        out.print(f"agents: {listed(done.agents)}")
    elif done.stop.what is not StopWhat.ALL:
        out.print(f"no agent declares a {done.stop.what.value} of that name: is it spelled right?")


def _print(out: Console, found: Sequence[Stop]) -> None:
    rows = [(one.id, _what(one), one.by, minute(one.at), _state(one), one.reason) for one in found]
    unfolded(out, ("id", "what", "by", "since", "now", "reason"), rows, empty="nothing is stopped")


def _state(stop: Stop) -> str:
    if stop.status is StopStatus.LIFTED:
        return f"lifted by {stop.lifted_by}"
    return f"{stop.asked_by} asks to lift it" if stop.asked_by else "stopped"


def _what(stop: Stop) -> str:
    return "everything" if stop.name is None else f"{stop.what.value} {stop.name}"
