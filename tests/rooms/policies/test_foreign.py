"""Policies of agent-governance-toolkit: what its engine decides wrongly is decided as written, or refused with its line."""

from __future__ import annotations

from typing import Any

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.book import slice_of
from ephor.rooms.policies.conditions import read_condition
from ephor.rooms.policies.foreign import Translated, translate
from ephor.rooms.policies.rulings import rule_on
from sample_rules import BOT, CATALOGUE, LOOKING, REFUNDING, book, facts


def translated(*rules: dict[str, Any], own: dict[str, str] | None = None, **head: Any) -> Translated:
    """Return a policy for all agents, which allows by default, in Cedar."""
    document = {"name": "shop", "agents": ["*"], "default_action": "allow", "rules": [*rules], **head}
    lines = {"rules": 4, **{f"rules[{number}].condition": 5 + number for number in range(len(rules))}}
    return translate(document, CATALOGUE, own=own or {}, where="p.yaml", lines=lines)


def deny(condition: object, **other: Any) -> dict[str, Any]:
    return {"name": "r", "condition": condition, "action": "deny", **other}


def answer(policy: Translated, arguments: dict[str, Any], tool: Any = REFUNDING, **other: Any) -> str:
    return rule_on(slice_of(book(policy.text), BOT, tool), facts(arguments, **other)).outcome


