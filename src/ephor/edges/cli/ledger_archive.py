"""`ephor ledger chain`, and the forms in which the ledger is exported."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.plane import Engine
from ephor.engine.ports import MAIN
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.rooms.ledger import chain_file, tile

CHAIN = "chain.jsonl"
"""The name of a chain in a folder."""


class Format(StrEnum):
    """Forms in which the ledger leaves the plane."""

    TILES = "tiles"
    PARQUET = "parquet"
    CHAIN = "chain"


def export_as(
    format: Format, door: Door, engine: Engine, target: str, stream: str = MAIN
) -> Mapping[str, Any]:
    """Write the log of a stream to *target* and return what was written."""
    if format is Format.CHAIN:
        if stream != MAIN:
            raise InvalidInputError("a chain is a view of the main log; export a stream as tiles or Parquet")
        return _export_chain(door, engine, target)
    log = engine.ledger.of(stream)
    with progress(log.head().size, "exporting") as advance:
        if format is Format.TILES:
            head = log.export(_counted(door.bundle(target), advance))
        else:
            with door.archive(target) as write:
                head = log.export(_counted(write, advance))
    return {"folder": target, "format": format, "size": head.size, "root": head.root.hex(), "key": head.key}


@app.command("chain")
def show_chain(
    context: typer.Context,
    start: Annotated[
        int | None,
        typer.Option("--from", min=1, help="The first sequence number. Default: the newest links."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many links at most.")] = 20,
    verify: Annotated[
        str | None,
        typer.Option(
            "--verify", metavar="FILE", help="Check an exported chain, without a database.", callback=given
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--last", metavar="HASH", help="With --verify: the entry hash of a link you kept.", callback=given
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Show the ledger as a hash chain: sequence number, previous hash, entry hash.

    A chain shows that entries were changed, taken out or moved. That its end was cut, or that all of it was written anew, only
    a link you kept shows (--last). It never shows who wrote it; for that, verify a bundle.

    Example: ephor ledger chain --from 1 --limit 5
    """
    if verify is not None:
        _verify_file(context.obj, verify, last, json=json)
        return
    if last is not None:
        raise InvalidInputError("--last is compared with the links of a file; name it with --verify")
    links = context.obj.open(database).archives.chain(start, limit)
    if start is not None and not links:
        raise NotFoundError(f"there is no link {start}; leave --from out to see the newest")

    def human(out: Console) -> None:
        rows = [(one.sequence_number, one.previous_hash, one.entry_hash) for one in links]
        table(out, ("#", "previous hash", "entry hash"), rows, empty="no such link")

    emit(links, human, json=json)


def _verify_file(door: Door, file: str, last: str | None, *, json: bool) -> None:
    kept = None if last is None else _hash(last)
    try:
        anchor = chain_file.verify(door.read_lines(file, chain_file.MAX_LINE), last=kept)
    except VerificationError as error:
        number = error.facts["sequence_number"]
        told = {"holds": False, "sequence_number": number, "problem": str(error)}
        line = f"INVALID  {'' if number is None else f'sequence number {number}: '}{error}"
        emit(told, lambda out: out.print(line), json=json)
        raise typer.Exit(1) from None

    def human(out: Console) -> None:
        out.print(f"UNBROKEN  {anchor.log}  {anchor.sequence_number} entries  last link {anchor.entry_hash}")
        if kept is None:
            out.print("no --last was given: a cut end, or a chain written anew, goes unnoticed")

    emit({"holds": True, **asdict(anchor)}, human, json=json)


def _hash(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise InvalidInputError(f"`{text[:80]}` is no entry hash; write its 64 hexadecimal digits")
    return text.lower()


def _export_chain(door: Door, engine: Engine, target: str) -> Mapping[str, Any]:
    file = str(Path(target) / CHAIN) if Path(target).is_dir() else target
    with progress(engine.ledger.head().size, "exporting") as advance, door.new_file(file) as write:

        def keep(line: bytes) -> None:
            write(line)
            advance(1)

        anchor = engine.archives.export_chain(keep)
    return {
        "file": file,
        "format": Format.CHAIN,
        "log": anchor.log,
        "size": anchor.sequence_number,
        "entry_hash": anchor.entry_hash,
    }


def _counted(
    write: Callable[[str, bytes], None], advance: Callable[[int], None]
) -> Callable[[str, bytes], None]:
    """Return *write*, which also tells how many entries were written."""

    def counted(name: str, data: bytes) -> None:
        write(name, data)
        place = tile.parse_path(name)
        if place is not None and place[0] is None:
            advance(place[2])

    return counted


@contextmanager
def progress(total: int, doing: str) -> Iterator[Callable[[int], None]]:
    """Show how far something that takes long is, on a terminal's standard error; nowhere else."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        TextColumn(doing),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(doing, total=total)
        yield lambda done: shown.advance(task, done)
