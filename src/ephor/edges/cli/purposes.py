"""`ephor purposes`: what each purpose serves, so that an opt-out reaches it."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.definitions import lines_of, listing, load_all
from ephor.edges.cli.fields import listed
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table

app = typer.Typer(
    name="purposes", help="Which purposes serve the sale or sharing of data.", no_args_is_help=True
)


@app.command()
def load(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A YAML or JSON file with `purposes:`; `-` reads standard input.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Say what the purposes in a file serve: `sale`, `sharing`, `targeted_advertising`, `sensitive_use`, or nothing.

    Example: ephor purposes load purposes.yaml
    """
    done = load_all(context, "purposes", file, database, person)
    emit(lines_of(done), lambda out: listing(out, "purpose", done), json=json)


@app.command("list")
def list_purposes(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the purposes and what they serve.

    Example: ephor purposes list
    """
    found = context.obj.open(database).purposes.all()
    rows = [(one.id, listed([each.value for each in one.serves])) for one in found]
    emit(found, lambda out: table(out, ("purpose", "serves"), rows, empty="no purposes"), json=json)


@app.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The purpose's name.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a purpose off the list; what its name says counts alone again.

    Example: ephor purposes remove partner-audiences
    """
    gone = context.obj.open(database).purposes.remove(name, by=person or context.obj.person)
    emit(gone, lambda out: out.print(f"purpose {gone.id} is not listed any more"), json=json)
