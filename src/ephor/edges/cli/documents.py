"""`ephor documents`: written from live facts, compared, approved by somebody else, exported, and when they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit, exact, table
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.documents.kinds import ALL, RULES, DocumentKind
from ephor.rooms.documents.model import gaps
from ephor.rooms.documents.questions import questions_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.engine.documents import SeenDocument
    from ephor.rooms.documents.record import DocumentVersion

app = typer.Typer(
    name="documents",
    help="Documents: drafted from live facts with their evidence, versioned, approved, due.",
    no_args_is_help=True,
)
Id = Annotated[str, typer.Argument(metavar="DOCUMENT", help="The version's id, doc_….")]
Kind = Annotated[str, typer.Argument(metavar="KIND", help="Which kind; see `ephor documents kinds`.")]
Text = Optional[str]  # noqa: UP045
FORMS = "markdown, html, json, pdf, docx"


@app.command()
def kinds(json: Json = False) -> None:
    """List the kinds of documents: what each is about, how often it is written anew, who may approve it.

    Example: ephor documents kinds
    """
    found = [
        {
            "kind": kind.value, "title": rule.title, "purpose": rule.purpose, "about": rule.about.value,
            "frequency": rule.frequency, "cite": rule.cite or None, "approvers": [one.value for one in rule.approvers],
            "questions": [one.key for one in questions_of(kind)],
        }
        for kind, rule in RULES.items()
    ]  # fmt: skip
    rows = [(one["kind"], one["title"], one["about"], one["frequency"], one["cite"] or "-") for one in found]
    emit(
        found,
        lambda out: table(out, ("kind", "title", "about one", "written anew", "under"), rows, empty=""),
        json=json,
    )


@app.command()
def questions(kind: Kind, json: Json = False) -> None:
    """Print what only a person can state in a kind of document, as a YAML file to fill in.

    Example: ephor documents questions technical_documentation > statements.yaml
    """
    asked = questions_of(word(DocumentKind, kind, "kind of document"))
    emit(asked, lambda out: out.print(_template(kind, asked)), json=json)


@app.command()
def draft(
    context: typer.Context,
    kind: Kind,
    subject: Annotated[str, typer.Argument(help="The agent, model or incident; `all` for the organisation.")] = ALL,
    statements: Annotated[
        Text, typer.Option("--statements", metavar="FILE", help="What a person states, in YAML; see `questions`.", callback=given)
    ] = None,
    since: Annotated[Text, typer.Option("--since", metavar="DATE", help="First day of an audit report.", callback=given)] = None,
    until: Annotated[Text, typer.Option("--until", metavar="DATE", help="Its last day. Default: today.", callback=given)] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:  # fmt: skip
    """Draft the next version of a document from the facts as they are now. What was stated before stays stated.

    Example: ephor documents draft system_description support-assistant --statements statements.yaml
    """
    door: Door = context.obj
    made = door.open(database).documents.draft(
        word(DocumentKind, kind, "kind of document"),
        subject,
        by=person or door.person,
        statements=door.read_yaml(statements) if statements else None,
        period=_period(since, until, door.today()),
    )
    emit(_brief(made), lambda out: _print(out, made), json=json)


@app.command("list")
def list_documents(
    context: typer.Context,
    subject: Annotated[
        Text, typer.Option("--subject", help="Only documents about it.", callback=given)
    ] = None,
    kind: Annotated[Text, typer.Option("--kind", help="Only documents of this kind.", callback=given)] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List every version, and whether a fact under it changed since.

    Example: ephor documents list --subject support-assistant
    """
    which = word(DocumentKind, kind, "kind of document") if kind else None
    found = context.obj.open(database).documents.all(subject=subject, kind=which)
    rows = [
        (one.document.id, one.document.kind.value, one.document.subject, one.document.version, one.document.status.value,
         one.document.open_points, _state(one))
        for one in found
    ]  # fmt: skip
    columns = ("document", "kind", "about", "version", "status", "open points", "up to date")
    emit(
        [_seen(one) for one in found],
        lambda out: table(out, columns, rows, empty="no documents yet"),
        json=json,
    )


@app.command()
def show(context: typer.Context, document: Id, json: Json = False, database: Database = None) -> None:
    """Show a version: who wrote and approved it, its open points, and what changed under it since.

    Example: ephor documents show doc_0198a0f1
    """
    seen = context.obj.open(database).documents.show(document)
    told = {
        **as_json(seen.document),
        "open_points": seen.document.open_points,
        "changed": seen.changed,
        "stale": seen.stale,
    }
    emit(told, lambda out: _details(out, seen), json=json)


