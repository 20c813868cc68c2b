"""`ephor incidents`: open, classify, notify, act on and close incidents; their clocks, reports and trends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ephor.edges.charts import Bar, bars
from ephor.edges.cli.fields import fields, listed, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, ending
from ephor.edges.cli.render import emit, exact
from ephor.engine.pinning import Query
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day, moment
from ephor.kernel.vocabulary import word
from ephor.rooms.incidents.clocks import ClockStatus
from ephor.rooms.incidents.record import Severity, read_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.incident_steps import Seen
    from ephor.rooms.incidents.clocks import Clock
    from ephor.rooms.incidents.figures import Trends

app = typer.Typer(
    name="incidents", help="Incidents: what happened, which clocks run, what was done.", no_args_is_help=True
)

_SEVERITIES = ", ".join(one.value for one in Severity)
Id = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident's id.")]
ClockName = Annotated[
    str, typer.Option("--clock", metavar="CLOCK", help="Which clock; see `ephor incidents show`.")
]
Many = Optional[list[str]]  # noqa: UP045
Text = Optional[str]  # noqa: UP045


@app.command("open")
def open_incident(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What happened, in one line without personal data.")],
    severity: Annotated[str, typer.Option("--severity", help=f"How bad: {_SEVERITIES}.")],
    summary: Annotated[Text, typer.Option("--summary", help="More words. Default: the title.")] = None,
    aware_at: Annotated[
        Text, typer.Option("--aware-at", metavar="TIME", help="When we became aware. Default: now.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="Where days are counted, as Europe/Berlin.")] = "UTC",
    affected: Annotated[
        Many, typer.Option("--affects", metavar="ID", help="An agent it affects; repeat.")
    ] = None,
    agent: Annotated[Text, typer.Option("--agent", metavar="ID", help="Pin entries of this agent.")] = None,
    since: Annotated[Text, typer.Option("--since", metavar="TIME", help="Pin entries from then on.")] = None,
    until: Annotated[Text, typer.Option("--until", metavar="TIME", help="Pin entries before then.")] = None,
    kind: Annotated[Many, typer.Option("--kind", help="Pin entries of this kind; repeat.")] = None,
    entry: Annotated[Many, typer.Option("--entry", metavar="ID", help="Pin this entry; repeat.")] = None,
    suspend: Annotated[bool, typer.Option("--suspend", help="Suspend the agents at once.")] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Open an incident, from entries of the ledger or by hand. What can be counted is counted from the entries.

    Example: ephor incidents open "Addresses sent to the wrong customers" --severity high --agent support-assistant --since 2026-11-20 --suspend
    """
    query = None
    if agent or since or until or kind:
        query = Query(
            agent, ending(since) if since else None, ending(until) if until else None, tuple(kind or ())
        )
    seen = context.obj.open(database).incidents.open(
        title,
        title if summary is None else summary,
        word(Severity, severity, "severity"),
        by=person or context.obj.person,
        aware_at=moment(aware_at) if aware_at else None,
        zone=zone,
        agents=affected or (),
        query=query,
        entries=entry or (),
        suspend=suspend,
    )
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def show(context: typer.Context, incident: Id, json: Json = False, database: Database = None) -> None:
    """Show an incident: figures, what the laws call it, every clock, and what is left to do.

    Example: ephor incidents show inc_0198a0f1
    """
    seen = context.obj.open(database).incidents.show(incident)
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command("list")
def list_incidents(
    context: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the incidents, oldest first, with clocks that are overdue and the next that ends.

    Example: ephor incidents list --open
    """
    found = context.obj.open(database).incidents.all(open_only=open_only)
    emit(found, lambda out: _rows(out, found), json=json)


@app.command()
def classify(
    context: typer.Context,
    incident: Id,
    fact: Annotated[
        Many, typer.Option("--fact", metavar="NAME=VALUE", help="A fact: true, false, unknown, or words.")
    ] = None,
    complete: Annotated[bool, typer.Option("--complete", help="What nobody stated does not hold.")] = False,
    severity: Annotated[Text, typer.Option("--severity", help=f"Grade it anew: {_SEVERITIES}.")] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """State facts, and see what each law makes of them. What is not known stays not known, and is named.

    Example: ephor incidents classify inc_0198a0f1 --fact personal_data_breach=true --fact data_role=controller --fact gdpr_applies=true
    """
    seen = context.obj.open(database).incidents.classify(
        incident,
        read_facts(tuple(fact or ())),
        by=person or context.obj.person,
        complete=complete,
        severity=word(Severity, severity, "severity") if severity else None,
    )
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def notify(
    context: typer.Context,
    incident: Id,
    clock: ClockName,
    sent_at: Annotated[
        Text,
        typer.Option("--sent-at", metavar="TIME", help="Record that it was sent then; without it, draft it."),
    ] = None,
    channel: Annotated[Text, typer.Option("--channel", help="How it was sent: a portal, a letter.")] = None,
    reference: Annotated[Text, typer.Option("--reference", help="The recipient's number for it.")] = None,
    why_late: Annotated[Text, typer.Option("--why-late", help="The reasons for a delay.")] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Draft the notification that a clock asks for; or, with --sent-at and --channel, record that you sent it.

    Example: ephor incidents notify inc_0198a0f1 --clock gdpr/notify-authority
    """
    incidents = context.obj.open(database).incidents
    if sent_at is None:
        if channel is not None or reference is not None or why_late is not None:
            raise InvalidInputError(
                "when it was sent is missing; write --sent-at, or leave the rest out for a draft"
            )
        text = incidents.draft(incident, clock)
        emit({"clock": clock, "draft": text}, lambda _: exact(text.encode()), json=json)
        return
    if channel is None:
        raise InvalidInputError("how it was sent is missing; write --channel")
    seen = incidents.notified(
        incident,
        clock,
        sent_at=moment(sent_at),
        channel=channel,
        by=person or context.obj.person,
        reference=reference,
        why_late=why_late,
    )
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def excuse(
    context: typer.Context,
    incident: Id,
    clock: ClockName,
    reason: Annotated[str, typer.Option("--reason", help="Why no notification is sent.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record why a clock is not answered by a notification.

    Example: ephor incidents excuse inc_0198a0f1 --clock hipaa/tell-media --reason "counsel: no State has more than 500"
    """
    seen = context.obj.open(database).incidents.excuse(
        incident, clock, reason, by=person or context.obj.person
    )
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def action(
    context: typer.Context,
    incident: Id,
    what: Annotated[
        str, typer.Argument(help="What is to be done; or, with --done or --drop, what came of it.")
    ],
    owner: Annotated[Text, typer.Option("--owner", metavar="PERSON", help="Who does it.")] = None,
    due: Annotated[Text, typer.Option("--due", metavar="DATE", help="The last day for it.")] = None,
    done: Annotated[Text, typer.Option("--done", metavar="ACTION", help="Record that it is done.")] = None,
    drop: Annotated[
        Text, typer.Option("--drop", metavar="ACTION", help="Record that it will not be done.")
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Decide on a corrective action, or record that one is done or dropped.

    Example: ephor incidents action inc_0198a0f1 "Ask before mail leaves" --owner ada --due 2026-12-15
    """
    incidents, by = context.obj.open(database).incidents, person or context.obj.person
    ended = done if drop is None else drop
    if done is not None and drop is not None:
        raise InvalidInputError("an action is either done or dropped; give one of --done and --drop")
    if ended is not None:
        if owner is not None or due is not None:
            raise InvalidInputError(
                "an action that ends keeps its owner and day; leave --owner and --due out"
            )
        seen = incidents.end_action(incident, ended, what, by=by, dropped=drop is not None)
        emit(seen, lambda out: _print(out, seen), json=json)
        return
    if owner is None or due is None:
        raise InvalidInputError("an action has an owner and a last day; write --owner and --due")
    made = incidents.act(incident, what, owner=owner, due=day(due), by=by)
    emit(made, lambda out: out.print(f"{made.id}: {made.owner} through {made.due}"), json=json)


@app.command()
def cause(
    context: typer.Context,
    incident: Id,
    text: Annotated[str, typer.Argument(help="The root cause, without personal data.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record the root cause.

    Example: ephor incidents cause inc_0198a0f1 "The address lookup matched on the surname alone"
    """
    seen = context.obj.open(database).incidents.cause(incident, text, by=person or context.obj.person)
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def close(
    context: typer.Context,
    incident: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why it may be closed.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Close an incident that somebody else opened: clocks answered, actions ended, root cause recorded.

    Example: ephor incidents close inc_0198a0f1 --reason "measures in force, authority satisfied" --as sam
    """
    seen = context.obj.open(database).incidents.close(incident, reason, by=person or context.obj.person)
    emit(seen, lambda out: _print(out, seen), json=json)


@app.command()
def report(context: typer.Context, incident: Id, json: Json = False, database: Database = None) -> None:
    """Print the report of an incident as Markdown. Every pinned entry is held against the ledger first.

    Example: ephor incidents report inc_0198a0f1
    """
    text = context.obj.open(database).incidents.report(incident)
    emit({"incident": incident, "report": text}, lambda _: exact(text.encode()), json=json)


@app.command()
def trends(
    context: typer.Context,
    chart: Annotated[
        Text, typer.Option("--chart", metavar="FILE.svg", help="Draw incidents a month into a new file.")
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Count the incidents by month, severity and agent.

    Example: ephor incidents trends --chart incidents.svg
    """
    found = context.obj.open(database).incidents.trends()
    if chart is not None:
        rows = [Bar(month, float(many), False) for month, many in found.months.items()]
        with context.obj.new_file(chart) as write:
            write(bars("Incidents a month", rows).encode())
    emit(found, lambda out: _spread(out, found), json=json)


def _spread(out: Console, found: Trends) -> None:
    out.print(f"{found.incidents} incidents, {found.open} of them open")
    for name, counts in (("month", found.months), ("severity", found.severities), ("agent", found.agents)):
        unfolded(
            out, (name, "incidents"), [(one, str(many)) for one, many in counts.items()], empty=f"no {name}"
        )


def _rows(out: Console, found: Sequence[Seen]) -> None:
    rows = [
        (
            one.incident.id,
            one.incident.severity.value,
            one.incident.status.value,
            minute(one.incident.aware_at),
            str(sum(clock.overdue for clock in one.clocks)),
            one.incident.title,
        )
        for one in found
    ]
    unfolded(
        out, ("incident", "severity", "status", "aware since", "overdue", "title"), rows, empty="no incidents"
    )


def _print(out: Console, seen: Seen) -> None:
    one = seen.incident
    fields(
        out,
        [
            ("incident", f"{one.id}: {one.title}"),
            ("status", f"{one.status.value}, {one.severity.value}, opened by {one.by}"),
            ("aware since", f"{minute(one.aware_at)}; days in {one.zone}"),
            ("agents", listed(one.agents)),
            ("suspended", listed(one.suspended) if one.suspended else None),
            ("entries", f"{seen.figures.entries} pinned" if seen.figures.entries else None),
            *(
                ("class", f"{name.title} ({name.cite}): {_holds(name.holds, name.unknown)}")
                for name in seen.classes
            ),
            *(
                ("clock", _clock(clock))
                for clock in seen.clocks
                if clock.status is not ClockStatus.NOT_RUNNING
            ),
            *(("action", f"{act.id} {act.owner} through {act.due}: {_ended(act)}") for act in one.actions),
            *(("left", left) for left in seen.left),
        ],
    )


def _ended(act: object) -> str:
    return (
        "open"
        if getattr(act, "ended_at", None) is None
        else "dropped"
        if getattr(act, "dropped", False)
        else "done"
    )


def _holds(holds: bool | None, unknown: Sequence[str]) -> str:
    return "not known, state " + ", ".join(unknown) if holds is None else "yes" if holds else "no"


def _clock(clock: Clock) -> str:
    due = "at once" if clock.at_once else f"due {minute(clock.due)}" if clock.due else "not started"
    marks = "".join([", OVERDUE" if clock.overdue else "", ", late" if clock.late else ""])
    state = clock.status.value.replace("_", " ")
    return f"{clock.id} ({clock.cite}, {clock.verified}): {state}, {due}{marks}"
