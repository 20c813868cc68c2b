"""`ephor agents drill`: pull the stop switch and measure when the last call passed, over several processes."""

from __future__ import annotations

import json
import sys
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.agents import Id, app
from ephor.edges.cli.decide import read_arguments
from ephor.edges.cli.fields import fields
from ephor.edges.cli.options import As, Database, Json, given, lasting
from ephor.edges.cli.render import as_json, emit, table
from ephor.rooms.decisions.model import Call

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.rooms.agents.drill import Drill

_PAUSE = 0.005
"""Seconds between two questions of one process: a drill fills the ledger with hundreds of entries, not thousands."""


@app.command()
def drill(
    context: typer.Context,
    id: Id,
    processes: Annotated[int, typer.Option("--processes", help="How many processes ask.")] = 3,
    within: Annotated[
        str,
        typer.Option("--within", metavar="TIME", help="The bound: no call may pass later.", callback=given),
    ] = "1s",
    tool: Annotated[
        str | None,
        typer.Option(
            "--tool", help="Which call to ask about. Default: the first that is allowed.", callback=given
        ),
    ] = None,
    arguments: Annotated[
        str, typer.Option("--arguments", metavar="JSON", help="The call's arguments, a JSON object.")
    ] = "{}",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Stop an agent while processes ask for it, measure when the last call passed, and let it go on. No tool is run.

    A drill that is passed is evidence for the checklist. Exits 1 when a call passed after the bound, or when a
    process was never refused.

    Example: ephor agents drill support-assistant --as ola
    """
    done = context.obj.open(database).drills.run(
        id,
        context.obj.prober(database),
        by=person or context.obj.person,
        processes=processes,
        bound=lasting(within),
        tool=tool,
        arguments=read_arguments(arguments),
    )
    emit(document(done), lambda out: _print(out, done), json=json)
    if not done.passed:
        raise typer.Exit(1)


@app.command(hidden=True)
def probe(
    context: typer.Context,
    id: Id,
    tool: Annotated[str, typer.Option("--tool")],
    session: Annotated[str, typer.Option("--session")],
) -> None:
    """Decide one call over and over, and print when and how, until standard input closes. A drill starts this."""
    told = json.loads(sys.stdin.readline())
    plane = context.obj.open(told["database"])
    call = Call(id, tool, told["arguments"], session=session)
    over = Event()

    def await_the_end() -> None:
        sys.stdin.read()
        over.set()

    Thread(target=await_the_end, daemon=True).start()
    while not over.is_set():
        asked = time.monotonic_ns()
        decision = plane.decisions.decide(call)
        stopped = any(reason.code == "stopped-agent" for reason in decision.reasons)
        outcome = "stopped" if stopped else decision.outcome.value
        sys.stdout.write(f"{asked} {time.monotonic_ns()} {outcome}\n")
        sys.stdout.flush()
        over.wait(_PAUSE)


def document(done: Drill) -> dict[str, Any]:
    """Return a drill as JSON, with the figures that are worked out of it."""
    worked_out = {"last_allowed_ms": done.last_allowed_ms, "allowed_after": done.allowed_after}
    return {**as_json(done), **worked_out}


def _print(out: Console, done: Drill) -> None:
    verdict = "passed" if done.passed else "NOT passed"
    fields(
        out,
        [
            ("drill", f"{done.id}: {verdict}"),
            ("agent", f"{done.agent}, calling {done.tool}"),
            ("stop took", f"{done.stop_ms:g} ms"),
            ("last call", f"{done.last_allowed_ms:g} ms after the stop, bound {done.bound_ms:g} ms"),
            ("passed after", f"{done.allowed_after} calls"),
            ("evidence", done.evidence or "none"),
        ],
    )
    out.print()
    rows = [
        (
            number,
            one.calls,
            one.allowed_after,
            "-" if one.last_allowed_ms is None else f"{one.last_allowed_ms:g} ms",
            "never" if one.first_denied_ms is None else f"{one.first_denied_ms:g} ms",
        )
        for number, one in enumerate(done.processes, 1)
    ]
    table(out, ("process", "calls", "passed after", "last passed", "first refused"), rows, empty="")
