"""The organisation's own rules: who may change them, what is recorded, and how they meet the ceiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.decisions.model import Call, Decision
from ephor.rooms.policies.rule import RuleSet
from ephor.testing import FrozenClock
from sample_plane import ID, alter, entries, ready, sqlite_world
from sample_rules import ALL, typed

LARGE = (
    '@id("large") @because("ask the desk") forbid(principal, action == Action::"refund", resource) when '
    "{ context.arguments has amount_cents && context.arguments.amount_cents > 2000 }"
)
ASKS = f"{ALL}{LARGE} unless {{ context.approved }};"
DENIES = f"{ALL}{LARGE};"


@pytest.fixture
def plane(engine: Engine) -> Engine:
    return ready(engine, typed())


def refund(plane: Engine, cents: object = 3000, **other: object) -> Decision:
    return plane.decisions.decide(Call(ID, "refund", {"amount_cents": cents}, **other))  # type: ignore[arg-type]


def codes(decision: Decision) -> list[str]:
    return [one.code for one in decision.reasons]


def test_rules_take_effect_when_loaded_and_no_longer_when_removed(plane: Engine) -> None:
    before = refund(plane)
    put = plane.rules.load("refunds", DENIES, by="sam")
    during = refund(plane)
    plane.rules.remove(put.id, by="sam")
    after = refund(plane)
    assert [one.outcome.value for one in (before, during, after)] == ["allow", "deny", "allow"]
    assert codes(during) == ["rule-forbids"]
    assert during.reasons[0].text == "rule `refunds@1/large` forbids it: ask the desk"
    assert during.rules[0].text.startswith('@id("large")')
    assert before.policy_digest == after.policy_digest != during.policy_digest


def test_another_process_decides_by_new_rules_at_once(tmp_path: Path, clock: FrozenClock) -> None:
    one = ready(populate(Engine(sqlite_world(tmp_path, clock))), typed())
    other = Engine(sqlite_world(tmp_path, clock))
    assert refund(other).outcome.value == "allow"
    one.rules.load("refunds", DENIES, by="sam")
    assert refund(other).outcome.value == "deny"
    one.rules.remove("refunds@1", by="sam")
    assert refund(other).outcome.value == "allow"
    one.close()
    other.close()


def test_a_permit_never_widens_the_ceiling(plane: Engine) -> None:
    plane.rules.load("all", ALL, by="sam")
    assert codes(refund(plane, 9000)) == ["tool-asks"]  # the manifest asks above 5000
    assert codes(refund(plane, 1000)) == ["allowed", "rule-permits"]
    plane.agents.suspend(ID, "stop", by="ola")
    assert codes(refund(plane, 1000)) == ["agent-not-active"]


def test_what_no_rule_permits_is_denied_once_there_are_rules(plane: Engine) -> None:
    plane.rules.load("lookups", 'permit(principal, action == Action::"customer_lookup", resource);', by="sam")
    assert codes(refund(plane)) == ["no-rule-permits"]
    assert plane.decisions.decide(Call(ID, "customer_lookup", {"id": 7})).allowed


def test_reasons_of_both_layers_are_given(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    assert codes(refund(plane, 9000)) == ["tool-asks", "rule-forbids"]
    assert codes(refund(plane, "much")) == ["tool-asks", "argument-type"]


def test_a_rule_that_errs_denies_the_call(plane: Engine) -> None:
    text = ALL + LARGE.replace("> 2000", "* 4 > 2000") + ";"
    plane.rules.load("refunds", text, by="sam")
    assert codes(refund(plane, 2**62))[-1] == "rule-erred"
    assert refund(plane, 2**62).outcome.value == "deny"


def test_a_person_approves_exactly_what_a_rule_asks_about(plane: Engine) -> None:
    plane.rules.load("refunds", ASKS, by="sam")
    asked = refund(plane)
    assert (asked.outcome.value, codes(asked)) == ("ask", ["rule-asks"])
    plane.calls.answer(str(asked.approval), approve=True, by="cal")
    assert codes(refund(plane)) == ["rule-asks", "approved-by-person"]
    assert refund(plane).outcome.value == "ask"  # an approval serves once


def test_an_approval_given_under_other_rules_is_worth_nothing(plane: Engine) -> None:
    plane.rules.load("refunds", ASKS, by="sam")
    asked = refund(plane)
    plane.calls.answer(str(asked.approval), approve=True, by="cal")
    plane.rules.load("refunds", ASKS.replace("> 2000", "> 2001"), by="sam")
    again = refund(plane)
    assert (again.outcome.value, again.approval != asked.approval) == ("ask", True)


def test_what_was_lent_and_raised_is_seen_by_rules(plane: Engine) -> None:
    text = ALL + (
        'forbid(principal, action, resource) when { context.sensitivity == Sensitivity::"confidential" && '
        "context.delegation_depth == 0 && context.has_subject == false };"
    )
    plane.rules.load("s", text, by="sam")
    assert refund(plane).allowed
    assert codes(refund(plane, sensitivity=Sensitivity.CONFIDENTIAL)) == ["rule-forbids"]


def test_a_delegations_depth_and_giver_are_seen_by_rules(plane: Engine) -> None:
    plane.delegations.allow(
        "eve", ["data:financial:write", "tool:database:execute"], ["refund"], "confidential", by="ada"
    )
    lent = plane.delegations.grant(
        ID,
        permissions=[],
        tools=["refund"],
        max_sensitivity="confidential",
        until=plane.world.clock.now().replace(year=2030),
        by="eve",
        purpose="refunds",
    )
    text = (
        'permit(principal, action, resource) when { context has on_behalf_of && context.on_behalf_of == "person:eve" && '
        "context.delegation_depth == 1 };"
    )
    plane.rules.load("lent", text, by="sam")
    assert codes(refund(plane)) == ["no-rule-permits"]
    assert "no-rule-permits" not in codes(refund(plane, on_behalf_of=lent.id, purpose="refunds"))


def test_rules_in_shadow_change_nothing_and_are_recorded(plane: Engine) -> None:
    shadow = plane.rules.shadow("refunds", DENIES, by="eve")
    decision = refund(plane)
    assert decision.allowed
    assert decision.shadow is not None
    assert (decision.shadow.outcome.value, [one.code for one in decision.shadow.reasons]) == (
        "deny",
        ["rule-forbids"],
    )
    told = entries(plane, "decision.made/1")[-1]["metadata"]["shadow"]
    assert (told["outcome"], told["instead_of"], told["reasons"]) == ("deny", "allow", ["rule-forbids"])
    assert told["sets"] == [shadow.id]
    assert refund(plane, 100).shadow.outcome.value == "allow"  # type: ignore[union-attr]


def test_a_shadow_takes_the_place_of_its_own_set_alone(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    plane.rules.load("other", ALL, by="sam")
    plane.rules.shadow("refunds", ALL, by="sam")
    decision = refund(plane)
    assert (decision.outcome.value, decision.shadow and decision.shadow.outcome.value) == ("deny", "allow")
    assert decision.shadow.sets == ("other@1", "refunds@2")  # type: ignore[union-attr]
    plane.rules.activate("refunds@2", by="sam")
    assert refund(plane).allowed
    assert refund(plane).shadow is None


def test_versions_are_kept_and_can_be_put_in_force_again(plane: Engine) -> None:
    first = plane.rules.load("refunds", DENIES, by="sam")
    plane.rules.load("refunds", ALL, by="sam")
    assert [(one.id, one.status.value) for one in plane.rules.all()] == [
        ("refunds@2", "active"),
        ("refunds@1", "replaced"),
    ]
    plane.rules.activate(first.id, by="sam")
    assert plane.rules.show("refunds").id == "refunds@1"
    assert refund(plane).outcome.value == "deny"
    assert plane.rules.show("refunds@2").text == ALL


def test_every_change_of_rules_is_an_entry(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    plane.rules.shadow("refunds", ALL, by="eve")
    plane.rules.activate("refunds@2", by="sam")
    plane.rules.remove("refunds@2", by="sam")
    found = [one for one in entries(plane) if one["kind"].startswith("rules.")]
    assert [(one["kind"], one["actor"], one["resource"]) for one in found] == [
        ("rules.activated/1", "person:sam", "rules:refunds@1"),
        ("rules.shadowed/1", "person:eve", "rules:refunds@2"),
        ("rules.activated/1", "person:sam", "rules:refunds@2"),
        ("rules.removed/1", "person:sam", "rules:refunds@2"),
    ]
    assert found[0]["policy_digest"] == plane.rules.show("refunds@1").digest
    assert found[2]["metadata"]["before"] == "refunds@1"


@pytest.mark.parametrize("who", ["eve", "ola", "cal", "aud", "nobody"])
def test_only_who_may_put_rules_in_force_can(plane: Engine, who: str) -> None:
    plane.rules.load("refunds", ALL, by="ada")
    for act in (
        lambda: plane.rules.load("more", ALL, by=who),
        lambda: plane.rules.remove("refunds@1", by=who),
        lambda: plane.rules.activate("refunds@1", by=who),
    ):
        with pytest.raises(NotPermittedError):
            act()
    if who != "eve":
        with pytest.raises(NotPermittedError):
            plane.rules.shadow("more", ALL, by=who)
    assert [one.id for one in plane.rules.all()] == ["refunds@1"]


def test_what_cannot_be_done_says_so(plane: Engine) -> None:
    plane.rules.load("refunds", ALL, by="sam")
    with pytest.raises(ConflictError, match="active already"):
        plane.rules.load("refunds", ALL, by="sam")
    with pytest.raises(ConflictError, match="in force already"):
        plane.rules.activate("refunds@1", by="sam")
    plane.rules.remove("refunds@1", by="sam")
    with pytest.raises(ConflictError, match="is removed"):
        plane.rules.remove("refunds@1", by="sam")
    for id in ("refunds@9", "others"):
        with pytest.raises(NotFoundError, match="ephor policies rules"):
            plane.rules.show(id)
    with pytest.raises(InvalidInputError, match="cannot name a set of rules"):
        plane.rules.load("Re Funds", ALL, by="sam")
    with pytest.raises(InvalidInputError, match="control character"):
        plane.rules.load("hidden", "// \u202e\n" + ALL, by="sam")
    with pytest.raises(InvalidInputError, match="did you mean `refund`") as caught:
        plane.rules.load(
            "typo", 'forbid(principal, action == Action::"refnd", resource);', by="sam", where="a.cedar"
        )
    assert str(caught.value).startswith("a.cedar:1: ")


def test_a_version_that_no_longer_fits_is_not_put_in_force_again(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    plane.rules.remove("refunds@1", by="sam")
    plane.agents.register(typed(tools=typed().tools[:1]), by="eve")
    with pytest.raises(InvalidInputError, match="there is no tool `refund`"):
        plane.rules.activate("refunds@1", by="sam")


def test_a_governed_tool_obeys_the_rules(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    face = Plane(plane.world)
    assert not face.decide(Call(ID, "refund", {"amount_cents": 2001})).allowed
    assert face.decide(Call(ID, "refund", {"amount_cents": 2000})).allowed


def test_the_text_of_a_version_survives_the_database(tmp_path: Path, clock: FrozenClock) -> None:
    engine = ready(populate(Engine(sqlite_world(tmp_path, clock))), typed())
    text = "// Größe ≥ 2 000 €\n" + DENIES
    put = engine.rules.load("refunds", text, by="sam")
    with engine.world.storage.reading() as unit:
        assert unit.shelf(RuleSet).get(put.id) == put
    engine.close()


def test_a_decision_under_rules_is_made_again_as_it_was_even_after_they_are_gone(plane: Engine) -> None:
    plane.rules.load("refunds", DENIES, by="sam")
    decision = refund(plane)
    plane.rules.remove("refunds@1", by="sam")
    plane.rules.load("refunds", ALL, by="sam")
    again = plane.replays.replay(decision.id, {"amount_cents": 3000})
    assert (again.replay.value, again.outcome, again.reasons) == ("same", decision.outcome, ("rule-forbids",))
    unknown = plane.replays.replay(decision.id)
    assert (unknown.replay.value, "pass them" in unknown.because) == ("not_known", True)


def test_without_the_rules_it_rested_on_a_decision_made_again_is_denied(plane: Engine) -> None:
    plane.rules.load("refunds", ALL, by="sam")
    decision = refund(plane, 1)
    alter(plane, RuleSet, "refunds@1", text=ALL + "// changed\n")
    again = plane.replays.replay(decision.id, {"amount_cents": 1})
    assert (again.replay.value, again.reasons) == ("differs", ("rule-invalid",))