@app.command()
def diff(
    context: typer.Context,
    old: Id,
    new: Annotated[
        Text, typer.Argument(metavar="[NEWER]", help="Another version. Default: the facts of now.")
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Say in words how two versions differ, or how one differs from what the facts say now.

    Example: ephor documents diff doc_0198a0f1 doc_0198a0f2
    """
    found = context.obj.open(database).documents.diff(old, new)
    told = [{**as_json(one), "told": one.told()} for one in found]
    emit(
        told, lambda out: out.print("\n".join(one.told() for one in found) or "they say the same"), json=json
    )


@app.command()
def approve(
    context: typer.Context,
    document: Id,
    note: Annotated[str, typer.Option("--note", help="What the approver adds.")] = "",
    with_open_points: Annotated[
        bool, typer.Option("--with-open-points", help="Approve though points are open; it is then evidence of nothing.")
    ] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:  # fmt: skip
    """Approve a draft that others wrote. Without open points it counts as evidence where the gate or a law asks for it.

    Example: ephor documents approve doc_0198a0f1 --as lena
    """
    door: Door = context.obj
    made = door.open(database).documents.approve(
        document, by=person or door.person, note=note, with_open_points=with_open_points
    )
    emit(_brief(made), lambda out: _print(out, made), json=json)


@app.command()
def withdraw(
    context: typer.Context,
    document: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why it counts no longer.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Withdraw a draft, or an approved version that must count no longer.

    Example: ephor documents withdraw doc_0198a0f1 --reason "it described another system"
    """
    door: Door = context.obj
    made = door.open(database).documents.withdraw(document, reason, by=person or door.person)
    emit(_brief(made), lambda out: _print(out, made), json=json)


@app.command()
def due(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", help="How many days to look ahead.")] = 30,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the documents that are missing, not approved, out of date or soon to be renewed, the earliest first.

    Example: ephor documents due --days 90
    """
    found = context.obj.open(database).documents.due(days)
    rows = [(one.due, one.title, one.subject, one.why.value, one.because, one.remedy) for one in found]
    columns = ("due", "document", "about", "why", "because", "next")
    emit(found, lambda out: table(out, columns, rows, empty="nothing is due"), json=json)


@app.command()
def export(
    context: typer.Context,
    document: Id,
    form: Annotated[str, typer.Option("--format", help=f"{FORMS}.")] = "markdown",
    output: Annotated[
        Text, typer.Option("--output", "-o", metavar="FILE", help="Write it into a new file.", callback=given)
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Export a version as it was kept: the same version gives the same bytes.

    Example: ephor documents export doc_0198a0f1 --format pdf --output system-description.pdf
    """
    from ephor.edges.documents.forms import TEXTS, written  # noqa: PLC0415 - only this command writes them

    door: Door = context.obj
    if output is None and form not in TEXTS and form in FORMS.split(", "):
        raise InvalidInputError(f"{form} is no text for a terminal; name a file with --output")
    kept = door.open(database).documents.show(document).document
    data = written(kept, form, door.set_pdf)
    if output is None:
        exact(data)
        return
    with door.new_file(output) as write:
        write(data)
    told = {"file": output, "format": form, "document": kept.id, "digest": kept.digest, "bytes": len(data)}
    emit(
        told,
        lambda out: out.print(f"{output}: {kept.title} of {kept.subject}, version {kept.version}"),
        json=json,
    )


def _period(since: str | None, until: str | None, today: date) -> tuple[date, date] | None:
    if since is None and until is None:
        return None
    if since is None:
        raise InvalidInputError("a time has a first day; name it with --since")
    return day(since), day(until) if until else today


def _template(kind: str, asked: Sequence[Any]) -> str:
    lines = [f"# What only a person can state in a {kind}. Leave out what does not apply."]
    for one in asked:
        cite = f" ({one.cite})" if one.cite else ""
        need = "" if one.required else "; may be left out"
        lines += [f"# {one.asks}{cite}{need}", f"{one.key}:"]
    return "\n".join(lines) if asked else f"# Nothing is stated in a {kind}."


def _brief(made: DocumentVersion) -> dict[str, Any]:
    """A version without what it says, which `show` and `export` tell."""
    found: dict[str, Any] = as_json(made)
    del found["sections"]
    found["open_points"] = made.open_points
    return found


def _seen(seen: SeenDocument) -> dict[str, Any]:
    return {**_brief(seen.document), "changed": seen.changed, "stale": seen.stale}


def _state(seen: SeenDocument) -> str:
    if seen.changed is None:
        return "-"
    return f"no: {seen.changed[0]}" if seen.changed else "yes"


def _print(out: Console, made: DocumentVersion) -> None:
    about = f"{made.title} of {made.subject}, version {made.version}"
    out.print(f"{made.id}: {about}, is {made.status.value}; open points: {made.open_points}")
    if made.approval is not None and made.approval.evidence:
        out.print(f"  recorded as evidence: {', '.join(made.approval.evidence)}")


def _details(out: Console, seen: SeenDocument) -> None:
    made = seen.document
    _print(out, made)
    out.print(f"  drafted by {made.drafted_by} on {made.drafted_at.date()}, entry {made.entry}")
    if made.approval is not None:
        out.print(
            f"  approved by {made.approval.by} on {made.approval.at.date()}, entry {made.approval.entry}"
        )
    out.print(f"  digest {made.digest}")
    for one in gaps(made.sections):
        out.print(f"  open in {one.number} {one.title}: {one.gap.text}; {one.gap.remedy}")
    for line in seen.changed or ():
        out.print(f"  changed since: {line}")
