"""The checks of the agent itself: its life, its class, its models, the person it touches, its roles, what it was lent."""

from __future__ import annotations

from collections.abc import Iterator

from ephor.kernel.time import stamp
from ephor.rooms.access.roles import allowed_by, within
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.stop import stopped
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.codes import AGAINST
from ephor.rooms.decisions.facts import Facts, deny
from ephor.rooms.decisions.model import Reason
from ephor.rooms.decisions.standing import SubjectStanding

_CLASSES = frozenset({"high", "limited", "minimal", "out_of_scope"})
"""Classes under which an agent may act at all."""


def stops(facts: Facts) -> Iterator[Reason]:
    """Nothing that somebody stopped goes on until the stop is lifted."""
    authority, call = facts.authority, facts.call
    for stop in stopped(authority.stops, call.tool, call.model, authority.agent.manifest.models):
        what = "everything" if stop.name is None else f"{stop.what.value} `{stop.name}`"
        yield deny(f"stopped-{stop.what.value}", f"{what} is stopped (`{stop.id}`): {stop.reason}")


def life(facts: Facts) -> Iterator[Reason]:
    """Only an active agent with an approval of exactly what it is may act."""
    authority, agent = facts.authority, facts.authority.agent
    if agent.status is not AgentStatus.ACTIVE:
        yield deny("agent-not-active", f"agent `{agent.id}` is {agent.status.value}: {agent.status_reason}")
    if agent.approved_until is None or agent.approved_digest is None:
        yield deny("agent-not-approved", f"agent `{agent.id}` has no approval for the manifest in force")
        return
    if not authority.approval_binds:
        yield deny(
            "approval-outdated",
            f"the approval of agent `{agent.id}` was taken back, or given under another manifest or policy",
        )
    if facts.now >= agent.approved_until:
        yield deny(
            "approval-expired", f"the approval of agent `{agent.id}` ran out on {stamp(agent.approved_until)}"
        )


def law(facts: Facts) -> Iterator[Reason]:
    """An agent whose class is not known may turn out to be prohibited: unknown is never a pass."""
    id, category = facts.authority.agent.id, facts.authority.category
    if category is None:
        yield deny("not-classified", f"agent `{id}` is not classified for the manifest in force")
    elif category == "unacceptable":
        yield deny("prohibited-practice", f"agent `{id}` is a prohibited practice (AI Act, Article 5)")
    elif category not in _CLASSES:
        yield deny("class-unknown", f"the AI Act class of agent `{id}` is not known: {category}")
    elif not facts.authority.signed:
        yield deny("class-not-signed-off", f"no reviewer signed off that agent `{id}` is {category}")


def models(facts: Facts) -> Iterator[Reason]:
    """Every declared model may be used, and the one that asks is declared."""
    call, authority = facts.call, facts.authority
    for model, against in authority.models.items():
        for text in against:
            yield deny("model-not-allowed", f"model `{model}`: {text}")
    if call.model is not None and call.model not in authority.models:
        yield deny(
            "model-not-declared",
            f"model `{call.model}` is not among the models that agent `{call.agent}` declares",
        )


def person(facts: Facts) -> Iterator[Reason]:
    """Honour what the data subject asked for (GDPR Articles 7(3), 18(2) and 21)."""
    call, authority, subject = facts.call, facts.authority, facts.known.subject
    if call.subject is None:
        return
    if subject is None:
        yield deny("subject-unknown", "what the data subject asked for could not be looked up")
        return
    if subject.restricted:
        yield deny("subject-restricted", "processing of this person's data is restricted (GDPR Article 18)")
    if call.purpose is None:
        if authority.consent_purposes or subject.opted_out:
            yield deny("purpose-missing", "the call touches a person's data and names no purpose")
        return
    for code in subject.against:
        yield deny(code, f"{AGAINST.get(code, code)}; the purpose is `{call.purpose}`")
    if subject.opted_out and not subject.listed and _is_strange(call.purpose, authority):
        yield deny(
            "opt-out-purpose-unknown",
            f"the person opted out, and nobody said what purpose `{call.purpose}` serves",
        )
    yield from _said(call.purpose, subject)
    if subject.consent is Standing.NEVER and _rests_on_consent(call.purpose, authority):
        yield deny(
            "consent-missing",
            f"purpose `{call.purpose}` rests on consent, or on nothing recorded, and this person gave none",
        )


def _said(purpose: str, subject: SubjectStanding) -> Iterator[Reason]:
    """What the person said last about the purpose itself, where that is no consent."""
    said = subject.consent
    if said is Standing.OBJECTED:
        yield deny("objected", f"the person objected to purpose `{purpose}`")
    elif said is Standing.OPTED_OUT:
        if not any(code.startswith("opted-out-") for code in subject.against):  # which says it better
            yield deny("opted-out", f"the person opted out of purpose `{purpose}`")
    elif said in (Standing.WITHDRAWN, Standing.REFUSED, Standing.EXPIRED):
        yield deny(f"consent-{said.value}", f"consent for purpose `{purpose}` is {said.value}")


def _is_strange(purpose: str, authority: AgentAuthority) -> bool:
    """Where records of processing name the agent's purposes, another word must not evade an opt-out."""
    known = authority.consent_purposes | authority.other_purposes
    return bool(known) and purpose not in known


def _rests_on_consent(purpose: str, authority: AgentAuthority) -> bool:
    """Where an agent works on consent at all, another word for the purpose must not evade it (GDPR Article 5(1)(b))."""
    if not authority.consent_purposes:
        return False
    return purpose in authority.consent_purposes or purpose not in authority.other_purposes


def roles(facts: Facts) -> Iterator[Reason]:
    """Every role exists, one of them reaches tool and sensitivity, and together they grant what the tool needs."""
    call, authority, tool = facts.call, facts.authority, facts.tool
    for name in authority.unknown_roles:
        yield deny("role-unknown", f"role `{name}` does not exist")
    needed = tool.permissions if tool else frozenset()
    for reason in allowed_by(authority.roles, call.tool, facts.sensitivity, sorted(needed)):
        yield deny(reason.code, reason.text)
    for text in tool.unknown_permissions if tool else ():
        yield deny(
            "permission-unknown", f"tool `{call.tool}` needs permission `{text}`, which does not exist"
        )


def loan(facts: Facts) -> Iterator[Reason]:
    """What was lent narrows what the agent may do by itself; it never widens it.

    Authority is lent for one purpose, so a call that names none is not covered (GDPR Article 5(1)(b)).
    """
    call, tool, lent = facts.call, facts.tool, facts.known.lent
    if call.on_behalf_of is None:
        return
    if lent is None or (lent.rights is None and not lent.reasons):
        yield deny("delegation-unknown", f"there is no delegation `{call.on_behalf_of}`")
        return
    for reason in lent.reasons:
        yield deny(reason.code, reason.text)
    if lent.to_agent and lent.to_agent != call.agent:
        yield deny(
            "delegation-not-yours",
            f"delegation `{call.on_behalf_of}` was not granted to agent `{call.agent}`",
        )
    if lent.to_agent and call.purpose is None:
        text = f"the call names no purpose, and delegation `{call.on_behalf_of}` serves `{lent.purpose}`"
        yield deny("delegation-purpose", text)
    elif lent.to_agent and call.purpose != lent.purpose:
        text = f"delegation `{call.on_behalf_of}` serves another purpose than `{call.purpose}`"
        yield deny("delegation-purpose", text)
    if lent.rights is not None:
        needed = sorted(tool.permissions) if tool else ()
        for reason in within(lent.rights, call.tool, facts.sensitivity, needed):
            yield deny(reason.code, reason.text)
