"""`ephor models import mlflow` and `huggingface`: versions taken over from elsewhere; nothing is approved by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.fields import fields, listed, unfolded
from ephor.edges.cli.models import Id, app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit
from ephor.kernel.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.models.imported import Candidate, Imported, ModelOrigin

imports = typer.Typer(name="import", help="Take models over from another registry.", no_args_is_help=True)
app.add_typer(imports)

With = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--with", metavar="FILE", help="What holds for each: owner, use_cases, validation_thresholds …"
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@imports.command("mlflow")
def from_mlflow(
    context: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE", help="A folder (mlruns), MLflow's SQLite file, or its server's address."
        ),
    ],
    only: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--only", metavar="NAME[/VERSION]", help="Only this model or version; repeat."),
    ] = None,
    more: With = None,
    dry_run: DryRun = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register the versions of an MLflow registry in development, with their runs' figures; stages and aliases are notes.

    A second import changes nothing. A version whose run, parameters or figures changed is refused, and so is everything with it.

    Example: ephor models import mlflow mlruns --with ours.yaml --dry-run
    """
    door: Door = context.obj
    found = door.read_mlflow(place)
    if only:
        named = [one for one in found if one.name in only or one.reference in only]
        if unknown := [name for name in only if not any(name in (one.name, one.reference) for one in found)]:
            raise NotFoundError(f"there is no `{unknown[0]}` there; there are: {_names(found)}")
        found = named
    if not found:
        raise NotFoundError("no version of a model is registered there")
    _import(door, found, more, dry_run, json, database, person)


@imports.command("huggingface")
def from_huggingface(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A model card: README.md with its front matter.")
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", help="What it is called. Default: as its figures say.", callback=given),
    ] = None,
    version: Annotated[
        Optional[str], typer.Option("--version", help="Default: from the file's digest.", callback=given)  # noqa: UP045
    ] = None,
    more: With = None,
    dry_run: DryRun = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register the model of a Hugging Face card in development, and keep what the card says as said by whoever imports it.

    Example: ephor models import huggingface README.md --name ranker --version 3
    """
    door: Door = context.obj
    _import(door, [door.read_huggingface(file, name, version)], more, dry_run, json, database, person)


@app.command()
def origin(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show where a version was imported from: what is fixed of it there, and what was noted.

    Example: ephor models origin churn@3
    """
    plane = context.obj.open(database)
    plane.models.show(id)
    kept = plane.model_imports.origin(id)
    if kept is None:
        raise NotFoundError(f"model `{id}` was registered here and not imported")
    emit(kept, lambda out: _print_origin(out, kept), json=json)


def _import(
    door: Door,
    found: Sequence[Candidate],
    more: str | None,
    dry_run: bool,
    json: bool,
    database: str | None,
    person: str | None,
) -> None:
    told = door.read_yaml(more) if more is not None else {}
    plane = door.open(database).model_imports
    does = plane.plan if dry_run else plane.run
    done = does(found, told, by=person or door.person)
    emit(done, lambda out: _print(out, done, dry_run=dry_run), json=json)


def _print(out: Console, done: Sequence[Imported], *, dry_run: bool) -> None:
    rows = [(one.model, one.what.value, f"{one.system} {one.reference}", listed(one.open)) for one in done]
    unfolded(out, ("model", "what", "from", "still open"), rows, empty="nothing")
    if dry_run:
        out.print("nothing was done; leave out --dry-run to do it")


def _print_origin(out: Console, kept: ModelOrigin) -> None:
    facts = [(f"fixed: {name}", value) for name, value in kept.fixed.items()]
    notes = [(f"note: {name}", value) for name, value in kept.notes.items()]
    fields(
        out,
        [("model", kept.id), ("from", f"{kept.system} {kept.reference}"), ("by", kept.by), *facts, *notes],
    )


def _names(found: Sequence[Candidate]) -> str:
    return listed(sorted({one.name for one in found})[:20])
