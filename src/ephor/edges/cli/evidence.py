"""`ephor evidence`: recording that a thing was done for an agent, and listing what was recorded."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.evidence.kinds import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.evidence.record import Evidence

app = typer.Typer(
    name="evidence", help="Evidence about agents: recorded by people, dated, expiring.", no_args_is_help=True
)

_KINDS = ", ".join(kind.value for kind in EvidenceKind)


@app.command()
def add(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    kind: Annotated[str, typer.Option("--kind", help=f"What it shows: {_KINDS}.")],
    file: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--file", metavar="FILE", help="What shows it; its digest is kept, not the file."),
    ] = None,
    reference: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--reference", metavar="TEXT", help="Where it is kept, instead of a file."),
    ] = None,
    title: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--title", help="What to call it. Default: the file's name, or the reference."),
    ] = None,
    about: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--about", help="The model, person, article or need, where the kind asks for one."),
    ] = None,
    on: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--on", metavar="DATE", help="The day it was done. Default: today."),
    ] = None,
    expires: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--expires", metavar="DATE", help="The last day it counts. Default: the kind's longest."
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that a thing was done for an agent. Judgements on an agent are not recorded by its owner or author.

    Example: ephor evidence add support-assistant --kind incident_drill --file drill.pdf --expires 2027-06-30 --as ola
    """
    if file is not None and reference is not None:
        raise InvalidInputError("evidence is either a file or a reference; give exactly one of the two")
    found = context.obj.open(database).evidence.record(
        agent,
        word(EvidenceKind, kind, "kind of evidence"),
        title if title is not None else PurePath(file).name if file is not None else reference or "",
        by=person or context.obj.person,
        content=context.obj.read_bytes(file) if file is not None else None,
        reference=reference,
        about=about,
        on=day(on) if on else None,
        expires=day(expires) if expires else None,
    )
    emit(
        found,
        lambda out: out.print(
            f"{found.id}: {found.kind.value} of {found.agent}, counts through {found.expires}"
        ),
        json=json,
    )


@app.command("list")
def list_evidence(
    context: typer.Context,
    agent: Annotated[Optional[str], typer.Argument(help="Only evidence about this agent.")] = None,  # noqa: UP045
    json: Json = False,
    database: Database = None,
) -> None:
    """List evidence, the oldest first, expired evidence included.

    Example: ephor evidence list support-assistant
    """
    found = context.obj.open(database).evidence.all(agent)
    emit(found, lambda out: _print(out, found), json=json)


def _print(out: Console, found: Sequence[Evidence]) -> None:
    rows = [
        (one.id, one.agent, one.kind.value, one.about or "-", one.title, one.on, one.expires, one.recorded_by)
        for one in found
    ]
    columns = ("id", "agent", "kind", "about", "title", "done on", "counts through", "by")
    table(out, columns, rows, empty="no evidence yet")
