"""`ephor models describe`, `statements` and `card`: what people say about a model, and its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.fields import listed, minute
from ephor.edges.cli.models import Id, app
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit, exact, table
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.card_huggingface import to_huggingface
from ephor.rooms.models.card_markdown import to_markdown
from ephor.rooms.models.card_texts import FIGURES, GROUPS, LISTS, SAYABLE
from ephor.rooms.models.card_texts import TEXTS as ONE_TEXT

if TYPE_CHECKING:
    from ephor.edges.door import Door
    from ephor.rooms.models.card import ModelCard
    from ephor.rooms.models.card_texts import CardStatement


def _json(card: ModelCard) -> bytes:
    import orjson  # noqa: PLC0415 - only for this form

    return orjson.dumps(as_json(card), option=orjson.OPT_INDENT_2) + b"\n"


TEXTS: Mapping[str, Callable[[ModelCard], bytes]] = {
    "markdown": lambda card: to_markdown(card).encode(),
    "json": _json,
    "huggingface": lambda card: to_huggingface(card).encode(),
}
FORMS = (*TEXTS, "html", "pdf", "docx")


def _written(made: ModelCard, form: str, agents: Sequence[str], door: Door) -> bytes:
    if form in TEXTS:
        return TEXTS[form](made)
    from ephor.edges.documents.card import card_document  # noqa: PLC0415 - only for these forms
    from ephor.edges.documents.docx import docx  # noqa: PLC0415
    from ephor.edges.documents.html import html  # noqa: PLC0415
    from ephor.edges.documents.typeset import typeset  # noqa: PLC0415

    document = card_document(made, agents)
    if form == "html":
        return html(document).encode()
    if form == "docx":
        return docx(document)
    return door.set_pdf(typeset(document), document.at)


@app.command()
def describe(
    context: typer.Context,
    id: Id,
    file: Annotated[
        Optional[str], typer.Argument(help="Fields of the card, YAML or JSON; `-` reads standard input.")  # noqa: UP045
    ] = None,
    fields: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", metavar="FIELD=TEXT", help="Fill one field; repeat a list's for each item."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Fill fields of a model's card: what only people know. Who said it is kept; nothing said before is overwritten.

    Example: ephor models describe shop-support-llm@2026-10 card.yaml
    """
    door: Door = context.obj
    told = dict(door.read_yaml(file)) if file is not None else {}
    for name, value in _set(fields or []).items():
        if name in told:
            raise InvalidInputError(f"`{name}` is in the file and in --set; say it once", field=name)
        told[name] = value
    made = door.open(database).model_cards.describe(id, told, by=person or door.person)
    emit(made, lambda out: out.print(f"{made.id}: {id} is described: {listed(_filled(made))}"), json=json)


@app.command()
def statements(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """List what was said for a model's card, the oldest first; the newest holds for each field.

    Example: ephor models statements shop-support-llm@2026-10
    """
    found = context.obj.open(database).model_cards.statements(id)
    rows = [(one.id, minute(one.at), one.by, listed(_filled(one)), one.source or "-") for one in found]
    emit(
        found,
        lambda out: table(
            out, ("statement", "at", "by", "fields", "from"), rows, empty="nothing was said yet"
        ),
        json=json,
    )


@app.command()
def card(
    context: typer.Context,
    id: Id,
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMS)}.")] = "markdown",
    output: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Write it into a new file.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Write a model's card from what the register knows and what people said. What nobody said is shown as a gap.

    Example: ephor models card shop-support-llm@2026-10 --format huggingface --output README.md
    """
    if form not in FORMS:
        raise InvalidInputError(f"`{form[:40]}` is no format of a card; use one of: {', '.join(FORMS)}")
    door: Door = context.obj
    plane = door.open(database).model_cards
    made, agents = plane.card(id), plane.used_by(id)
    if output is None:
        if form in ("pdf", "docx") and not json:
            raise InvalidInputError(f"{form} is not for a terminal; name a file: --output card.{form}")
        exact(_written(made, "json" if json else form, agents, door))
        return
    data = _written(made, form, agents, door)
    with door.new_file(output) as write:
        write(data)
    told = {"file": output, "format": form, "gaps": list(made.gaps)}
    emit(told, lambda out: out.print(f"{output}: {id}, {_gaps(made)}"), json=json)


def _set(given: list[str]) -> dict[str, object]:
    told: dict[str, object] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            raise InvalidInputError(f"--set `{name[:60]}` has no `=`; write FIELD=TEXT")
        if name in LISTS:
            items = told.setdefault(name, [])
            assert isinstance(items, list)  # noqa: S101 - made above
            items.append(text)
        elif name in ONE_TEXT and name not in told:
            told[name] = text
        elif name in ONE_TEXT:
            raise InvalidInputError(f"--set {name} stands twice; it is one text", field=name)
        elif name in (FIGURES, GROUPS):
            raise InvalidInputError(f"`{name}` is a mapping; write it in a file", field=name)
        else:
            raise InvalidInputError(f"`{name[:60]}` is no field of a card; use: {', '.join(SAYABLE)}")
    return told


def _filled(one: CardStatement) -> list[str]:
    figures = ([FIGURES] if one.metrics else []) + ([GROUPS] if one.groups else [])
    return [*one.texts, *one.lists, *figures]


def _gaps(made: ModelCard) -> str:
    return f"{len(made.gaps)} gaps: {listed(made.gaps)}" if made.gaps else "no gaps"
