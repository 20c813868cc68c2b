"""Evidence: people record it, not the agent and not its owner where they may not judge."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import record_digest
from sample_gate import AGENT, MODEL, add, ready_manifest, register

K = EvidenceKind


@pytest.fixture
def plane(engine: Engine) -> Engine:
    register(engine)
    return engine


def test_a_file_is_kept_by_its_digest_and_the_ledger_holds_the_digest_of_the_record(plane: Engine) -> None:
    found = plane.evidence.record(
        AGENT, K.BIAS_TEST, "Bias, week 47", by="eti", content=b"rates", expires=date(2026, 12, 31)
    )
    assert found.digest == "sha256:" + sha256(b"rates").hexdigest()
    assert plane.evidence.all(AGENT) == plane.evidence.all() == [found]
    assert plane.evidence.all("another") == []
    entry = plane.ledger.list({"kind": "evidence.recorded/1"})[0].entry
    assert entry["actor"] == "person:eti"
    assert entry["resource"] == f"evidence:{found.id}"
    assert entry["input_hash"] == record_digest(found)
    assert entry["refs"]["agent"] == AGENT
    assert entry["metadata"]["expires"] == "2026-12-31"


@pytest.mark.parametrize("by", [AGENT, "zoe", "cal", "max", "aud"])
def test_the_agent_strangers_and_people_without_the_permission_record_nothing(plane: Engine, by: str) -> None:
    before = plane.ledger.head().size
    with pytest.raises(NotPermittedError):
        add(plane, K.INCIDENT_DRILL, by=by)
    assert plane.evidence.all() == []
    assert plane.ledger.head().size == before


def test_the_owner_shows_that_a_plan_exists_and_not_that_their_agent_is_fair(plane: Engine) -> None:
    add(plane, K.INCIDENT_RESPONSE_PLAN, by="eve")
    with pytest.raises(NotPermittedError, match="takes somebody independent"):
        add(plane, K.BIAS_TEST, by="eve")


def test_an_author_who_is_not_the_owner_is_no_more_independent(engine: Engine) -> None:
    engine.agents.register(ready_manifest(), by="ada")
    with pytest.raises(NotPermittedError, match="registered its manifest"):
        add(engine, K.SECURITY_REVIEW, by="ada")


@pytest.mark.parametrize(
    ("kind", "about", "message"),
    [(K.MODEL_CARD, "gpt", "is no model of agent"), (K.OPERATOR_TRAINING, "zoe", "nobody is registered"),
     (K.OPERATOR_TRAINING, "sam", "their own training"), (K.MODEL_CARD, AGENT, "is no model of agent")],
)  # fmt: skip
def test_it_is_about_a_model_or_person_that_is_the_agents(
    plane: Engine, kind: EvidenceKind, about: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        add(plane, kind, about)


def test_where_no_model_is_declared_a_card_is_about_the_agent(engine: Engine) -> None:
    register(engine, models=())
    assert add(engine, K.MODEL_CARD, AGENT)
    with pytest.raises(InvalidInputError):
        add(engine, K.MODEL_CARD, MODEL)


def test_an_empty_file_shows_nothing(plane: Engine) -> None:
    with pytest.raises(InvalidInputError, match="empty file shows nothing"):
        plane.evidence.record(AGENT, K.INCIDENT_DRILL, "t", by="ola", content=b"")


def test_evidence_is_about_an_agent_that_is_registered(plane: Engine) -> None:
    with pytest.raises(NotFoundError):
        plane.evidence.record("nobody", K.INCIDENT_DRILL, "t", by="ola", reference="r")
