"""`ephor dsr review`: rows that are somebody else's too are looked at by a person, who decides what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.dsr import Id, Map, StoreUrls, app, opened_stores
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.dsr_reviews import SharedRow

_SHORT = 12


@app.command()
def review(
    context: typer.Context,
    id: Id,
    map: Map,
    store: StoreUrls = None,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection", metavar="DATASET.TABLE", help="Whose rows to decide on.", callback=given
        ),
    ] = None,
    decision: Annotated[
        str | None,
        typer.Option(
            "--decision", help="act: deal with them like the person's own. keep: they stay.", callback=given
        ),
    ] = None,
    because: Annotated[str, typer.Option("--because", help="Why; no personal data.")] = "",
    row: Annotated[
        list[str] | None, typer.Option("--row", help="Only this one, by what the list calls it.")
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Show the rows of a request that are somebody else's too, or decide what becomes of them; then plan again.

    Example: ephor dsr review dsr_0190… --map shop-map.yaml --store shop=sqlite:///shop.db --collection shop.addresses
    --decision keep --because "a customer who stays lives there"
    """
    if (collection is None) != (decision is None) or (decision is None and (because or row)):
        raise InvalidInputError(
            "a decision takes --collection, --decision and --because; without them rows are shown"
        )
    data_map, by = context.obj.read_yaml(map), person or context.obj.person
    reviews = context.obj.open(database).dsr_reviews
    with opened_stores(context.obj.connect, store) as stores:
        if collection is None or decision is None:
            found = reviews.shared(id, data_map, stores, by=by)
            emit(found, lambda out: _print(out, found), json=json)
            return
        decided = reviews.decide(id, collection, decision, because, data_map, stores, by=by, rows=row or ())
    last = decided.reviews[-1]
    said = f"{len(last.rows)} rows of {last.collection}: {last.decision}; next: ephor dsr plan {id} --map … --store …"
    emit(decided, lambda out: out.print(said), json=json)


def _print(out: Console, found: Sequence[SharedRow]) -> None:
    rows = [
        (
            one.collection,
            one.row[:_SHORT],
            one.shared_with,
            one.decision or "waits",
            ", ".join(f"{name}={value}" for name, value in one.fields.items()),
        )
        for one in found
    ]
    table(
        out,
        ("collection", "row", "shared with", "decision", "fields"),
        rows,
        empty="no row is somebody else's too",
    )
