"""`ephor agents compliance`: what every law asks of an agent, and what of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.agents import app
from ephor.edges.cli.options import AsOf, Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.requirements.answer import Answer

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.requirements import Answered
    from ephor.rooms.requirements.answer import LawAnswer
    from ephor.rooms.requirements.guide import Checker, Line

_SAID = {True: "yes", False: "no", None: "not known"}
_BARS = ("not_met", "not_known")


@app.command()
def compliance(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The agent's id.")],
    as_of: AsOf = None,
    law: Annotated[
        list[str] | None,
        typer.Option("--law", metavar="PACK", help="Only this law: a pack's name or path. May be repeated."),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="ANSWER", help="Exit 1 if any is not_met; or not_known, or worse."),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Answer every obligation of every law for an agent: met, not met, not known or not applicable, and why.

    Answers rest on what is recorded: entries of the ledger, approvals, evidence that somebody independent added. What
    only the manifest says counts once reviewers approved it. A day to come shows what will apply then.

    Example: ephor agents compliance support-assistant --law gdpr --as-of 2027-12-02
    """
    if fail_on is not None and fail_on not in _BARS:
        raise InvalidInputError(f"unknown answer `{fail_on[:40]}`; use one of: {', '.join(_BARS)}")
    on = day(as_of) if as_of else None
    found = context.obj.open(database).requirements.check(id, as_of=on, laws=tuple(law or ()))
    emit(_told(found), lambda out: _print(out, found), json=json)
    if fail_on is not None and _fails(found, fail_on):
        raise typer.Exit(1)


def _fails(found: Answered, bar: str) -> bool:
    compliant = found.compliance.compliant
    return compliant is False or (bar == "not_known" and compliant is None)


def _told(found: Answered) -> dict[str, Any]:
    """Write the whole answer; of each law the counts as well, and no score."""
    told: dict[str, Any] = as_json(found.compliance)
    for written, law in zip(told["laws"], found.compliance.laws, strict=True):
        written["counts"] = {one.value: law.count(one) for one in Answer}
    told["checker"] = as_json(found.checker)
    return told


def _print(out: Console, found: Answered) -> None:
    answer = found.compliance
    out.print(f"{answer.agent} as of {answer.as_of}: compliant: {_SAID[answer.compliant]}")
    for law in answer.laws:
        _print_law(out, law)
    if found.checker is not None:
        _print_checker(out, found.checker)
    if answer.recommendations:
        out.print()
        out.print("what to do:")
        for one in answer.recommendations:
            out.print(f"  {one}")


def _print_law(out: Console, law: LawAnswer) -> None:
    out.print()
    out.print(f"{law.law} {law.version}: {law.because}")
    if law.category:
        because = f" because of {', '.join(law.articles)}" if law.articles else ""
        out.print(f"class {law.category}{because}")
    if law.applies is False:
        return
    if law.missing_facts:
        out.print(f"not stated: {', '.join(law.missing_facts)}")
    rows = [
        (one.id, one.cite, one.status.value.replace("_", " "), one.because)
        for one in law.obligations
        if one.status is not Answer.NOT_APPLICABLE
    ]
    table(out, ("obligation", "cite", "answer", "because"), rows, empty="nothing is owed")
    later = [one for one in law.obligations if one.prepared is not None]
    for one in later:
        out.print(f"  {one.id}: {one.because}; as things stand it is {str(one.prepared).replace('_', ' ')}")
    spared = law.count(Answer.NOT_APPLICABLE) - len(later)
    if spared:
        out.print(f"not applicable: {spared}; --json lists them with the reason")


def _print_checker(out: Console, found: Checker) -> None:
    out.print()
    out.print(f"EU AI Act, checked as the guide does: {_SAID[found.compliant]}; {found.reason}")
    _print_lines(out, "requirements of high risk", found.requirements)
    _print_lines(out, "transparency", found.transparency)


def _print_lines(out: Console, title: str, lines: tuple[Line, ...]) -> None:
    if lines:
        rows = [(one.title, one.cite, one.status.value.replace("_", " "), one.because) for one in lines]
        table(out, (title, "cite", "answer", "because"), rows, empty="")
