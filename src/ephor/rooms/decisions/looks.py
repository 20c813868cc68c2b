"""What each check of a decision looks at, in words, for whoever asks how an answer came about."""

from __future__ import annotations

from collections.abc import Iterable

from ephor.kernel.time import stamp
from ephor.rooms.decisions.facts import Facts, behalf_of, limits_on
from ephor.rooms.policies.autonomy import autonomy_of
from ephor.rooms.policies.limits import shown
from ephor.rooms.policies.sequences import applies


def stops(facts: Facts) -> str:
    """Return the stops that can touch the agent."""
    return f"stops in force: {_listed(stop.id for stop in facts.authority.stops)}"


def life(facts: Facts) -> str:
    """Return the agent's status, and until when it is approved."""
    agent = facts.authority.agent
    until = stamp(agent.approved_until) if agent.approved_until else "never"
    return f"agent `{agent.id}`: {agent.status.value}, approved until {until}; now {stamp(facts.now)}"


def law(facts: Facts) -> str:
    """Return the class the agent is in."""
    signed = "signed off" if facts.authority.signed else "not signed off"
    return f"class under the AI Act: {facts.authority.category or 'not known'}, {signed}"


def models(facts: Facts) -> str:
    """Return the models it declares, and the one that asks."""
    asking = f"; the call comes from `{facts.call.model}`" if facts.call.model else ""
    return f"models: {_listed(facts.authority.models)}{asking}"


def person(facts: Facts) -> str:
    """Return what is known of the data subject; never who it is."""
    if facts.call.subject is None:
        return "the call names no data subject"
    known = facts.known.subject
    if known is None:
        return "the data subject's wishes: not known"
    purpose = f"`{facts.call.purpose}`" if facts.call.purpose else "no purpose"
    restricted = "restricted" if known.restricted else "not restricted"
    return f"the data subject: {restricted}; consent for {purpose}: {known.consent.value}"


def roles(facts: Facts) -> str:
    """Return the roles, and what they are asked for."""
    names = [role.id for role in facts.authority.roles]
    needed = sorted(one.value for one in facts.tool.permissions) if facts.tool else []
    return (
        f"roles: {_listed((*names, *facts.authority.unknown_roles))}; asked for `{facts.call.tool}`, "
        f"{facts.sensitivity.value} data, permissions: {_listed(needed)}"
    )


def loan(facts: Facts) -> str:
    """Return the delegation the call names."""
    if facts.call.on_behalf_of is None:
        return "the call names no delegation"
    chain = behalf_of(facts.known).chain
    return f"delegation `{facts.call.on_behalf_of}`, chain: {_listed(chain)}"


def declared(facts: Facts) -> str:
    """Return the tool as it is declared."""
    if facts.tool is None:
        return f"declared tools: {_listed(sorted(facts.authority.tools))}"
    tool = facts.tool
    return f"`{tool.tool.name}`: {tool.effect.value}, {tool.sensitivity.value} data"


def policy(facts: Facts) -> str:
    """Return what the use case's policy says."""
    rules = facts.authority.policy
    person = "a person approves acts" if rules.requires_human_approval else "no person is needed by itself"
    allowed = _listed(one.value for one in rules.data_sensitivity_allowed)
    return f"policy for {rules.use_case.value}: data {allowed}; {person}"


def autonomy(facts: Facts) -> str:
    """Return the level the act needs, and the levels there are."""
    own, most = facts.authority.agent.manifest.autonomy, facts.authority.policy.max_autonomy_level
    needed = autonomy_of(facts.tool.effect) if facts.tool else "unknown"
    return f"autonomy needed: {needed}; the agent's: {own}; the policy's: {most}"


def asks(facts: Facts) -> str:
    """Return when a person must approve calls of the tool."""
    rules = facts.tool.tool.ask if facts.tool else ()
    said = ["always" if one.always else f"`{one.argument}` above {one.above}" for one in rules]
    return f"a person approves: {', '.join(said) or 'nothing of this tool'}"


def sequence(facts: Facts) -> str:
    """Return what the session touched, and the rules that look at it."""
    tool, labels = facts.tool, facts.known.labels
    rules = [
        one.id for one in facts.authority.sequences if tool and applies(one, tool.tool.name, tool.effect)
    ]
    before = "not known" if labels is None else _listed(sorted(labels))
    return f"session touched: {before}; rules: {_listed(rules)}"


def limits(facts: Facts) -> str:
    """Return the limits that cover the call."""
    covering = limits_on(facts.tool, facts.call.agent, behalf_of(facts.known))
    return f"limits: {', '.join(f'`{one.id}` ({shown(one)} a {one.window.value})' for one in covering) or 'none'}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
