"""Assessing agents: kept and recorded for the registered, answered without a plane for a file."""

from datetime import date, timedelta

import msgspec
import orjson
import pytest

from ephor.engine.risk import assess_manifest
from ephor.kernel.errors import InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.risk.assess import AssessmentRecord
from sample_agents import support

ID = "support-assistant"


def entries(engine, kind="agent.assessed/1"):
    ledger = engine.world.storage.ledger
    found = [orjson.loads(entry) for entry in ledger.entries(0, ledger.head().size)]
    return [one for one in found if one["kind"] == kind]


@pytest.fixture
def risk(engine):
    engine.agents.register(support(), by="eve")
    return engine.risk


def test_a_manifest_is_assessed_without_a_plane():
    found = assess_manifest(support(), date(2026, 11, 24))
    assert (found.agent, found.as_of) == (ID, date(2026, 11, 24))
    assert found == assess_manifest(support(tools=support().tools[::-1]), date(2026, 11, 24))


def test_a_manifest_that_contradicts_itself_is_not_assessed():
    with pytest.raises(InvalidInputError, match="autonomy"):
        assess_manifest(support(autonomy=9), date(2026, 11, 24))


def test_an_assessment_is_kept_and_recorded_with_what_it_rests_on(engine, risk):
    assert risk.latest(ID) is None
    record = risk.assess(ID, by="eve")
    assert risk.latest(ID) == record
    assert record.assessment == assess_manifest(support(), date(2026, 11, 24))
    (entry,) = entries(engine)
    assert entry["refs"] == {"manifest": record.manifest_digest, "input": record.assessment.input_digest}
    assert entry["metadata"]["inherent"] == record.assessment.overall.inherent.value
    assert set(entry["metadata"]["scores"]) == {
        "safety", "privacy", "security", "fairness", "transparency", "accountability"
    }  # fmt: skip


def test_the_newest_assessment_is_kept_and_every_one_is_in_the_ledger(engine, clock, risk):
    first = risk.assess(ID, by="eve")
    clock.advance(timedelta(days=90))
    engine.agents.register(support(autonomy=1), by="eve")
    second = risk.assess(ID, by="sam")
    assert risk.latest(ID) == second
    assert second.manifest_digest != first.manifest_digest
    assert [one["refs"]["manifest"] for one in entries(engine)] == [
        first.manifest_digest,
        second.manifest_digest,
    ]


def test_looking_ahead_records_nothing(engine, risk):
    found = risk.preview(ID, date(2027, 8, 2))
    assert found.as_of == date(2027, 8, 2)
    assert (risk.latest(ID), entries(engine)) == (None, [])


def test_only_those_who_may_record_evidence_assess_an_agent(engine, risk):
    with pytest.raises(NotPermittedError):
        risk.assess(ID, by="aud")
    with pytest.raises(NotFoundError):
        risk.assess("nobody", by="eve")
    assert entries(engine) == []


def test_a_kept_assessment_comes_back_from_its_encoding_as_it_was(risk):
    record = risk.assess(ID, by="eve")
    again = msgspec.json.decode(msgspec.json.encode(record), type=AssessmentRecord)
    assert again == record
    assert again.assessment.overall.inherent >= RiskLevel.MEDIUM


def test_recorded_evidence_lowers_the_residual_risk_and_never_the_inherent(engine, risk):
    before = risk.assess(ID, by="eve").assessment
    engine.evidence.record(
        ID, EvidenceKind.SECURITY_REVIEW, "review of tools", by="sam", content=b"all narrow"
    )
    after = risk.assess(ID, by="eve").assessment
    scores = {
        one.category: (one.inherent.score, one.residual.score) for one in (*before.factors, *after.factors)
    }
    assert [one.inherent for one in after.factors] == [one.inherent for one in before.factors]
    assert any(residual < inherent for inherent, residual in scores.values())
    assert after.approval_required == before.approval_required
