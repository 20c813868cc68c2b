"""`ephor dpia` and `ephor fria`: impact assessments on data protection and on fundamental rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.impact_view import print_list, print_one, print_screening
from ephor.edges.cli.options import As, AsOf, Database, Json, given
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.impact.assessment import Consultation, ImpactKind

if TYPE_CHECKING:
    from ephor.edges.door import Door

dpia = typer.Typer(
    name="dpia", help="Data protection impact assessments (GDPR Article 35).", no_args_is_help=True
)
fria = typer.Typer(
    name="fria", help="Fundamental rights impact assessments (AI Act Article 27).", no_args_is_help=True
)

Agent = Annotated[str, typer.Argument(help="The agent's id.")]
File = Annotated[str, typer.Argument(help="A YAML or JSON file; - for standard input.")]
Only = Annotated[str | None, typer.Option("--agent", help="Only of this agent.", callback=given)]
Id = Annotated[str, typer.Argument(help="The assessment's id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
Notes = Annotated[str, typer.Option("--notes", help="What the officer says.")]
Agrees = Annotated[str, typer.Option("--advice", help="`agree` or `object`.")]
Until = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="DATE", help="The last day it counts. Default: in a year.", callback=given
    ),
]
Authority = Annotated[str, typer.Option("--authority", help="The authority's name.")]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="DATE", help="The day it was sent. Default: today.", callback=given),
]


@dpia.command("screen")
def dpia_screen(
    context: typer.Context,
    agent: Agent,
    answers: Annotated[
        str | None,
        typer.Option("--answers", metavar="FILE", help="Answers to the questions, in YAML.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Say whether an agent needs a data protection impact assessment: yes, no, or what is not known.

    Example: ephor dpia screen support-assistant --answers answers.yaml
    """
    door: Door = context.obj
    said = door.read_yaml(answers) if answers else None
    print_screening(door.open(database).impact.screen(ImpactKind.DPIA, agent, said), json=json)


@fria.command("screen")
def fria_screen(
    context: typer.Context, agent: Agent, as_of: AsOf = None, json: Json = False, database: Database = None
) -> None:
    """Say whether an agent's deployer assesses the impact on fundamental rights, as the law's pack answers.

    Example: ephor fria screen recruiting-ranker --as-of 2027-12-02
    """
    on = day(as_of) if as_of else None
    found = context.obj.open(database).impact.screen(ImpactKind.FRIA, agent, as_of=on)
    print_screening(found, json=json)


