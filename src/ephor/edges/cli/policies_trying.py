"""`ephor policies test|diff|shadowed|import`: rules tried before they count, and rules of another engine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated
from xml.sax.saxutils import quoteattr

import typer

from ephor.edges.cli.fields import unfolded
from ephor.edges.cli.options import Database, Json, beginning, given
from ephor.edges.cli.policies import app
from ephor.edges.cli.policies_rules import File, read_rules_file
from ephor.edges.cli.render import emit, exact
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.cases import read_cases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from ephor.engine.plane import Engine
    from ephor.engine.trying import ShadowReport
    from ephor.rooms.policies.cases import CaseResult
    from ephor.rooms.policies.foreign import Translated
    from ephor.rooms.policies.replay import Compared, Recorded

Cases = Annotated[
    str | None,
    typer.Option(
        "--cases",
        metavar="FILE",
        help="The cases. Default: FILE.cases.yaml beside the rules.",
        callback=given,
    ),
]
Which = Annotated[str, typer.Argument(metavar="RULES", help="A file, or NAME@VERSION of a loaded set.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="How many of the newest decisions.")
]


@app.command()
def test(
    context: typer.Context,
    file: File,
    cases: Cases = None,
    junit: Annotated[
        str | None,
        typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML too.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Answer cases from a file by the rules alone, without the ceiling. Exits 1 where one answers otherwise than it says.

    Example: ephor policies test refunds.cedar
    """
    text = read_rules_file(context.obj, file)
    beside = cases or str(PurePath(file).with_suffix(".cases.yaml"))
    read = read_cases(context.obj.read_yaml(beside))
    results = context.obj.open(database).trying.test(text, read, where=file)
    if junit is not None:
        with context.obj.new_file(junit) as out:
            out(_junit(file, results).encode())
    passed = all(one.passed for one in results)
    document = {"file": file, "cases": beside, "passed": passed, "results": [asdict(one) for one in results]}
    emit(document, lambda out: _print_results(out, results), json=json)
    if not passed:
        raise typer.Exit(1)


@app.command()
def diff(
    context: typer.Context,
    old: Which,
    new: Which,
    cases: Annotated[
        str | None,
        typer.Option("--cases", metavar="FILE", help="Cases instead of recorded calls.", callback=given),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only calls since then: a day, or 7d.", callback=given),
    ] = None,
    limit: Limit = 10_000,
    json: Json = False,
    database: Database = None,
) -> None:
    """Replay recorded calls against two versions of rules, and list those whose answer flips.

    Arguments are kept for calls that name a data subject alone. Where an answer depends on what the record does not hold, it
    is not known, and listed as such.

    Example: ephor policies diff refunds@1 refunds.cedar --since 7d
    """
    plane = context.obj.open(database)
    before, after = _text(context, plane, old), _text(context, plane, new)
    if cases is not None:
        found = plane.trying.diff_cases(before, after, read_cases(context.obj.read_yaml(cases)))
    else:
        found = plane.trying.diff(before, after, limit=limit, since=_since(plane, since))
    emit(asdict(found), lambda out: _print_compared(out, found), json=json)