@pytest.mark.parametrize(
    ("condition", "denied", "allowed"),
    [
        # 1: not in
        ("reason not in ['a', 'b']", [{"reason": "c"}, {}], [{"reason": "a"}]),
        # 2: not x
        ("not fast", [{"fast": False}, {}], [{"fast": True}]),
        ("not (amount > 5)", [{"amount": 5}, {}], [{"amount": 6}]),
        # 3: equality with what is not quoted text
        ("amount == 5", [{"amount": 5}, {}], [{"amount": 6}]),
        ("fast == true", [{"fast": True}], [{"fast": False}]),
        ("amount != -5", [{"amount": 5}], [{"amount": -5}]),
        # 4: parentheses, and 5: nested
        ("(amount > 5)", [{"amount": 6}], [{"amount": 5}]),
        ("amount > 5 and (reason == 'a' or (fast and not reason == 'b'))",
         [{"amount": 6, "reason": "a", "fast": False}, {"amount": 6, "reason": "c", "fast": True}],
         [{"amount": 6, "reason": "b", "fast": True}, {"amount": 5, "reason": "a", "fast": True}]),
        ("reason == 'a' or reason == 'b' and amount > 5", [{"reason": "a", "amount": 1}, {"reason": "b", "amount": 6}],
         [{"reason": "b", "amount": 5}]),
        # 6: `and` and `or` in quotes
        ("reason == 'salt and pepper'", [{"reason": "salt and pepper"}], [{"reason": "salt"}]),
        ("reason == \"this or that\"", [{"reason": "this or that"}], [{"reason": "this"}]),
        # 7: a missing field is neither 0 nor a pass
        ("amount < 10", [{"amount": 9}, {}, {"amount": None}], [{"amount": 10}]),
        ("amount > 10", [{"amount": 11}, {}], [{"amount": 10}]),
        # 8: values of another type than the field's
        ("price > 2.5", [{"price": 3}, {"price": 2.6}, {"price": "3"}], [{"price": 2.5}]),
        # 9: words in capitals, and texts compared letter by letter
        ("amount > 5 AND reason == 'A'", [{"amount": 6, "reason": "A"}], [{"amount": 6, "reason": "a"}, {"amount": 5, "reason": "A"}]),
        ("amount > 5 Or fast && !fast", [{"amount": 6, "fast": True}], [{"amount": 5, "fast": True}]),
        # 10: operators that its engine does not know, where they have a meaning
        ("tags contains 'x'", [{"tags": ["x"]}, {}], [{"tags": ["y"]}]),
        ("reason contains 'a*b'", [{"reason": "xa*bx"}], [{"reason": "aab"}]),
        ("items contains 3", [{"items": [3]}], [{"items": [4]}]),
        ("arguments.amount >= 5", [{"amount": 5}], [{"amount": 4}]),
        (True, [{}], []),
    ],
)  # fmt: skip
def test_a_condition_is_decided_as_it_is_written(
    condition: object, denied: list[dict[str, Any]], allowed: list[dict[str, Any]]
) -> None:
    policy = translated(deny(condition))
    assert [answer(policy, one) for one in denied] == ["deny"] * len(denied)
    assert [answer(policy, one) for one in allowed] == ["allow"] * len(allowed)


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("amount ~= 5", "use one of: =="),
        ("amount = 5", "is no operator here"),
        ("amount =< 5", "is no operator"),
        ("amount matches '5'", "use one of"),
        ("amount > '5'", "compare like with like"),
        ("reason > 5", "compare like with like"),
        ("reason == 5", "compare like with like"),
        ("fast == 1", "compare like with like"),
        ("amount > 5.5", "compare like with like"),
        ("price > 1.00001", "four decimals"),
        ("reason", "no truth value"),
        ("reason == other", "put text in quotes"),
        ("unheard.of == 1", "`--map unheard.of=NAME`"),
        ("amonut > 5", "did you mean `amount`?"),
        ("tool == 'refnud'", "did you mean `refund`?"),
        ("(amount > 5", "`)` is missing"),
        ("amount > 5 reason == 'a'", "join with `and` or `or`"),
        ("amount in 5", "`[` is missing"),
        ("", "is empty"),
        ("'a' == reason", "stands where a field must"),
        ("amount > ", "stands where a value must"),
        ("not " * 60 + "fast", "nested deeper"),
        ("(" * 60 + "fast" + ")" * 60, "nested deeper"),
        ("x" * 10_001, "longer than"),
        (None, "the condition is none"),
        ({"field": "amount", "operator": "between", "value": 1}, "there is no operator `between`"),
        ({"field": "reason", "operator": "matches", "value": "^a"}, "is a pattern"),
        ({"field": "reason", "operator": "in", "value": "a"}, "write a list"),
        ({"field": "reason", "operator": "eq", "value": None}, "cannot compare"),
        ("Tool_Name == 'refund'", "write `tool_name`, as case counts"),
    ],
)  # fmt: skip
def test_a_condition_without_a_meaning_is_refused_with_its_line(condition: object, advice: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        translated(deny("amount > 1", name="fine"), deny(condition))
    assert advice in str(caught.value)
    assert caught.value.facts["problems"][0]["line"] == 6  # type: ignore[index]


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ({"stage": "post_tool"}, "only `pre_tool` can be decided"),
        ({"limit": "100/hour"}, "set a limit"),
        ({"action": "shout"}, "use one of"),
        ({"priority": "high"}, "no whole number"),
        ({"colour": "red"}, "`colour` has no meaning"),
    ],
)
def test_a_rule_without_a_meaning_is_refused(rule: dict[str, Any], advice: str) -> None:
    with pytest.raises(InvalidInputError, match=advice):
        translated(deny("amount > 1", **rule))


@pytest.mark.parametrize(
    ("head", "advice"),
    [
        ({"extends": ["base.yaml"]}, "write the rules of the parents"),
        ({"scope": "tenant"}, "name agents or tools"),
        ({"network_allowlist": ["x"]}, "has no meaning here"),
        ({"rules": []}, "no list of `rules`"),
        ({"rules": ["x"]}, "is no mapping"),
        ({"agents": ["bot", "scout"]}, "one file for each"),
        ({"agents": ["nobody"]}, "there is no agent `nobody`"),
        ({"defaults": {"action": "deny", "max_tool_calls": 3}}, "is no rule"),
    ],
)
def test_a_file_without_a_meaning_is_refused(head: dict[str, Any], advice: str) -> None:
    with pytest.raises(InvalidInputError, match=advice):
        translated(deny("amount > 1"), **head)


