"""`ephor models`: the register of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.cli.fields import fields, listed, minute
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word
from ephor.rooms.models.complete import open_fields
from ephor.rooms.models.model import ModelStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.rooms.models.drift import DriftReport
    from ephor.rooms.models.model import ModelVersion, Threshold

app = typer.Typer(
    name="models", help="Models: register, validate, approve, promote, compare.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="The model version.")]
Until = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--until", metavar="DATE", help="The last day it counts. Default: a year from now."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; it is kept in the history.")]


@app.command()
def register(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="The registration, YAML or JSON; `-` reads standard input.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register a version of a model, with the thresholds its validation must reach. Versions are never overwritten.

    Example: ephor models register model.yaml
    """
    given = context.obj.read_yaml(file)
    model = context.obj.open(database).models.register(given, by=person or context.obj.person)
    emit(model, lambda out: _told(out, model), json=json)


@app.command("list")
def list_models(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List every version of every model.

    Example: ephor models list
    """
    models = context.obj.open(database).models.all()
    emit(models, lambda out: _print_list(out, models), json=json)


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show one version: thresholds, newest results, history.

    Example: ephor models show shop-support-llm@2026-10
    """
    model = context.obj.open(database).models.show(id)
    emit(model, lambda out: _print(out, model), json=json)


@app.command()
def validate(
    context: typer.Context,
    id: Id,
    results: Annotated[
        str, typer.Option("--results", metavar="FILE", help="What was measured, YAML or JSON.")
    ],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record validation results, held against the thresholds set at registration.

    Example: ephor models validate shop-support-llm@2026-10 --results validation.yaml --as val
    """
    given = context.obj.read_yaml(results)
    model = context.obj.open(database).models.validate(id, given, by=person or context.obj.person)
    emit(model, lambda out: _print_validation(out, model), json=json)


@app.command()
def approve(
    context: typer.Context,
    id: Id,
    reason: Reason,
    until: Until = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Approve a validated model, for a year at most; its owner and whoever registered it cannot.

    Example: ephor models approve shop-support-llm@2026-10 --reason "passes on 400 conversations" --as val
    """
    last = day(until) if until else None
    model = context.obj.open(database).models.approve(id, reason, by=person or context.obj.person, until=last)
    emit(model, lambda out: _told(out, model), json=json)


@app.command()
def promote(
    context: typer.Context,
    id: Id,
    to: Annotated[
        str, typer.Option("--to", metavar="STATUS", help="The next status, for example production.")
    ],
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Move a model to its next status: validation, production, deprecated or retired.

    Example: ephor models promote shop-support-llm@2026-10 --to production --reason "rollout week 48"
    """
    status = word(ModelStatus, to, "status")
    model = context.obj.open(database).models.promote(id, status, reason, by=person or context.obj.person)
    emit(model, lambda out: _told(out, model), json=json)


@app.command()
def drift(
    context: typer.Context,
    id: Id,
    observed: Annotated[
        str, typer.Option("--observed", metavar="FILE", help="Metrics observed today: `name: value`.")
    ],
    json: Json = False,
    database: Database = None,
) -> None:
    """Hold observed metrics against the baseline and record nothing; `ephor models observe` records. Exits 1 unless steady.

    Example: ephor models drift shop-support-llm@2026-10 --observed today.yaml
    """
    report = context.obj.open(database).models.drift(id, context.obj.read_yaml(observed))
    emit(report, lambda out: _print_drift(out, report), json=json)
    if report.drifted is not False:
        raise typer.Exit(1)


def _told(out: Console, model: ModelVersion) -> None:
    out.print(f"{model.id} is now in status {model.status.value}")


def _print_list(out: Console, models: Sequence[ModelVersion]) -> None:
    rows = [
        (model.id, model.status.value, model.owner, listed(model.use_cases), _verdict(model))
        for model in models
    ]
    table(out, ("model", "status", "owner", "use cases", "validation"), rows, empty="no models yet")


def _print(out: Console, model: ModelVersion) -> None:
    fields(
        out,
        [
            ("model", model.id),
            ("status", model.status.value),
            ("provider", model.provider),
            ("type", model.model_type),
            ("owner", model.owner),
            ("risk tier", model.risk_tier),
            ("use cases", listed(model.use_cases)),
            ("thresholds", "\n".join(_bounds(one) for one in model.thresholds)),
            ("validation", _verdict(model)),
            ("imported", _imported(model)),
            ("approved by", model.approved_by),
            ("approved until", model.approved_until),
            ("deprecated", _left(model)),
            ("still open", ", ".join(open_fields(model))),
            ("history", "\n".join(_steps(model)) or "-"),
        ],
    )


def _print_validation(out: Console, model: ModelVersion) -> None:
    out.print(f"{model.id}: {_verdict(model)}")
    for outcome in model.validations[-1].outcomes:
        out.print(f"  {'pass' if outcome.passed else 'FAIL'}  {outcome.because}")


def _print_drift(out: Console, report: DriftReport) -> None:
    says = {True: "drifted", False: "steady", None: "not known"}
    out.print(f"{report.model}: {says[report.drifted]}")
    rows = [
        (one.metric, one.baseline, one.observed or "-", one.allowed, says[one.drifted])
        for one in report.metrics
    ]
    table(out, ("metric", "baseline", "observed", "allowed distance", "now"), rows, empty="no metrics")


def _verdict(model: ModelVersion) -> str:
    if not model.validations:
        return "not validated"
    newest = model.validations[-1]
    word_for = "passed" if newest.passed else "failed"
    if newest.before_thresholds:
        word_for = "does not count: measured before the thresholds were set"
    return (
        f"{word_for}, by {newest.validated_by} on {newest.validation_date}, counts through {newest.expires}"
    )


def _imported(model: ModelVersion) -> str:
    told = model.metadata
    return f"from {told['imported_from']} {told['imported_as']}" if "imported_as" in told else ""


def _left(model: ModelVersion) -> str:
    if (told := model.deprecation) is None:
        return ""
    use = f"used through {told.until}" if told.until else "used no more"
    return f"{use}; successor: {told.successor or 'none named'}"


def _bounds(threshold: Threshold) -> str:
    parts = [f"at least {threshold.at_least}"] if threshold.at_least is not None else []
    parts += [f"at most {threshold.at_most}"] if threshold.at_most is not None else []
    return f"{threshold.metric} {' and '.join(parts)}"


def _steps(model: ModelVersion) -> list[str]:
    return [
        f"{minute(step.at)}  {step.old_status.value} -> {step.new_status.value}, by {step.updated_by}: {step.reason}"
        for step in model.history
    ]
