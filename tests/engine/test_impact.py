"""Impact assessments over a plane: written, advised on, approved by somebody else, and open again when things change."""

from __future__ import annotations

import copy
import dataclasses
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor.bootstrap import open_engine
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.manifest import DataUse
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.gate.finding import Status
from ephor.rooms.impact.assessment import Consultation, ImpactAssessment, ImpactKind
from ephor.rooms.impact.steps import Standing
from ephor.rooms.requirements.needs import judge_need
from ephor.rooms.risk.rules import RiskCategory
from ephor.settings import Settings
from ephor.testing import FrozenClock
from sample_gate import AGENT, ROPA, add, register

DPIA: dict[str, Any] = {
    "agent": AGENT,
    "title": "Answers to customers",
    "description": "An agent looks orders up and writes letters.",
    "purposes": ["answering customers"],
    "necessity": "Orders cannot be answered without them.",
    "proportionality": "It sees one customer's orders.",
    "views": {"sought": True, "says": "customers were asked in a survey"},
    "risks": [
        {
            "title": "Another customer's order is shown",
            "affects": "customers, by disclosure",
            "likelihood": 3,
            "severity": 4,
            "measures": ["calls are decided by the customer's id"],
            "residual_likelihood": 1,
            "residual_severity": 4,
        }
    ],
    "measures": ["every call is decided first"],
    "answers": {"large_scale": True},
}
FRIA: dict[str, Any] = {
    "agent": AGENT,
    "title": "Ranking of applicants",
    "processes": "Applications are ranked before people read them.",
    "period": "from 2027",
    "frequency": "each working day",
    "affected": ["applicants"],
    "risks": DPIA["risks"],
    "oversight": "Two people read every refusal.",
    "governance": "The ethics committee looks at it each quarter.",
    "complaints": "complaints@example.org",
}
ITEM = "privacy-impact-assessment-completed"


@pytest.fixture
def ready(engine: Engine) -> Engine:
    engine.access.add_person("paul", "Paul", [PlaneRole.PRIVACY_OFFICER], by="ada")
    register(engine)
    engine.ropa.register(ROPA, by="dora")
    return engine


def approved(engine: Engine, given: dict[str, Any] = DPIA, kind: ImpactKind = ImpactKind.DPIA) -> str:
    id = engine.impact.record(kind, given, by="dora").assessment.id
    engine.impact.advise(id, agrees=True, notes="the measures suffice", by="paul")
    engine.impact.decide(id, approved=True, by="leo")
    return id


def gate(engine: Engine) -> tuple[Status, str]:
    found = next(one for one in engine.gate.check(AGENT, Checklist.PRE_DEPLOYMENT).items if one.id == ITEM)
    return found.status, found.because


def test_an_assessment_counts_once_advised_on_and_approved_by_three_people(ready: Engine) -> None:
    one = ready.impact.record(ImpactKind.DPIA, DPIA, by="dora")
    assert (one.standing, one.assessment.screening.required) == (Standing.WAITS_FOR_ADVICE, True)
    assert gate(ready)[0] is Status.NOT_MET
    id = one.assessment.id
    with pytest.raises(NotPermittedError, match="wrote"):
        ready.impact.advise(id, agrees=True, notes="fine", by="dora")
    with pytest.raises(NotPermittedError, match="impact:advise"):
        ready.impact.advise(id, agrees=True, notes="fine", by="leo")
    with pytest.raises(ConflictError, match="` waits for advice"):
        ready.impact.decide(id, approved=True, by="leo")
    ready.impact.advise(id, agrees=True, notes="the measures suffice", by="pia")
    with pytest.raises(NotPermittedError, match="advised on it"):
        ready.impact.decide(id, approved=True, by="pia")
    with pytest.raises(NotPermittedError, match="impact:approve"):
        ready.impact.decide(id, approved=True, by="dora")
    assert ready.impact.decide(id, approved=True, by="leo").standing is Standing.IN_FORCE
    assert gate(ready) == (
        Status.MET,
        "data protection impact assessment: `leo` approved it through 2027-11-24",
    )
    assert ready.requirements.check(AGENT, laws=["gdpr"]).compliance.laws[0].missing_facts is not None


