"""`ephor approvals rules`: who approves which calls, how many of them, how soon, and who is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.approvals import app as approvals
from ephor.edges.cli.definitions import warned
from ephor.edges.cli.fields import listed, unfolded
from ephor.edges.cli.options import As, Database, Json, given, lasting
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from rich.console import Console

    from ephor.rooms.approvals.rule import ApprovalRule

app = typer.Typer(name="rules", help="Who approves which calls.", no_args_is_help=True)
approvals.add_typer(app)

AgentName = Annotated[
    str | None, typer.Option("--agent", help="For this agent alone. Default: for all.", callback=given)
]
ToolName = Annotated[
    str | None, typer.Option("--tool", help="For this tool alone. Default: for all.", callback=given)
]


@app.command("set")
def set_rule(
    context: typer.Context,
    agent: AgentName = None,
    tool: ToolName = None,
    approver: Annotated[
        list[str] | None,
        typer.Option("--approver", help="A role or a body that may approve. Default: call_approver."),
    ] = None,
    quorum: Annotated[int, typer.Option("--quorum", help="How many different people it takes.")] = 1,
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="How long a question stays open.", callback=given)
    ] = "4h",
    escalate: Annotated[
        list[str] | None,
        typer.Option(
            "--escalate", metavar="TIME:ROLE", help="After so long, this role or body may answer, too."
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Set who approves calls. Answers given under the rule before no longer count.

    Example: ephor approvals rules set --tool refund --quorum 2 --within 2h --escalate 30m:executive
    """
    rules = context.obj.open(database).approvals.rules
    rule = rules.set(
        agent=agent,
        tool=tool,
        approvers=approver or (),
        quorum=quorum,
        patience=lasting(within),
        escalation=[_step(text) for text in escalate or ()],
        by=person or context.obj.person,
    )
    warnings = rules.warnings(rule, agent=agent, tool=tool)

    def human(out: Console) -> None:
        _print(out, [rule])
        warned(out, warnings)

    emit({**document(rule), "warnings": list(warnings)}, human, json=json)


@app.command()
def remove(
    context: typer.Context,
    agent: AgentName = None,
    tool: ToolName = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Remove the rule for exactly these; the next wider one holds again.

    Example: ephor approvals rules remove --tool refund
    """
    rules = context.obj.open(database).approvals.rules
    rule = rules.remove(agent=agent, tool=tool, by=person or context.obj.person)
    emit(document(rule), lambda out: out.print(f"the rule for {rule.id} is gone"), json=json)


@app.command("list")
def list_rules(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the rules, and what holds where there is none.

    Example: ephor approvals rules list
    """
    found = context.obj.open(database).approvals.rules.all()
    emit([document(one) for one in found], lambda out: _print(out, found), json=json)


def document(rule: ApprovalRule) -> dict[str, object]:
    """Return a rule as JSON, its times in seconds."""
    return {
        "id": rule.id,
        "approvers": as_json(rule.approvers),
        "quorum": rule.quorum,
        "seconds": int(rule.patience.total_seconds()),
        "escalation": [
            {"after_seconds": int(step.after.total_seconds()), "to": as_json(step.to)}
            for step in rule.escalation
        ],
    }


def _step(text: str) -> tuple[timedelta, Sequence[str]]:
    after, colon, roles = text.partition(":")
    if not colon or not roles:
        raise InvalidInputError(f"`{text[:80]}` is no step; write a time and a role, as in 30m:executive")
    return lasting(after), [role.strip() for role in roles.split(",")]


def _print(out: Console, rules: Sequence[ApprovalRule]) -> None:
    rows = [
        (
            one.id,
            listed([role.value for role in one.approvers]),
            str(one.quorum),
            str(one.patience),
            "; ".join(
                f"after {step.after} also {listed([role.value for role in step.to])}"
                for step in one.escalation
            )
            or "-",
        )
        for one in rules
    ]
    unfolded(out, ("agent/tool", "approvers", "people", "within", "then"), rows, empty="no rules")
