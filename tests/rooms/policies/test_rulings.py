"""What rules say of a call: forbid beats permit, no permit denies, an error denies, and approval is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.policies.book import slice_of, sliced
from ephor.rooms.policies.rulings import rule_on
from sample_rules import ALL, BOT, LOOKING, REFUNDING, book, facts, ruling

LARGE = (
    '@id("large") @because("ask the desk") forbid(principal, action == Action::"refund", resource) '
    "when { context.arguments has amount && context.arguments.amount > 5000 }"
)


def codes(text: str, arguments: dict[str, Any] | None = None, **other: Any) -> list[str]:
    return [one.code for one in ruling(text, arguments, **other).said]


def test_what_no_rule_permits_is_denied() -> None:
    assert ruling('permit(principal, action == Action::"lookup", resource);').outcome == "deny"
    assert codes('permit(principal, action == Action::"lookup", resource);') == ["no-rule-permits"]
    assert codes("permit(principal, action, resource) when { context.has_subject };") == ["no-rule-permits"]


def test_a_forbid_beats_every_permit_and_says_why() -> None:
    found = ruling(ALL + LARGE + ";", {"amount": 5001})
    assert (found.outcome, [one.code for one in found.said]) == ("deny", ["rule-forbids"])
    assert found.said[0].text == "rule `set0@1/large` forbids it: ask the desk"
    assert ruling(ALL + LARGE + ";", {"amount": 5000}).outcome == "allow"


def test_deny_without_and_allow_with_an_approval_means_ask() -> None:
    text = ALL + LARGE + " unless { context.approved };"
    assert (ruling(text, {"amount": 5001}).outcome, codes(text, {"amount": 5001})) == ("ask", ["rule-asks"])
    permits = "permit(principal, action, resource) when { context.approved };"
    assert (ruling(permits).outcome, codes(permits)) == ("ask", ["rule-asks"])


def test_what_approval_lifts_and_what_it_does_not_are_both_told() -> None:
    text = (
        ALL
        + LARGE
        + ' unless { context.approved };\n@id("night") forbid(principal, action, resource) when { context.hour > 21 };'
    )
    found = ruling(text, {"amount": 9000})
    assert found.outcome == "deny"
    assert [(one.code, one.rule.id if one.rule else "") for one in found.said] == [
        ("rule-forbids", "night"),
        ("rule-asks", "large"),
    ]  # fmt: skip


def test_a_forbid_that_approval_lifts_does_not_turn_into_a_permit() -> None:
    text = "forbid(principal, action, resource) unless { context.approved };"
    assert (ruling(text).outcome, codes(text)) == ("deny", ["no-rule-permits", "rule-asks"])


@pytest.mark.parametrize("effect", ["forbid", "permit"])
def test_a_rule_that_errs_denies_and_is_named(effect: str) -> None:
    text = ALL + (
        f'@id("sum") {effect}(principal, action == Action::"refund", resource) '
        "when { context.arguments has amount && context.arguments.amount * 4 > 8 };"
    )
    found = ruling(text, {"amount": 2**62})
    assert (found.outcome, [one.code for one in found.said]) == ("deny", ["rule-erred"])
    assert "rule `set0@1/sum` could not be evaluated: integer overflow" in found.said[0].text


def test_a_rule_that_errs_only_once_approved_denies_as_well() -> None:
    text = (
        'permit(principal, action == Action::"refund", resource) '
        "when { context.approved && context.arguments has amount && context.arguments.amount * 4 > 8 };"
    )
    assert codes(text, {"amount": 2**62}) == ["rule-erred"]


@pytest.mark.parametrize(
    ("name", "type", "good", "bad"),
    [
        ("amount", "amount > 1", [2, -5], ["2", 2.0, True, 2**63, [2]]),
        ("price", 'price.greaterThan(decimal("1.0"))', [2, 2.5, 1.0001, -3], ["2", True, 1.00001, 1e18, float("1e-7")]),
        ("fast", "fast", [True, False], [1, "true"]),
        ("reason", 'reason == "x"', ["x", ""], [1, None.__class__, ["x"]]),
        ("tags", 'tags.contains("x")', [["x"], []], ["x", [1], [None]]),
        ("items", "items.contains(1)", [[1], []], [["1"], [1.5], 1]),
    ],
)  # fmt: skip
def test_an_argument_of_another_type_than_declared_denies(
    name: str, type: str, good: list[Any], bad: list[Any]
) -> None:
    text = (
        'permit(principal, action == Action::"refund", resource);'
        f'forbid(principal, action == Action::"refund", resource) when {{ context.arguments has {name} && '
        f"context.arguments.{type} && false == context.has_subject }};"
    )
    for value in good:
        assert codes(text, {name: value}) in (["rule-permits"], ["rule-forbids"])
    for value in bad:
        assert codes(text, {name: value}) == ["argument-type"]
        assert codes(ALL, {name: value}) == ["rule-permits"]  # no rule reads it


def test_an_argument_of_null_is_one_that_is_not_there() -> None:
    assert ruling(ALL + LARGE + ";", {"amount": None}).outcome == "allow"


def test_every_attribute_of_the_context_says_what_the_documentation_says() -> None:
    conditions = {
        "context.approved": False,
        'context.at > datetime("2026-11-27T22:29:59Z") && context.at < datetime("2026-11-27T22:30:01Z")': True,
        "context.delegation_depth == 2": True,
        "context.has_subject": True,
        "context.hour == 22": True,
        'context.labels.contains("data:contact")': True,
        'context has model && context.model == "llm"': True,
        'context has on_behalf_of && context.on_behalf_of == "person:ada"': True,
        'context has purpose && context.purpose == "support"': True,
        'context.sensitivity == Sensitivity::"restricted"': True,
        "context.sensitivity_level == 3": True,
        'context has session && context.session == "s1"': True,
        "context.weekday == 5": True,
        'principal.owner == "eve" && principal.autonomy == 3 && principal.category == "limited"': True,
        'principal.use_case == UseCase::"customer_service" && principal.models.contains("llm")': True,
        'principal.jurisdictions.contains("DE") && principal in Role::"clerk"': True,
        'resource.effect == Effect::"external" && resource.sensitivity == Sensitivity::"internal"': True,
        'resource.data.contains("orders") && resource.permissions.contains("data:financial:write")': True,
    }
    given = facts(
        sensitivity=Sensitivity.RESTRICTED,
        purpose="support",
        model="llm",
        session="s1",
        has_subject=True,
        giver="person:ada",
        depth=2,
        labels=frozenset({"data:contact"}),
    )
    for condition, holds in conditions.items():
        text = f"permit(principal, action, resource) when {{ {condition} }};"
        found = rule_on(slice_of(book(text), BOT, REFUNDING), given)
        assert (found.outcome == "allow") is holds, (condition, found)


def test_times_are_told_in_utc() -> None:
    from datetime import timedelta, timezone  # noqa: PLC0415

    east = datetime(2026, 11, 29, 1, 0, tzinfo=timezone(timedelta(hours=5)))  # Saturday 20:00 in UTC
    text = "permit(principal, action, resource) when { context.hour == 20 && context.weekday == 6 };"
    assert ruling(text, at=east).outcome == "allow"
    assert ruling(text, at=east.astimezone(UTC)).outcome == "allow"


def test_only_rules_whose_head_fits_are_asked() -> None:
    text = (
        ALL
        + 'forbid(principal == Agent::"scout", action, resource) when { context.hour > 30 };'
        + 'forbid(principal in Role::"auditing", action, resource);'
        + 'forbid(principal, action == Action::"lookup", resource);'
        + 'forbid(principal, action, resource == Tool::"lookup");'
        + 'forbid(principal, action in [Action::"lookup", Action::"refund"], resource) when { context.hour == 1 };'
        + 'forbid(principal is Agent in Role::"clerk", action, resource) when { context.hour == 2 };'
        + 'forbid(principal in Agent::"bot", action, resource) when { context.hour == 3 };'
    )
    assert [rule.id for rule in sliced(book(text), BOT, REFUNDING)] == [
        "rule-1",
        "rule-6",
        "rule-7",
        "rule-8",
    ]
    assert [rule.id for rule in sliced(book(text), BOT, LOOKING)] == [
        f"rule-{one}" for one in (1, 4, 5, 6, 7, 8)
    ]


def test_a_rule_that_no_longer_fits_the_tool_denies_its_calls_and_no_others() -> None:
    text = (
        'permit(principal, action, resource);forbid(principal, action == Action::"refund", resource) '
        "when { context.arguments has gone && context.arguments.gone > 5 };"
    )
    found = rule_on(slice_of(book(text), BOT, REFUNDING), facts())
    assert (found.outcome, [one.code for one in found.said]) == ("deny", ["rule-invalid"])
    assert "does not declare for `refund`" in found.said[0].text
    assert rule_on(slice_of(book(text), BOT, LOOKING), facts()).outcome == "allow"


@pytest.mark.parametrize(
    ("when", "denied"),
    [
        ('action == Action::"refund" || action == Action::"lookup"', {"refund", "lookup"}),
        ('!(action == Action::"lookup")', {"refund"}),
        ('action in [Action::"lookup", Action::"mail"]', {"lookup"}),
        ('if action == Action::"mail" then true else action == Action::"refund"', {"refund"}),
    ],
)
def test_a_condition_may_name_other_tools_than_the_one_that_is_called(when: str, denied: set[str]) -> None:
    text = ALL + f"forbid(principal, action, resource) when {{ {when} }};"
    found = {tool.name: rule_on(slice_of(book(text), BOT, tool), facts()) for tool in (LOOKING, REFUNDING)}
    assert {name: one.outcome for name, one in found.items()} == {
        name: "deny" if name in denied else "allow" for name in ("lookup", "refund")
    }
    assert {said.code for one in found.values() for said in one.said} <= {"rule-forbids", "rule-permits"}


def test_a_set_that_can_be_read_no_more_denies_everything() -> None:
    found = rule_on(slice_of(book(ALL, "permit(principal"), BOT, LOOKING), facts())
    assert (found.outcome, [one.code for one in found.said]) == ("deny", ["rule-invalid"])
    assert "rule `set1@1/1` cannot be read" in found.said[0].text


def test_sets_are_one_book_in_the_order_of_their_names() -> None:
    found = book(ALL, 'forbid(principal, action == Action::"refund", resource);')
    assert found.sets == ("set0@1", "set1@1")
    assert found.digest != book(ALL).digest
    assert rule_on(slice_of(found, BOT, REFUNDING), facts()).outcome == "deny"
    assert rule_on(slice_of(found, BOT, LOOKING), facts()).outcome == "allow"


def test_a_rule_says_the_same_at_every_call_and_one_text_in_two_sets_speaks_for_each() -> None:
    text = LARGE + " unless { context.approved };"
    for _ in range(2):
        for texts in ((ALL + text,), (ALL + text, text)):
            said = rule_on(slice_of(book(*texts), BOT, REFUNDING), facts({"amount": 9000})).said
            assert [one.text for one in said] == [
                f"rule `set{number}@1/large` forbids it until a person approves: ask the desk"
                for number in range(len(texts))
            ]


def test_one_permit_says_both_that_it_permits_and_that_it_would() -> None:
    text = "permit(principal, action, resource) when { context.approved || context.hour < 12 };"
    for _ in range(2):
        early, late = (ruling(text, at=datetime(2026, 11, 27, hour, tzinfo=UTC)) for hour in (9, 15))
        assert [one.text for one in early.said] == ["rule `set0@1/rule-1` permits it"]
        assert [one.text for one in late.said] == ["rule `set0@1/rule-1` permits it once a person approves"]
