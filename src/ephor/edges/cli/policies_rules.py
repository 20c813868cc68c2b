"""`ephor policies check|load|shadow|activate|remove|rules`: the organisation's own rules, in Cedar."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.fields import fields, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.policies import app
from ephor.edges.cli.render import as_json, emit, exact
from ephor.engine.rules import check_text
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.check_rules import told
from ephor.rooms.policies.reading import format_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.engine.rules import Checked
    from ephor.rooms.policies.rule import RuleSet

File = Annotated[str, typer.Argument(metavar="FILE", help="Rules in Cedar, or - for standard input.")]
Name = Annotated[
    str | None,
    typer.Option(
        "--name", help="What the set is called. Default: the file's name, without its ending.", callback=given
    ),
]
Version = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="As in `ephor policies rules`.")]


@app.command()
def check(
    context: typer.Context,
    file: File,
    write: Annotated[bool, typer.Option("--write", help="Write the file anew, formatted.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --write would change; exits 1 if anything.")
    ] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """Find what is wrong with rules before they are loaded. Exits 1 where they would be refused.

    Agents, tools, roles and arguments are compared with those of the plane. Rules that can never match are found, and
    rules that another one makes needless.

    Example: ephor policies check refunds.cedar
    """
    text = read_rules_file(context.obj, file)
    checked = context.obj.open(database).rules.check(text)
    formatted = format_rules(text) if checked.passed or diff or write else text
    if diff:
        _show_difference(file, text, formatted)
        if formatted != text:
            raise typer.Exit(1)
        return
    if write and formatted != text:
        context.obj.replace_file(file, formatted.encode())
    document = {
        "file": file,
        "passed": checked.passed,
        "rules": len(checked.rules),
        "formatted": formatted == text or write,
        "findings": [asdict(one) for one in checked.findings],
    }
    emit(document, lambda out: _print_checked(out, file, checked), json=json)
    if not checked.passed:
        raise typer.Exit(1)


@app.command()
def load(
    context: typer.Context,
    file: File,
    name: Name = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Put rules in force, in place of the set's version before; every process decides by them at once.

    Beside the ceiling, a call then needs a rule that permits it, and none that forbids it. A permit never widens the ceiling.

    Example: ephor policies load refunds.cedar --as sam
    """
    text = read_rules_file(context.obj, file)
    by = person or context.obj.person
    put = context.obj.open(database).rules.load(name or _stem(file), text, by=by, where=file)
    emit(_document(put), lambda out: out.print(f"{put.id} is in force"), json=json)


@app.command()
def shadow(
    context: typer.Context,
    file: File,
    name: Name = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Evaluate rules beside those in force, without effect; each decision records what they would have answered.

    Example: ephor policies shadow refunds.cedar
    """
    text = read_rules_file(context.obj, file)
    by = person or context.obj.person
    put = context.obj.open(database).rules.shadow(name or _stem(file), text, by=by, where=file)
    emit(
        _document(put),
        lambda out: out.print(f"{put.id} is in shadow; see `ephor policies shadowed`"),
        json=json,
    )


@app.command()
def activate(
    context: typer.Context,
    version: Version,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Put a known version in force: one that was in shadow, or an earlier one.

    Example: ephor policies activate refunds@2 --as sam
    """
    put = context.obj.open(database).rules.activate(version, by=person or context.obj.person)
    emit(_document(put), lambda out: out.print(f"{put.id} is in force"), json=json)


@app.command()
def remove(
    context: typer.Context,
    version: Version,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Take a version out of force, or out of shadow. It is kept.

    Example: ephor policies remove refunds@2 --as sam
    """
    put = context.obj.open(database).rules.remove(version, by=person or context.obj.person)
    emit(_document(put), lambda out: out.print(f"{put.id} is removed"), json=json)


@app.command()
def rules(
    context: typer.Context,
    version: Annotated[
        str | None, typer.Argument(metavar="[NAME[@VERSION]]", help="Show one version with its text.")
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the sets of rules, or show one.

    Example: ephor policies rules refunds
    """
    known = context.obj.open(database).rules
    if version is None:
        found = known.all()
        emit([_document(one) for one in found], lambda out: _print_sets(out, found), json=json)
        return
    one = known.show(version)
    emit(as_json(one), lambda out: _print_set(out, one), json=json)


def read_rules_file(door: Door, file: str) -> str:
    """Return the text of a file of rules.

    Raises:
        InvalidInputError: it is not UTF-8, or holds a character that hides what is there.
    """
    try:
        text = door.read_bytes(file).decode("utf-8-sig").replace("\r\n", "\n")
        check_text(text)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"`{file}` is not UTF-8 text; write it anew in UTF-8") from error
    except InvalidInputError as error:
        raise InvalidInputError(f"`{file}`: {error}", **error.facts) from error
    return text


def _stem(file: str) -> str:
    if file == "-":
        raise InvalidInputError("rules from standard input have no name; give one with --name")
    return PurePath(file).stem.lower().replace(" ", "-")


def _document(one: RuleSet) -> dict[str, Any]:
    document: dict[str, Any] = as_json(one)
    return {key: value for key, value in document.items() if key != "text"}


def _show_difference(file: str, text: str, formatted: str) -> None:
    lines = difflib.unified_diff(
        text.splitlines(keepends=True), formatted.splitlines(keepends=True), file, f"{file} (formatted)"
    )
    exact("".join(lines).encode())


def _print_checked(out: Console, file: str, checked: Checked) -> None:
    for one in checked.findings:
        out.print(f"{file}:{one.line}: {'error' if one.refused else 'note'} {one.code}: {told(one)}")
    count = len(checked.rules)
    says = "can be loaded" if checked.passed else "would be refused"
    out.print(f"{file}: {count} {'rule' if count == 1 else 'rules'}, {says}")


def _print_sets(out: Console, found: Sequence[RuleSet]) -> None:
    rows = [(one.id, one.status.value, *_since(one), one.by, minute(one.at), one.digest) for one in found]
    unfolded(
        out,
        ("rules", "status", "by", "since", "loaded by", "at", "digest"),
        rows,
        empty="no rules: the ceiling alone decides",
    )


def _since(one: RuleSet) -> tuple[str, str]:
    """Return who gave it its status, and when; of a version from before that was kept, a dash where nobody knows."""
    return one.changed_by or "-", minute(one.changed_at) if one.changed_at else "-"


def _print_set(out: Console, one: RuleSet) -> None:
    fields(
        out,
        [
            ("rules", one.id),
            ("status", f"{one.status.value} by {_since(one)[0]}, since {_since(one)[1]}"),
            ("loaded by", one.by),
            ("at", minute(one.at)),
            ("digest", one.digest),
        ],
    )
    out.print("")
    out.print(one.text.rstrip())
