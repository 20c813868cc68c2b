"""`ephor dsr map`: a first data map of a database."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

import typer

from ephor.edges.cli.dsr import app
from ephor.edges.cli.options import Json, given
from ephor.edges.cli.render import console, emit, exact
from ephor.engine.dsr_mapping import SAMPLE, draft


@app.command("map")
def map_database(
    context: typer.Context,
    database: Annotated[str, typer.Argument(help="The store to look into: a URL, or a SQLite file.")],
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", help="Its name in the map. Default: the database's.", callback=given),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, help="Rows of each table that are looked at.")
    ] = SAMPLE,
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write it there.", callback=given)
    ] = None,
    json: Json = False,
) -> None:
    """Draft the data map of a database, in the dataset format of Fides, for a person to read and correct.

    Keys and references come from the database, categories from what is found in samples, and else from names. What
    nobody can tell beside a person's data is filed as personal. No value of a row is in the draft.

    Example: ephor dsr map shop.db --output shop-map.yaml
    """
    url = database if "://" in database else f"sqlite:///{database}"
    store = context.obj.connect(url)
    try:
        made = draft(store, dataset or PurePath(url.partition("?")[0]).stem.replace(".", "_"), rows=sample)
    finally:
        store.close()
    if json:
        emit(made.data_map, lambda _: None, json=True)
        return
    import yaml  # noqa: PLC0415 - only this needs to write it

    notes = "".join(f"# look at {' '.join(note.split())}\n" for note in made.notes)
    text = (notes + yaml.safe_dump(made.data_map, sort_keys=False, allow_unicode=True)).encode()
    if output is None:
        exact(text)
        return
    with context.obj.new_file(output) as write:
        write(text)
    console().print(f"{output}: {len(made.notes)} things to look at; read it before you use it")
