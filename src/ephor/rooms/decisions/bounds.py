"""The checks of the act itself: what the use case allows, when a person is asked, what went before, and how much is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ephor.kernel.vocabulary import Effect
from ephor.rooms.agents.manifest import AskRule
from ephor.rooms.decisions.facts import Facts, behalf_of, deny, limits_on
from ephor.rooms.decisions.model import Call, Outcome, Reason
from ephor.rooms.decisions.standing import NOTHING_OBSERVED, Observed
from ephor.rooms.policies.autonomy import autonomy_of
from ephor.rooms.policies.governance import AboveCeiling
from ephor.rooms.policies.limits import amount_in, judge, tell
from ephor.rooms.policies.sequences import MOST_LABELS, SequenceRule, applies, labels_of

_SHOWN = 20
"""Digits of a number that are repeated to people."""


def declared(facts: Facts) -> Iterator[Reason]:
    """An agent calls only the tools its manifest names: those are what people approved."""
    if facts.tool is None:
        call = facts.call
        yield deny(
            "tool-not-declared",
            f"`{call.tool}` is not among the tools that agent `{call.agent}` declares",
        )


def policy(facts: Facts) -> Iterator[Reason]:
    """What the use case allows: data, and acts that no person looks at."""
    rules, case = facts.authority.policy, facts.authority.policy.use_case.value
    if facts.tool is None:
        return
    if facts.sensitivity not in rules.data_sensitivity_allowed:
        yield deny("sensitivity-not-in-policy", f"{facts.sensitivity.value} data is not allowed for {case}")
    if rules.requires_human_approval and facts.tool.effect is not Effect.READ:
        yield Reason(
            "policy-needs-approval",
            Outcome.ASK,
            f"the policy for {case} has a person approve whatever does more than read",
        )
    elif facts.authority.measures.human_oversight and facts.tool.effect is not Effect.READ:
        category = facts.authority.category or "not known"
        yield Reason(
            "class-needs-oversight",
            Outcome.ASK,
            f"class {category}: a person oversees whatever does more than read (AI Act, Articles 14 and 26(2))",
        )


def autonomy(facts: Facts) -> Iterator[Reason]:
    """An act above what the agent, or its use case, does by itself is for a person to decide; or the policy denies it."""
    if facts.tool is None:
        return
    rules, own = facts.authority.policy, facts.authority.agent.manifest.autonomy
    needed, ceiling = autonomy_of(facts.tool.effect), min(own, rules.max_autonomy_level)
    if needed > rules.max_autonomy_level and rules.above_autonomy is AboveCeiling.DENY:
        yield deny(
            "autonomy-not-in-policy",
            f"{facts.tool.effect.value} acts need autonomy {needed}, and the {rules.use_case.value} policy denies what "
            f"is above {rules.max_autonomy_level}",
        )
    elif needed > ceiling:
        whose = "the agent's" if own <= rules.max_autonomy_level else f"the {rules.use_case.value} policy's"
        text = f"{facts.tool.effect.value} acts need autonomy {needed}, above {whose} {ceiling}: a person decides"
        yield Reason("autonomy-above-ceiling", Outcome.ASK, text)


def asks(facts: Facts) -> Iterator[Reason]:
    """Manifest and catalogue say when a person must approve a call."""
    if facts.tool is None or not facts.tool.tool.ask:
        return
    seen = facts.observed.asked if facts.observed else None
    for index, rule in enumerate(facts.tool.tool.ask):
        found = seen[index] if seen is not None and index < len(seen) else observe_ask(rule, facts.call)
        if found != "within":
            yield Reason("tool-asks", Outcome.ASK, _why_ask(facts.call, rule, found))


def observe_ask(rule: AskRule, call: Call) -> str:
    """Return what the call says to the rule. A bound on a number that is not there, or is none, cannot be kept."""
    if rule.always:
        return "always"
    if rule.argument is None or rule.above is None:
        return "unreadable"
    if rule.argument not in call.arguments:
        return "missing"
    value = call.arguments[rule.argument]
    if type(value) is not int:
        return "not-a-number"
    if value < 0 <= rule.above:  # a payment turned round: nobody who wrote "above 100" thought of it
        return "negative"
    return "above" if value > rule.above else "within"


def _why_ask(call: Call, rule: AskRule, found: str) -> str:
    if found == "always":
        return f"every call of `{call.tool}` needs a person's approval"
    if found == "missing":
        return f"argument `{rule.argument}` is missing, and `{call.tool}` has a limit of {rule.above} on it"
    if found == "negative":
        return f"argument `{rule.argument}` is negative, and `{call.tool}` has a limit of {rule.above} on it"
    if found == "not-a-number":
        return f"argument `{rule.argument}` is no whole number, and `{call.tool}` has a limit of {rule.above} on it"
    if found != "above":
        return f"a rule of `{call.tool}` says nothing that can be checked"
    value = call.arguments.get(rule.argument or "")
    if type(value) is not int:
        number = "a number that is not kept"
    else:
        number = f"{value}" if value.bit_length() < 3 * _SHOWN else f"a number of {value.bit_length()} bits"
    return f"`{rule.argument}` is {number}, above the {rule.above} allowed without a person"


def sequence(facts: Facts) -> Iterator[Reason]:
    """What the session touched before decides what may come after it; a session nobody names may have touched anything."""
    tool, labels, rules = facts.tool, facts.known.labels, facts.authority.sequences
    if tool is None:
        return
    for rule in rules:
        if applies(rule, tool.tool.name, tool.effect) and (
            labels is None or all(one in labels for one in rule.after)
        ):
            yield _after(rule, facts)
    if labels is not None and len(labels) > MOST_LABELS // 2 and len(labels | added(facts)) > MOST_LABELS:
        yield deny("session-full", f"the session carries {len(labels)} labels; begin a new one")


def _after(rule: SequenceRule, facts: Facts) -> Reason:
    outcome = Outcome.DENY if rule.denies else Outcome.ASK
    what, listed = f"sequence rule `{rule.id}`", ", ".join(f"`{one}`" for one in rule.after)
    because = f": {rule.because}" if rule.because else ""
    if facts.known.labels is not None:
        text = f"{what}: the session has touched {listed}, and now calls `{facts.call.tool}`{because}"
        return Reason("sequence-rule", outcome, text)
    if facts.call.session is None:
        text = f"{what}: the call names no session, so whether {listed} came before is not known{because}"
    else:
        text = f"{what}: what the session touched before could not be looked up{because}"
    return Reason("session-unknown", outcome, text)


def added(facts: Facts) -> frozenset[str]:
    """Return the labels that the call adds to its session if it goes ahead."""
    if facts.tool is None:
        return frozenset()
    tool = facts.tool
    return labels_of(tool.tool.name, tool.effect, facts.sensitivity, tool.tool.data, tool.labels)


def limits(facts: Facts) -> Iterator[Reason]:
    """Whatever is counted must be left. What was used and could not be looked up counts as all of it."""
    if facts.tool is None or not facts.tool.limits:
        return
    used = facts.known.used
    seen = facts.observed.limits if facts.observed else None
    covering = limits_on(facts.tool, facts.call.agent, behalf_of(facts.known))
    for limit in covering:
        if seen is not None:
            found = seen.get(limit.id, "unknown")
        elif used is None or limit.id not in used:
            found = "unknown"
        else:
            found = judge(limit, used[limit.id], amount_in(limit, facts.call.arguments, covering))
        if found == "exceeded":
            left = (
                None if seen is not None or used is None else used.get(limit.id),
                amount_in(limit, facts.call.arguments),
            )
            yield deny("limit-exceeded", tell(limit, found, *left, facts.now))
        elif found == "unknown":
            yield deny("limit-unknown", f"what was used of limit `{limit.id}` could not be looked up")
        elif found != "within":
            yield deny(f"limit-amount-{found}", tell(limit, found))


def observe(facts: Facts) -> Observed:
    """Return what the arguments say to the rules that read them: what a later replay needs in their place."""
    tool = facts.tool
    if tool is None or not (tool.tool.ask or tool.limits):
        return NOTHING_OBSERVED
    used: Mapping[str, int] = facts.known.used or {}
    covering = limits_on(tool, facts.call.agent, behalf_of(facts.known))
    return Observed(
        tuple(observe_ask(rule, facts.call) for rule in tool.tool.ask),
        {
            limit.id: judge(limit, used[limit.id], amount_in(limit, facts.call.arguments, covering))
            if limit.id in used
            else "unknown"
            for limit in covering
        }
        or None,
    )
