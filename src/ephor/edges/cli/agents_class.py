"""`ephor agents sign-class`: a reviewer signs off the class that an agent was placed in."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.agents import app
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit


@app.command("sign-class")
def sign_class(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The agent's id.")],
    category: Annotated[
        str,
        typer.Option(
            "--category", help="The class you sign: high, limited, minimal, out_of_scope, unacceptable."
        ),
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Sign off an agent's class under the AI Act; until a reviewer does, it does not count and no call is allowed.

    A review that approves the agent signs its class off too. Signing by itself is for a class that changed afterwards,
    because the law's pack did. Whoever owns the agent or wrote its manifest cannot sign.

    Example: ephor agents sign-class support-assistant --category limited --as leo
    """
    engine = context.obj.open(database)
    signed = engine.regulation.sign(id, category, by=person or context.obj.person)
    emit(
        signed,
        lambda out: out.print(f"{signed.id} is {signed.category}, signed off by {signed.signed_by}"),
        json=json,
    )
