"""`ephor approvals`: approval of agents, asked for and taken back; and approval of single calls, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.calls import emit_call
from ephor.edges.cli.fields import fields, listed, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.vocabulary import word
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus, pending_reviews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.agents.changes import Change
    from ephor.rooms.approvals.due import Waiting

app = typer.Typer(name="approvals", help="Approval of agents and of single calls.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The request's id, apr_….")]


@app.command()
def request(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    justification: Annotated[str, typer.Option("--justification", help="Why it should act, in a few words.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Ask for an agent to be approved exactly as it is registered now.

    Example: ephor approvals request support-assistant --justification "first release to customers"
    """
    engine = context.obj.open(database)
    asked = engine.approvals.request(agent, justification, by=person or context.obj.person)
    emit(document(asked), lambda out: print_request(out, asked), json=json)


@app.command("list")
def list_requests(
    context: typer.Context,
    agent: Annotated[
        str | None, typer.Option("--agent", help="Only requests for this agent.", callback=given)
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only requests of this status.", callback=given)
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List requests, the oldest first.

    Example: ephor approvals list --status pending
    """
    wanted = word(RequestStatus, status, "status") if status else None
    found = context.obj.open(database).approvals.all(agent, wanted)
    emit([document(one) for one in found], lambda out: _print_list(out, found), json=json)


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show a request and its reviews, or exactly what a person must answer about one call.

    Example: ephor approvals show apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061
    """
    engine = context.obj.open(database)
    if (call := engine.calls.find(id)) is not None:
        emit_call(engine, call, json=json)
        return
    asked, changed = engine.approvals.show(id), engine.approvals.changed(id)
    told = {**document(asked), "changes": as_json(changed)}
    emit(told, lambda out: _print_shown(out, asked, changed), json=json)


@app.command()
def revoke(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it is kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take an approval back, which suspends the agent; or withdraw a request that is still pending.

    Example: ephor approvals revoke apr_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --reason "new findings"
    """
    ended = context.obj.open(database).approvals.revoke(id, reason, by=person or context.obj.person)
    emit(document(ended), lambda out: print_request(out, ended), json=json)


@app.command()
def due(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List what waits: reviews nobody gave yet and approvals that run out, since when, and whom to remind.

    A review waits three days before its reviewers are to be reminded, and seven before the body above is to hear of it.
    An approval that ends within thirty days is named to its owner, unless a new request is under review.

    Example: ephor approvals due --json
    """
    found = context.obj.open(database).approvals.due()
    emit(found, lambda out: _print_due(out, found), json=json)


@app.command()
def expire(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Record the approvals of agents that ran out; run it daily. They let nobody act either way.

    Example: ephor approvals expire
    """
    ended = context.obj.open(database).approvals.expire()
    emit([document(one) for one in ended], lambda out: _print_list(out, ended), json=json)


def document(asked: ApprovalRequest) -> dict[str, Any]:
    """Return a request as JSON, with the reviews that are still missing."""
    missing = pending_reviews(asked) if asked.status is RequestStatus.PENDING else ()
    fields = {name: value for name, value in as_json(asked).items() if name != "manifest"}
    return {**fields, "pending_reviews": as_json(missing)}


def print_request(out: Console, asked: ApprovalRequest) -> None:
    """Print a request and its reviews for a person."""
    ended = f"{asked.ended_because}, by {asked.ended_by}" if asked.ended_because else ""
    missing = listed(pending_reviews(asked)) if asked.status is RequestStatus.PENDING else ""
    fields(
        out,
        [
            ("request", asked.id),
            ("agent", asked.agent),
            ("status", asked.status.value),
            ("ended", ended),
            ("awaits", missing),
            ("expires", minute(asked.expires_at) if asked.expires_at else ""),
            ("use case", f"{asked.use_case.value}, risk {asked.risk_level.value}"),
            ("requested", f"{minute(asked.requested_at)} by {asked.requested_by}"),
            ("because", asked.justification),
            ("manifest", asked.digest),
            ("policy", asked.policy_digest),
        ],
    )
    for one in asked.reviews:
        out.print()
        said = [f"{one.decision.value}, by {one.reviewer}, {minute(one.at)}", one.notes]
        said += [f"condition: {condition}" for condition in one.conditions]
        said += [f"rests on: {shown.name}, {shown.digest}" for shown in one.evidence]
        fields(out, [(f"{one.type.value} review", "\n".join(filter(None, said)))])


def _print_shown(out: Console, asked: ApprovalRequest, changed: Sequence[Change] | None) -> None:
    print_request(out, asked)
    if changed is None:
        return
    out.print("\nsince what was approved before:")
    rows = [
        (one.path, one.before or "-", one.after or "-", "yes" if one.material else "no") for one in changed
    ]
    unfolded(out, ("field", "before", "now", "material"), rows, empty="nothing changed")


def _print_due(out: Console, found: Sequence[Waiting]) -> None:
    rows = [
        (
            one.step.value,
            one.agent,
            one.review.value if one.review else "approval",
            f"{one.days} days {'waited' if one.review else 'left'}",
            listed(one.people) if one.people else "nobody may: add a reviewer",
            listed(one.escalate_to),
            one.request,
        )
        for one in found
    ]
    columns = ("step", "agent", "what", "time", "remind", "escalate to", "request")
    unfolded(out, columns, rows, empty="nothing waits")


def _print_list(out: Console, found: Sequence[ApprovalRequest]) -> None:
    rows = [(one.id, one.agent, one.status.value, _next(one)) for one in found]
    unfolded(out, ("id", "agent", "status", "next"), rows, empty="none")


def _next(asked: ApprovalRequest) -> str:
    if asked.status is RequestStatus.PENDING:
        return f"awaits {listed(pending_reviews(asked))}"
    return f"until {minute(asked.expires_at)}" if asked.status is RequestStatus.APPROVED else "-"
