"""`ephor packs`: the law as data."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ephor.edges.cli.options import Json
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door

app = typer.Typer(
    name="packs", help="The law as data: cited, dated, versioned, tested by cases.", no_args_is_help=True
)


@app.command("list")
def list_packs(context: typer.Context, json: Json = False) -> None:
    """List the packs that come with this version.

    Example: ephor packs list
    """
    door: Door = context.obj
    packs = [
        {
            "id": one.identity.id,
            "version": one.identity.version,
            "title": one.identity.title,
            "jurisdiction": one.identity.jurisdiction,
            "digest": one.digest,
        }
        for one in door.law.packs()
    ]

    def show(out: Console) -> None:
        rows = [
            (one["id"], one["version"], one["jurisdiction"], one["title"], one["digest"][:19] + "…")
            for one in packs
        ]
        table(out, ("id", "version", "where", "title", "digest"), rows, empty="no packs")

    emit(packs, show, json=json)


@app.command()
def test(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(help="A pack's name, or the path of its folder.")],
    json: Json = False,
) -> None:
    """Run a pack's own cases; exit 1 when one answers otherwise than written.

    Example: ephor packs test eu-ai-act
    """
    door: Door = context.obj
    results = door.law.test(pack)
    failed = [one for one in results if not one.passed]
    report = {
        "pack": pack,
        "cases": len(results),
        "failed": [{"case": one.name, "differences": list(one.differences)} for one in failed],
    }

    def show(out: Console) -> None:
        for one in failed:
            out.print(f"{one.name}: {'; '.join(one.differences)}")
        out.print(f"{len(results) - len(failed)} of {len(results)} cases answer as written")

    emit(report, show, json=json)
    if failed or not results:
        raise typer.Exit(1)
