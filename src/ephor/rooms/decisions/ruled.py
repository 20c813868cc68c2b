"""The second layer of a decision: what the customer's own rules say of a call, and what rules in shadow would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.kernel.canonical import Json
from ephor.rooms.decisions.facts import Facts, behalf_of
from ephor.rooms.decisions.model import Decision, Outcome, Reason, Shadow, Spoken, Verdict
from ephor.rooms.policies.rulings import CallFacts, Ruling, rule_on

_MOST_NAMES = 100
"""Rules and codes that one entry names."""


def call_facts(facts: Facts) -> CallFacts:
    """Return the call as rules see it."""
    call, behalf = facts.call, behalf_of(facts.known)
    return CallFacts(
        arguments=call.arguments,
        at=facts.now,
        sensitivity=facts.sensitivity,
        purpose=call.purpose,
        model=call.model,
        session=call.session,
        has_subject=call.subject is not None,
        giver=None if behalf.person is None else f"person:{behalf.person}",
        depth=len(behalf.chain),
        labels=facts.known.labels or frozenset(),
    )


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules add to a verdict."""

    outcome: Outcome = Outcome.ALLOW
    reasons: tuple[Reason, ...] = ()
    spoken: tuple[Spoken, ...] = ()


NO_RULES = Ruled()


def ruled(facts: Facts) -> Ruled:
    """Return what the rules in force say of the call; nothing where there are none, or where the tool is not declared."""
    rules = facts.authority.rules
    if rules is None or facts.tool is None:
        return NO_RULES
    return _told(rule_on(rules.slice(facts.call.tool), call_facts(facts)))


def shadow_of(facts: Facts, ceiling: Verdict) -> Shadow | None:
    """Return what the answer would be if the rules in shadow were in force; None where none are."""
    rules = facts.authority.shadow
    if rules is None or facts.tool is None:
        return None
    told = _told(rule_on(rules.slice(facts.call.tool), call_facts(facts)))
    return Shadow(max(ceiling.outcome, told.outcome), told.reasons, rules.book.sets, rules.book.digest)


def reads_arguments(facts: Facts) -> bool:
    """Tell whether the rules that are asked look at any argument of the call."""
    rules = facts.authority.rules
    return rules is not None and facts.tool is not None and bool(rules.slice(facts.call.tool).arguments)


def looked(facts: Facts) -> str:
    """Say which rules were asked."""
    rules = facts.authority.rules
    if rules is None or facts.tool is None:
        return "no rules are in force" if rules is None else "no tool to ask about"
    number = len(rules.slice(facts.call.tool).rules)
    return f"{number} of {len(rules.book.rules)} rules of {', '.join(rules.book.sets)}"


def _told(ruling: Ruling) -> Ruled:
    reasons = tuple([one.reason for one in ruling.said])
    spoken = tuple([one.spoken for one in ruling.said if one.spoken is not None])
    return Ruled(ruling.outcome, reasons, spoken)


def rules_told(decision: Decision) -> dict[str, Json]:
    """Return what a decision's entry says of rules: which spoke, and what those in shadow would have answered."""
    told: dict[str, Json] = {}
    if decision.rules:
        told["rules"] = _named([one.rule for one in decision.rules])
    if (shadow := decision.shadow) is not None:
        told["shadow"] = {
            "outcome": shadow.outcome.value,
            "instead_of": decision.outcome.value,
            "reasons": _named([one.code for one in shadow.reasons]),
            "sets": _named(shadow.sets),
            "digest": shadow.digest,
        }
    return told


def _named(names: Sequence[str]) -> list[Json]:
    """Keep an entry small, whatever the number of rules."""
    named: list[Json] = [*dict.fromkeys(names)]
    return (
        named if len(named) <= _MOST_NAMES else [*named[:_MOST_NAMES], f"and {len(named) - _MOST_NAMES} more"]
    )