def test_gaps_keep_it_from_approval_and_are_named(ready: Engine) -> None:
    given = copy.deepcopy(DPIA)
    del given["necessity"], given["risks"][0]["residual_likelihood"], given["risks"][0]["residual_severity"]
    one = ready.impact.record(ImpactKind.DPIA, given, by="dora")
    assert one.standing is Standing.INCOMPLETE
    assert [gap.split()[0] for gap in one.missing] == ["necessity", "risks.residual"]


def test_an_objection_is_overridden_with_a_reason_only(ready: Engine) -> None:
    id = ready.impact.record(ImpactKind.DPIA, DPIA, by="dora").assessment.id
    ready.impact.advise(id, agrees=False, notes="too many letters", by="paul")
    with pytest.raises(ConflictError, match="advised against"):
        ready.impact.decide(id, approved=True, by="leo")
    assert (
        ready.impact.decide(id, approved=True, reason="letters were cut", by="leo").standing
        is Standing.IN_FORCE
    )


def test_a_high_risk_that_remains_takes_the_authoritys_word_or_its_silence(
    ready: Engine, clock: FrozenClock
) -> None:
    given = copy.deepcopy(DPIA)
    given["risks"][0] |= {"residual_likelihood": 4, "residual_severity": 4}
    id = ready.impact.record(ImpactKind.DPIA, given, by="dora").assessment.id
    ready.impact.advise(id, agrees=True, notes="ask the authority", by="paul")
    with pytest.raises(ConflictError, match=r"Art\. 36\(1\)"):
        ready.impact.decide(id, approved=True, by="leo")
    today = clock.now().date()
    asked = Consultation("the authority", today, False, None, None, "", "")
    assert ready.impact.consult(id, asked, by="dora").standing is Standing.WAITS_FOR_AUTHORITY
    clock.advance(timedelta(weeks=8))
    assert ready.impact.show(ImpactKind.DPIA, id).standing is Standing.WAITS_FOR_AUTHORITY
    clock.advance(timedelta(days=1))
    assert ready.impact.show(ImpactKind.DPIA, id).standing is Standing.WAITS_FOR_APPROVAL
    no = Consultation("the authority", today, False, clock.now().date(), False, "stop it", "")
    assert "stop it" in ready.impact.consult(id, no, by="dora").because
    with pytest.raises(ConflictError, match="has answered"):
        ready.impact.consult(id, asked, by="dora")


def test_it_opens_again_when_the_manifest_or_a_record_changes_and_when_it_ran_out(
    ready: Engine, clock: FrozenClock
) -> None:
    id = approved(ready)
    ready.ropa.register(ROPA | {"name": "Another name"}, by="dora")
    assert ready.impact.show(ImpactKind.DPIA, id).standing is Standing.IN_FORCE
    ready.ropa.register(ROPA | {"purposes": ["advertising"]}, by="dora")
    assert "record of processing `support` changed" in ready.impact.show(ImpactKind.DPIA, id).because
    assert gate(ready)[0] is Status.NOT_MET
    [seen] = ready.impact.reopen(ImpactKind.DPIA, by="dora")
    assert seen.assessment.reopened
    assert not ready.impact.reopen(ImpactKind.DPIA, by="dora")
    second = approved(ready)
    register(ready, autonomy=4)
    assert "manifest" in ready.impact.show(ImpactKind.DPIA, second).because
    third = approved(ready)
    clock.advance(timedelta(days=366))
    assert ready.impact.show(ImpactKind.DPIA, third).standing is Standing.EXPIRED
    assert len(ready.ledger.list({"kind": "impact.reopened/1"})) == 1


