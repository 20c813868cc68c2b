"""`ephor classify`: what the law makes of a system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ephor.edges.cli.options import As, AsOf, Database, Json
from ephor.edges.cli.render import emit
from ephor.edges.door import Door
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.regulation.classification import Category, Classification

_GRADES = {"unacceptable": 3, "high": 2, "needs_review": 2, "limited": 1, "minimal": 0, "out_of_scope": 0}


def classify(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|AGENT", help="A manifest, a file with `facts:`, `-`, or a registered agent's id."
        ),
    ],
    as_of: AsOf = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="CATEGORY", help="Exit 1 at this category or a stricter one."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Classify a system under the EU AI Act, as the law stands on a day. A registered agent's class is recorded.

    Unknown facts that could change the answer give `needs_review`; it never fails open, so --fail-on counts it as high.

    Example: ephor classify ephor.yaml --as-of 2027-12-02 --fail-on high
    """
    if fail_on is not None and fail_on not in _GRADES:
        raise InvalidInputError(f"unknown category `{fail_on}`; use one of: {', '.join(_GRADES)}")
    door: Door = context.obj
    on = day(as_of) if as_of else None
    if file == "-" or Path(file).is_file() or "/" in file or file.endswith((".yaml", ".yml", ".json")):
        found = _classify_file(door, file, on)
    else:
        found = door.open(database).regulation.classify_agent(file, by=person or door.person, on=on)
    emit(found.as_json(), lambda out: _print(out, found), json=json)
    if fail_on is not None and _GRADES[found.category.value] >= _GRADES[fail_on]:
        raise typer.Exit(1)


def _classify_file(door: Door, file: str, on: date | None) -> Classification:
    content = door.read_yaml(file)
    on = on or door.today()
    facts, role = _facts_of(content, file)
    return door.law.classify(facts, on, role=role)


def _facts_of(content: Mapping[str, Any], file: str) -> tuple[Mapping[str, object], str | None]:
    """Read only what classification needs: a draft of a manifest can be classified before it is complete."""
    facts = content.get("facts")
    if not isinstance(facts, Mapping):
        raise InvalidInputError(
            f"`{file}` states no facts; add a mapping `facts:`, see `ephor classify --help`"
        )
    role = content.get("operator_role")
    if "complete" in content:  # the questionnaire has it beside the facts; a manifest has it among them
        facts = {**facts, "complete": content["complete"]}
    return facts, role if isinstance(role, str) else None


def _print(out: Console, found: Classification) -> None:
    since = f", applies from {found.applies_from}" if found.applies_from else ""
    out.print(
        f"{found.category.value}{since} (as of {found.as_of}, pack {found.pack_id} {found.pack_version})"
    )
    if found.articles:
        out.print(f"because of: {', '.join(found.articles)}")
    for one in found.elements:
        if one.holds is not False:
            out.print(f"  {'yes' if one.holds else '?  '} {one.article}: {one.because}")
    if found.missing_facts:
        out.print(f"not stated, and it matters: {', '.join(found.missing_facts)}")
    for notice in found.notices:
        out.print(f"notice owed by the {notice.who} ({notice.article}): {notice.text}")
    owed = [one for one in found.obligations if one.owed is not False]
    if owed:
        out.print(
            f"obligations: {len(owed)}, in force: {sum(one.in_force for one in owed)}; --json lists them"
        )
    if found.category is Category.NEEDS_REVIEW and found.at_least:
        out.print(f"whatever the answers, at least: {found.at_least.value}")