def test_the_first_rule_from_the_highest_priority_down_decides() -> None:
    policy = translated(
        deny("amount > 5", name="low", priority=1),
        {"name": "high", "condition": "reason == 'fine'", "action": "allow", "priority": 9},
        {"name": "ask", "condition": "fast", "action": "require_approval", "priority": 5},
        default_action="deny",
    )
    assert answer(policy, {"amount": 9, "reason": "fine", "fast": False}) == "allow"
    assert answer(policy, {"amount": 9, "reason": "other", "fast": False}) == "deny"
    assert answer(policy, {"amount": 9, "reason": "other", "fast": True}) == "ask"
    assert answer(policy, {"amount": 1, "reason": "other", "fast": False}) == "deny"  # the default


def test_tools_agents_roles_and_levels_are_those_of_the_plane() -> None:
    policy = translated(
        deny("tool_name == 'refund' and agent.role == 'clerk' and data.sensitivity >= 'confidential'")
    )
    from ephor.kernel.vocabulary import Sensitivity  # noqa: PLC0415

    assert answer(policy, {}, sensitivity=Sensitivity.RESTRICTED) == "deny"
    assert answer(policy, {}) == "allow"
    assert answer(policy, {}, LOOKING, sensitivity=Sensitivity.RESTRICTED) == "allow"
    mapped = translated(deny("user.kind == 'refund'"), own={"user.kind": "tool"})
    assert answer(mapped, {}) == "deny"
    named = translated(deny("hour >= 22", name="night"), agents=[], agent="bot")
    assert 'principal == Agent::"bot"' in named.text
    assert answer(named, {}) == "deny"


def test_the_other_format_is_read_too() -> None:
    policy = translated(
        {"name": "no", "condition": {"field": "reason", "operator": "not_in", "value": ["a"]}, "action": "block", "message": "only a"},
        {"name": "log", "condition": {"field": "amount", "operator": "gt", "value": 3}, "action": "audit", "priority": 3},
        defaults={"action": "allow"},
    )  # fmt: skip
    assert answer(policy, {"reason": "b", "amount": 1}) == "deny"
    assert answer(policy, {"reason": "b", "amount": 9}) == "allow"
    assert '@because("only a")' in policy.text
    assert answer(translated({"name": "m", "condition": {"field": "reason", "operator": "matches", "value": "ab"}, "action": "deny"}),
                  {"reason": "xaby"}) == "deny"  # fmt: skip


def test_what_the_other_engine_ignores_is_told_of() -> None:
    policy = translated(
        deny("amount == 5", name="a"),
        deny("not fast", name="b"),
        deny("reason == 'x and y'", name="c"),
        deny("(amount > 5)", name="d"),
        deny("amount > 5 AND fast", name="e"),
        deny("amount < 5", name="f", enabled=False),
        deny("reason == 'plain'", name="g"),
        agents=[],
    )
    notes = {one.name: f"{one.outcome}: {one.note}" for one in policy.rules}
    assert "applies it to none" in notes["agents"]
    assert "compares for equality with quoted text alone" in notes["a"]
    assert "knows no `not`" in notes["b"]
    assert "inside the quotes" in notes["c"]
    assert "no parentheses" in notes["d"]
    assert "small letters" in notes["e"]
    assert notes["f"] == "left out: it is not enabled"
    assert notes["g"] == "translated: "


def test_a_rule_that_never_counts_is_left_out_and_told_of() -> None:
    policy = translated(
        deny("tool == 'refund'", name="all", priority=9),
        {"name": "never", "condition": "tool == 'refund' and fast", "action": "allow"},
    )
    (told,) = [one for one in policy.rules if one.name == "never"]
    assert (told.outcome, "never permits anything" in told.note) == ("left out", True)
    assert "never" not in [line.split('"')[1] for line in policy.text.split("\n") if line.startswith("@id")]


def test_a_condition_is_read_by_its_grammar() -> None:
    assert str(read_condition("true")) == "Always(value=True)"
    assert read_condition("a.b in []").value == ()  # type: ignore[union-attr]
    assert read_condition(r"x == 'it\'s'").value == "it's"  # type: ignore[union-attr]
