"""`ephor models baseline`, `observe`, `observations` and `bias`: what models do in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.charts import Bar, bars
from ephor.edges.cli.fields import minute
from ephor.edges.cli.models import Id, app
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import emit, table
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.bias import BiasLimits, BiasMetric
from ephor.rooms.models.column import is_missing, numbers_of
from ephor.rooms.models.groups import Rows
from ephor.rooms.models.shift import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.models.bias_test import BiasTest
    from ephor.rooms.models.observation import Baseline, Observation, Table

Chart = Annotated[str | None, typer.Option("--chart", metavar="FILE.svg", help="Draw it into a new file.")]
_SAYS = {True: "drifted", False: "steady", None: "not known"}


@app.command()
def baseline(
    context: typer.Context,
    id: Id,
    file: Annotated[
        str, typer.Argument(help="Rows of when the model was accepted: CSV, JSON lines or Parquet.")
    ],
    psi: Annotated[float, typer.Option(help="Population stability index that matters.")] = 0.2,
    ks: Annotated[float, typer.Option(help="Distance of distributions that matters, 0 to 1.")] = 0.1,
    cramers_v: Annotated[float, typer.Option(help="Cramér's V that matters, 0 to 1.")] = 0.1,
    missing: Annotated[
        float, typer.Option(help="Change in the share of missing values that matters.")
    ] = 0.05,
    alpha: Annotated[float, typer.Option(help="Highest chance of a false alarm of one report.")] = 0.01,
    categorical: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Numbers that are names: codes, years. Repeatable."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out, as an id. Repeatable.")
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Keep how the columns of a file are spread, and from where on a shift matters. The rows themselves are not kept.

    Example: ephor models baseline shop-support-llm@2026-10 accepted.csv --without ticket
    """
    door: Door = context.obj
    limits = Limits(psi, ks, cramers_v, missing, alpha)
    made = door.open(database).observations.set_baseline(
        id,
        door.read_table(file),
        limits,
        by=person or door.person,
        categorical=categorical or (),
        without=without or (),
    )
    emit(made, lambda out: _print_baseline(out, made), json=json)