def test_a_rejection_is_final_and_no_file_outweighs_it(ready: Engine) -> None:
    add(ready, EvidenceKind.PRIVACY_IMPACT_ASSESSMENT, by="pia")
    assert gate(ready)[0] is Status.MET
    id = ready.impact.record(ImpactKind.DPIA, DPIA, by="dora").assessment.id
    assert gate(ready)[0] is Status.MET, "one that waits takes nothing away"
    ready.impact.decide(id, approved=False, reason="disclosure is left out", by="leo")
    assert gate(ready)[0] is Status.NOT_MET
    with pytest.raises(ConflictError, match="rejected"):
        ready.impact.decide(id, approved=True, by="max")


def test_a_row_that_the_ledger_does_not_bear_out_counts_for_nothing(ready: Engine) -> None:
    one = ready.impact.show(ImpactKind.DPIA, approved(ready)).assessment
    forged = dataclasses.replace(one, content=dataclasses.replace(one.content, title="Another"))
    with ready.world.storage.unit() as unit:
        unit.shelf(ImpactAssessment).replace(one, forged)
        unit.append(Event("x-test/1", at=ready.world.clock.now(), actor="ephor"))
    assert gate(ready)[0] is Status.NOT_KNOWN


def test_rights_are_assessed_by_deployers_and_the_authority_told(ready: Engine) -> None:
    id = approved(ready, FRIA, ImpactKind.FRIA)
    need = "documents.fria"
    assert judge_need(ready.gate.facts(AGENT), need).status is Status.NOT_MET
    ready.impact.notify(id, "the market surveillance authority", by="dora")
    assert judge_need(ready.gate.facts(AGENT), need).status is Status.MET
    assert ready.impact.screen(ImpactKind.FRIA, AGENT).required is False
    with pytest.raises(ConflictError, match="use `ephor fria show"):
        ready.impact.show(ImpactKind.DPIA, id)


def test_a_public_authority_with_a_listed_use_owes_a_fria_and_silence_is_not_known(ready: Engine) -> None:
    facts = {"complete": True, "domain": "employment", "function": "cv_ranking", "deployer": "public_authority",
             "subjects": ("applicants",), "decision_influence": "material", "profiling": True}  # fmt: skip
    register(ready, facts=facts)
    assert ready.impact.screen(ImpactKind.FRIA, AGENT, as_of=date(2028, 1, 1)).required is True
    register(ready, facts={"function": "cv_ranking"})
    found = ready.impact.screen(ImpactKind.FRIA, AGENT, as_of=date(2028, 1, 1))
    assert (found.required, bool(found.missing)) == (None, True)


def test_a_fria_takes_over_a_dpias_risks_and_measures_and_only_of_one_in_force(
    ready: Engine, clock: FrozenClock
) -> None:
    dpia = ready.impact.record(ImpactKind.DPIA, DPIA, by="dora").assessment
    given = {**{key: value for key, value in FRIA.items() if key != "risks"}, "dpia": dpia.id}
    fria = ready.impact.record(ImpactKind.FRIA, given, by="dora")
    assert (fria.assessment.content.risks, fria.assessment.content.measures) == (
        dpia.content.risks,
        dpia.content.measures,
    )
    assert "Art. 35" not in fria.because
    id = fria.assessment.id
    ready.impact.advise(id, agrees=True, notes="the measures suffice", by="paul")
    with pytest.raises(ConflictError, match=f"{dpia.id}`, whose parts are taken over, is not in force"):
        ready.impact.decide(id, approved=True, by="leo")
    ready.impact.advise(dpia.id, agrees=True, notes="the measures suffice", by="paul")
    ready.impact.decide(dpia.id, approved=True, by="leo")
    assert ready.impact.decide(id, approved=True, by="leo").standing is Standing.IN_FORCE
    own = ready.impact.record(ImpactKind.FRIA, {**FRIA, "dpia": dpia.id, "measures": ["its own"]}, by="dora")
    assert own.assessment.content.measures == ("its own",)
    clock.advance(timedelta(days=400))
    with pytest.raises(ConflictError, match="not in force: it counted through"):
        ready.impact.record(ImpactKind.FRIA, given, by="dora")


