"""Generated rules and calls: a slice answers as the whole book does, prohibitions only narrow, and what is said to be impossible is.

The oracle asks Cedar about every rule by itself, in a set of its own, and puts the answers together by the prose of the
documentation.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.policies.book import Slice, slice_from, slice_of
from ephor.rooms.policies.reading import read_rules
from ephor.rooms.policies.rule import Force, Rule
from ephor.rooms.policies.rule_schema import CONTEXT, AgentFacts, ToolFacts, entities_json, schema_json
from ephor.rooms.policies.rulings import CallFacts, rule_on
from ephor.rooms.policies.satisfy import cases_of, covers
from sample_rules import BOT, LOOKING, REFUNDING, book

AGENTS = (BOT, AgentFacts("scout", "eve", "customer_service", 2, "minimal", ()))
TOOLS = (REFUNDING, LOOKING)
RANK = {"allow": 0, "ask": 1, "deny": 2}

_principals = st.sampled_from(
    [
        "principal",
        'principal == Agent::"bot"',
        'principal == Agent::"scout"',
        'principal in Role::"clerk"',
        "principal is Agent",
    ]
)
_actions = st.sampled_from(
    [
        "action",
        'action == Action::"refund"',
        'action == Action::"lookup"',
        'action in [Action::"refund", Action::"lookup"]',
    ]
)
_resources = st.sampled_from(["resource", 'resource == Tool::"refund"', "resource is Tool"])
_atoms = st.one_of(
    st.builds("context.hour {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-1, 24)),
    st.builds("{} {} context.weekday".format, st.integers(0, 8), st.sampled_from(["<", ">=", "=="])),
    st.builds("context.sensitivity {} Sensitivity::\"{}\"".format, st.sampled_from(["==", "!="]), st.sampled_from([*Sensitivity])),
    st.sampled_from(
        ["context.approved", "context.has_subject", "true", "false", 'context has purpose && context.purpose == "support"',
         'context has purpose && context.purpose != "support"', "context has purpose", 'principal == Agent::"bot"',
         'principal in Role::"clerk"', 'resource == Tool::"lookup"', 'action == Action::"refund"', "principal.autonomy > 2",
         'resource.effect == Effect::"read"', 'context.labels.contains("x")',
         "context.arguments has amount && context.arguments.amount > 3",
         "context has arguments.amount && context.arguments.amount * 4611686018427387904 > 3"]
    ),
)  # fmt: skip
_conditions = st.recursive(
    _atoms.map("({})".format),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("(!{})".format, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=4,
)
_rules = st.builds(
    "{}({}, {}, {}){}{};".format,
    st.sampled_from(["permit", "forbid", "permit"]),
    _principals,
    _actions,
    _resources,
    st.one_of(st.just(""), _conditions.map(" when {{ {} }}".format)),
    st.one_of(st.just(""), st.just(""), _conditions.map(" unless {{ {} }}".format)),
)
_calls = st.builds(
    CallFacts,
    arguments=st.one_of(st.just({}), st.builds(dict, amount=st.integers(0, 6)), st.just({"amount": None})),
    at=st.builds(lambda day, hour: datetime(2026, 11, day, hour, tzinfo=UTC), st.integers(23, 29), st.integers(0, 23)),
    sensitivity=st.sampled_from(Sensitivity),
    purpose=st.sampled_from([None, "support", "ads"]),
    has_subject=st.booleans(),
    labels=st.sampled_from([frozenset(), frozenset({"x"})]),
)  # fmt: skip


@cache
def sound(text: str) -> bool:
    """Tell whether the rules can be asked at all: Cedar's validator refuses some, such as comparisons that cannot hold."""
    whole = book(text)
    return not whole.unreadable and all(
        not slice_of(whole, agent, tool).invalid for agent in AGENTS for tool in TOOLS
    )


def unsliced(text: str, agent: AgentFacts, tool: ToolFacts) -> Slice:
    """Return all rules as one slice, whatever their heads name, with a schema of every tool and of everything to read."""
    from cedarpy import Entities, PolicySet, Schema  # noqa: PLC0415

    ready = slice_of(book(text), agent, tool)
    schema = Schema.from_json_str(schema_json((one.name, dict(one.arguments)) for one in TOOLS))
    return dataclasses.replace(
        ready,
        rules=book(text).rules,
        context=tuple(CONTEXT),
        arguments=tool.arguments,
        approvable=True,
        policies=PolicySet.from_str(text),
        schema=schema,
        entities=Entities.from_json_str(entities_json(agent, tool), schema),
    )


@cache
def alone_of(text: str, agent: AgentFacts, tool: ToolFacts) -> Slice:
    """Return one rule as a slice of its own."""
    return slice_from(book(text).rules, agent, tool, {})


