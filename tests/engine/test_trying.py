"""Rules tried before they count: by cases, by recorded calls, in shadow. What the record does not hold is not known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.decisions.model import Call
from ephor.rooms.policies.cases import read_cases
from ephor.rooms.policies.replay import Compared
from ephor.testing import FrozenClock
from sample_plane import ID, ready, size
from sample_rules import ALL, typed

LARGE = (
    '@id("large") forbid(principal, action == Action::"refund", resource) when '
    "{ context.arguments has amount_cents && context.arguments.amount_cents > 2000 };"
)
NIGHT = '@id("night") forbid(principal, action, resource) when { context.hour < 6 };'


@pytest.fixture
def plane(engine: Engine) -> Engine:
    return ready(engine, typed())


def cases(*raw: dict[str, Any]) -> Any:
    return read_cases({"cases": [{"agent": ID, "tool": "refund", **one} for one in raw]})


def test_cases_say_what_rules_must_answer(plane: Engine) -> None:
    before = size(plane)
    results = plane.trying.test(
        ALL + LARGE,
        cases(
            {"name": "small", "arguments": {"amount_cents": 5}, "expect": "allow"},
            {"name": "large", "arguments": {"amount_cents": 5000}, "expect": "deny", "because": ["large"]},
            {"name": "wrong", "arguments": {"amount_cents": 5000}, "expect": "ask"},
            {"name": "why", "arguments": {"amount_cents": 5}, "expect": "allow", "because": "large"},
        ),
    )
    assert [(one.name, one.passed) for one in results] == [
        ("small", True), ("large", True), ("wrong", False), ("why", False),
    ]  # fmt: skip
    assert results[2].fault == "expected ask, and the rules say deny"
    assert results[3].fault == "rule `large` did not speak; these did: rule-1"
    assert size(plane) == before


def test_a_case_gives_everything_that_rules_look_at(plane: Engine) -> None:
    text = (
        'permit(principal, action, resource) when { context has purpose && context.purpose == "p" && context has model && '
        'context.model == "m" && context has session && context.session == "s" && context.has_subject && '
        'context.labels.contains("l") && context.delegation_depth == 2 && context has on_behalf_of && '
        'context.on_behalf_of == "person:ada" && context.sensitivity == Sensitivity::"restricted" && context.hour == 3 };'
    )
    full = {
        "purpose": "p", "model": "m", "session": "s", "has_subject": True, "labels": ["l"], "delegation_depth": 2,
        "on_behalf_of": "person:ada", "sensitivity": "restricted", "at": "2026-11-27T03:00:00Z", "expect": "allow",
    }  # fmt: skip
    (result,) = plane.trying.test(text, cases(full))
    assert result.passed, result
    for key in set(full) - {"expect", "at"}:
        (result,) = plane.trying.test(
            text, cases({name: value for name, value in full.items() if name != key})
        )
        assert result.answer == "deny", key


def test_a_case_never_lowers_what_the_tool_declares(plane: Engine) -> None:
    text = 'permit(principal, action, resource) when { context.sensitivity == Sensitivity::"internal" };'
    (result,) = plane.trying.test(text, cases({"sensitivity": "public", "expect": "allow"}))
    assert result.passed


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        ({"expect": "allow", "agent": "nobody"}, "there is no agent `nobody`"),
        ({"expect": "allow", "tool": "refnud"}, "did you mean `refund`"),
        ({"expect": "deny", "because": "larg"}, "did you mean `large`"),
        ({"expect": "maybe"}, "write one of: allow, ask, deny"),
        ({}, "has no `expect`"),
        ({"expect": "allow", "colour": "red"}, "unknown key `colour`"),
        ({"expect": "allow", "at": "2026-11-27"}, "no time with a zone"),
        ({"expect": "allow", "at": "noon"}, "no time with a zone"),
        ({"expect": "allow", "arguments": [1]}, "is no mapping"),
        ({"expect": "allow", "labels": [1]}, "no list of text"),
        ({"expect": "allow", "delegation_depth": "1"}, "no whole number"),
        ({"expect": "allow", "delegation_depth": -1}, "write 0 or more"),
        ({"expect": "allow", "at": "9999-12-31T23:59:59-12:00"}, "no time with a zone"),
        ({"expect": "allow", "purpose": 5}, "no text"),
        ({"expect": "allow", "sensitivity": "secret"}, "unknown sensitivity"),
    ],
)  # fmt: skip
def test_a_case_that_says_nothing_clear_is_refused(plane: Engine, raw: dict[str, Any], advice: str) -> None:
    with pytest.raises(InvalidInputError, match=advice):
        plane.trying.test(ALL + LARGE, cases(raw))


def test_a_file_without_cases_is_refused(plane: Engine) -> None:
    for document in ({}, {"cases": []}, {"cases": {}}, {"cases": [1]}, {"cases": [], "more": 1}):
        with pytest.raises(InvalidInputError):
            read_cases(document)


def test_a_case_without_a_time_is_refused_where_rules_look_at_it(plane: Engine) -> None:
    with pytest.raises(InvalidInputError, match="names no time"):
        plane.trying.test(ALL + NIGHT, cases({"expect": "allow"}))


def test_rules_that_would_be_refused_are_not_tried(plane: Engine) -> None:
    for act in (
        lambda: plane.trying.test("permit", cases({"expect": "allow"}), where="f.cedar"),
        lambda: plane.trying.diff(ALL, "permit", limit=1),
    ):
        with pytest.raises(InvalidInputError, match=":1: "):
            act()


def decided(plane: Engine, cents: int, **other: Any) -> None:
    plane.decisions.decide(Call(ID, "refund", {"amount_cents": cents}, **other))


def test_recorded_calls_show_what_flips_and_what_is_not_known(plane: Engine, clock: FrozenClock) -> None:
    decided(plane, 100, subject="customer:1", purpose="support")
    decided(plane, 3000, subject="customer:1", purpose="support")
    decided(plane, 3000)  # its arguments are a fingerprint and nothing else
    plane.decisions.decide(Call(ID, "customer_lookup", {"id": 1}))
    clock.advance(timedelta(hours=19))  # 04:00
    plane.decisions.decide(Call(ID, "customer_lookup", {"id": 1}))
    plane.decisions.decide(Call(ID, "nothing"))
    plane.decisions.decide(Call("ghost", "refund"))

    found = plane.trying.diff(ALL, ALL + LARGE, limit=100)
    assert told(found) == (7, 3, [("refund", "allow", "deny")], 3)
    assert [one.not_known for one in found.not_known] == [
        "today the agent is not registered",
        "today the tool is not declared",
        "the record does not hold arguments",
    ]
    assert found.flips[0].new_said == ("rule `new/large` forbids it",)
    night = plane.trying.diff(ALL, ALL + NIGHT, limit=100)
    assert told(night)[2] == [("customer_lookup", "allow", "deny")]  # known without any argument
    assert told(plane.trying.diff(ALL, ALL + LARGE, limit=3))[0] == 3
    assert told(plane.trying.diff(ALL, ALL + LARGE, limit=100, since=clock.now()))[0] == 3


def told(found: Compared) -> tuple[int, int, list[tuple[str, str, str]], int]:
    return (
        found.calls,
        found.same,
        [(one.tool, one.old, one.new) for one in found.flips],
        len(found.not_known),
    )


def test_what_went_with_a_recorded_call_is_known_again(plane: Engine) -> None:
    decided(plane, 1, session="s", sensitivity=Sensitivity.CONFIDENTIAL)
    decided(plane, 1, session="s")
    for condition, flips in (
        ('context.sensitivity == Sensitivity::"confidential"', 1),
        ('context.labels.contains("tool:refund")', 1),
        ('context has session && context.session == "s"', 2),
        ("context.has_subject", 0),
        ("context.delegation_depth > 0", 0),
    ):
        text = f"{ALL}forbid(principal, action, resource) when {{ {condition} }};"
        found = plane.trying.diff(ALL, text, limit=10)
        assert (len(found.flips), found.not_known) == (flips, ()), condition


def test_after_a_person_is_forgotten_their_calls_are_not_known(plane: Engine) -> None:
    decided(plane, 3000, subject="customer:1", purpose="support")
    assert len(plane.trying.diff(ALL, ALL + LARGE, limit=10).flips) == 1
    with plane.world.storage.unit() as unit:
        unit.forget(plane.world.pseudonyms.of("customer:1"))
        unit.append(Event("erasure/1", plane.world.clock.now(), "ephor"))
    found = plane.trying.diff(ALL, ALL + LARGE, limit=10)
    assert (found.flips, [one.not_known for one in found.not_known]) == (
        (),
        ["the record does not hold arguments"],
    )


def test_cases_can_be_compared_instead(plane: Engine) -> None:
    some = cases(
        {"name": "small", "arguments": {"amount_cents": 5}, "expect": "allow"},
        {"name": "large", "arguments": {"amount_cents": 5000}, "expect": "allow"},
    )
    found = plane.trying.diff_cases(ALL, ALL + LARGE, some)
    assert told(found) == (2, 1, [("refund", "allow", "deny")], 0)
    assert found.flips[0].entry == "large"


def test_what_rules_in_shadow_would_have_changed_is_listed(plane: Engine) -> None:
    decided(plane, 3000)
    plane.rules.shadow("refunds", ALL + LARGE, by="eve")
    decided(plane, 3000)
    decided(plane, 100)
    report = plane.trying.shadowed(limit=100)
    assert (report.decisions, report.evaluated) == (3, 2)
    (one,) = report.changed
    assert (one.agent, one.tool, one.outcome, one.shadow, one.reasons) == (
        ID, "refund", "allow", "deny", ("rule-forbids",),
    )  # fmt: skip
