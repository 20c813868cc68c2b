"""The organisation's own policies: stricter at once, looser only with a signature, and they bind what is approved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.edges.cli.app import run
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import Effect, ReviewType, Sensitivity, UseCase
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.approvals.request import RequestStatus, Verdict
from ephor.rooms.decisions.decide import decide
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.policies.governance import POLICIES, loosened, policy_digest
from ephor.rooms.policies.overrides import OverrideStatus, read_policy
from sample_agents import AT, support
from sample_decisions import authority, call
from sample_gate import AGENT, make_ready

CASE = UseCase.CUSTOMER_SERVICE
STRICTER = {"use_case": "customer_service", "required_reviews": ["security", "privacy", "ethics"]}
LOOSER = {"use_case": "customer_service", "max_autonomy_level": 4}


@pytest.fixture
def plane(engine: Engine) -> Engine:
    for name in ("exe", "xia"):
        engine.access.add_person(name, name, [PlaneRole.EXECUTIVE], by="ada")
    return engine


def kinds(engine: Engine) -> list[str]:
    return [str(one.entry["kind"]) for one in engine.ledger.list({}, limit=5)]


def test_a_stricter_policy_holds_at_once_and_ends_what_was_approved_under_the_old_one(plane: Engine) -> None:
    make_ready(plane)
    call = Call(agent=AGENT, tool="customer_lookup", arguments={"id": 7})
    assert "approval-outdated" not in {one.code for one in plane.decisions.decide(call).reasons}
    made = plane.overrides.override(STRICTER, by="ada", reason="ethics looks at every chatbot")
    assert (made.id, made.status, made.looser) == ("customer_service@1", OverrideStatus.IN_FORCE, ())
    shown = plane.policies.show(CASE)
    assert shown.digest == made.digest
    assert ReviewType.ETHICS in shown.policy.required_reviews
    assert "approval-outdated" in {one.code for one in plane.decisions.decide(call).reasons}
    assert plane.approvals.standing(AGENT).approval is None
    report = {one.id: one.status.value for one in plane.gate.check(AGENT, Checklist.PRE_DEPLOYMENT).items}
    assert report["governance-approval-obtained"] != "met"
    asked = plane.approvals.request(AGENT, "under the new policy", by="eve")
    assert (asked.policy_digest, asked.required_reviews) == (made.digest, made.policy.required_reviews)
    entry = plane.ledger.list({"kind": "policy.override-set/1"}, limit=1)[0]
    assert entry.entry["policy_digest"] == made.digest


def test_a_looser_policy_changes_nothing_until_an_executive_who_did_not_ask_signs_it(plane: Engine) -> None:
    made = plane.overrides.override(LOOSER, by="exe")
    assert (made.status, made.looser) == (OverrideStatus.PROPOSED, ("max_autonomy_level",))
    assert plane.policies.show(CASE).policy == POLICIES[CASE]
    for who in ("ada", "eti", "exe"):  # no executive, no executive, who asked for it
        with pytest.raises(NotPermittedError):
            plane.overrides.sign(made.id, by=who)
    signed = plane.overrides.sign(made.id, by="xia")
    assert (signed.status, signed.decided_by) == (OverrideStatus.IN_FORCE, "xia")
    assert plane.policies.show(CASE).policy.max_autonomy_level == 4
    with pytest.raises(ConflictError, match="awaits no signature"):
        plane.overrides.sign(made.id, by="xia")


def test_going_back_to_the_guide_from_something_stricter_takes_a_signature_too(plane: Engine) -> None:
    plane.overrides.override(STRICTER, by="ada")
    back = plane.overrides.override({"use_case": "customer_service"}, by="ada")
    assert back.looser == ("required_reviews",)
    plane.overrides.sign(back.id, by="exe")
    assert plane.policies.show(CASE).digest == back.digest
    assert [one.status for one in plane.overrides.all(CASE)] == [
        OverrideStatus.REPLACED,
        OverrideStatus.IN_FORCE,
    ]


def test_a_signature_is_for_what_was_compared(plane: Engine) -> None:
    asked = plane.overrides.override(LOOSER, by="ada")
    plane.overrides.override({**STRICTER, "max_autonomy_level": 2}, by="ada")
    with pytest.raises(ConflictError):
        plane.overrides.sign(asked.id, by="exe")
    assert plane.policies.show(CASE).policy.max_autonomy_level == 2


def test_a_proposal_can_be_refused_or_taken_back(plane: Engine) -> None:
    first = plane.overrides.override(LOOSER, by="ada")
    with pytest.raises(NotPermittedError):
        plane.overrides.refuse(first.id, "no", by="eti")
    assert plane.overrides.refuse(first.id, "too free", by="exe").status is OverrideStatus.REFUSED
    second = plane.overrides.override(LOOSER, by="ada")
    assert plane.overrides.refuse(second.id, "a slip", by="ada").decided_by == "ada"
    assert kinds(plane)[0] == "policy.override-refused/1"
    with pytest.raises(NotFoundError):
        plane.overrides.refuse("customer_service@9", "no", by="exe")


def test_what_may_not_or_need_not_be_laid_down_is_refused(plane: Engine) -> None:
    with pytest.raises(NotPermittedError):
        plane.overrides.override(STRICTER, by="eve")
    with pytest.raises(ConflictError, match="already"):
        plane.overrides.override({"use_case": "customer_service"}, by="ada")
    assert plane.overrides.all() == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [({}, "names no `use_case`"), ({"use_case": "trading"}, "unknown use case"),
     ({**LOOSER, "max_autonomy": 2}, "no field `max_autonomy`"), ({**LOOSER, "max_autonomy_level": 6}, "1 to 5"),
     ({**LOOSER, "max_autonomy_level": True}, "whole number"), ({**LOOSER, "retention_days": 0}, "retention_days"),
     ({**LOOSER, "requires_human_approval": "no"}, "neither true nor false"),
     ({**LOOSER, "required_reviews": "security"}, "no list"), ({**LOOSER, "required_reviews": ["audit"]}, "unknown required"),
     ({**LOOSER, "risk_level": 3}, "no word"), ({**LOOSER, "monitoring_level": "none"}, "unknown monitoring")],
)  # fmt: skip
def test_a_file_that_is_no_policy_is_refused_with_the_field(raw: Mapping[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_policy(raw, POLICIES)


def test_words_are_kept_in_one_order_so_that_the_digest_does_not_depend_on_the_file() -> None:
    one = read_policy({**LOOSER, "data_sensitivity_allowed": ["internal", "public", "public"]}, POLICIES)
    assert one.data_sensitivity_allowed == (Sensitivity.PUBLIC, Sensitivity.INTERNAL)


def test_a_quorum_takes_as_many_people_and_each_of_them_once(plane: Engine) -> None:
    make_ready(plane)
    with pytest.raises(InvalidInputError, match="no required review"):
        plane.overrides.override({**STRICTER, "quorum": {"legal": 2}}, by="ada")
    for wrong in ("two", {"security": 0}, {"security": 10}, {"audit": 2}):
        with pytest.raises(InvalidInputError):
            read_policy({**STRICTER, "quorum": wrong}, POLICIES)
    two = {"use_case": "customer_service", "quorum": {"security": 2, "privacy": 1}}
    made = plane.overrides.override(two, by="ada")
    assert (made.status, dict(made.policy.quorum)) == (OverrideStatus.IN_FORCE, {ReviewType.SECURITY: 2})
    assert plane.overrides.override({"use_case": "customer_service"}, by="ada").looser == ("quorum",)
    plane.access.add_person("sue", "Sue", [PlaneRole.SECURITY_REVIEWER], by="ada")
    asked = plane.approvals.request(AGENT, "two pairs of eyes", by="eve")
    plane.approvals.submit_review(asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia")
    once = plane.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam")
    assert once.status is RequestStatus.PENDING
    with pytest.raises(ConflictError, match="another person"):
        plane.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam")
    assert [one.people for one in plane.approvals.due()] == [("sue",)]
    twice = plane.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sue")
    assert twice.status is RequestStatus.APPROVED
    found = {one.id: one for one in plane.gate.check(AGENT, Checklist.PRE_DEPLOYMENT).items}
    assert found["governance-approval-obtained"].status.value == "met"
    assert found["security-review-completed"].status.value == "met"


def test_a_policy_without_reviews_approves_nothing_by_itself(plane: Engine) -> None:
    with pytest.raises(InvalidInputError, match="without any required review"):
        plane.overrides.override({**LOOSER, "required_reviews": []}, by="ada")


def test_the_commands(plane: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    files: dict[str, Any] = {"looser.yaml": LOOSER, "stricter.yaml": STRICTER}
    door: Any = SimpleNamespace(open=lambda _database: plane, person="ada", read_yaml=files.__getitem__)

    def ephor(*words: str) -> str:
        assert run(words, door) == 0
        return capsys.readouterr().out

    assert json.loads(ephor("policies", "override", "stricter.yaml", "--json"))["status"] == "in_force"
    assert "sign-override customer_service@2" in ephor(
        "policies", "override", "looser.yaml", "--reason", "pilot"
    )
    assert "in force" in ephor("policies", "sign-override", "customer_service@2", "--as", "exe")
    assert json.loads(ephor("policies", "show", "customer_service", "--json"))["max_autonomy_level"] == 4
    ephor("policies", "override", "stricter.yaml")
    ephor("policies", "override", "looser.yaml")
    assert (
        run(("policies", "refuse-override", "customer_service@4", "--reason", "no", "--as", "exe"), door) == 0
    )
    assert "refused" in capsys.readouterr().out
    assert "replaced" in ephor("policies", "overrides", "--use-case", "customer_service")


def test_what_is_above_the_policys_autonomy_is_asked_about_or_denied_as_the_policy_says():
    strict = read_policy({"use_case": "customer_service", "above_autonomy": "deny"}, POLICIES)
    guide = POLICIES[UseCase.CUSTOMER_SERVICE]
    assert loosened(guide, strict) == ()
    assert loosened(strict, guide) == ("above_autonomy",)
    assert policy_digest(strict) != policy_digest(guide)
    tool = [Tool("wipe", Effect.IRREVERSIBLE, Sensitivity.INTERNAL)]

    def codes(policy, autonomy):
        made = authority(support(tools=tuple(tool), autonomy=autonomy), policy=policy)
        return {one.code: one.outcome for one in decide(call("wipe"), made, now=AT).reasons}

    assert codes(strict, 3)["autonomy-not-in-policy"] is Outcome.DENY
    assert codes(guide, 3)["autonomy-above-ceiling"] is Outcome.ASK
    write = [Tool("wipe", Effect.WRITE, Sensitivity.INTERNAL)]
    tool[:] = write  # within the policy, above what the agent alone declares
    assert codes(strict, 1)["autonomy-above-ceiling"] is Outcome.ASK
