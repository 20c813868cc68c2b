"""A class counts once a reviewer signed it off; it then drives what the agent may do, and a changed manifest reopens it."""

from __future__ import annotations

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, NotFoundError, NotPermittedError
from ephor.rooms.agents.manifest import Disclosure
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.gate.finding import Status
from sample_gate import AGENT, FACTS, approve, make_ready, register

READ = Call(agent=AGENT, tool="customer_lookup", arguments={"id": 7})
SEND = Call(agent=AGENT, tool="email_send", arguments={"to": "x"})


def release(engine: Engine, **other: object) -> None:
    """Register an agent that names no model, and have it approved."""
    register(engine, models=(), **other)
    approve(engine)


def codes(engine: Engine, call: Call) -> set[str]:
    return {one.code for one in engine.decisions.decide(call).reasons}


def test_the_review_that_approves_an_agent_signs_its_class_off(engine: Engine) -> None:
    register(engine)
    engine.regulation.classify_agent(AGENT, by="eve")
    before = engine.regulation.standing(AGENT)
    assert (before.category, before.counts, before.signed_by) == ("limited", False, None)
    request = approve(engine)
    after = engine.regulation.standing(AGENT)
    assert (after.counts, after.signed_by, after.signed_through) == (True, "pia", request)
    assert len(engine.ledger.list({"kind": "agent.class-signed/1"})) == 1


def test_a_reviewer_signs_what_they_state_and_nobody_signs_their_own(engine: Engine) -> None:
    register(engine)
    engine.regulation.classify_agent(AGENT, by="eve")
    with pytest.raises(NotPermittedError, match="classes:sign"):
        engine.regulation.sign(AGENT, "limited", by="eve")
    with pytest.raises(NotPermittedError, match="classes:sign"):
        engine.regulation.sign(AGENT, "limited", by="ada")
    with pytest.raises(ConflictError, match="limited, not `minimal`"):
        engine.regulation.sign(AGENT, "minimal", by="sam")
    with pytest.raises(NotFoundError):
        engine.regulation.sign("nobody", "limited", by="sam")
    signed = engine.regulation.sign(AGENT, "limited", by="sam")
    assert (signed.signed_by, signed.signed_through) == ("sam", None)
    with pytest.raises(ConflictError, match="already"):
        engine.regulation.sign(AGENT, "limited", by="pia")


def test_an_owner_who_reviews_cannot_sign(engine: Engine) -> None:
    register(engine, owner="sam")
    with pytest.raises(NotPermittedError, match="owns the agent"):
        engine.regulation.sign(AGENT, "limited", by="sam")


def test_a_class_that_is_not_known_cannot_be_signed(engine: Engine) -> None:
    register(engine, facts={"function": "cv_parsing"})
    with pytest.raises(ConflictError, match="not known yet"):
        engine.regulation.sign(AGENT, "needs_review", by="sam")


def test_classifying_again_keeps_the_signature_while_it_says_the_same(engine: Engine) -> None:
    release(engine)
    engine.regulation.classify_agent(AGENT, by="eve")
    assert engine.regulation.standing(AGENT).counts
    assert engine.decisions.decide(READ).outcome is Outcome.ALLOW


def test_a_changed_manifest_reopens_the_class(engine: Engine) -> None:
    release(engine)
    register(engine, models=(), facts={**FACTS, "generates": ("text", "image")})
    assert engine.regulation.standing(AGENT).category is None
    engine.regulation.classify_agent(AGENT, by="eve")
    standing = engine.regulation.standing(AGENT)
    assert (standing.category, standing.counts) == ("limited", False)
    assert "class-not-signed-off" in codes(engine, READ)
    approve(engine)
    assert engine.decisions.decide(READ).outcome is Outcome.ALLOW


def test_the_gate_asks_for_the_signature(engine: Engine) -> None:
    register(engine)
    engine.regulation.classify_agent(AGENT, by="eve")

    def found() -> tuple[Status, str | None]:
        report = engine.gate.check(AGENT, Checklist.PRE_DEPLOYMENT)
        item = next(one for one in report.items if one.id == "transparency-disclosures-ready")
        return item.status, item.remedy

    assert found() == (
        Status.NOT_KNOWN,
        f"ephor agents sign-class {AGENT} --category limited --as REVIEWER",
    )
    engine.regulation.sign(AGENT, "limited", by="pia")
    assert found()[0] is Status.MET


def test_high_risk_puts_a_person_before_whatever_does_more_than_read(engine: Engine) -> None:
    facts = {**FACTS, "function": "voter_persuasion", "domain": "democratic_process", "subjects": ("voters",)}
    release(engine, facts=facts)
    standing = engine.regulation.standing(AGENT)
    assert (standing.category, standing.counts) == ("high", True)
    assert standing.measures.human_oversight
    assert standing.measures.retention_days == 184
    assert standing.measures.monitoring_level.value == "enhanced"
    assert engine.decisions.decide(READ).outcome is Outcome.ALLOW
    asked = engine.decisions.decide(SEND)
    assert asked.outcome is Outcome.ASK
    assert "class-needs-oversight" in {one.code for one in asked.reasons}
    assert {one.kind: one.text for one in asked.obligations if one.kind in ("log", "retain")} == {
        "log": "enhanced",
        "retain": "184 days",
    }


def test_the_law_s_own_notice_is_shown_where_the_manifest_has_none(engine: Engine) -> None:
    release(engine, disclosure=None)
    notices = [one.text for one in engine.decisions.decide(READ).obligations if one.kind == "notice"]
    assert len(notices) == 1
    assert "AI system" in notices[0]
    assert engine.regulation.standing(AGENT).measures.notices


def test_a_declared_notice_takes_the_place_of_the_law_s_own(engine: Engine) -> None:
    release(engine, disclosure=Disclosure(tells_people=True, notice="A machine speaks."))
    notices = [one.text for one in engine.decisions.decide(READ).obligations if one.kind == "notice"]
    assert notices == ["A machine speaks."]


def test_limited_risk_adds_no_person(engine: Engine) -> None:
    make_ready(engine)
    standing = engine.regulation.standing(AGENT)
    assert not standing.measures.human_oversight
    assert standing.measures.retention_days == 90
    assert "class-needs-oversight" not in codes(engine, SEND)
