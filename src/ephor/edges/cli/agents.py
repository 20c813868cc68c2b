"""`ephor agents`: the inventory of agents, and the stop switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.definitions import warned
from ephor.edges.cli.fields import fields, listed, minute
from ephor.edges.cli.options import As, Database, Json
from ephor.edges.cli.render import as_json, emit, table
from ephor.engine.agents import Outcome, Registration
from ephor.kernel.vocabulary import word
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.approvals.request import pending_reviews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.approvals import Standing
    from ephor.engine.incident_steps import Seen
    from ephor.engine.regulation import ClassStanding
    from ephor.rooms.agents.changes import Change
    from ephor.rooms.agents.manifest import AskRule, Manifest

app = typer.Typer(
    name="agents", help="AI agents: register, show, stop, resume, retire.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(help="The agent's id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; it is kept in the ledger.")]


@app.command()
def register(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="The manifest, ephor.yaml; `-` reads standard input.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Register an agent from its manifest, or bring its registration up to date.

    Example: ephor agents register ephor.yaml
    """
    manifest = context.obj.read_manifest(file)
    agents = context.obj.open(database).agents
    done = agents.register(manifest, by=person or context.obj.person)
    warnings = agents.warnings(manifest)
    answer = {
        **as_json(done.agent),
        "outcome": done.outcome.value,
        "changes": as_json(done.changes),
        "ended": list(done.ended),
        "warnings": list(warnings),
    }
    emit(answer, lambda out: _print_registration(out, done, warnings), json=json)


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show an agent: its status, its manifest, its approval, and the incidents that are open.

    Example: ephor agents show support-assistant
    """
    engine = context.obj.open(database)
    agent, standing, law = (
        engine.agents.show(id),
        engine.approvals.standing(id),
        engine.regulation.standing(id),
    )
    open_ones = [one for one in engine.incidents.all(open_only=True) if id in one.incident.agents]
    answer = {
        **as_json(agent),
        "approved": standing.approval is not None,
        "pending": as_json(standing.pending),
        "class": as_json(law),
        "open_incidents": [_incident(one) for one in open_ones],
    }
    emit(answer, lambda out: _print_agent(out, agent, standing, law, open_ones), json=json)


@app.command("list")
def list_agents(
    context: typer.Context,
    status: Annotated[str | None, typer.Option("--status", help="Only agents of this status.")] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the agents of this plane.

    Example: ephor agents list --status active
    """
    wanted = word(AgentStatus, status, "status") if status else None
    agents = context.obj.open(database).agents.all(wanted)
    emit(agents, lambda out: _print_list(out, agents), json=json)


