"""What `ephor limits`, `sequences`, `tools`, `purposes` and `roles` share: files of definitions, and the commands on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.fields import fields
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.definitions import Definitions
    from ephor.engine.plane import Engine

File = Annotated[
    str,
    typer.Argument(
        help="A YAML or JSON file with a list under the name of this group; `-` reads standard input."
    ),
]
Name = Annotated[str, typer.Argument(help="Its name, as `list` shows it.")]


@dataclass(frozen=True, slots=True)
class Laid:
    """One kind of definition as the command line speaks of it. The help of each command ends with its example."""

    key: str
    """What the list in a file is called, and the group of commands."""
    noun: str
    load: str
    listing: str
    remove: str
    gone: Callable[[Any], str]
    """Says that one was removed."""
    columns: Sequence[str]
    row: Callable[[Any], Sequence[object]]
    empty: str
    show: str = ""
    rows: Callable[[Any], list[tuple[str, object]]] | None = None


def commands(app: typer.Typer, kind: Laid) -> None:
    """Give *app* the commands load, list, remove and, where the kind has rows for one, show."""

    @app.command(help=kind.load)
    def load(
        context: typer.Context, file: File, json: Json = False, database: Database = None, person: As = None
    ) -> None:
        load_file(context, kind.key, kind.noun, file, json=json, database=database, person=person)

    @app.command("list", help=kind.listing)
    def list_all(context: typer.Context, json: Json = False, database: Database = None) -> None:
        found = _definitions(context.obj.open(database), kind.key).all()
        rows = [kind.row(one) for one in found]
        emit(found, lambda out: table(out, kind.columns, rows, empty=kind.empty), json=json)

    if (rows_of := kind.rows) is not None:

        @app.command(help=kind.show)
        def show(context: typer.Context, name: Name, json: Json = False, database: Database = None) -> None:
            found = _definitions(context.obj.open(database), kind.key).show(name)
            emit(found, lambda out: fields(out, rows_of(found)), json=json)

    @app.command(help=kind.remove)
    def remove(
        context: typer.Context, name: Name, json: Json = False, database: Database = None, person: As = None
    ) -> None:
        definitions = _definitions(context.obj.open(database), kind.key)
        gone = definitions.remove(name, by=person or context.obj.person)
        emit(gone, lambda out: out.print(kind.gone(gone)), json=json)


def load_file(
    context: typer.Context,
    key: str,
    noun: str,
    file: str,
    *,
    json: bool,
    database: str | None,
    person: str | None,
) -> None:
    """Lay down what stands under *key* in *file*, and say what that did and what in it matches nothing there is.

    Raises:
        InvalidInputError: the file holds something else.
    """
    given = context.obj.read_yaml(file)
    if unknown := sorted(set(given) - {key, "schema"}):
        raise InvalidInputError(f"`{file}` has an unknown key `{unknown[0]}`; write `{key}:` and a list")
    if given.get("schema", f"ephor/{key}/1") != f"ephor/{key}/1":
        raise InvalidInputError(
            f"`{file}` has schema `{given['schema']}`; this version reads `ephor/{key}/1`"
        )
    if not isinstance(given.get(key), list):
        raise InvalidInputError(f"`{file}` has no list under `{key}:`; write one")
    definitions = _definitions(context.obj.open(database), key)
    done = definitions.load(given[key], by=person or context.obj.person)
    said = definitions.warnings([one for one, _change in done])
    answer = [
        {**as_json(one), "outcome": change.value, "warnings": list(said.get(one.id, ()))}
        for one, change in done
    ]
    emit(answer, lambda out: _listing(out, noun, done, said), json=json)


def warned(out: Console, texts: Sequence[str]) -> None:
    """Print what was laid down and matches nothing there is."""
    for text in texts:
        out.print(f"  warning: {text}")


def _definitions(engine: Engine, key: str) -> Definitions[Any]:
    found: Definitions[Any] = engine.custom_roles if key == "roles" else getattr(engine, key)
    return found


def _listing(out: Console, noun: str, done: Sequence[Any], said: Mapping[str, Sequence[str]]) -> None:
    for one, change in done:
        out.print(f"{noun} {one.id}: {change.value}")
        warned(out, said.get(one.id, ()))
    if not done:
        out.print("the file names none; nothing was changed")