def test_a_dpia_in_force_lowers_the_risk_that_it_answers_and_no_other(
    ready: Engine, clock: FrozenClock
) -> None:
    register(ready, data=DataUse(Sensitivity.CONFIDENTIAL, ("contact", "health"), ("customers",)))

    def privacy() -> tuple[int, date | None]:
        assessed = ready.risk.preview(AGENT, clock.now().date())
        [found] = [one for one in assessed.factors if one.category is RiskCategory.PRIVACY]
        until = {one.control: one.credited_until for one in found.mitigations}["impact-assessment"]
        return found.residual.likelihood, until

    before, _ = privacy()
    id = ready.impact.record(ImpactKind.DPIA, DPIA, by="dora").assessment.id
    ready.impact.advise(id, agrees=True, notes="the measures suffice", by="paul")
    assert privacy() == (before, None)
    ready.impact.decide(id, approved=True, by="leo", until=date(2027, 3, 1))
    assert privacy() == (before - 1, date(2027, 3, 1))
    clock.advance(timedelta(days=120))
    assert privacy() == (before, None)


@pytest.mark.parametrize("given", [{"size": 1}, {"views": {"sought": "yes", "says": "x"}}, {"risks": [{"title": "x"}]},
                                   {"risks": "none"}, {"purposes": "x"}, {"title": " "}, {"agent": "No Agent"}])  # fmt: skip
def test_what_is_no_assessment_is_refused(ready: Engine, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        ready.impact.record(ImpactKind.DPIA, {**DPIA, **given}, by="dora")
    assert not ready.impact.all(ImpactKind.DPIA)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_whole_way_of_both_kinds_is_the_same_in_a_database(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'a.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url")
    )
    engine = populate(open_engine(url, settings=Settings(keys=str(tmp_path / "keys"))))
    engine.access.add_person("paul", "Paul", [PlaneRole.PRIVACY_OFFICER], by="ada")
    register(engine)
    engine.ropa.register(ROPA, by="dora")
    with pytest.raises(InvalidInputError):
        engine.impact.record(ImpactKind.DPIA, {**DPIA, "risks": "none"}, by="dora")
    id = approved(engine)
    assert gate(engine)[0] is Status.MET
    engine.close()

    engine = open_engine(
        url, settings=Settings(keys=str(tmp_path / "keys"))
    )  # what was written is read by another process
    assert engine.impact.show(ImpactKind.DPIA, id).standing is Standing.IN_FORCE
    with pytest.raises(ConflictError):
        engine.impact.decide(id, approved=True, by="leo")
    engine.ropa.register(ROPA | {"purposes": ["advertising"]}, by="dora")
    [opened] = engine.impact.reopen(ImpactKind.DPIA, by="dora")
    assert opened.assessment.id == id
    assert gate(engine)[0] is Status.NOT_MET

    risky = copy.deepcopy(DPIA)
    risky["risks"][0] |= {"residual_likelihood": 4, "residual_severity": 4}
    second = engine.impact.record(ImpactKind.DPIA, risky, by="dora").assessment.id
    engine.impact.advise(second, agrees=True, notes="ask the authority", by="paul")
    today = engine.world.clock.now().date()
    asked = Consultation("the authority", today, False, None, None, "", "")
    assert engine.impact.consult(second, asked, by="dora").standing is Standing.WAITS_FOR_AUTHORITY
    engine.impact.decide(second, approved=False, reason="too much remains", by="leo")
    assert gate(engine)[0] is Status.NOT_MET

    rights = approved(engine, FRIA, ImpactKind.FRIA)
    engine.impact.notify(rights, "the market surveillance authority", by="dora")
    assert judge_need(engine.gate.facts(AGENT), "documents.fria").status is Status.MET
    assert [one.assessment.id for one in engine.impact.all(ImpactKind.DPIA)] == [id, second]
    assert [one.assessment.id for one in engine.impact.all(ImpactKind.FRIA, AGENT)] == [rights]
    engine.close()
