"""`ephor classify`: what the law makes of a system, and the words in which a system is described."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ephor.edges.cli.interview import interview, refuse_without_terminal
from ephor.edges.cli.interview_file import AnswerFile
from ephor.edges.cli.options import As, AsOf, Database, Json
from ephor.edges.cli.render import emit
from ephor.edges.door import Door
from ephor.engine.regulation import AI_ACT
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.regulation.classification import Category, Classification
from ephor.rooms.regulation.classify import USE_CASE
from ephor.rooms.regulation.facts import FactType
from ephor.rooms.regulation.owe import roles_of
from ephor.rooms.regulation.pack import Pack

_GRADES = {"unacceptable": 3, "high": 2, "needs_review": 2, "limited": 1, "minimal": 0, "out_of_scope": 0}
_WIDE = 80
_NEVER = "never minimal by omission: {names} must be stated, even where the facts say `complete: true`"


def classify(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|AGENT",
            help="A manifest, a file with `facts:`, `-`, or a registered agent's id. Not with --facts.",
        ),
    ] = None,
    as_of: AsOf = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="CATEGORY", help="Exit 1 at this category or a stricter one."),
    ] = None,
    facts: Annotated[
        bool, typer.Option("--facts", help="Print the facts that can be stated, and their words.")
    ] = False,
    ask: Annotated[
        bool,
        typer.Option(
            "--interview",
            help="Ask a person at the terminal what FILE leaves open, and write each answer into it at once.",
        ),
    ] = False,
    pack: Annotated[
        str | None,
        typer.Option(
            "--pack", metavar="PACK", help="Another pack than eu-ai-act: its name, or its folder's path."
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Classify a system under the EU AI Act on a day.

    A registered agent's class is recorded. Unknown facts that could change the answer give `needs_review`; it never
    fails open, so --fail-on counts it as high. --interview asks a person at a terminal only what still matters and writes
    each answer into FILE, new or begun; a class of an agent counts once a reviewer signed it off.

    Example: ephor classify ephor.yaml --as-of 2027-12-02 --fail-on high
    """
    door: Door = context.obj
    if fail_on is not None and fail_on not in _GRADES:
        raise InvalidInputError(f"unknown category `{fail_on}`; use one of: {', '.join(_GRADES)}")
    if ask and not facts and file is not None:
        _interview(door, file, as_of, pack or AI_ACT)
    if facts == (file is not None):
        raise InvalidInputError(
            "name a manifest, a file of facts or an agent; or ask for the words with --facts"
        )
    if file is None:
        law = door.law.shelf.load(pack or AI_ACT)
        emit(_vocabulary(law), lambda out: _print_vocabulary(out, law), json=json)
        return
    on = day(as_of) if as_of else None
    if file == "-" or Path(file).is_file() or "/" in file or file.endswith((".yaml", ".yml", ".json")):
        found = _classify_file(door, file, on, pack or AI_ACT)
    elif pack is not None:
        raise InvalidInputError("--pack goes with a file of facts; an agent's class is always the AI Act's")
    else:
        found = door.open(database).regulation.classify_agent(file, by=person or door.person, on=on)
    emit(found.as_json(), lambda out: _print(out, found), json=json)
    if fail_on is not None and _GRADES[found.category.value] >= _GRADES[fail_on]:
        raise typer.Exit(1)


def _interview(door: Door, file: str, as_of: str | None, pack: str) -> None:
    """Ask a person, and write each answer into the file at once; one that is there is gone on with."""
    refuse_without_terminal()
    answers = AnswerFile(door, file)
    if answers.stated:
        _say(f"{len(answers.stated)} facts of `{file}` stay as they are.")
    law = door.law.shelf.load(pack)
    role = answers.role if answers.role in roles_of(law) else None
    on = day(as_of) if as_of else door.today()
    try:
        interview(law, on, ask=_answer, say=_say, role=role, known=answers.stated, keep=answers.keep)
    except (KeyboardInterrupt, EOFError):
        if answers.is_there:
            _say(f"\nwhat was answered is in `{file}`; the same command goes on from there")
        raise
    answers.finish()


def _answer(question: str) -> str:
    """Questions go to standard error, so that the answer on standard output stays one document."""
    typer.echo(question, nl=False, err=True)
    return input()


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _classify_file(door: Door, file: str, on: date | None, pack: str) -> Classification:
    content = door.read_yaml(file)
    on = on or door.today()
    facts, role = _facts_of(content, file)
    known = roles_of(door.law.shelf.load(pack))
    return door.law.classify(facts, on, role=role if role in known or pack == AI_ACT else None, pack=pack)


