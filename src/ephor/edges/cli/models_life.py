"""`ephor models renew`, `deprecate` and `complete`: the less frequent steps of a model's life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.fields import listed
from ephor.edges.cli.models import Id, Reason, Until, app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit
from ephor.kernel.time import day
from ephor.rooms.models.complete import open_fields

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.rooms.models.model import ModelVersion


@app.command()
def renew(
    context: typer.Context,
    id: Id,
    reason: Reason,
    until: Until = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Give an approval anew, on the newest validation; an approval that has ended lets no call through.

    Example: ephor models renew shop-support-llm@2026-10 --reason "passes again" --as val
    """
    last = day(until) if until else None
    model = context.obj.open(database).models.renew(id, reason, by=person or context.obj.person, until=last)
    emit(model, lambda out: out.print(f"{id} is approved through {model.approved_until}"), json=json)


@app.command()
def deprecate(
    context: typer.Context,
    id: Id,
    reason: Reason,
    successor: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--successor", metavar="NAME@VERSION", help="What takes its place.", callback=given),
    ] = None,
    until: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--until", metavar="DATE", help="The last day of use. Default: none, it ends at once."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Deprecate a model in production: name its successor and the last day on which it may still be used.

    Example: ephor models deprecate shop-support-llm@2026-10 --successor shop-support-llm@2027-01 --until 2027-03-31 --reason "replaced"
    """
    last = day(until) if until else None
    model = context.obj.open(database).models.deprecate(
        id, reason, by=person or context.obj.person, successor=successor, until=last
    )
    emit(model, lambda out: _deprecated(out, model), json=json)


@app.command()
def complete(
    context: typer.Context,
    id: Id,
    file: Annotated[str, typer.Argument(help="The open fields, YAML or JSON, as in a registration.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Fill in what an import left open of a registration: each field once, and before anything was measured.

    Example: ephor models complete churn@3 open.yaml
    """
    model = context.obj.open(database).models.complete(
        id, context.obj.read_yaml(file), by=person or context.obj.person
    )
    still = listed(open_fields(model))
    emit(model, lambda out: out.print(f"{id}: still open: {still}"), json=json)


def _deprecated(out: Console, model: ModelVersion) -> None:
    told = model.deprecation
    assert told is not None  # noqa: S101 - it was just put there
    use = f"used through {told.until}" if told.until else "used no more"
    out.print(f"{model.id} is deprecated; {use}; successor: {told.successor or 'none named'}")
