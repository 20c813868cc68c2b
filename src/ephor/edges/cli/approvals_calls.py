"""`ephor approvals inbox` and what answers it: people decide on single calls, and how much they are asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.approvals import Id, app
from ephor.edges.cli.calls import call_document, emit_call, print_call, print_inbox
from ephor.edges.cli.fields import fields, listed, minute
from ephor.edges.cli.options import As, Database, Json, given, lasting
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.approvals.lasting import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.calls import Swept
    from ephor.rooms.approvals.call import CallApproval
    from ephor.rooms.approvals.load import Load


@app.command()
def inbox(
    context: typer.Context,
    mine: Annotated[bool, typer.Option("--mine", help="Only what the person of --as may answer.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """List the calls that wait for a person, the oldest first.

    Example: ephor approvals inbox --mine --as cal
    """
    who = (person or context.obj.person) if mine else None
    engine = context.obj.open(database)
    waiting = engine.approvals.inbox(person=who)
    outdated = engine.calls.outdated(waiting)
    told = [{**call_document(one), "outdated": one.id in outdated} for one in waiting]
    emit(told, lambda out: print_inbox(out, waiting, outdated), json=json)


@app.command()
def approve(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")] = "",
    scope: Annotated[
        str,
        typer.Option(
            "--scope", help="`call`: exactly this call. `tool`: any call of the tool within --at-most."
        ),
    ] = "call",
    lasts: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="Good for so long (30m, 8h), not just once.", callback=given
        ),
    ] = None,
    uses: Annotated[
        int | None, typer.Option("--uses", help="Good for so many calls, with --for. Default: 100.")
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(
            "--at-most", metavar="ARGUMENT=NUMBER", help="With --scope tool: an argument's greatest value."
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Let exactly the call that was asked about happen, once. Look at it first: ephor approvals show ID.

    Example: ephor approvals approve apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --as cal
    """
    engine = context.obj.open(database)
    answered = engine.approvals.approve(
        id,
        by=person or context.obj.person,
        because=reason,
        scope=word(Scope, scope, "scope"),
        lasts=lasting(lasts) if lasts else None,
        uses=uses,
        at_most=dict(_bound(text) for text in at_most or ()),
    )
    emit_call(engine, answered, json=json)


@app.command()
def reject(
    context: typer.Context,
    id: Id,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; the agent is told, and it is kept in the ledger.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Refuse exactly the call that was asked about.

    Example: ephor approvals reject apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --reason "ask the customer first" --as cal
    """
    engine = context.obj.open(database)
    answered = engine.approvals.reject(id, reason, by=person or context.obj.person)
    emit_call(engine, answered, json=json)


@app.command()
def withdraw(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take back a question about a call, or an approval of one that is not used up.

    Example: ephor approvals withdraw apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --reason "no longer needed" --as eve
    """
    ended = context.obj.open(database).approvals.withdraw(id, reason, by=person or context.obj.person)
    emit(call_document(ended), lambda out: print_call(out, ended), json=json)


@app.command()
def sweep(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Record the questions that ran out, and pass on those that nobody answered; run it every minute.

    Example: ephor approvals sweep
    """
    done = context.obj.open(database).approvals.sweep()
    answer = {
        "expired": [call_document(one) for one in done.expired],
        "escalated": [call_document(one) for one in done.escalated],
    }
    emit(answer, lambda out: _print_swept(out, done), json=json)


@app.command()
def load(
    context: typer.Context,
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="How far back to look.", callback=given)
    ] = "7d",
    json: Json = False,
    database: Database = None,
) -> None:
    """Show how much people are asked to approve: answers per hour, seconds per answer, and how long agents wait.

    Example: ephor approvals load --within 1d
    """
    found = context.obj.open(database).approvals.load(within=lasting(within))
    emit(as_json(found), lambda out: _print_load(out, found), json=json)


def _bound(text: str) -> tuple[str, int]:
    name, _equals, number = text.partition("=")
    try:
        return name.strip(), int(number, 10)
    except ValueError:
        pass
    raise InvalidInputError(
        f"`{text[:80]}` is no bound; write an argument and a whole number, as in amount_cents=9000"
    )


def _print_swept(out: Console, done: Swept) -> None:
    rows: list[Sequence[str]] = [(one.id, one.agent, one.tool, "expired") for one in done.expired]
    rows += [(one.id, one.agent, one.tool, f"passed on to {_to(one)}") for one in done.escalated]
    table(out, ("id", "agent", "tool", "now"), rows, empty="nothing ran out, and nothing is to be passed on")


def _to(asked: CallApproval) -> str:
    return listed([role.value for step in asked.escalation[: asked.escalated] for role in step.to])


def _print_load(out: Console, found: Load) -> None:
    wait = "-" if found.wait_seconds is None else f"{found.wait_seconds:.0f} s"
    fields(
        out,
        [
            ("from", f"{minute(found.since)} to {minute(found.until)}"),
            ("asked", found.asked),
            ("answers", found.answered),
            ("expired", found.expired),
            ("waiting", found.waiting),
            ("wait", wait),
        ],
    )
    out.print()
    rows = [
        (
            one.person,
            one.answered,
            one.rejected,
            one.per_hour,
            "-" if one.seconds is None else f"{one.seconds:.0f}",
            one.hasty,
            "yes" if one.too_much else "no",
        )
        for one in found.people
    ]
    heads = ("person", "answers", "rejected", "most an hour", "seconds each", "hasty", "too much")
    table(out, heads, rows, empty="nobody answered anything")
