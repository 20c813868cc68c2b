"""`ephor packs`: the law as data."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ephor.edges.cli.options import Json
from ephor.edges.cli.render import emit, table
from ephor.edges.door import Door
from ephor.rooms.regulation.classification import penalty_json
from ephor.rooms.regulation.pack import Grace, Obligation, Pack

app = typer.Typer(
    name="packs", help="The law as data: cited, dated, versioned, tested by cases.", no_args_is_help=True
)


@app.command("list")
def list_packs(context: typer.Context, json: Json = False) -> None:
    """List the packs that come with this version.

    Example: ephor packs list
    """
    door: Door = context.obj
    packs = [
        {
            "id": one.identity.id,
            "version": one.identity.version,
            "title": one.identity.title,
            "jurisdiction": one.identity.jurisdiction,
            "digest": one.digest,
        }
        for one in door.law.packs()
    ]

    def show(out: Console) -> None:
        rows = [
            (one["id"], one["version"], one["jurisdiction"], one["title"], one["digest"][:19] + "…")
            for one in packs
        ]
        table(out, ("id", "version", "where", "title", "digest"), rows, empty="no packs")

    emit(packs, show, json=json)


@app.command()
def show(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(help="A pack's name, or the path of its folder.")],
    json: Json = False,
) -> None:
    """Show what a pack holds: what it was written from, whom the law reaches, what is owed when, and what must be logged.

    `basis` says who reads the law so: `text`, the text itself; `guide` or `ephor`, a reading of a text that names no
    event. `verified` says how a statement was checked: `oj`, `official`, `text` or `sec`, read in the official
    journal, on the issuer's own page, in its wording elsewhere, or in a secondary source; `mem` or `recall`, from memory;
    `unc`, the law itself is uncertain, and every reading is given.

    Example: ephor packs show hipaa
    """
    door: Door = context.obj
    found = door.law.shelf.load(pack)
    told = {
        "identity": found.identity,
        "digest": found.digest,
        "holds": _holds(found),
        "applies": found.reach and {"cite": found.reach.cite, "title": found.reach.title},
        "dates": found.dates,
        "obligations": [_obligation(one) for one in found.obligations],
        "grace": [_grace(one) for one in found.graces],
        "penalties": [penalty_json(one) for one in found.penalties],
        "crosswalks": found.crosswalks,
        "logging": found.logging,
    }
    emit(told, lambda out: _print_pack(out, found), json=json)


@app.command()
def test(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(help="A pack's name, or the path of its folder.")],
    json: Json = False,
) -> None:
    """Run a pack's own cases; exit 1 when one answers otherwise than written, or what could be tested has no case.

    Example: ephor packs test eu-ai-act
    """
    door: Door = context.obj
    results = door.law.test(pack)
    failed = [one for one in results if not one.passed]
    answers = any(_holds(door.law.shelf.load(pack))[name] for name in _ANSWERING)
    report = {
        "pack": pack,
        "cases": len(results),
        "failed": [{"case": one.name, "differences": list(one.differences)} for one in failed],
    }

    def show(out: Console) -> None:
        for one in failed:
            out.print(f"{one.name}: {'; '.join(one.differences)}")
        out.print(f"{len(results) - len(failed)} of {len(results)} cases answer as written")
        if not answers:
            out.print("nothing in this pack answers to cases: it holds no elements and no obligations")

    emit(report, show, json=json)
    if failed or (answers and not results):
        raise typer.Exit(1)


_ANSWERING = ("elements", "obligations")
"""What a case can test."""


def _holds(pack: Pack) -> dict[str, int]:
    return {
        "elements": len(pack.elements),
        "obligations": len(pack.obligations),
        "dates": len(pack.dates),
        "logging": len(pack.logging),
    }


def _obligation(law: Obligation) -> dict[str, object]:
    return {
        "id": law.id,
        "cite": law.cite,
        "title": law.title,
        "roles": list(law.roles),
        "needs": list(law.needs),
        "in_force": law.in_force.isoformat() if law.in_force else "with-class",
        "until": law.until,
        "verified": law.verified,
        "note": law.note,
        "readings": law.readings,
    }


def _grace(one: Grace) -> dict[str, object]:
    return {"article": one.article, "title": one.title, "until": one.until}


def _print_pack(out: Console, pack: Pack) -> None:
    identity, holds = pack.identity, _holds(pack)
    out.print(f"{identity.id} {identity.version}: {identity.title} ({identity.jurisdiction})")
    out.print(f"written from {identity.source} as of {identity.text_version}")
    out.print(f"reviewed by {identity.reviewed_by}, {identity.reviewed_on}")
    out.print(pack.digest)
    out.print("holds " + ", ".join(f"{count} {name}" for name, count in holds.items()))
    if not any(holds[name] for name in _ANSWERING):
        out.print(
            "it says nothing yet of what systems are, nor of what anybody must do: only what must be logged"
        )
    if pack.reach:
        out.print(f"it applies to {pack.reach.title} ({pack.reach.cite})")
    owed = [
        (one.id, one.cite, one.title, str(one.in_force or "with the class"), one.verified.value)
        for one in pack.obligations
    ]
    if owed:
        table(out, ("obligation", "cite", "what", "from", "verified"), owed, empty="")
    walks = [(one.here, one.relation, one.there) for one in pack.crosswalks]
    if walks:
        table(out, ("obligation", "meeting it", "of"), walks, empty="")
    rows = [
        (one.kind, one.title, one.cite, one.basis.value, one.verified.value, str(one.since or ""))
        for one in pack.logging
    ]
    columns = ("event", "when", "cite", "basis", "verified", "from")
    table(out, columns, rows, empty="it does not say which events must be logged")
