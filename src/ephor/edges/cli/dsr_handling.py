"""`ephor dsr answer`, `confirm`, `fee` and `lift`: what people do about requests beside the stores."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.dsr import Id, app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit
from ephor.kernel.time import day


@app.command()
def answer(
    context: typer.Context,
    id: Id,
    said: Annotated[str, typer.Option("--said", help="What was done; no personal data.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Close a request that only a person can answer: an automated decision looked at again, an accounting of disclosures.

    Example: ephor dsr answer dsr_0190… --said "a member of staff decided anew and wrote to the person"
    """
    done = context.obj.open(database).dsr.answer(id, said, by=person or context.obj.person)
    emit(
        done,
        lambda out: out.print(f"certificate of {done.id}: {done.verified[0]}, entry {done.entry}"),
        json=json,
    )


@app.command()
def confirm(
    context: typer.Context,
    id: Id,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="DATE", help="The day the person was told. Default: today.", callback=given
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that the person was told that their request arrived, where the law asks for that (CCPA: 10 business days).

    Example: ephor dsr confirm dsr_0190… --on 2026-03-02
    """
    told = context.obj.open(database).dsr_tasks.confirm(
        id, day(on) if on else None, by=person or context.obj.person
    )
    late = (
        told.confirmed_on is not None and told.confirm_by is not None and told.confirmed_on > told.confirm_by
    )
    said = f"{told.id}: receipt confirmed on {told.confirmed_on}" + (
        f", after {told.confirm_by}" if late else ""
    )
    emit(told, lambda out: out.print(said), json=json)


@app.command()
def fee(
    context: typer.Context,
    id: Id,
    amount: Annotated[str, typer.Option("--amount", help="A number and its currency: `12.50 EUR`.")],
    ground: Annotated[
        str,
        typer.Option("--ground", help="manifestly_unfounded, excessive, further_copies, cost_of_copies, …"),
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a reasonable fee was asked for, on a ground of the law. The time does not stop for it.

    Example: ephor dsr fee dsr_0190… --amount "12.50 EUR" --ground further_copies
    """
    asked = context.obj.open(database).dsr.ask_fee(id, amount, ground, by=person or context.obj.person)
    emit(asked, lambda out: out.print(f"{asked.id}: {asked.fee}"), json=json)


@app.command()
def lift(
    context: typer.Context,
    id: Id,
    told: Annotated[str, typer.Option("--told", help="How and when the person was told; no personal data.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Lift the restriction that a request brought, after the person was told; agents may use their data again.

    Example: ephor dsr lift dsr_0190… --told "letter of 2 March: the address was checked and is right"
    """
    lifted = context.obj.open(database).dsr.lift(id, told, by=person or context.obj.person)
    emit(lifted, lambda out: out.print(f"{lifted.subject}: the restriction of {id} is lifted"), json=json)