def matches(
    rule: Rule, agent: AgentFacts, tool: ToolFacts, call: CallFacts, *, approved: bool
) -> bool | None:
    """Ask Cedar about one rule alone, made a permit; None where it errs."""
    from cedarpy import is_authorized  # noqa: PLC0415

    text = rule.text.replace("forbid(", "permit(", 1)
    alone = alone_of(text, agent, tool)
    if alone.invalid:
        return False
    facts = rule_on(alone, call)
    if any(one.code == "rule-erred" for one in facts.said):
        return None
    from ephor.rooms.policies import rulings  # noqa: PLC0415

    context: dict[str, Any] = {name: rulings._CONTEXT[name](call) for name in alone.context}
    context = {name: value for name, value in context.items() if value is not None}
    if alone.arguments is not None:
        context["arguments"] = rulings._arguments(alone.arguments, call.arguments or {})[0]
    if "approved" in context:
        context["approved"] = approved
    result = is_authorized(
        {**alone.request, "context": context}, alone.policies, alone.entities, alone.schema
    )
    return None if result.diagnostics.errors else result.allowed


def naive(rules: tuple[Rule, ...], agent: AgentFacts, tool: ToolFacts, call: CallFacts) -> str:
    """Answer by the prose: an error denies; a forbid that matches denies, unless approval lifts it; no permit denies."""
    answers = []
    for approved in (False, True):
        found = [(rule.force, matches(rule, agent, tool, call, approved=approved)) for rule in rules]
        if any(one is None for _, one in found):
            return "deny"
        permitted = any(one for force, one in found if force is Force.PERMIT)
        answers.append(permitted and not any(one for force, one in found if force is Force.FORBID))
        if answers[0]:
            return "allow"
    return "ask" if answers[1] else "deny"


@settings(max_examples=60, deadline=None)
@given(st.lists(_rules, min_size=1, max_size=6), _calls, st.sampled_from(AGENTS), st.sampled_from(TOOLS))
def test_a_slice_answers_as_the_whole_book_and_as_each_rule_alone(
    texts: list[str], call: CallFacts, agent: AgentFacts, tool: ToolFacts
) -> None:
    texts = [text for text in texts if sound(text)]
    whole = book("\n".join(texts))
    by_slice = rule_on(slice_of(whole, agent, tool), call)
    by_whole = rule_on(unsliced("\n".join(texts), agent, tool), call) if texts else by_slice
    assert by_slice.outcome == by_whole.outcome
    assert [(one.code, one.rule) for one in by_slice.said] == [(one.code, one.rule) for one in by_whole.said]
    assert by_slice.outcome == naive(whole.rules, agent, tool, call)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_rules, min_size=1, max_size=4), _rules, _calls, st.sampled_from(AGENTS), st.sampled_from(TOOLS)
)
def test_adding_a_forbid_never_allows_more(
    texts: list[str], more: str, call: CallFacts, agent: AgentFacts, tool: ToolFacts
) -> None:
    more = more.replace("permit(", "forbid(", 1)
    texts = [text for text in texts if sound(text)]
    if not sound(more):
        return
    before = rule_on(slice_of(book("\n".join(texts)), agent, tool), call)
    after = rule_on(slice_of(book("\n".join([*texts, more])), agent, tool), call)
    assert RANK[after.outcome] >= RANK[before.outcome]


@settings(max_examples=60, deadline=None)
@given(_rules, _rules, _calls, st.sampled_from(AGENTS), st.sampled_from(TOOLS), st.booleans())
def test_what_is_called_impossible_or_needless_is(
    one: str, other: str, call: CallFacts, agent: AgentFacts, tool: ToolFacts, approved: bool
) -> None:
    (first,), (second,) = (read_rules(text)[0] for text in (one, other))
    cases = cases_of(first), cases_of(second)
    if cases[0] == ():
        assert not matches(first, agent, tool, call, approved=approved)
    if cases[0] and cases[1] and covers(cases[0], cases[1]):
        hit = [matches(rule, agent, tool, call, approved=approved) for rule in (first, second)]
        assert not (hit[1] and hit[0] is False)


def test_the_analysis_finds_what_it_is_there_to_find() -> None:
    """So that the property above is not true of an analysis that never claims anything."""
    rules = {
        name: dataclasses.replace(
            read_rules(f"forbid(principal, action, resource) when {{ {text} }};")[0][0], id=name
        )
        for name, text in {
            "late": "context.hour > 20",
            "later": "context.hour > 21 && context.weekday == 2",
            "either": "context.hour >= 22 || context.hour == 21",
            "never": "context.hour > 20 && !(context.hour > 19)",
            "words": 'context has purpose && context.purpose == "a" && context.purpose != "a"',
        }.items()
    }
    cases = {name: cases_of(rule) for name, rule in rules.items()}
    assert cases["never"] == cases["words"] == ()
    assert covers(cases["late"], cases["later"])  # type: ignore[arg-type]
    assert covers(cases["late"], cases["either"])  # type: ignore[arg-type]
    assert not covers(cases["later"], cases["late"])  # type: ignore[arg-type]
