"""`ephor decide`: ask before acting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Sensitivity, word
from ephor.rooms.decisions.model import Call, Decision, Obligation, Outcome, Step


def decide(
    context: typer.Context,
    agent: Annotated[str, typer.Option("--agent", metavar="ID", help="The agent that wants to act.")],
    tool: Annotated[str, typer.Option("--tool", metavar="NAME", help="The tool it wants to call.")],
    arguments: Annotated[
        str, typer.Option("--arguments", metavar="JSON", help="The call's arguments, a JSON object.")
    ] = "{}",
    on_behalf_of: Annotated[
        str | None,
        typer.Option(
            "--on-behalf-of",
            metavar="DELEGATION",
            help="A delegation's id; name its --purpose too.",
            callback=given,
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject", help="The data subject the call touches; only a pseudonym is kept.", callback=given
        ),
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="What the data is used for.", callback=given)
    ] = None,
    sensitivity: Annotated[
        str | None,
        typer.Option("--sensitivity", help="Raises what the tool declares, never lowers it.", callback=given),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", help="The session the call belongs to, as its host names it.", callback=given
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="The model that asks, NAME@VERSION.", callback=given)
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Also show the path: each check, what it looked at, what it said; and the text of the rules that spoke.",
        ),
    ] = False,
    as_document: Json = False,
    database: Database = None,
) -> None:
    """Decide a call and record the decision: allow, ask or deny, with every reason.

    The exit code is 0 whatever the answer: a denial is an answer. Read `outcome`.

    Example: ephor decide --agent support-assistant --tool customer_lookup --arguments '{"id": 7}'
    """
    call = Call(
        agent=agent,
        tool=tool,
        arguments=read_arguments(arguments),
        on_behalf_of=on_behalf_of,
        subject=subject,
        purpose=purpose,
        sensitivity=word(Sensitivity, sensitivity, "sensitivity") if sensitivity else None,
        session=session,
        model=model,
    )
    decision = context.obj.open(database).decisions.decide(call, explain=explain)
    document = as_json(decision)
    if not explain:
        del document["path"], document["rules"]
    emit(document, lambda out: _print(out, decision, explain=explain), json=as_document)


def read_arguments(text: str) -> dict[str, Any]:
    """Read strictly: what two readers could read in two ways is not one call."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_int=_whole)
    except RecursionError:
        raise InvalidInputError("--arguments is nested too deep; flatten it") from None
    except ValueError as error:
        raise InvalidInputError(
            f"--arguments is not JSON: {error}; write an object such as '{{\"id\": 7}}'"
        ) from None
    if not isinstance(value, dict):
        raise InvalidInputError(
            f"--arguments is a JSON {type(value).__name__}; write an object such as '{{\"id\": 7}}'"
        )
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) < len(pairs):
        name = next(name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1)
        raise ValueError(f"`{name[:40]}` is there twice")
    return seen


_MOST_DIGITS = 1_233
"""Digits of the largest number that a call may carry (4,096 bits)."""


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(
            f"the number `{digits[:12]}…` has {len(digits.lstrip('-'))} digits, and at most {_MOST_DIGITS} are read: "
            "put it in quotes, as text"
        )
    return int(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no number")


def _print(out: Console, decision: Decision, *, explain: bool) -> None:
    out.print(f"{decision.outcome.value}  {decision.id}")
    for reason in decision.reasons:
        out.print(f"  {reason.outcome.value:5} {reason.code}: {reason.text}")
    for one in decision.obligations:
        out.print(f"  must  {_duty(one)}")
    for spoken in decision.rules if explain else ():
        out.print(f"  rule  {spoken.rule}, line {spoken.line}, {spoken.outcome.value}:")
        for line in spoken.text.split("\n"):
            out.print(f"        {line}")
    if decision.shadow is not None and decision.shadow.outcome is not decision.outcome:
        out.print(f"  with the rules in shadow: {decision.shadow.outcome.value}")
    if decision.approval and not decision.allowed:
        what = "waits for a person" if decision.outcome is Outcome.ASK else "what was asked"
        out.print(f"  {what}: ephor approvals show {decision.approval}")
    if decision.path:
        print_path(out, decision.path)
    out.print(f"recorded as {decision.entry}")


def _duty(one: Obligation) -> str:
    """Say what the caller must do, in the words of its kind."""
    if one.kind == "mask":
        shown = f", except {', '.join(one.reveal)}" if one.reveal else ""
        return f"mask personal data in the {one.where}{shown}"
    return {"log": "log what happens: ", "retain": "keep the record for "}.get(one.kind, "show: ") + one.text


def print_path(out: Console, path: Sequence[Step]) -> None:
    """Print how an answer came about, check by check."""
    out.print("how it came about:")
    for step in path:
        said = ", ".join(reason.code for reason in step.reasons) or "nothing against it"
        out.print(f"  {step.check}: {step.looked_at}")
        out.print(f"    {step.outcome.value}: {said}")