@dpia.command("record")
def dpia_record(
    context: typer.Context, file: File, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Record an assessment for the agent as it is now, and name what it lacks.

    Example: ephor dpia record support.dpia.yaml
    """
    _record(context, ImpactKind.DPIA, file, database, person, json=json)


@fria.command("record")
def fria_record(
    context: typer.Context, file: File, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Record an assessment for the agent as it is now, and name what it lacks.

    Example: ephor fria record ranker.fria.yaml
    """
    _record(context, ImpactKind.FRIA, file, database, person, json=json)


@dpia.command("list")
def dpia_list(
    context: typer.Context, agent: Only = None, json: Json = False, database: Database = None
) -> None:
    """List the assessments and where each stands today.

    Example: ephor dpia list --agent support-assistant
    """
    _listed(context, ImpactKind.DPIA, agent, database, json=json)


@fria.command("list")
def fria_list(
    context: typer.Context, agent: Only = None, json: Json = False, database: Database = None
) -> None:
    """List the assessments and where each stands today.

    Example: ephor fria list
    """
    _listed(context, ImpactKind.FRIA, agent, database, json=json)


@dpia.command("show")
def dpia_show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show one assessment, where it stands and what it lacks.

    Example: ephor dpia show dpia_0198
    """
    print_one(context.obj.open(database).impact.show(ImpactKind.DPIA, id), json=json)


@fria.command("show")
def fria_show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show one assessment, where it stands and what it lacks.

    Example: ephor fria show fria_0198
    """
    print_one(context.obj.open(database).impact.show(ImpactKind.FRIA, id), json=json)


@dpia.command("advise")
def dpia_advise(
    context: typer.Context,
    id: Id,
    advice: Agrees,
    notes: Notes,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record the data protection officer's advice (Article 35(2)); not by whoever wrote the assessment.

    Example: ephor dpia advise dpia_0198 --advice agree --notes "the measures suffice" --as paul
    """
    _advise(context, ImpactKind.DPIA, id, advice, notes, database, person, json=json)


@fria.command("advise")
def fria_advise(
    context: typer.Context,
    id: Id,
    advice: Agrees,
    notes: Notes,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record the advice of the data protection officer; not by whoever wrote the assessment.

    Example: ephor fria advise fria_0198 --advice object --notes "no way to complain" --as paul
    """
    _advise(context, ImpactKind.FRIA, id, advice, notes, database, person, json=json)


@dpia.command("consult")
def dpia_consult(
    context: typer.Context,
    id: Id,
    authority: Authority,
    on: On = None,
    extended: Annotated[
        bool, typer.Option("--extended", help="The authority takes six weeks more (Article 36(2)).")
    ] = False,
    answer: Annotated[
        str | None,
        typer.Option("--answer", help="What it answered: `allow` or `refuse`.", callback=given),
    ] = None,
    answered_on: Annotated[
        str | None,
        typer.Option(
            "--answered-on", metavar="DATE", help="The day it answered. Default: today.", callback=given
        ),
    ] = None,
    notes: Annotated[str, typer.Option("--notes", help="What it wrote, in a few words.")] = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that the authority was asked because a high risk remains (Article 36), or what it answered.

    Example: ephor dpia consult dpia_0198 --authority "the data protection authority" --on 2026-11-02
    """
    door: Door = context.obj
    if answer not in (None, "allow", "refuse"):
        raise InvalidInputError(f"`{answer}` is no answer of an authority; write allow or refuse")
    if answered_on and not answer:
        raise InvalidInputError("--answered-on takes --answer")
    until = (day(answered_on) if answered_on else door.today()) if answer else None
    sent = day(on) if on else door.today()
    asked = Consultation(
        authority.strip(), sent, extended, until, answer == "allow" if answer else None, notes, ""
    )
    impact = door.open(database).impact
    impact.show(ImpactKind.DPIA, id)
    print_one(impact.consult(id, asked, by=person or door.person), json=json)


@dpia.command("approve")
def dpia_approve(
    context: typer.Context,
    id: Id,
    until: Until = None,
    reason: Reason = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Approve an assessment; not by who wrote it, advised on it, owns the agent or wrote its manifest.

    Example: ephor dpia approve dpia_0198 --until 2027-11-01 --as xenia
    """
    _decide(context, ImpactKind.DPIA, id, (True, reason, until), database, person, json=json)


@fria.command("approve")
def fria_approve(
    context: typer.Context,
    id: Id,
    until: Until = None,
    reason: Reason = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Approve an assessment; not by who wrote it, advised on it, owns the agent or wrote its manifest.

    Example: ephor fria approve fria_0198 --as xenia
    """
    _decide(context, ImpactKind.FRIA, id, (True, reason, until), database, person, json=json)


@dpia.command("reject")
def dpia_reject(
    context: typer.Context,
    id: Id,
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Reject an assessment, for good; another one is a new record.

    Example: ephor dpia reject dpia_0198 --reason "the risk of disclosure is left out" --as xenia
    """
    _decide(context, ImpactKind.DPIA, id, (False, reason, None), database, person, json=json)


@fria.command("reject")
def fria_reject(
    context: typer.Context,
    id: Id,
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Reject an assessment, for good; another one is a new record.

    Example: ephor fria reject fria_0198 --reason "nobody was heard" --as xenia
    """
    _decide(context, ImpactKind.FRIA, id, (False, reason, None), database, person, json=json)


@fria.command("notify")
def fria_notify(
    context: typer.Context,
    id: Id,
    authority: Authority,
    on: On = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that the market surveillance authority was told the result (Article 27(3)). Ephor sends nothing.

    Example: ephor fria notify fria_0198 --authority "the market surveillance authority"
    """
    door: Door = context.obj
    impact = door.open(database).impact
    impact.show(ImpactKind.FRIA, id)
    sent = day(on) if on else None
    print_one(impact.notify(id, authority, sent, by=person or door.person), json=json)


@dpia.command("reopen")
def dpia_reopen(
    context: typer.Context, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Record which approved assessments hold no longer: expired, or the agent or a record changed. For cron.

    Example: ephor dpia reopen
    """
    _reopen(context, ImpactKind.DPIA, database, person, json=json)


@fria.command("reopen")
def fria_reopen(
    context: typer.Context, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Record which approved assessments hold no longer: expired, or the agent or a record changed. For cron.

    Example: ephor fria reopen
    """
    _reopen(context, ImpactKind.FRIA, database, person, json=json)


def _record(
    context: typer.Context,
    kind: ImpactKind,
    file: str,
    database: str | None,
    person: str | None,
    *,
    json: bool,
) -> None:
    door: Door = context.obj
    view = door.open(database).impact.record(kind, door.read_yaml(file), by=person or door.person)
    print_one(view, json=json)


def _listed(
    context: typer.Context, kind: ImpactKind, agent: str | None, database: str | None, *, json: bool
) -> None:
    print_list(kind, context.obj.open(database).impact.all(kind, agent), json=json)


def _reopen(
    context: typer.Context, kind: ImpactKind, database: str | None, person: str | None, *, json: bool
) -> None:
    door: Door = context.obj
    found = door.open(database).impact.reopen(kind, by=person or door.person)
    print_list(kind, found, json=json, empty=f"every {kind.value} that was in force still is")


def _advise(
    context: typer.Context, kind: ImpactKind, id: str, advice: str, notes: str,
    database: str | None, person: str | None, *, json: bool,
) -> None:  # fmt: skip
    door: Door = context.obj
    if advice not in ("agree", "object"):
        raise InvalidInputError(f"`{advice}` is no advice; write agree or object")
    impact = door.open(database).impact
    impact.show(kind, id)
    print_one(impact.advise(id, agrees=advice == "agree", notes=notes, by=person or door.person), json=json)


def _decide(
    context: typer.Context, kind: ImpactKind, id: str, said: tuple[bool, str, str | None],
    database: str | None, person: str | None, *, json: bool,
) -> None:  # fmt: skip
    door: Door = context.obj
    approved, reason, until = said
    impact = door.open(database).impact
    impact.show(kind, id)
    last = day(until) if until else None
    print_one(
        impact.decide(id, approved=approved, by=person or door.person, reason=reason, until=last), json=json
    )
