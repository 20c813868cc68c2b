"""`ephor policies`: what each use case demands: the guide's policies, and those of a plane where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.fields import fields, listed, unfolded
from ephor.edges.cli.options import Database, Json
from ephor.edges.cli.render import as_json, emit
from ephor.engine.policies import Policies
from ephor.kernel.errors import NotFoundError
from ephor.kernel.vocabulary import UseCase, word
from ephor.rooms.approvals.request import VALIDITY
from ephor.rooms.policies.autonomy import meaning_of
from ephor.rooms.policies.governance import POLICIES, AboveCeiling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.policies import PolicyInForce

app = typer.Typer(name="policies", help="Governance policies of the use cases.", no_args_is_help=True)

_AGREES = {
    True: "to every call of a tool that does more than read",
    False: "to the calls the manifest asks about, and to acts above the agent's autonomy",
}


@app.command("list")
def list_policies(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the policy of every use case.

    Example: ephor policies list
    """
    found = _policies(context, database).all()
    emit([_document(one) for one in found], lambda out: _print_list(out, found), json=json)


@app.command()
def show(
    context: typer.Context,
    use_case: Annotated[str, typer.Argument(help="The use case, for example customer_service.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Show the policy of one use case.

    Where a person must agree, every call of a tool that does more than read is asked. An approval lasts for the days
    shown, by risk level.

    Example: ephor policies show decision_support
    """
    found = _policies(context, database).show(word(UseCase, use_case, "use case"))
    emit(_document(found), lambda out: _print(out, found), json=json)


def _policies(context: typer.Context, database: str | None) -> Policies:
    """Return the policies of the plane; where none is named and there is none yet, those every plane begins with."""
    if context.obj is None:
        return Policies(POLICIES)
    try:
        policies: Policies = context.obj.open(database).policies
    except NotFoundError:
        if database is not None:
            raise
        return Policies(POLICIES)
    return policies


def _document(one: PolicyInForce) -> dict[str, Any]:
    days = VALIDITY[one.policy.risk_level].days
    return {**as_json(one.policy), "approval_days": days, "digest": one.digest}


def _print_list(out: Console, found: Sequence[PolicyInForce]) -> None:
    rows = [
        (
            one.use_case.value,
            one.risk_level.value,
            str(one.max_autonomy_level),
            max(one.data_sensitivity_allowed).value if one.data_sensitivity_allowed else "-",
            listed(one.required_reviews),
        )
        for one in (each.policy for each in found)
    ]
    unfolded(out, ("use case", "risk", "autonomy", "data up to", "reviews"), rows, empty="none")


def _print(out: Console, one: PolicyInForce) -> None:
    policy = one.policy
    fields(
        out,
        [
            ("use case", policy.use_case.value),
            ("risk level", policy.risk_level.value),
            ("a person agrees", _AGREES[policy.requires_human_approval]),
            ("autonomy up to", f"{policy.max_autonomy_level}: {meaning_of(policy.max_autonomy_level)}"),
            ("above that", "denied" if policy.above_autonomy is AboveCeiling.DENY else "a person is asked"),
            ("data", listed(policy.data_sensitivity_allowed)),
            ("reviews", listed(policy.required_reviews)),
            ("people", ", ".join(f"{many} for {one.value}" for one, many in policy.quorum.items())),
            (
                "approval lasts",
                f"{VALIDITY[policy.risk_level].days} days, for risk {policy.risk_level.value}",
            ),
            ("monitoring", policy.monitoring_level.value),
            ("records kept", f"{policy.retention_days} days at least"),
            ("digest", one.digest),
        ],
    )
