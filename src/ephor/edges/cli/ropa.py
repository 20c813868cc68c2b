"""`ephor ropa`: the record of processing activities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import as_json, emit, table

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.ropa import RopaView

app = typer.Typer(
    name="ropa", help="Records of processing activities (GDPR Article 30).", no_args_is_help=True
)


@app.command()
def register(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A YAML or JSON file with one record.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register a record of processing, or its next version, and name what it lacks.

    Example: ephor ropa register support.ropa.yaml
    """
    view = context.obj.open(database).ropa.register(
        context.obj.read_yaml(file), by=person or context.obj.person
    )
    emit(view, lambda out: _summary(out, view), json=json)


@app.command("list")
def list_records(
    context: typer.Context,
    agent: Annotated[
        str | None,
        typer.Option("--agent", help="Only what this agent carries out."),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the records of processing.

    Example: ephor ropa list --agent support-assistant
    """
    views = context.obj.open(database).ropa.records(agent)
    rows = [
        (
            one.record.id,
            one.record.name,
            one.record.legal_basis or "not said",
            "yes" if one.complete else f"{len(one.missing)} missing",
        )
        for one in views
    ]
    emit(
        views,
        lambda out: table(out, ("id", "name", "legal basis", "complete"), rows, empty="no records yet"),
        json=json,
    )


@app.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The record's id.")],
    json: Json = False,
    database: Database = None,
) -> None:
    """Show one record of processing and what it lacks.

    Example: ephor ropa show customer-support
    """
    view = context.obj.open(database).ropa.show(id)
    emit(view, lambda out: _details(out, view), json=json)


def _summary(out: Console, view: RopaView) -> None:
    out.print(
        f"{view.record.id} version {view.record.version} is {'complete' if view.complete else 'not complete'}"
    )
    for gap in view.missing:
        out.print(f"  missing: {gap}")


def _details(out: Console, view: RopaView) -> None:
    _summary(out, view)
    rows = [(name, said(value)) for name, value in as_json(view.record).items() if value or value is False]
    table(out, ("field", "value"), rows, empty="")


def said(value: Any) -> str:
    """Return a field of a record as people read it; one that nobody filled in says so."""
    if value is None:
        return "not said"
    if isinstance(value, Mapping):
        return "; ".join(
            f"{name}: {said(one)}" for name, one in value.items() if one not in (None, "", [], {})
        )
    if isinstance(value, list | tuple):
        return "; ".join(map(said, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
