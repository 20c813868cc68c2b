"""`ephor assess`: what can go wrong with an agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.options import As, AsOf, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.engine.risk import assess_manifest
from ephor.kernel.time import day

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.risk.assess import Assessment, Driver, Factor


def assess(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="FILE|AGENT", help="A manifest, `-`, or a registered agent's id.")
    ],
    as_of: AsOf = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Assess an agent's risk in six categories, before and after the controls that are proven to work.

    A registered agent's assessment is recorded; a file's is not, nor is one for another day (--as-of).

    Example: ephor assess ephor.yaml
    """
    door: Door = context.obj
    on = day(as_of) if as_of else None
    if (
        target == "-"
        or "/" in target
        or target.endswith((".yaml", ".yml", ".json"))
        or Path(target).is_file()
    ):
        found = assess_manifest(door.read_manifest(target), on or door.today())
    elif on is not None:
        found = door.open(database).risk.preview(target, on)
    else:
        found = door.open(database).risk.assess(target, by=person or door.person).assessment
    emit(found, lambda out: _print(out, found), json=json)


def _print(out: Console, found: Assessment) -> None:
    approval = "needs approval" if found.approval_required else "needs no approval on account of its risk"
    out.print(
        f"{found.agent}: {found.overall.residual.value} (inherent {found.overall.inherent.value}), "
        f"{approval}, as of {found.as_of}"
    )
    rows = [_row(factor) for factor in found.factors]
    table(out, ("category", "inherent", "residual", "because"), rows, empty="no factors")
    if found.recommendations:
        out.print("\nwhat to do, worst first:")
    for advice in found.recommendations:
        out.print(f"  - {advice}")


def _row(factor: Factor) -> tuple[str, str, str, str]:
    inherent, residual = factor.inherent, factor.residual
    return (
        factor.category.value,
        f"{inherent.level.value} {inherent.score}",
        f"{residual.level.value} {residual.score}",
        "; ".join(_why(driver) for driver in factor.drivers) or "nothing raises it",
    )


def _why(driver: Driver) -> str:
    raised = [f"likelihood +{driver.likelihood}"] if driver.likelihood else []
    raised += [f"impact +{driver.impact}"] if driver.impact else []
    return f"{driver.because} ({', '.join(raised)})"
