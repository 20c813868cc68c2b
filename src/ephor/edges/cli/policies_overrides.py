"""`ephor policies override|overrides|sign-override|refuse-override`: the organisation's own governance policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.fields import fields, listed, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.policies import app
from ephor.edges.cli.render import emit
from ephor.kernel.vocabulary import UseCase, word
from ephor.rooms.policies.overrides import OverrideStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.policies.overrides import PolicyOverride

Version = Annotated[str, typer.Argument(metavar="USE_CASE@VERSION", help="As in `ephor policies overrides`.")]


@app.command()
def override(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="YAML or JSON: `use_case`, and the fields that differ.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the ledger.")] = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Lay down the organisation's own policy for a use case; what the file does not name is as the guide has it.

    What is stricter than the policy in force holds at once. What is looser anywhere waits for a signature of executive
    oversight. A new policy ends what was approved under the one before.

    Example: ephor policies override customer-service.yaml --reason "two reviews are not enough for us"
    """
    door = context.obj
    made = door.open(database).overrides.override(
        door.read_yaml(file), by=person or door.person, reason=reason
    )
    emit(made, lambda out: _print(out, made), json=json)


@app.command("sign-override")
def sign_override(
    context: typer.Context,
    version: Version,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Sign a policy that is looser than what is in force, as executive oversight; never one's own.

    Example: ephor policies sign-override customer_service@2 --as exe
    """
    door = context.obj
    signed = door.open(database).overrides.sign(version, by=person or door.person)
    emit(signed, lambda out: _print(out, signed), json=json)


@app.command("refuse-override")
def refuse_override(
    context: typer.Context,
    version: Version,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Refuse a policy that awaits a signature, or take back one's own.

    Example: ephor policies refuse-override customer_service@2 --reason "not with confidential data" --as exe
    """
    door = context.obj
    refused = door.open(database).overrides.refuse(version, reason, by=person or door.person)
    emit(refused, lambda out: _print(out, refused), json=json)


@app.command()
def overrides(
    context: typer.Context,
    use_case: Annotated[
        str | None, typer.Option("--use-case", help="Only of this use case.", callback=given)
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List every version of the organisation's own policies.

    Example: ephor policies overrides --use-case customer_service
    """
    wanted = word(UseCase, use_case, "use case") if use_case else None
    found = context.obj.open(database).overrides.all(wanted)
    emit(found, lambda out: _print_list(out, found), json=json)


def _print(out: Console, one: PolicyOverride) -> None:
    policy = one.policy
    needs = one.status is OverrideStatus.PROPOSED
    fields(
        out,
        [
            ("policy", one.id),
            ("status", one.status.value.replace("_", " ")),
            ("looser in", listed(one.looser)),
            ("next", f"ephor policies sign-override {one.id} --as EXECUTIVE" if needs else ""),
            ("asked by", f"{one.requested_by}, {minute(one.requested_at)}"),
            ("decided by", f"{one.decided_by}, {minute(one.decided_at)}" if one.decided_at else ""),
            ("because", one.reason),
            ("risk level", policy.risk_level.value),
            ("a person agrees", "yes" if policy.requires_human_approval else "no"),
            ("autonomy up to", str(policy.max_autonomy_level)),
            ("data", listed(policy.data_sensitivity_allowed)),
            ("reviews", listed(policy.required_reviews)),
            ("people", ", ".join(f"{many} for {each.value}" for each, many in policy.quorum.items())),
            ("monitoring", policy.monitoring_level.value),
            ("records kept", f"{policy.retention_days} days at least"),
            ("digest", one.digest),
        ],
    )


def _print_list(out: Console, found: Sequence[PolicyOverride]) -> None:
    rows = [
        (
            one.id,
            one.status.value.replace("_", " "),
            listed(one.looser),
            one.requested_by,
            one.decided_by or "-",
        )
        for one in found
    ]
    unfolded(
        out, ("policy", "status", "looser in", "asked by", "decided by"), rows, empty="none: the guide's hold"
    )
