"""What `ephor limits`, `sequences` and `tools` share: a file of definitions, and what laying it down did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ephor.edges.cli.render import as_json
from ephor.kernel.errors import InvalidInputError

if TYPE_CHECKING:
    import typer
    from rich.console import Console


def load_all(
    context: typer.Context, key: str, file: str, database: str | None, person: str | None
) -> Sequence[Any]:
    """Lay down what stands under *key* in *file*, and return each definition with what that did.

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
    engine = context.obj.open(database)
    definitions = engine.custom_roles if key == "roles" else getattr(engine, key)
    done: Sequence[Any] = definitions.load(given[key], by=person or context.obj.person)
    return done


def lines_of(done: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what was laid down, as JSON."""
    return [{**as_json(one), "outcome": change.value} for one, change in done]


def listing(out: Console, noun: str, done: Sequence[Any]) -> None:
    """Print what was laid down."""
    for one, change in done:
        out.print(f"{noun} {one.id}: {change.value}")
    if not done:
        out.print("the file names none; nothing was changed")
