"""`ephor keys`: which keys the plane uses, new ones in place of old ones, and a process of its own that signs."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from ephor.edges.cli.fields import unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit
from ephor.edges.door import Door
from ephor.engine.keys import KeyShown
from ephor.engine.ports_keys import Rotated
from ephor.kernel.errors import InvalidInputError

app = typer.Typer(
    name="keys", help="The plane's keys: where they are, since when, and new ones.", no_args_is_help=True
)


class Kind(StrEnum):
    """What can be asked to rotate; the pseudonym key answers why it cannot."""

    SIGNING = "signing"
    WRAPPING = "wrapping"
    PSEUDONYM = "pseudonym"


@app.command("list")
def list_keys(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the keys in use: provider, id, since when. Never a secret, and no provider is asked.

    Example: ephor keys list
    """
    found = context.obj.open(database).keys.list()
    emit(found, lambda out: _print(out, found), json=json)


@app.command()
def rotate(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="Which key a new one takes the place of.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.", callback=given)],
    keep_old: Annotated[
        bool,
        typer.Option("--keep-old", help="Put the old private signing key aside instead of destroying it."),
    ] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Put a new key in place of the one in use, and destroy the old one. Interrupted? Run it again, and it is finished.

    signing: what was signed stays valid; both keys sign a statement that leads auditors from the old key to the new.
    wrapping: every data subject's key is wrapped anew; backups made before no longer give anybody's data away.

    Example: ephor keys rotate signing --reason "yearly"
    """
    door: Door = context.obj
    if keep_old and kind is not Kind.SIGNING:
        raise InvalidInputError(
            "only an old signing key can be kept: an old wrapping key would open what it must not"
        )
    keys, by = door.open(database).keys, person or door.person
    if kind is Kind.PSEUDONYM:
        keys.rotate_pseudonym()
    if kind is Kind.SIGNING:
        done = keys.rotate_signing(reason, by=by, keep_old=keep_old)
    else:
        done = keys.rotate_wrapping(reason, by=by)
    emit(done, lambda out: _tell(out, done), json=json)


@app.command()
def serve(
    context: typer.Context,
    keys: Annotated[
        str, typer.Option("--keys", metavar="DIR", help="The signer's own folder.", callback=given)
    ],
    socket: Annotated[
        str, typer.Option("--socket", metavar="PATH", help="Where planes reach it.", callback=given)
    ],
    mode: Annotated[
        str, typer.Option("--mode", help="Mode of the socket; 660 lets in its group.", callback=given)
    ] = "600",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help="A log to sign for, or with `/` at the end the beginning of several; repeat. Default: the first plane that asks.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Hold the signing key in a process of its own, and sign heads and key statements for planes, until told to stop.

    Planes reach it by EPHOR_SIGNER=unix:PATH. It signs no head that contradicts one it heard was committed. Keep its
    folder, and never put an old copy of it back.

    Example: ephor keys serve --keys held --socket signer.sock
    """
    door: Door = context.obj
    if re.fullmatch(r"0?[0-7][0-7]0", mode) is None:
        raise InvalidInputError(
            f"`{mode[:20]}` is no mode of a socket; write 600 or 660, others are never let in"
        )

    def ready() -> None:
        emit({"socket": socket}, lambda out: out.print(f"signing at {socket}", soft_wrap=True), json=json)
        sys.stdout.flush()

    door.serve_keys(keys, socket, int(mode, 8), origin or [], ready)


def _print(out: Console, found: Sequence[KeyShown]) -> None:
    rows = [
        (
            one.key.kind,
            one.key.provider,
            f"{one.since[:10]} {one.since[11:16]} UTC" if one.since else "-",
            one.key.id,
        )
        for one in found
    ]
    unfolded(out, ("key", "provider", "since", "id"), rows, empty="a plane in memory has no keys of its own")
    for one in found:
        if one.key.waiting:
            what = "logs are signed" if one.key.kind == "signing" else "subjects' keys are wrapped"
            out.print(
                f"{one.key.waiting} {what} by an older key: finish with `ephor keys rotate {one.key.kind} --reason …`"
            )


def _tell(out: Console, done: Rotated) -> None:
    if done.begun:
        out.print(f"{done.kind} key in use: {done.new}", soft_wrap=True)
    else:
        out.print(f"finished an earlier rotation; {done.kind} key in use: {done.new}", soft_wrap=True)
    what = "logs signed" if done.kind == "signing" else "subjects' keys wrapped anew"
    out.print(f"{what}: {done.moved}; old keys destroyed or put aside: {done.retired}")
    if done.kind == "signing" and done.begun:
        out.print(
            "tell your auditors: an export now holds the statement that leads from the old key to this one"
        )
