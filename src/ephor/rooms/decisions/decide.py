"""Decide a call. Deny beats ask beats allow; nothing said means deny; every reason is given, not just the first.

What an agent may do at most (its ceiling) comes from its life, its approval, its class under the law, its roles, what it
was lent, the policy of its use case, its models, the person whose data it touches, what its session touched before, and
how much of each limit is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ephor.rooms.decisions import bounds, checks, looks, ruled
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.facts import Facts, deny, sensitivity_of
from ephor.rooms.decisions.model import Call, Outcome, Reason, Step, Verdict
from ephor.rooms.decisions.standing import NOTHING_KNOWN, Known, Lent, Observed, SubjectStanding

__all__ = ["CHECKS", "decide", "facts_for", "judged", "path", "sensitivity_of", "verdict"]

_ALLOWED = Reason("allowed", Outcome.ALLOW, "every check agrees")


@dataclass(frozen=True, slots=True)
class Check:
    """One question a decision asks: how it is answered, and what it looks at."""

    name: str
    run: Callable[[Facts], Iterator[Reason]]
    looks: Callable[[Facts], str]


CHECKS = (
    Check("stops", checks.stops, looks.stops),
    Check("life", checks.life, looks.life),
    Check("law", checks.law, looks.law),
    Check("models", checks.models, looks.models),
    Check("subject", checks.person, looks.person),
    Check("roles", checks.roles, looks.roles),
    Check("delegation", checks.loan, looks.loan),
    Check("tool", bounds.declared, looks.declared),
    Check("policy", bounds.policy, looks.policy),
    Check("autonomy", bounds.autonomy, looks.autonomy),
    Check("approval", bounds.asks, looks.asks),
    Check("sequence", bounds.sequence, looks.sequence),
    Check("limits", bounds.limits, looks.limits),
)
"""Every check, in the order in which their reasons are given. All of them are asked, whatever the first ones say."""
_BY_CALL = 10
"""From here on checks look at what only a call has: its arguments, its session, what was used before it."""


def decide(
    call: Call,
    authority: AgentAuthority | None,
    *,
    now: datetime,
    subject: SubjectStanding | None = None,
    lent: Lent | None = None,
    labels: frozenset[str] | None = None,
    used: Mapping[str, int] | None = None,
) -> Verdict:
    """Return the answer to *call*, with every reason for it.

    A call that names a subject, a delegation or a session, or that a limit covers, must come with what is known of it;
    missing knowledge denies.

    >>> decide(Call("nobody", "files.read"), None, now=datetime(2026, 11, 24)).reasons[0].text
    'agent `nobody` is not registered'
    """
    if authority is None:
        return _unregistered(call)
    return verdict(facts_for(call, authority, now, Known(subject, lent, labels, used)))


def facts_for(
    call: Call,
    authority: AgentAuthority,
    now: datetime,
    known: Known,
    observed: Observed | None = None,
) -> Facts:
    """Return everything the checks look at."""
    tool = authority.tools.get(call.tool)
    return Facts(call, authority, tool, sensitivity_of(call, tool), now, known, observed)


def verdict(facts: Facts) -> Verdict:
    """Return the answer of both layers: the stronger wins, so a permit of the rules never widens the ceiling."""
    authority, ceiling = facts.authority, _ceiling(facts)
    if facts.tool is None or (authority.rules is None and authority.shadow is None):
        return ceiling
    before = () if ceiling.reasons == (_ALLOWED,) else ceiling.reasons
    told = ruled.ruled(facts)
    outcome = max(ceiling.outcome, told.outcome)
    if outcome is Outcome.ALLOW:
        reasons = (_ALLOWED, *before, *told.reasons)
    else:  # what a rule permits is no reason against the call
        reasons = tuple([one for one in (*before, *told.reasons) if one.outcome is not Outcome.ALLOW])
    return Verdict(
        outcome,
        reasons,
        () if outcome is Outcome.DENY else ceiling.obligations,
        told.spoken,
        ruled.shadow_of(facts, ceiling),
    )


def _ceiling(facts: Facts) -> Verdict:
    """Return the answer that all checks give together."""
    settled, tool = _settled(facts), facts.tool
    if tool is None or not (tool.tool.ask or tool.limits or facts.authority.sequences or facts.known.labels):
        return settled
    further = tuple(reason for check in CHECKS[_BY_CALL:] for reason in check.run(facts))
    if not further:
        return settled
    before = () if settled.reasons == (_ALLOWED,) else settled.reasons
    return _weighed(facts, (*before, *further))


def _settled(facts: Facts) -> Verdict:
    """Return the answer of the checks that look at nothing a call alone has.

    Most calls of a tool get the answer of the call before: nothing in them is looked at that could make it another one.
    """
    call, until = facts.call, facts.authority.agent.approved_until
    if (
        facts.tool is None
        or call.subject is not None
        or call.model is not None
        or (until is not None and facts.now >= until)
        # what was lent only narrows: where it covers the call, the rest is as without it
        or (call.on_behalf_of is not None and any(checks.loan(facts)))
    ):
        return _weighed(facts, _spoken(facts))
    known, key = facts.authority.answers, (call.tool, facts.sensitivity)
    if (found := known.get(key)) is None:
        found = known[key] = _weighed(facts, _spoken(facts))
    return found


def _spoken(facts: Facts) -> tuple[Reason, ...]:
    return tuple(reason for check in CHECKS[:_BY_CALL] for reason in check.run(facts))


def _weighed(facts: Facts, reasons: tuple[Reason, ...]) -> Verdict:
    outcome = max([reason.outcome for reason in reasons], default=Outcome.ALLOW)
    tool = facts.tool
    if outcome is Outcome.DENY or tool is None:
        return Verdict(Outcome.DENY, reasons, ())
    masks = tuple(mask for mask in (tool.mask_arguments, tool.mask) if mask is not None)
    return Verdict(outcome, reasons or (_ALLOWED,), (*masks, *facts.authority.duties))


def callable_tools(authority: AgentAuthority, now: datetime) -> list[str]:
    """Return the tools of which some call could go ahead, alone or once a person agrees."""
    id, until, known = authority.agent.id, authority.agent.approved_until, authority.answers
    lapsed = until is not None and now >= until
    found = []
    for name, tool in authority.tools.items():
        said = None if lapsed else known.get((name, tool.sensitivity))
        if said is None:
            said = _settled(facts_for(Call(id, name), authority, now, NOTHING_KNOWN))
        if said.outcome is not Outcome.DENY:
            found.append(name)
    return found


def judged(facts: Facts | None, call: Call) -> Verdict:
    """Return the answer to *call*; without facts its agent is not registered."""
    return _unregistered(call) if facts is None else verdict(facts)


def path(facts: Facts | None, call: Call) -> tuple[Step, ...]:
    """Return how the answer came about: each check in its order, what it looked at and what it said."""
    if facts is None:
        return (Step("life", f"agent `{call.agent}`", Outcome.DENY, _unregistered(call).reasons),)
    steps = []
    for check in CHECKS:
        said = tuple(check.run(facts))
        outcome = max([reason.outcome for reason in said], default=Outcome.ALLOW)
        steps.append(Step(check.name, check.looks(facts), outcome, said))
    if facts.authority.rules is not None:
        told = ruled.ruled(facts)
        steps.append(Step("rules", ruled.looked(facts), told.outcome, told.reasons))
    return tuple(steps)


def _unregistered(call: Call) -> Verdict:
    return Verdict(Outcome.DENY, (deny("agent-unknown", f"agent `{call.agent}` is not registered"),), ())
