"""`ephor risk`: the register of risks, what is done about them, who accepts what remains, and what it may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ephor.edges.charts import Spot, heat_map
from ephor.edges.cli.fields import fields, listed, minute, unfolded
from ephor.edges.cli.options import As, AsOf, Database, Json, given, lasting
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import RiskLevel, word
from ephor.rooms.risk.loss import read_loss
from ephor.rooms.risk.matrix import MATRIX
from ephor.rooms.risk.register import RiskStatus, Treatment, overdue
from ephor.rooms.risk.rules import RiskCategory
from ephor.rooms.risk.tags import TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.console import Console

    from ephor.edges.door import Door
    from ephor.rooms.risk.loss import Loss, Simulation
    from ephor.rooms.risk.matrix import Rating
    from ephor.rooms.risk.register import RegisteredRisk

app = typer.Typer(
    name="risk", help="The register of risks: owned, treated, accepted for a time.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(help="The risk's id, rsk_….")]
Agent = Annotated[str | None, typer.Option("--agent", help="Only of this agent.", callback=given)]


@app.command()
def register(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    owner: Annotated[str, typer.Option("--owner", help="The person who answers for the risk.")],
    title: Annotated[Optional[str], typer.Option("--title", help="What can go wrong.")] = None,  # noqa: UP045
    category: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--category", help=f"{', '.join(one.value for one in RiskCategory)}."),
    ] = None,
    likelihood: Annotated[Optional[int], typer.Option("--likelihood", help="From 1 to 5.")] = None,  # noqa: UP045
    impact: Annotated[Optional[int], typer.Option("--impact", help="From 1 to 5.")] = None,  # noqa: UP045
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag", help="asi01 to asi10 (OWASP), mit1 to mit7 (MIT); may be given more than once."
        ),
    ] = None,
    per_year: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--per-year", help="How often a year it happens, on average."),
    ] = None,
    loss_low: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--loss-low", help="What one time costs: nine of ten cost this much at least…"),
    ] = None,
    loss_high: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--loss-high", help="…and this much at most."),
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="The currency of the two.")] = "EUR",
    from_assessment: Annotated[
        bool, typer.Option("--from-assessment", help="Take over the newest assessment's factors instead.")
    ] = False,
    at_least: Annotated[
        str, typer.Option("--at-least", help="With --from-assessment: the lowest level taken over.")
    ] = RiskLevel.MEDIUM.value,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Put a risk into the register: one that a person sees, or those that the newest assessment found.

    Example: ephor risk register support-assistant --from-assessment --owner eve
    """
    door: Door = context.obj
    by = person or door.person
    described = (title, category, likelihood, impact)
    if from_assessment:
        if any(one is not None for one in (*described, per_year, loss_low, loss_high)) or tag:
            raise InvalidInputError(
                "--from-assessment takes everything from the assessment; leave the rest out"
            )
        level = word(RiskLevel, at_least, "level")
        found = door.open(database).risks.take_over(agent, owner=owner, by=by, at_least=level)
        emit([_document(one) for one in found], lambda out: _print_list(out, found), json=json)
        return
    if title is None or category is None or likelihood is None or impact is None:
        raise InvalidInputError(
            "a risk takes --title, --category, --likelihood and --impact, or --from-assessment"
        )
    made = door.open(database).risks.register(
        agent, title, word(RiskCategory, category, "category"), likelihood, impact, owner=owner, by=by,
        tags=tag or (), loss=_loss(per_year, loss_low, loss_high, currency),
    )  # fmt: skip
    emit(_document(made), lambda out: _print(out, made), json=json)


@app.command()
def treat(
    context: typer.Context,
    id: Id,
    how: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--how", help="`mitigate`, `avoid` or `transfer`."),
    ] = None,
    action: Annotated[Optional[str], typer.Option("--action", help="What is to be done.")] = None,  # noqa: UP045
    action_owner: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--action-owner", help="Who does it."),
    ] = None,
    due: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--due", metavar="DATE", help="By when, or in how long: 30d."),
    ] = None,
    done: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--done", metavar="NUMBER", help="An action that was done."),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Choose what is done about a risk, plan an action with its owner and day, or record that one was done.

    Example: ephor risk treat rsk_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --how mitigate --action "mask order numbers"
    --action-owner eve --due 2027-01-31
    """
    door: Door = context.obj
    changed = door.open(database).risks.treat(
        id, by=person or door.person, how=word(Treatment, how, "treatment") if how else None, action=action,
        action_owner=action_owner, due=_day(due, door) if due else None, done=done,
    )  # fmt: skip
    emit(_document(changed), lambda out: _print(out, changed), json=json)


@app.command()
def accept(
    context: typer.Context,
    id: Id,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day it is accepted for, or so long: 30d.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Accept what remains of a risk for a time, as somebody who has no part in it; then it is open again.

    Example: ephor risk accept rsk_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --until 2027-03-31 --reason "a pilot" --as eti
    """
    door: Door = context.obj
    changed = door.open(database).risks.accept(id, reason, _day(until, door), by=person or door.person)
    emit(_document(changed), lambda out: _print(out, changed), json=json)


