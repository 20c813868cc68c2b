"""`ephor ledger coverage|open-acts|sources`: what was never logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer
from rich.console import Console

from ephor.edges.cli.ledger import app
from ephor.edges.cli.options import As, Database, Json, beginning, ending, given, lasting
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.engine.coverage import CoverageReport, OpenActs, Row
from ephor.engine.sources import Heard
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth
from ephor.kernel.vocabulary import word
from ephor.rooms.ledger.rhythm import spoken


class FailOn(StrEnum):
    """When a report of coverage is a no."""

    MISSING = "missing"
    SUSPICIOUS = "suspicious"
    UNKNOWN = "unknown"


sources = typer.Typer(
    name="sources",
    help="Where events come from, how far each source has counted, and which must be heard.",
    invoke_without_command=True,
)
app.add_typer(sources)
_Agent: TypeAlias = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="One agent only.", callback=given)
]
_Reporter: TypeAlias = Annotated[
    str | None,
    typer.Option("--reporter", metavar="PERSON", help="Who hands it in. Default: who acts.", callback=given),
]


@app.command()
def coverage(
    context: typer.Context,
    regulation: Annotated[
        str,
        typer.Option(
            "--regulation", help="A pack in any spelling, HIPAA or PCI DSS; or a folder.", callback=given
        ),
    ],
    agent: _Agent = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE|7d", help="Default: the beginning.", callback=given)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Default: now.", callback=given)
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="missing|suspicious|unknown",
            help="Exit 1 where an event never came; at a suspicious silence, or where nobody acted; also where it is not known.",
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Tell which events a law demands, whether they arrive, and whether the silence of those that do not is suspicious.

    An answer is yes, no or not known, and says why. Times are those at which the ledger took the entries.

    Example: ephor ledger coverage --regulation HIPAA --agent support-assistant --since 7d
    """
    bar = None if fail_on is None else word(FailOn, fail_on, "--fail-on")
    found = context.obj.open(database).coverage.report(
        regulation,
        agent=agent,
        since=beginning(since) if since else None,
        until=ending(until) if until else None,
    )
    emit(found, lambda out: _print_coverage(out, found), json=json)
    if bar is not None and _is_no(found, bar):
        raise typer.Exit(1)


@app.command("open-acts")
def open_acts(
    context: typer.Context,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="TIME", help="Begun longer ago than this.", callback=given)
    ] = "10m",
    agent: _Agent = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the tools that were invoked and of which nobody recorded what came: neither completed nor failed.

    Example: ephor ledger open-acts --older-than 1h
    """
    found = context.obj.open(database).coverage.open_acts(older_than=lasting(older_than), agent=agent)
    emit(found, lambda out: _print_acts(out, found), json=json)


@sources.callback()
def list_sources(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the sources that hand in events: how far each has counted, what never arrived, and which is overdue.

    Example: ephor ledger sources
    """
    if context.invoked_subcommand is None:
        found = context.obj.open(database).sources.list()
        emit(found, lambda out: _print_sources(out, found), json=json)
    elif json or database:
        raise InvalidInputError(f"write --json and --database after `{context.invoked_subcommand}`")


@sources.command()
def expect(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source's name, as its events give it.")],
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="The longest it may be silent.", callback=given)
    ],
    reporter: _Reporter = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Declare that something must arrive from a source at least every so often: any event, or a `source.heartbeat`.

    Example: ephor ledger sources expect gateway --every 5m --as ola
    """
    door: Door = context.obj
    found = door.open(database).sources.expect(
        name, lasting(every), by=person or door.person, reporter=reporter
    )
    told = f"`{found.name}` of {found.reporter} must be heard every {_length(found.every_seconds)}"
    emit(found, lambda out: out.print(told), json=json)


@sources.command()
def release(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source's name.")],
    reporter: _Reporter = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Declare that a source need not be heard any more. Its counter stays where it is.

    Example: ephor ledger sources release gateway --as ola
    """
    door: Door = context.obj
    found = door.open(database).sources.release(name, by=person or door.person, reporter=reporter)
    emit(found, lambda out: out.print(f"`{found.name}` of {found.reporter} need not be heard"), json=json)


def _is_no(found: CoverageReport, bar: FailOn) -> bool:
    if bar is FailOn.MISSING:
        return bool(found.missing)
    if bar is FailOn.SUSPICIOUS:
        # Nobody acted, or nobody logged it: where nothing could be judged, nothing was found innocent.
        return found.suspicious is True or found.acts == 0
    return found.suspicious is not False


def _print_coverage(out: Console, found: CoverageReport) -> None:
    whose = f"agent {found.agent}" if found.agent else "everybody"
    begin = _day(found.since) if found.since else "the beginning"
    out.print(f"{found.regulation} {found.pack_version}, {whose}, from {begin} to {_day(found.until)}")
    out.print(f"{found.looked_at} entries, {found.acts} of them acts of agents\n")
    rows = [
        (
            one.kind,
            one.count,
            _day(one.first),
            _day(one.last),
            _length(one.longest_pause_seconds),
            _said(one.suspicious),
            f"{one.cite} ({one.basis.value}, {one.verified.value})",
        )
        for one in found.demands
    ]
    columns = ("event", "count", "first", "last", "longest pause", "suspicious", "cite")
    table(out, columns, rows, empty="nothing is demanded")
    out.print("")
    for one in found.demands:
        out.print(f"{one.kind}: {_said(one.suspicious)}: {'; '.join(_reasons(one))}")
    for sign in found.signs:
        out.print(f"{sign.name}: {_said(sign.suspicious)}: {sign.because}")
    out.print(f"never seen: {', '.join(found.missing) or 'none'}")


def _reasons(one: Row) -> list[str]:
    told = list(one.because)
    if others := [f"{count} as {kind}" for kind, count in one.seen_as.items() if kind != one.kind]:
        told.append(f"seen {', '.join(others)}")
    if one.applies_from is not None:
        told.append(f"demanded from {one.applies_from}")
    return told


def _print_acts(out: Console, found: OpenActs) -> None:
    rows = [
        (_day(one.at), one.actor, one.tool or "", one.entry, one.reported_by or "") for one in found.oldest
    ]
    table(out, ("begun", "actor", "tool", "entry", "reported by"), rows, empty="none is open")
    on_word = f", {found.ended_on_word} of them on somebody's word" if found.ended_on_word else ""
    longer = _length(int(found.older_than.total_seconds()))
    out.print(
        f"{found.invoked} invoked, {found.ended} ended{on_word}, {found.open} open for longer than {longer}"
    )


def _print_sources(out: Console, found: Sequence[Heard]) -> None:
    rows = [
        (
            one.name,
            one.reporter,
            one.last,
            f"{one.missing} (gaps: {one.jumps})" if one.jumps else "none",
            _day(one.seen_at),
            _length(one.every_seconds),
            _length(one.overdue_seconds) if one.overdue else "" if one.overdue is None else "no",
        )
        for one in found
    ]
    columns = ("source", "reporter", "last", "missing", "last seen", "expected every", "overdue by")
    table(out, columns, rows, empty="no source has counted, and none is expected")


def _said(truth: Truth) -> str:
    return "not known" if truth is None else "yes" if truth else "no"


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _length(seconds: int | None) -> str:
    return "" if seconds is None else spoken(timedelta(seconds=seconds))