def _facts_of(content: Mapping[str, Any], file: str) -> tuple[Mapping[str, object], str | None]:
    """Read only what classification needs: a draft of a manifest can be classified before it is complete."""
    facts = content.get("facts")
    if facts is None and "schema" not in content and USE_CASE in content:
        facts = {USE_CASE: content[USE_CASE]}  # a key of the guide stands for facts, and may stand alone
    if not isinstance(facts, Mapping):
        raise InvalidInputError(
            f"`{file}` states no facts; add a mapping `facts:`, see `ephor classify --facts`"
        )
    if "schema" not in content and USE_CASE in content:
        facts = {USE_CASE: content[USE_CASE], **facts}  # where no manifest's own use case is meant
    role = content.get("operator_role")
    if "complete" in content:  # the questionnaire has it beside the facts; a manifest has it among them
        facts = {**facts, "complete": content["complete"]}
    return facts, role if isinstance(role, str) else None


def _print(out: Console, found: Classification) -> None:
    since = f", applies from {found.applies_from}" if found.applies_from else ""
    _line(
        out, f"{found.category.value}{since} (as of {found.as_of}, pack {found.pack_id} {found.pack_version})"
    )
    if found.articles:
        _line(out, f"because of: {', '.join(found.articles)}")
    if found.category is Category.NEEDS_REVIEW and found.at_least:
        _line(out, f"whatever the answers, at least: {found.at_least.value}")
    for told in _waiting(found):
        _line(out, told)
    for one in found.elements:
        if one.holds:
            _line(out, f"  yes {one.article}: {one.because}", indent=6)
    for notice in found.notices:
        _line(out, f"notice owed by the {notice.who} ({notice.article}): {notice.text}")
    owed = [one for one in found.obligations if one.owed is not False]
    if owed:
        running = sum(one.in_force for one in owed)
        _line(out, f"obligations: {len(owed)}, in force: {running}; --json lists them")
    if unsettled := sum(one.holds is None for one in found.elements):
        said = "1 element is open" if unsettled == 1 else f"{unsettled} elements are open"
        _line(out, f"{said}; --json lists {'it' if unsettled == 1 else 'them'}")


def _waiting(found: Classification) -> Iterator[str]:
    """Say what keeps the answer open: facts nobody stated, and facts stated in words that the pack does not know."""
    silent = [name for name in found.missing_facts if name not in found.unlisted_facts]
    if silent:
        yield f"not stated, and it matters, first things first: {', '.join(silent)}"
    for name, words in found.unlisted_facts.items():
        said = ", ".join(f"`{word[:60]}`" for word in words)
        yield f"stated with a word the pack does not know: `{name}` is {said}; see ephor classify --facts"
    if found.never_omitted:
        yield _NEVER.format(names=", ".join(f"`{name}`" for name in found.never_omitted))


def _vocabulary(pack: Pack) -> dict[str, Any]:
    return {
        "pack": {"id": pack.identity.id, "version": pack.identity.version, "digest": pack.digest},
        "never_omitted": list(pack.least),
        "facts": [
            {
                "name": one.name,
                "type": one.kind.value,
                "means": one.means,
                "values": list(one.values),
                "open": one.open,
                "claim": one.claim,
            }
            for one in stateable(pack)
        ],
    }


def stateable(pack: Pack) -> list[FactType]:
    """Return the facts of *pack* that somebody can state, in the order worth asking."""
    return [one for one in pack.vocabulary.values() if not one.derived]


def _print_vocabulary(out: Console, pack: Pack) -> None:
    _line(out, f"facts of pack {pack.identity.id} {pack.identity.version}, in the order worth asking")
    _line(
        out,
        "open: another word is kept, but nothing follows from it; claim: an exception, not invoked unless stated",
    )
    _line(out, _NEVER.format(names=", ".join(f"`{name}`" for name in pack.least)))
    for one in stateable(pack):
        marks = [one.kind.value, *(["open"] if one.open else []), *(["claim"] if one.claim else [])]
        _line(out, f"{one.name} ({', '.join(marks)}): {one.means}", indent=4)
        if one.values:
            _line(out, f"    {', '.join(one.values)}", indent=4)


def _line(out: Console, text: str, *, indent: int = 2) -> None:
    """Print *text* within 80 columns, what goes on below indented."""
    width = min(out.width, _WIDE)
    out.print(
        textwrap.fill(
            text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
    )
