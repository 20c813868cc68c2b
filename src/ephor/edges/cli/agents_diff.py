"""`ephor agents versions` and `ephor agents diff`: the manifests an agent was registered with, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.agents import app
from ephor.edges.cli.fields import listed, minute, unfolded
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import as_json, emit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.agents.changes import Change
    from ephor.rooms.agents.versions import Comparison, ManifestVersion

Id = Annotated[str, typer.Argument(help="The agent's id.")]


@app.command()
def versions(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """List the manifests an agent was registered with, the first one first.

    Example: ephor agents versions support-assistant
    """
    found = context.obj.open(database).agents.versions(id)
    emit([_version(one) for one in found], lambda out: _print_versions(out, found), json=json)


@app.command()
def diff(
    context: typer.Context,
    id: Id,
    older: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="A number, or the beginning of a digest. Default: what was approved last, else the version before.",
            callback=given,
        ),
    ] = None,
    newer: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Likewise. Default: the newest.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Show what differs between two manifests of an agent, field by field, and what that ends.

    What is material needs approval again; what is not (a name, a tool's description) does not.

    Example: ephor agents diff support-assistant --from 1 --to 2
    """
    found = context.obj.open(database).agents.diff(id, older, newer)
    emit(_document(found), lambda out: _print(out, found), json=json)


def _version(one: ManifestVersion) -> dict[str, Any]:
    return {name: value for name, value in as_json(one).items() if name != "manifest"}


def _document(found: Comparison) -> dict[str, Any]:
    return {
        "agent": found.agent,
        "from": _version(found.older),
        "to": _version(found.newer),
        "material": found.material,
        "changes": as_json(found.changes),
        "reopens": list(found.reopens),
        "reviews": list(found.reviews),
    }


def _print_versions(out: Console, found: Sequence[ManifestVersion]) -> None:
    rows = [
        (str(one.number), minute(one.registered_at), one.registered_by, one.digest.removeprefix("sha256:"))
        for one in found
    ]
    unfolded(out, ("version", "registered", "by", "digest"), rows, empty="none")


def _print(out: Console, found: Comparison) -> None:
    older, newer = found.older, found.newer
    out.print(
        f"{found.agent}: version {older.number} by {older.registered_by}, {minute(older.registered_at)}, "
        f"to version {newer.number} by {newer.registered_by}, {minute(newer.registered_at)}",
        soft_wrap=True,
    )
    table(
        out,
        ("changed", "before", "after", "needs approval"),
        [_row(one) for one in found.changes],
        empty="nothing differs",
    )
    if found.material:
        out.print(f"ends: {listed(found.reopens)}; reviews needed again: {listed(found.reviews)}")
    elif found.changes:
        out.print("an approval of the one covers the other")


def _row(change: Change) -> tuple[str, str, str, str]:
    return change.path, change.before or "-", change.after or "-", "yes" if change.material else "no"