@app.command()
def observe(
    context: typer.Context,
    id: Id,
    file: Annotated[str | None, typer.Argument(help="Rows of today: CSV, JSON lines or Parquet.")] = None,
    metrics: Annotated[
        str | None, typer.Option("--metrics", metavar="FILE", help="Metrics of today, YAML: `name: value`.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare, and record nothing.")] = False,
    chart: Chart = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Hold what is observed against the baseline and record it. Exits 1 unless all is known and nothing has drifted.

    Where the samples are too small to tell, the answer is *not known*. What drifted beyond a limit and beyond chance is a
    breach: it is recorded, and a model in use goes back to status validation, so that its calls are denied until somebody
    has validated and approved it anew.

    Example: ephor models observe shop-support-llm@2026-10 today.csv --metrics today.yaml
    """
    door: Door = context.obj
    rows = door.read_table(file) if file is not None else None
    told = door.read_yaml(metrics) if metrics is not None else None
    watched = door.open(database).observations
    seen = (
        watched.compare(id, rows, told)
        if dry_run
        else watched.observe(id, rows, told, by=person or door.person)
    )
    if chart is not None:
        _draw(door, chart, _shift_chart(seen))
    emit(seen, lambda out: _print_observation(out, seen), json=json)
    if seen.drifted is not False:
        raise typer.Exit(1)


@app.command()
def observations(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """List what was observed of a model, the oldest first.

    Example: ephor models observations shop-support-llm@2026-10
    """
    found = context.obj.open(database).observations.of(id)
    rows = [(one.id, minute(one.at), one.by, str(one.rows), _SAYS[one.drifted]) for one in found]
    emit(
        found,
        lambda out: table(
            out, ("observation", "at", "by", "rows", "drift"), rows, empty="nothing was observed yet"
        ),
        json=json,
    )


@app.command()
def bias(
    context: typer.Context,
    id: Id,
    file: Annotated[str, typer.Argument(help="One row a person: CSV, JSON lines or Parquet.")],
    group: Annotated[
        list[str], typer.Option("--group", metavar="COLUMN", help="An attribute; repeat to cross several.")
    ],
    prediction: Annotated[str, typer.Option("--prediction", metavar="COLUMN", help="What the model said.")],
    favourable: Annotated[
        str, typer.Option("--favourable", metavar="VALUE", help="The prediction that people hope for.")
    ],
    actual: Annotated[
        str | None, typer.Option("--actual", metavar="COLUMN", help="What turned out, for error rates.")
    ] = None,
    score: Annotated[
        str | None,
        typer.Option("--score", metavar="COLUMN", help="Probability of the favourable, for calibration."),
    ] = None,
    ratio: Annotated[float, typer.Option(help="Lowest ratio of selection rates.")] = 0.8,
    difference: Annotated[
        float, typer.Option(help="Greatest difference of error rates and of calibration.")
    ] = 0.1,
    alpha: Annotated[float, typer.Option(help="Highest p-value that counts as shown.")] = 0.05,
    least: Annotated[int, typer.Option(help="A smaller group is withheld and not judged.")] = 30,
    chart: Chart = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Test how groups fare: selection rates, error rates, calibration. Exits 1 unless all is known and nothing is adverse.

    Example: ephor models bias ranker@3 outcomes.csv --group sex --prediction invited --favourable yes --actual hired --as val
    """
    door: Door = context.obj
    read = door.read_table(file)
    rows = Rows(
        {name: _column(read, name) for name in group},
        _column(read, prediction),
        favourable,
        _column(read, actual) if actual is not None else None,
        _scores(read, score) if score is not None else None,
    )
    made = door.open(database).observations.test_bias(
        id, rows, read.digest, BiasLimits(ratio, difference, alpha, least), by=person or door.person
    )
    if chart is not None:
        _draw(door, chart, _selection_chart(made))
    emit(made, lambda out: _print_bias(out, made), json=json)
    if made.report.adverse is not False:
        raise typer.Exit(1)


def _column(read: Table, name: str) -> Sequence[Any]:
    if name not in read.columns:
        raise InvalidInputError(
            f"there is no column `{name}`; there are: {', '.join(read.columns)}", column=name
        )
    return read.columns[name]


def _scores(read: Table, name: str) -> list[float]:
    cells = _column(read, name)
    scores = None if any(is_missing(cell) for cell in cells) else numbers_of(cells)
    if scores is None:
        raise InvalidInputError(f"column `{name}` is not a number in every row; a score must be", column=name)
    return scores


def _draw(door: Door, path: str, chart: str) -> None:
    with door.new_file(path) as write:
        write(chart.encode())


def _print_baseline(out: Console, made: Baseline) -> None:
    out.print(f"{made.id}: baseline of {made.rows} rows, set by {made.set_by} at {minute(made.at)}")
    rows = [(one.name, one.kind.value, str(one.size), str(one.missing)) for one in made.columns]
    table(out, ("column", "kind", "values", "missing"), rows, empty="no columns")


def _print_observation(out: Console, seen: Observation) -> None:
    out.print(f"{seen.model}: {_SAYS[seen.drifted]}")
    rows = [
        (one.column, one.test.value, f"{one.effect:.3g}", _SAYS[one.shifted], one.because)
        for one in seen.shifts
    ]
    rows += [
        (
            one.metric,
            "metric",
            one.observed or "-",
            _SAYS[one.drifted],
            f"baseline {one.baseline}, allowed distance {one.allowed}",
        )
        for one in seen.metrics
    ]
    table(out, ("what", "test", "effect", "now", "because"), rows, empty="nothing was compared")
    if seen.drifted and seen.by != "nobody":
        out.print(
            "the breach is recorded; a model in use is back in status validation: ephor models show "
            + seen.model
        )


def _print_bias(out: Console, made: BiasTest) -> None:
    report = made.report
    says = {True: "adverse", False: "nothing adverse", None: "not known"}
    out.print(f"{made.model}: {says[report.adverse]}; {report.rows} rows, {report.left_out} left out")
    rows = [
        (one.attribute, one.group, "withheld" if one.withheld else str(one.size), _share(one.selection_rate),
         _share(one.true_positive_rate), _share(one.false_positive_rate), _share(one.calibration_gap))
        for one in report.groups
    ]  # fmt: skip
    columns = (
        "attribute",
        "group",
        "people",
        "selected",
        "true positives",
        "false positives",
        "calibration gap",
    )
    table(out, columns, rows, empty="no groups")
    told = [
        (one.attribute, one.group, one.metric.value, says[one.adverse], one.because)
        for one in report.findings
        if one.adverse is not False
    ]
    table(
        out,
        ("attribute", "group", "metric", "finding", "because"),
        told,
        empty="every comparison is within its limit",
    )
    for one in report.not_tested:
        out.print(f"not tested: {one}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _shift_chart(seen: Observation) -> str:
    rows = [
        Bar(f"{one.column} ({one.test.value})", one.effect / one.limit, one.shifted) for one in seen.shifts
    ]
    return bars(
        f"Drift of {seen.model}, as multiples of each limit", rows, limit=1, limit_says="limit, times"
    )


def _selection_chart(made: BiasTest) -> str:
    judged = {
        (one.attribute, one.group): one
        for one in made.report.findings
        if one.metric is BiasMetric.SELECTION_RATE
    }
    rows = []
    for one in made.report.groups:
        finding = judged.get((one.attribute, one.group))
        rows.append(
            Bar(f"{one.attribute}: {one.group}", one.selection_rate, finding.adverse if finding else False)
        )
    return bars(f"Selection rates under {made.model}", rows)
