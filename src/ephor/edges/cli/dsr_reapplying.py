"""`ephor dsr reapply`: after a data store came back from a backup, what had been erased in it is erased again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.dsr import Map, StoreUrls, app, opened_stores
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.dsr_reapplying import Reapplied


@app.command()
def reapply(
    context: typer.Context,
    map: Map,
    store: StoreUrls = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what came back.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Erase again what a store that came back from a backup holds of erasures carried out before.

    Example: ephor dsr reapply --map shop-map.yaml --store shop=sqlite:///restored-shop.db
    """
    data_map = context.obj.read_yaml(map)
    with opened_stores(context.obj.connect, store) as stores:
        engine = context.obj.open(database)
        found = engine.dsr_reapplying.reapply(
            data_map, stores, by=person or context.obj.person, dry_run=dry_run
        )
    emit(found, lambda out: _print(out, found, dry_run=dry_run), json=json)


def _print(out: Console, found: Sequence[Reapplied], *, dry_run: bool) -> None:
    rows = [
        (
            one.request,
            one.collection,
            one.rows,
            f"held: {one.held}" if one.held else "found" if dry_run else "erased again",
        )
        for one in found
    ]
    table(out, ("request", "collection", "rows", ""), rows, empty="nothing that was erased is there")