@app.command()
def shadowed(
    context: typer.Context, limit: Limit = 10_000, json: Json = False, database: Database = None
) -> None:
    """List decisions that the rules in shadow would have answered otherwise.

    Example: ephor policies shadowed --limit 1000
    """
    report = context.obj.open(database).trying.shadowed(limit=limit)
    emit(asdict(report), lambda out: _print_shadowed(out, report), json=json)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A policy of agent-governance-toolkit, in YAML.")
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help="Where to write the rules. Default: print them.", callback=given
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=NAME", help="What a field is here; may be repeated."),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Translate policies of Microsoft's agent-governance-toolkit into Cedar, rule by rule; nothing is loaded.

    A rule that its engine silently ignores or reads wrongly is translated as it is written, and told of. One that has no
    meaning here is refused, with its line.

    Example: ephor policies import policy.yaml --out policy.cedar
    """
    document, lines = context.obj.read_placed(file)
    own = dict(_pair(one) for one in map_ or [])
    translated = context.obj.open(database).trying.translate(document, own=own, where=file, lines=lines)
    if out is not None:
        with context.obj.new_file(out) as write:
            write(translated.text.encode())
    report = {
        "file": file,
        "rules": [asdict(one) for one in translated.rules],
        "cedar": translated.text,
        "written": out,
    }
    emit(report, lambda screen: _print_translated(screen, translated, out), json=json)


def _pair(text: str) -> tuple[str, str]:
    field, sign, name = text.partition("=")
    if not (field and sign and name):
        raise InvalidInputError(f"`{text[:80]}` is no pair; write it like user.role=role")
    return field, name


def _text(context: typer.Context, plane: Engine, which: str) -> str:
    """Return the text of a loaded version, or of a file."""
    if "@" in which and not which.endswith(".cedar"):
        return plane.rules.show(which).text
    return read_rules_file(context.obj, which)


def _since(plane: Engine, text: str | None) -> datetime | None:
    if text is None:
        return None
    from datetime import datetime  # noqa: PLC0415

    begun = beginning(text)
    return begun if isinstance(begun, datetime) else plane.world.clock.now() - begun


def _print_results(out: Console, results: Sequence[CaseResult]) -> None:
    for one in results:
        out.print(f"{'passed' if one.passed else 'FAILED'}  {one.name}: {one.fault or one.answer}")
        for text in one.said if not one.passed else ():
            out.print(f"          {text}")
    failed = sum(not one.passed for one in results)
    out.print(f"{len(results)} cases, {failed} failed" if failed else f"{len(results)} cases, all passed")


def _print_compared(out: Console, found: Compared) -> None:
    out.print(
        f"{found.calls} calls: {found.same} answered alike, {len(found.flips)} flip, {len(found.not_known)} not known"
    )
    for one in found.flips:
        then = f"; it was answered {one.recorded} then" if one.recorded else ""
        out.print(f"{one.old} -> {one.new}  {one.entry}  {one.agent} {one.tool}{then}{_otherwise(one)}")
        for text in one.new_said:
            out.print(f"    {text}")
    for one in found.not_known:
        out.print(f"not known  {one.entry}  {one.agent} {one.tool}: {one.not_known}")


def _otherwise(one: Recorded) -> str:
    """Name what stood against the call besides rules: then no rule changes its answer."""
    others = [code for code in one.reasons if not code.startswith(("rule-", "no-rule", "argument-type"))]
    others = [code for code in dict.fromkeys(others) if code not in ("allowed", "approved-by-person")]
    return f", for {', '.join(others)} too" if others else ""


def _print_shadowed(out: Console, report: ShadowReport) -> None:
    rows = [
        (one.entry, one.agent, one.tool, one.outcome, one.shadow, ", ".join(one.reasons))
        for one in report.changed
    ]
    unfolded(
        out,
        ("entry", "agent", "tool", "in force", "in shadow", "reasons"),
        rows,
        empty="no answer would have been another",
    )
    out.print(f"{report.evaluated} of the newest {report.decisions} decisions were made with rules in shadow")


def _print_translated(out: Console, translated: Translated, written: str | None) -> None:
    if written is None:
        exact(translated.text.encode())
        return
    for one in translated.rules:
        out.print(f"{one.name}: {one.outcome}{': ' + one.note if one.note else ''}")
    out.print(f"written to {written}; look it through, then `ephor policies check {written}`")


def _junit(file: str, results: Sequence[CaseResult]) -> str:
    """Return the results as JUnit XML, which build servers read."""
    cases = []
    for one in results:
        fault = "" if one.passed else f"<failure message={_attribute(one.fault)}/>"
        cases.append(
            f"  <testcase classname={_attribute(file)} name={_attribute(one.name)}>{fault}</testcase>\n"
        )
    failed = sum(not one.passed for one in results)
    head = f'<testsuite name={_attribute(file)} tests="{len(results)}" failures="{failed}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{"".join(cases)}</testsuite>\n'


def _attribute(text: str) -> str:
    return quoteattr("".join(one if one.isprintable() else "?" for one in text))