@app.command()
def suspend(
    context: typer.Context,
    id: Id,
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Stop an agent at once; it may not act until it is resumed.

    Example: ephor agents suspend support-assistant --reason "sends wrong refunds"
    """
    agent = context.obj.open(database).agents.suspend(id, reason, by=person or context.obj.person)
    emit(agent, lambda out: out.print(f"{agent.id} is suspended and may not act"), json=json)


@app.command()
def resume(
    context: typer.Context,
    id: Id,
    reason: Reason = "resumed by an operator",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Let a suspended agent act again, while its approval holds.

    Example: ephor agents resume support-assistant --reason "refund limit corrected"
    """
    agent = context.obj.open(database).agents.resume(id, reason, by=person or context.obj.person)
    emit(agent, lambda out: out.print(f"{agent.id} is active again"), json=json)


@app.command()
def retire(
    context: typer.Context,
    id: Id,
    reason: Reason,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """End an agent for good; its id cannot be used again.

    Example: ephor agents retire support-assistant --reason "replaced by support-2"
    """
    agent = context.obj.open(database).agents.retire(id, reason, by=person or context.obj.person)
    emit(agent, lambda out: out.print(f"{agent.id} is retired for good"), json=json)


_DONE = {
    Outcome.REGISTERED: "registered as a draft; next: ephor approvals request {id} --justification ...",
    Outcome.UNCHANGED: "unchanged: this very manifest is registered already",
    Outcome.CHANGED: "changed; an approval given before still covers it",
    Outcome.REOPENED: "changed in what an approval covers; it may not act until that is approved",
}


def _print_registration(out: Console, done: Registration, warnings: Sequence[str]) -> None:
    out.print(f"{done.agent.id}: {_DONE[done.outcome].format(id=done.agent.id)}")
    fields(out, [("status", done.agent.status.value), ("digest", done.agent.digest)])
    if done.changes:
        out.print()
        table(
            out,
            ("changed", "before", "after", "needs approval"),
            [_row(one) for one in done.changes],
            empty="",
        )
    if done.ended:
        out.print(f"ended: {listed(done.ended)}")
    warned(out, warnings)


def _row(change: Change) -> tuple[str, str, str, str]:
    return change.path, change.before or "-", change.after or "-", "yes" if change.material else "no"


def _print_list(out: Console, agents: Sequence[Agent]) -> None:
    rows = [
        (one.id, one.status.value, one.manifest.use_case.value, one.manifest.autonomy, one.manifest.owner)
        for one in agents
    ]
    empty = "no agents; register one with `ephor agents register FILE`"
    table(out, ("id", "status", "use case", "autonomy", "owner"), rows, empty=empty)


def _incident(one: Seen) -> dict[str, Any]:
    return {
        "id": one.incident.id,
        "severity": one.incident.severity.value,
        "since": as_json(one.incident.at),
        "overdue": [clock.id for clock in one.clocks if clock.overdue],
    }


def _incidents(open_ones: Sequence[Seen]) -> str:
    told = [
        f"{one['id']} ({one['severity']}" + ("; a clock is over)" if one["overdue"] else ")")
        for one in map(_incident, open_ones)
    ]
    return "\n".join(told) or "none is open"


def _print_agent(
    out: Console, agent: Agent, standing: Standing, law: ClassStanding, open_ones: Sequence[Seen]
) -> None:
    manifest = agent.manifest
    fields(
        out,
        [
            ("id", agent.id),
            ("name", manifest.name),
            ("status", f"{agent.status.value}: {agent.status_reason}"),
            ("approval", _approval(standing)),
            ("class", _class(law)),
            ("measures", _measures(law)),
            ("incidents", _incidents(open_ones)),
            ("owner", manifest.owner),
            ("purpose", manifest.purpose),
            ("use case", manifest.use_case.value),
            ("operator role", manifest.operator_role.value),
            ("autonomy", manifest.autonomy),
            ("models", listed(manifest.models)),
            ("roles", listed(manifest.roles)),
            ("data", f"{manifest.data.sensitivity.value}: {listed(manifest.data.categories)}"),
            ("data subjects", listed(manifest.data.subjects)),
            ("jurisdictions", listed(manifest.jurisdictions)),
            ("oversight", _oversight(manifest)),
            ("disclosure", _disclosure(manifest)),
            ("digest", agent.digest),
            ("registered", f"{minute(agent.registered_at)} by {agent.registered_by}"),
            ("changed", minute(agent.changed_at)),
        ],
    )
    out.print()
    tools = [
        (one.name, one.effect.value, one.sensitivity.value, "; ".join(_asks(rule) for rule in one.ask) or "-")
        for one in manifest.tools
    ]
    table(out, ("tool", "effect", "sensitivity", "a person approves"), tools, empty="no tools")


def _approval(standing: Standing) -> str:
    if standing.approval:
        return f"{standing.approval.id}, until {minute(standing.approval.expires_at)}"
    if standing.pending:
        return f"none; {standing.pending.id} awaits: {listed(pending_reviews(standing.pending))}"
    return "none that covers it today"


def _class(law: ClassStanding) -> str:
    if law.category is None:
        return "none for this manifest; see ephor classify"
    because = f" because of {', '.join(law.articles)}" if law.articles else ""
    if not law.signed_by:
        return f"{law.category}{because}; no reviewer signed it off, so it does not count yet"
    through = f", through {law.signed_through}" if law.signed_through else ""
    return f"{law.category}{because}; signed off by {law.signed_by}{through}"


def _measures(law: ClassStanding) -> str:
    done = law.measures
    parts = [f"{done.monitoring_level.value} logging", f"records kept {done.retention_days} days"]
    if done.human_oversight:
        parts.insert(1, "a person agrees to whatever does more than read")
    return "; ".join([*parts, *(f"notice: {text}" for text in done.notices)])


def _asks(rule: AskRule) -> str:
    return "always" if rule.always else f"{rule.argument} above {rule.above}"


def _oversight(manifest: Manifest) -> str:
    plan = manifest.oversight
    return f"{listed(plan.people)}: {plan.means}\nstop: {plan.stop}" if plan else "not stated"


def _disclosure(manifest: Manifest) -> str:
    told = manifest.disclosure
    if told is None:
        return "not stated"
    return f"people are told: {told.notice}" if told.tells_people else "people are not told"