@app.command()
def close(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the ledger.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Close a risk that is gone; one above low is closed by somebody who has no part in it.

    Example: ephor risk close rsk_0193a2b4c5d67e8f9a0b1c2d3e4f5061 --reason "the tool was removed" --as sam
    """
    door: Door = context.obj
    changed = door.open(database).risks.close(id, reason, by=person or door.person)
    emit(_document(changed), lambda out: _print(out, changed), json=json)


@app.command("list")
def list_risks(
    context: typer.Context,
    agent: Agent = None,
    status: Annotated[
        str | None, typer.Option("--status", help="open, treated, accepted or closed.", callback=given)
    ] = None,
    as_of: AsOf = None,
    heat: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--heat-map", metavar="FILE.svg", help="Draw those not closed into a new file."),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List risks, the gravest first, as they stand today or on another day.

    Example: ephor risk list --agent support-assistant --heat-map risks.svg
    """
    door: Door = context.obj
    wanted = word(RiskStatus, status, "status") if status else None
    on = day(as_of) if as_of else None
    found = door.open(database).risks.all(agent, wanted, on=on)
    if heat is not None:
        with door.new_file(heat) as write:
            write(_map(agent, [one for one in found if one.status is not RiskStatus.CLOSED]).encode())
    emit([_document(one) for one in found], lambda out: _print_list(out, found, on), json=json)


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show one risk, with what is done about it and by when.

    Example: ephor risk show rsk_0193a2b4c5d67e8f9a0b1c2d3e4f5061
    """
    found = context.obj.open(database).risks.show(id)
    emit(_document(found), lambda out: _print(out, found), json=json)


@app.command()
def expire(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Record the acceptances that ran out; run it daily. Such risks show as open either way.

    Example: ephor risk expire
    """
    found = context.obj.open(database).risks.expire()
    emit([_document(one) for one in found], lambda out: _print_list(out, found), json=json)


@app.command()
def simulate(
    context: typer.Context,
    agent: Agent = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only losses in this currency.", callback=given)
    ] = None,
    runs: Annotated[int, typer.Option("--runs", help="How many years are drawn.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same answer.")] = 1,
    json: Json = False,
    database: Database = None,
) -> None:
    """Draw what the risks may cost in a year, where they say how often and how much: an extra to the matrix.

    Example: ephor risk simulate --agent support-assistant --runs 10000
    """
    found = context.obj.open(database).risks.simulate(agent, currency=currency, runs=runs, seed=seed)
    emit(found, lambda out: _print_simulation(out, found), json=json)


def _day(text: str, door: Door) -> date:
    """Return the day *text* names, or the one so long after today."""
    return day(text) if len(text) == 10 else door.today() + lasting(text)


def _loss(per_year: float | None, low: int | None, high: int | None, currency: str) -> Loss | None:
    if per_year is None and low is None and high is None:
        return None
    if per_year is None or low is None or high is None:
        raise InvalidInputError("what a risk may cost takes --per-year, --loss-low and --loss-high")
    return read_loss(per_year, low, high, currency)


def _document(one: RegisteredRisk) -> dict[str, Any]:
    return {**as_json(one), "tagged": {tag: TAGS[tag] for tag in one.tags}}


def _map(agent: str | None, found: Sequence[RegisteredRisk]) -> str:
    spots = [Spot(one.title, one.residual.likelihood, one.residual.impact) for one in found]
    levels = [[level.value for level in row] for row in MATRIX]
    return heat_map(f"Risks of {agent}" if agent else "Risks of all agents", spots, levels)


def _print(out: Console, one: RegisteredRisk) -> None:
    accepted = one.acceptance
    loss = one.loss
    fields(
        out,
        [
            ("risk", one.id),
            ("agent", one.agent),
            ("title", one.title),
            ("category", one.category.value),
            ("status", one.status.value + (f": {one.because}" if one.because else "")),
            ("inherent", _rated(one.inherent)),
            ("residual", _rated(one.residual)),
            ("owner", one.owner),
            ("from", one.source),
            ("treatment", one.treatment.value if one.treatment else ""),
            ("accepted", f"by {accepted.by} through {accepted.until}: {accepted.reason}" if accepted else ""),
            ("tags", "\n".join(TAGS[tag] for tag in one.tags)),
            ("loss", f"{loss.per_year:g} a year, {loss.low} to {loss.high} {loss.currency}" if loss else ""),
            ("registered", f"{minute(one.registered_at)} by {one.registered_by}"),
        ],
    )
    for action in one.actions:
        state = (
            f"done {minute(action.done_at)} by {action.done_by}" if action.done_at else f"due {action.due}"
        )
        fields(out, [(f"action {action.number}", f"{action.text} ({action.owner}, {state})")])


def _rated(rating: Rating) -> str:
    return f"{rating.level.value} {rating.score} (likelihood {rating.likelihood}, impact {rating.impact})"


def _print_list(out: Console, found: Sequence[RegisteredRisk], on: date | None = None) -> None:
    rows = [
        (
            one.id,
            one.agent,
            one.category.value,
            f"{one.residual.level.value} {one.residual.score}",
            one.status.value + (f" until {one.acceptance.until}" if one.acceptance else ""),
            one.owner,
            listed([f"action {late.number}" for late in overdue(one, on)]) if on else _next(one),
        )
        for one in found
    ]
    last = "overdue" if on else "next"
    unfolded(out, ("risk", "agent", "category", "residual", "status", "owner", last), rows, empty="none")


def _next(one: RegisteredRisk) -> str:
    due = sorted((action.due, action.number) for action in one.actions if action.done_at is None)
    return f"action {due[0][1]} by {due[0][0]}" if due else "-"


def _print_simulation(out: Console, found: Simulation) -> None:
    out.print(
        f"{found.runs} years drawn with seed {found.seed}, in {found.currency}; input {found.input_digest}"
    )
    rows = [
        (one.risk or "all", *(f"{value}" for value in (one.mean, one.median, one.p90, one.p95, one.p99)),
         f"{one.chance:.1%}")
        for one in (*found.risks, found.total)
    ]  # fmt: skip
    unfolded(out, ("risk", "mean", "median", "90 %", "95 %", "99 %", "any loss"), rows, empty="none")
