"""`ephor init`: make a plane."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.options import Database, Json
from ephor.edges.cli.render import emit


def init(
    context: typer.Context,
    administrator: Annotated[
        str, typer.Option("--administrator", metavar="PERSON", help="The first administrator. Default: you.")
    ] = "",
    json: Json = False,
    database: Database = None,
) -> None:
    """Make a plane: database, signing key, first administrator. A plane that exists is checked, and left as it is.

    Example: ephor init --database sqlite:///ephor.db --administrator ada
    """
    engine = context.obj.open(database, create=True)
    engine.world.storage.check()
    person = engine.access.found(administrator or context.obj.person, administrator or context.obj.person)
    head = engine.world.storage.ledger.head()
    made = {
        "database": database or context.obj.database,
        "administrator": person.id,
        "log": head.origin,
        "key": head.key,
        "entries": head.size,
    }
    emit(
        made,
        lambda out: out.print(
            f"plane ready in {made['database']}\nadministrator: {person.id}\nlog: {head.origin}\n"
            f"public key, for your auditors: {head.key}"
        ),
        json=json,
    )
