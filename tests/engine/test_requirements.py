"""Requirements: every obligation answered from the record; silence is never a pass, and never "not applicable"."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.engine.requirements import Answered
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.agents.manifest import OperatorRole
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.requirements.answer import Answer, LawAnswer, Requirement
from ephor.rooms.requirements.guide import HIGH_RISK
from sample_gate import AGENT, FACTS, make_ready, register

LATER = date(2027, 12, 2)
CV = {
    "complete": True,
    "domain": "employment",
    "function": "cv_ranking",
    "subjects": ("job_applicants",),
    "deployer": "private",
    "context": "office",
    "profiling": True,
    "decision_influence": "material",
    "interacts_with_persons": False,
}


def law(found: Answered, name: str) -> LawAnswer:
    return next(one for one in found.compliance.laws if one.law == name)


def obligation(found: Answered, id: str) -> Requirement:
    return next(one for law in found.compliance.laws for one in law.obligations if one.id == id)


def test_every_obligation_of_every_pack_is_answered_with_a_reason(engine: Engine) -> None:
    make_ready(engine)
    found = engine.requirements.check(AGENT)
    packs = engine.world.packs
    assert [one.law for one in found.compliance.laws] == packs.names()
    for one in found.compliance.laws:
        assert [each.id for each in one.obligations] == [each.id for each in packs.load(one.law).obligations]
        assert all(each.because for each in one.obligations)
        assert all(each.evidence for each in one.obligations if each.status is Answer.MET)
        gaps = [each for each in one.obligations if each.status in (Answer.NOT_MET, Answer.NOT_KNOWN)]
        assert all(each.recommendation for each in gaps)


def test_laws_apply_by_what_the_manifest_says_and_silence_spares_nobody(engine: Engine) -> None:
    make_ready(engine)
    found = engine.requirements.check(AGENT)
    reached = {one.law: one.applies for one in found.compliance.laws}
    assert reached["gdpr"] is reached["eu-ai-act"] is True
    assert reached["ccpa"] is reached["hipaa"] is reached["us-co-sb26-189"] is False
    assert reached["soc2"] is reached["nist-ai-rmf"] is None
    assert {one.status for one in law(found, "ccpa").obligations} == {Answer.NOT_APPLICABLE}
    assert {one.status for one in law(found, "soc2").obligations} == {Answer.NOT_KNOWN}
    assert found.compliance.compliant is None


def test_without_places_no_law_of_a_place_is_known_to_apply_or_not(engine: Engine) -> None:
    register(engine, jurisdictions=())
    found = engine.requirements.check(AGENT, laws=("eu-ai-act", "gdpr"))
    assert [one.applies for one in found.compliance.laws] == [None, None]
    assert "jurisdictions" in law(found, "eu-ai-act").missing_facts
    assert obligation(found, "gdpr/security").status is Answer.NOT_KNOWN


def test_an_unknown_class_leaves_what_follows_from_it_unknown(engine: Engine) -> None:
    facts = {name: value for name, value in CV.items() if name not in ("complete", "subjects")}
    register(engine, facts={**facts, "function": "cv_parsing", "decision_influence": "preparatory"})
    found = engine.requirements.check(AGENT, as_of=LATER, laws=("EU AI Act",))
    assert law(found, "eu-ai-act").category == "needs_review"
    assert obligation(found, "eu-ai-act/assign-oversight").status is Answer.NOT_KNOWN
    assert found.compliance.compliant is None
    assert found.checker is not None
    assert found.checker.compliant is None
    assert "not stated" in found.checker.reason


def test_nothing_is_met_by_what_only_the_manifest_says(engine: Engine) -> None:
    register(engine)
    before = engine.requirements.check(AGENT, laws=("eu-ai-act",))
    assert before.checker is not None
    told = {one.cite: one.status for one in before.checker.transparency}
    assert told["Art 50(1)"] is not Answer.MET
    make_ready(engine)
    after = engine.requirements.check(AGENT, laws=("eu-ai-act",))
    assert after.checker is not None
    told = {one.cite: one.status for one in after.checker.transparency}
    assert told == {"Art 50(1)": Answer.MET, "Art 50(2)": Answer.NOT_KNOWN}


def test_an_empty_register_does_not_show_that_anybody_could_answer(engine: Engine) -> None:
    make_ready(engine)
    assert (
        obligation(engine.requirements.check(AGENT, laws=("gdpr",)), "gdpr/access").status is Answer.NOT_KNOWN
    )
    engine.evidence.record(
        AGENT,
        EvidenceKind.ORGANISATION,
        "how requests are answered",
        by="pia",
        reference="handbook 4",
        about="org.subject-request-procedure",
    )
    found = obligation(engine.requirements.check(AGENT, laws=("gdpr",)), "gdpr/access")
    assert (found.status, found.cite) == (Answer.MET, "Art 15")
    assert {one.what.split(":")[0] for one in found.evidence} >= {"organisation"}


def test_evidence_of_a_requirement_takes_somebody_independent_and_ends_with_its_time(engine: Engine) -> None:
    make_ready(engine)
    need = ("gdpr",)
    assert (
        obligation(engine.requirements.check(AGENT, laws=need), "gdpr/transparency").status
        is Answer.NOT_KNOWN
    )
    with pytest.raises(Exception, match="independent"):
        engine.evidence.record(
            AGENT,
            EvidenceKind.REQUIREMENT,
            "notice",
            by="eve",
            reference="x",
            about="documents.privacy-notice",
        )
    engine.evidence.record(
        AGENT, EvidenceKind.REQUIREMENT, "notice", by="pia", reference="x", about="documents.privacy-notice"
    )
    found = obligation(engine.requirements.check(AGENT, laws=need), "gdpr/transparency")
    assert found.status is Answer.MET
    assert found.lapses is not None
    late = engine.requirements.check(AGENT, laws=need, as_of=found.lapses)
    assert obligation(late, "gdpr/transparency").status is Answer.NOT_MET
    early = engine.requirements.check(AGENT, laws=need, as_of=engine.world.clock.now().date() - timedelta(1))
    assert obligation(early, "gdpr/transparency").status is not Answer.MET


def test_a_day_to_come_shows_what_will_apply(engine: Engine) -> None:
    register(engine, facts=CV)
    today = engine.requirements.check(AGENT, laws=("eu-ai-act",))
    waiting = obligation(today, "eu-ai-act/assign-oversight")
    assert (waiting.status, waiting.because) == (Answer.NOT_APPLICABLE, "it applies from 2027-12-02")
    assert waiting.prepared in (Answer.NOT_KNOWN, Answer.NOT_MET)
    then = engine.requirements.check(AGENT, laws=("eu-ai-act",), as_of=LATER)
    found = obligation(then, "eu-ai-act/assign-oversight")
    assert found.in_force
    assert found.status in (Answer.NOT_KNOWN, Answer.NOT_MET)
    assert obligation(then, "eu-ai-act/importer").because == "owed by importer, not by deployer"


def test_a_contested_day_is_answered_at_once_and_said_to_be_contested(engine: Engine) -> None:
    register(engine, facts=CV)
    found = obligation(engine.requirements.check(AGENT, laws=("eu-ai-act",)), "eu-ai-act/explanation")
    assert found.status is Answer.NOT_KNOWN
    assert "contested" in found.because
    assert [one.in_force for one in found.readings] == [True, False]


@pytest.mark.parametrize("role", [OperatorRole.PROVIDER, OperatorRole.DEPLOYER])
def test_the_guide_s_eight_and_every_transparency_duty_are_checked(
    engine: Engine, role: OperatorRole
) -> None:
    register(engine, facts={**CV, "generates": ("text",), "interacts_with_persons": True}, operator_role=role)
    checker = engine.requirements.check(AGENT, laws=("eu-ai-act",)).checker
    assert checker is not None
    assert [one.title for one in checker.requirements] == list(HIGH_RISK)
    assert len(checker.requirements) == 8
    assert all(one.status in (Answer.NOT_KNOWN, Answer.NOT_MET) for one in checker.requirements)
    assert {"Art 50(1)", "Art 50(2)", "Art 26(11)", "Art 86"} <= {one.cite for one in checker.transparency}
    assert checker.compliant is not True
    assert len(checker.recommendations) >= 8


def test_the_eight_are_met_by_evidence_alone(engine: Engine) -> None:
    make_ready(engine)
    register(engine, facts=CV, operator_role=OperatorRole.PROVIDER)
    pack = engine.world.packs.load("eu-ai-act")
    laws = {one.id: one for one in pack.obligations}
    for need in sorted({need for id in HIGH_RISK.values() for need in laws[id].needs}):
        kind = EvidenceKind.ORGANISATION if need.startswith("org.") else EvidenceKind.REQUIREMENT
        engine.evidence.record(AGENT, kind, need, by="sam", reference=need, about=need)
    checker = engine.requirements.check(AGENT, laws=("eu-ai-act",)).checker
    assert checker is not None
    status = {one.title: one.status for one in checker.requirements}
    assert status["Technical documentation"] is Answer.MET
    assert status["Data governance"] is Answer.MET
    # What Ephor sees by itself is not shown by a paper that says so.
    assert status["Human oversight measures"] is not Answer.MET
    assert status["Risk management system"] is not Answer.MET


def test_a_prohibited_practice_is_never_compliant(engine: Engine) -> None:
    facts = {
        **CV,
        "function": "emotion_inference",
        "subjects": ("employees",),
        "biometric": "emotion_recognition",
    }
    register(engine, facts={**facts, "context": "workplace"})
    found = engine.requirements.check(AGENT, laws=("eu-ai-act",))
    assert found.checker is not None
    assert (found.checker.compliant, found.checker.risk_category) == (False, "unacceptable")
    assert "prohibited" in found.checker.violations[0]
    assert obligation(found, "eu-ai-act/do-not-use").status is Answer.NOT_MET
    engine.agents.suspend(AGENT, "prohibited", by="ola")
    stopped = obligation(engine.requirements.check(AGENT, laws=("eu-ai-act",)), "eu-ai-act/do-not-use")
    assert stopped.status is Answer.MET


def test_facts_of_other_laws_in_the_manifest_do_not_disturb_the_class(engine: Engine) -> None:
    register(engine, facts={**FACTS, "soc2_in_scope": True, "uses_vendors": False})
    found = engine.requirements.check(AGENT, laws=("soc2", "eu-ai-act"))
    assert law(found, "soc2").applies is True
    assert obligation(found, "soc2/cc9.2").status is Answer.NOT_APPLICABLE
    assert law(found, "eu-ai-act").category == "limited"
    assert engine.regulation.classify_agent(AGENT, by="eve").category.value == "limited"


def test_records_of_processing_settle_what_the_manifest_leaves_open(engine: Engine) -> None:
    register(engine)
    assert obligation(engine.requirements.check(AGENT, laws=("gdpr",)), "gdpr/access").because.startswith(
        "whether"
    )
    make_ready(engine)
    found = engine.requirements.check(AGENT, laws=("gdpr",))
    assert obligation(found, "gdpr/records-controller").status is Answer.MET
    assert obligation(found, "gdpr/records-processor").status is Answer.NOT_APPLICABLE
    assert obligation(found, "gdpr/transfers").status is Answer.NOT_APPLICABLE


def test_the_same_question_gets_the_same_answer(engine: Engine) -> None:
    make_ready(engine)
    assert engine.requirements.check(AGENT) == engine.requirements.check(AGENT)


def test_nobody_and_no_law_are_told(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.requirements.check("nobody")
    register(engine)
    with pytest.raises(NotFoundError, match="gdpr"):
        engine.requirements.check(AGENT, laws=("gdrp",))
    with pytest.raises(InvalidInputError, match="--law"):
        engine.requirements.check(AGENT, laws=("",))
