"""`ephor export`: what the plane knows, in forms that other people's tools read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from ephor.edges.cli.options import AsOf, Database, Json, ending, given
from ephor.edges.cli.render import emit, exact
from ephor.edges.door import Door
from ephor.engine.exports import OscalDocument
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.kernel.time import day

app = typer.Typer(
    name="export", help="Registers, answers and the ledger, in standard forms.", no_args_is_help=True
)

Agents = Annotated[
    list[str] | None,
    typer.Option(
        "--agent", metavar="ID", help="Only this agent. May be repeated. Default: all.", callback=None
    ),
]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write it into this new file.", callback=given),
]


@app.command()
def oscal(
    context: typer.Context,
    document: Annotated[
        str | None,
        typer.Option(
            "--document",
            metavar="NAME",
            help="component-definition, assessment-results or plan-of-action-and-milestones (or poam).",
            callback=given,
        ),
    ] = None,
    agent: Agents = None,
    law: Annotated[
        list[str] | None,
        typer.Option("--law", metavar="PACK", help="Only this law, and the checklists. May be repeated."),
    ] = None,
    as_of: AsOf = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A new file for the one document; without --document, a new folder for all of them.",
            callback=given,
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export OSCAL 1.2.1: agents as components, what is asked of them and answered, and what is to be done.

    Satisfied is only what is met on recorded evidence; what is not known is not satisfied, and says so. With a folder,
    the catalogs of the packs are written as well, which the documents point to. Without one, the document is printed:
    the component definition unless another is named.

    Example: ephor export oscal -o oscal
    """
    door: Door = context.obj
    wanted = _document(document)
    made = door.open(database).exports.oscal(
        version("ephor"), agents=agent or (), laws=law or (), as_of=day(as_of) if as_of else None
    )
    if wanted is None and output is not None:
        write = door.bundle(output)
        for name, content in made.files.items():
            write(name, _written(content))
        told = {"folder": output, "files": list(made.files), "missing": dict(made.missing)}
        emit(told, lambda out: _print_folder(out, told), json=json)
        return
    one = wanted or OscalDocument.COMPONENTS
    if (why := made.missing.get(one.value)) is not None:
        raise NotFoundError(f"there is no {one.value}: {why}")
    _deliver(door, made.files[f"{one}.json"], output, json=json)


@app.command()
def cyclonedx(
    context: typer.Context,
    agent: Agents = None,
    output: Output = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export a CycloneDX 1.6 bill of materials: agents, models with their cards, tools as services, data.

    Example: ephor export cyclonedx -o bom.json
    """
    door: Door = context.obj
    made = door.open(database).exports.cyclonedx(version("ephor"), agents=agent or ())
    _deliver(door, made, output, json=json)


@app.command()
def ocsf(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only what happened from then on.", callback=given),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only what happened before.", callback=given)
    ] = None,
    after: Annotated[
        int,
        typer.Option(
            "--after", min=0, help="Leave out so many entries from the beginning: those you have already."
        ),
    ] = 0,
    output: Output = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export the ledger as OCSF 1.8 events, a JSON line each, for a SIEM.

    Data subjects stay pseudonyms, sealed payloads stay sealed, and what looks like personal data in free words is masked.
    People who use the plane are named. Each event holds its entry's id, position and leaf hash.

    Example: ephor export ocsf --after 1000 -o events.jsonl
    """
    door: Door = context.obj
    exports = door.open(database).exports
    when = (ending(since) if since else None, ending(until) if until else None)
    if output is None:
        exports.ocsf(version("ephor"), exact, since=when[0], until=when[1], after=after)
        return
    with door.new_file(output) as write:
        count = exports.ocsf(version("ephor"), write, since=when[0], until=when[1], after=after)
    told = {"file": output, "events": count, "schema": "1.8.0"}
    emit(told, lambda out: out.print(f"{output}: {count} events"), json=json)


def _document(name: str | None) -> OscalDocument | None:
    if name is None:
        return None
    if name == "poam":
        return OscalDocument.PLAN
    if name not in list(OscalDocument):
        raise InvalidInputError(f"`{name[:40]}` is no OSCAL document; use one of: {', '.join(OscalDocument)}")
    return OscalDocument(name)


def _written(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def _deliver(door: Door, content: Mapping[str, Any], output: str | None, *, json: bool) -> None:
    """Print the document, or write it and say so."""
    if output is None:
        exact(_written(content))
        return
    with door.new_file(output) as write:
        write(_written(content))
    emit({"file": output}, lambda out: out.print(output), json=json)


def _print_folder(out: Console, told: Mapping[str, Any]) -> None:
    out.print(f"{told['folder']}: {', '.join(told['files'])}")
    for name, why in told["missing"].items():
        out.print(f"no {name}: {why}")
