"""Decide a call. Deny beats ask beats allow; nothing said means deny; every reason is given, not just the first.

What an agent may do at most (its ceiling) comes from its life, its approval, its class under the law, its roles, what it
was lent, the policy of its use case, its models, and the person whose data it touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import Effect, Sensitivity
from ephor.rooms.access.roles import allowed_by, within
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import AskRule
from ephor.rooms.agents.stop import stopped
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.authority import AgentAuthority, ToolAuthority
from ephor.rooms.decisions.model import Call, Outcome, Reason, Verdict
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.policies.autonomy import autonomy_of

_CLASSES = frozenset({"high", "limited", "minimal", "out_of_scope"})
"""Classes under which an agent may act at all."""
_SHOWN = 20
"""Digits of a number that are repeated to people."""

_ALLOWED = Reason("allowed", Outcome.ALLOW, "every check agrees")


def decide(
    call: Call,
    authority: AgentAuthority | None,
    *,
    now: datetime,
    subject: SubjectStanding | None = None,
    lent: Lent | None = None,
) -> Verdict:
    """Return the answer to *call*, with every reason for it.

    A call that names a subject or a delegation must come with what is known of it; missing knowledge denies.

    >>> decide(Call("nobody", "files.read"), None, now=datetime(2026, 11, 24)).reasons[0].text
    'agent `nobody` is not registered'
    """
    if authority is None:
        return Verdict(Outcome.DENY, (_deny("agent-unknown", f"agent `{call.agent}` is not registered"),), ())
    tool = authority.tools.get(call.tool)
    reasons = [
        *_stops(call, authority),
        *_life(authority, now),
        *_law(authority),
        *_models(call, authority),
        *_person(call, authority, subject),
        *_roles(call, authority, tool),
        *_loan(call, tool, lent),
    ]
    if tool is None:
        text = f"`{call.tool}` is not among the tools that agent `{call.agent}` declares"
        return Verdict(Outcome.DENY, (*reasons, _deny("tool-not-declared", text)), ())
    reasons += [*_policy(call, authority, tool), *_asks(call, tool)]
    outcome = max([reason.outcome for reason in reasons], default=Outcome.ALLOW)
    if outcome is Outcome.DENY:
        return Verdict(outcome, tuple(reasons), ())
    obligations = (tool.mask, authority.notice) if authority.notice else (tool.mask,)
    return Verdict(outcome, tuple(reasons) or (_ALLOWED,), obligations)


def _stops(call: Call, authority: AgentAuthority) -> Iterator[Reason]:
    for stop in stopped(authority.stops, call.tool, call.model, authority.agent.manifest.models):
        what = "everything" if stop.name is None else f"{stop.what.value} `{stop.name}`"
        yield _deny(f"stopped-{stop.what.value}", f"{what} is stopped (`{stop.id}`): {stop.reason}")


def _life(authority: AgentAuthority, now: datetime) -> Iterator[Reason]:
    agent = authority.agent
    if agent.status is not AgentStatus.ACTIVE:
        yield _deny("agent-not-active", f"agent `{agent.id}` is {agent.status.value}: {agent.status_reason}")
    if agent.approved_until is None or agent.approved_digest is None:
        yield _deny("agent-not-approved", f"agent `{agent.id}` has no approval for the manifest in force")
        return
    if not authority.approval_binds:
        yield _deny(
            "approval-outdated",
            f"the approval of agent `{agent.id}` was taken back, or given under another manifest or policy",
        )
    if now >= agent.approved_until:
        yield _deny(
            "approval-expired", f"the approval of agent `{agent.id}` ran out on {stamp(agent.approved_until)}"
        )


def _law(authority: AgentAuthority) -> Iterator[Reason]:
    """An agent whose class is not known may turn out to be prohibited: unknown is never a pass."""
    id, category = authority.agent.id, authority.category
    if category is None:
        yield _deny("not-classified", f"agent `{id}` is not classified for the manifest in force")
    elif category == "unacceptable":
        yield _deny("prohibited-practice", f"agent `{id}` is a prohibited practice (AI Act, Article 5)")
    elif category not in _CLASSES:
        yield _deny("class-unknown", f"the AI Act class of agent `{id}` is not known: {category}")


def _models(call: Call, authority: AgentAuthority) -> Iterator[Reason]:
    for model, against in authority.models.items():
        for text in against:
            yield _deny("model-not-allowed", f"model `{model}`: {text}")
    if call.model is not None and call.model not in authority.models:
        yield _deny(
            "model-not-declared",
            f"model `{call.model}` is not among the models that agent `{call.agent}` declares",
        )


def _person(call: Call, authority: AgentAuthority, subject: SubjectStanding | None) -> Iterator[Reason]:
    """Honour what the data subject asked for (GDPR Articles 7(3), 18(2) and 21)."""
    if call.subject is None:
        return
    if subject is None:
        yield _deny("subject-unknown", "what the data subject asked for could not be looked up")
        return
    if subject.restricted:
        yield _deny("subject-restricted", "processing of this person's data is restricted (GDPR Article 18)")
    if call.purpose is None:
        if authority.consent_purposes:
            yield _deny("purpose-missing", "the call touches a person's data and names no purpose")
        return
    if subject.consent in (Standing.WITHDRAWN, Standing.REFUSED, Standing.EXPIRED):
        yield _deny(
            f"consent-{subject.consent.value}",
            f"consent for purpose `{call.purpose}` is {subject.consent.value}",
        )
    elif subject.consent is Standing.NEVER and _rests_on_consent(call.purpose, authority):
        yield _deny(
            "consent-missing",
            f"purpose `{call.purpose}` rests on consent, or on nothing recorded, and this person gave none",
        )


def _rests_on_consent(purpose: str, authority: AgentAuthority) -> bool:
    """Where an agent works on consent at all, another word for the purpose must not evade it (GDPR Article 5(1)(b))."""
    if not authority.consent_purposes:
        return False
    return purpose in authority.consent_purposes or purpose not in authority.other_purposes


def _roles(call: Call, authority: AgentAuthority, tool: ToolAuthority | None) -> Iterator[Reason]:
    for name in authority.unknown_roles:
        yield _deny("role-unknown", f"role `{name}` does not exist")
    needed = tool.permissions if tool else frozenset()
    for reason in allowed_by(authority.roles, call.tool, sensitivity_of(call, tool), sorted(needed)):
        yield _deny(reason.code, reason.text)
    for text in tool.unknown_permissions if tool else ():
        yield _deny(
            "permission-unknown", f"tool `{call.tool}` needs permission `{text}`, which does not exist"
        )


def _loan(call: Call, tool: ToolAuthority | None, lent: Lent | None) -> Iterator[Reason]:
    """What was lent narrows what the agent may do by itself; it never widens it.

    Authority is lent for one purpose, so a call that names none is not covered (GDPR Article 5(1)(b)).
    """
    if call.on_behalf_of is None:
        return
    if lent is None or (lent.rights is None and not lent.reasons):
        yield _deny("delegation-unknown", f"there is no delegation `{call.on_behalf_of}`")
        return
    for reason in lent.reasons:
        yield _deny(reason.code, reason.text)
    if lent.to_agent and lent.to_agent != call.agent:
        yield _deny(
            "delegation-not-yours",
            f"delegation `{call.on_behalf_of}` was not granted to agent `{call.agent}`",
        )
    if lent.to_agent and call.purpose is None:
        text = f"the call names no purpose, and delegation `{call.on_behalf_of}` serves `{lent.purpose}`"
        yield _deny("delegation-purpose", text)
    elif lent.to_agent and call.purpose != lent.purpose:
        text = f"delegation `{call.on_behalf_of}` serves another purpose than `{call.purpose}`"
        yield _deny("delegation-purpose", text)
    if lent.rights is not None:
        needed = sorted(tool.permissions) if tool else ()
        for reason in within(lent.rights, call.tool, sensitivity_of(call, tool), needed):
            yield _deny(reason.code, reason.text)


def _policy(call: Call, authority: AgentAuthority, tool: ToolAuthority) -> Iterator[Reason]:
    policy, case = authority.policy, authority.policy.use_case.value
    sensitivity = sensitivity_of(call, tool)
    if sensitivity not in policy.data_sensitivity_allowed:
        yield _deny("sensitivity-not-in-policy", f"{sensitivity.value} data is not allowed for {case}")
    needed, own = autonomy_of(tool.effect), authority.agent.manifest.autonomy
    ceiling = min(own, policy.max_autonomy_level)
    if needed > ceiling:
        whose = "the agent's" if own <= policy.max_autonomy_level else f"the {case} policy's"
        text = f"{tool.effect.value} acts need autonomy {needed}, above {whose} {ceiling}: a person decides"
        yield Reason("autonomy-above-ceiling", Outcome.ASK, text)
    if policy.requires_human_approval and tool.effect is not Effect.READ:
        yield Reason(
            "policy-needs-approval",
            Outcome.ASK,
            f"the policy for {case} has a person approve whatever does more than read",
        )


def _asks(call: Call, tool: ToolAuthority) -> Iterator[Reason]:
    for rule in tool.tool.ask:
        if (text := _why_ask(call, rule)) is not None:
            yield Reason("tool-asks", Outcome.ASK, text)


def _why_ask(call: Call, rule: AskRule) -> str | None:
    """A limit on a number that is not there, or is no number, cannot be kept: a person looks."""
    if rule.always:
        return f"every call of `{call.tool}` needs a person's approval"
    if rule.argument is None or rule.above is None:
        return f"a rule of `{call.tool}` says nothing that can be checked"
    if rule.argument not in call.arguments:
        return f"argument `{rule.argument}` is missing, and `{call.tool}` has a limit of {rule.above} on it"
    value = call.arguments[rule.argument]
    if type(value) is not int:
        return f"argument `{rule.argument}` is no whole number, and `{call.tool}` has a limit of {rule.above} on it"
    if value <= rule.above:
        return None
    number = f"{value}" if value.bit_length() < 3 * _SHOWN else f"a number of {value.bit_length()} bits"
    return f"`{rule.argument}` is {number}, above the {rule.above} allowed without a person"


def sensitivity_of(call: Call, tool: ToolAuthority | None) -> Sensitivity:
    """Return how sensitive the call's data is: what the tool declares, or more where the call says so."""
    declared = tool.sensitivity if tool else Sensitivity.PUBLIC
    return declared if call.sensitivity is None else max(declared, call.sensitivity)


def _deny(code: str, text: str) -> Reason:
    return Reason(code, Outcome.DENY, text)
