"""How impact assessments and their screenings are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ephor.edges.cli.fields import fields, unfolded
from ephor.edges.cli.render import as_json, emit, table
from ephor.rooms.impact.assessment import ImpactKind, residual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.impact import ImpactView
    from ephor.rooms.impact.screening import Screening


def print_screening(found: Screening, *, json: bool) -> None:
    """Print whether an assessment is needed, and what that rests on."""
    emit(found, lambda out: _screening(out, found), json=json)


def _screening(out: Console, found: Screening) -> None:
    said = {True: "needed", False: "not needed", None: "not known"}[found.required]
    out.print(f"{said}: {found.because}")
    truth = {True: "yes", False: "no", None: "unknown"}
    rows = [(one.id, truth[one.holds], one.source, one.because) for one in (*found.cases, *found.criteria)]
    table(out, ("question", "holds", "source", "because"), rows, empty="")
    if found.missing:
        out.print(f"answer these: {', '.join(found.missing)}")


def print_list(kind: ImpactKind, views: Sequence[ImpactView], *, json: bool, empty: str = "") -> None:
    """Print where each of these stands."""
    rows = [(one.assessment.id, one.assessment.agent, one.standing.value, one.because) for one in views]
    emit(
        [_document(one) for one in views],
        lambda out: unfolded(
            out, ("id", "agent", "stands", "because"), rows, empty=empty or f"no {kind.value} here"
        ),
        json=json,
    )


def _document(view: ImpactView) -> dict[str, Any]:
    found = as_json(view)
    assessment = found.pop("assessment")
    level = residual(view.assessment.content)
    return {**assessment, "residual": level.value if level else None, **found}


def print_one(view: ImpactView, *, json: bool) -> None:
    """Print one assessment, where it stands and what it lacks."""
    emit(_document(view), lambda out: _details(out, view), json=json)


def _details(out: Console, view: ImpactView) -> None:
    one, said = view.assessment, view.assessment.content
    out.print(f"{one.id} of {one.agent}: {view.standing.value.replace('_', ' ')}, {view.because}")
    for gap in view.missing:
        out.print(f"  missing: {gap}")
    needed = {True: "yes", False: "no", None: "not known"}[one.screening.required]
    shown = [
        ("title", said.title),
        ("needed", f"{needed}: {one.screening.because}"),
        *(
            (name, value)
            for name, value in as_json(said).items()
            if isinstance(value, str) and name != "title"
        ),
        ("recorded by", one.recorded_by),
        (
            "advice",
            f"{'agrees' if one.advice.agrees else 'objects'}: {one.advice.notes}" if one.advice else "",
        ),
        ("authority", one.consultation.authority if one.consultation else ""),
        ("notified", f"{one.notified.authority}, {one.notified.on.isoformat()}" if one.notified else ""),
    ]
    fields(out, shown)
    rows = [
        (
            risk.title,
            risk.affects,
            risk.inherent.level.value,
            risk.residual.level.value if risk.residual else "not rated",
        )
        for risk in said.risks
    ]
    table(out, ("risk", "affects", "before", "after"), rows, empty="no risks are named")
