"""The register of models: who may, what is recorded, what is never overwritten."""

import orjson
import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.models.model import ModelStatus

ID = "llm@1"
GIVEN = {
    "name": "llm", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve",
    "use_cases": ["customer_service"], "risk_tier": "low", "validation_thresholds": {"accuracy": {"at_least": 0.9}},
    "performance_baseline": {"accuracy": 0.95}, "drift_thresholds": {"accuracy": 0.02},
}  # fmt: skip
PASSING = {"validation_date": "today", "dataset": "held-out", "validation_results": {"accuracy": 0.95}}
FAILING = {**PASSING, "validation_results": {"accuracy": 0.5}}


def entries(engine, *kinds):
    ledger = engine.world.storage.ledger
    found = [orjson.loads(entry) for entry in ledger.entries(0, ledger.head().size)]
    return [one for one in found if one["kind"] in kinds]


@pytest.fixture
def models(engine):
    engine.models.register(GIVEN, by="ada")
    return engine.models


def test_a_model_goes_from_registration_to_production_with_every_step_recorded(engine, models):
    models.validate(ID, PASSING, by="val")
    models.approve(ID, "passes", by="val")
    models.promote(ID, ModelStatus.PRODUCTION, "rollout", by="eve")
    assert models.show(ID).status is ModelStatus.PRODUCTION
    told = entries(engine, "model.registered/1", "model.validated/1", "model.status-changed/1")
    assert [(one["kind"], one["actor"], one["metadata"].get("new_status")) for one in told] == [
        ("model.registered/1", "person:ada", None),
        ("model.validated/1", "person:val", None),
        ("model.status-changed/1", "person:val", "validation"),
        ("model.status-changed/1", "person:val", "approved"),
        ("model.status-changed/1", "person:eve", "production"),
    ]
    assert [one["metadata"]["old_status"] for one in told[2:]] == ["development", "validation", "approved"]
    assert {one["resource"] for one in told} == {"model:llm@1"}


def test_registering_a_version_again_is_refused_and_changes_nothing(models):
    models.validate(ID, PASSING, by="val")
    before = models.show(ID)
    with pytest.raises(ConflictError, match="register another version"):
        models.register({**GIVEN, "owner": "ada"}, by="ada")
    assert models.show(ID) == before
    assert models.register({**GIVEN, "version": "2"}, by="ada").id == "llm@2"
    assert [one.id for one in models.all()] == ["llm@1", "llm@2"]


def test_an_owner_nobody_knows_is_refused(models):
    with pytest.raises(InvalidInputError, match="nobody is registered as owner `zoe`"):
        models.register({**GIVEN, "version": "2", "owner": "zoe"}, by="ada")


def test_only_those_with_the_role_take_a_step(models):
    with pytest.raises(NotPermittedError):
        models.register({**GIVEN, "version": "2"}, by="val")
    with pytest.raises(NotPermittedError):
        models.validate(ID, PASSING, by="eve")
    models.validate(ID, PASSING, by="val")
    for person in ("eve", "ada", "aud", "nobody"):
        with pytest.raises(NotPermittedError):
            models.approve(ID, "passes", by=person)
    with pytest.raises(NotPermittedError):
        models.promote(ID, ModelStatus.DEVELOPMENT, "back", by="val")


def test_a_validator_who_owns_the_model_cannot_approve_it(engine):
    engine.models.register({**GIVEN, "owner": "val"}, by="ada")
    engine.models.validate(ID, PASSING, by="val")
    with pytest.raises(NotPermittedError, match="`val` owns model"):
        engine.models.approve(ID, "mine", by="val")


def test_failing_results_are_recorded_and_block_approval(engine, models):
    models.validate(ID, FAILING, by="val")
    (entry,) = entries(engine, "model.validated/1")
    assert (entry["metadata"]["passed"], entry["metadata"]["failed"]) == (False, ["accuracy"])
    with pytest.raises(ConflictError, match="below"):
        models.approve(ID, "fine", by="val")
    assert models.show(ID).status is ModelStatus.VALIDATION


def test_a_refused_step_leaves_no_entry(engine, models):
    with pytest.raises(ConflictError):
        models.promote(ID, ModelStatus.PRODUCTION, "now", by="eve")
    assert entries(engine, "model.status-changed/1") == []


def test_what_is_not_there_is_not_found(models):
    with pytest.raises(NotFoundError):
        models.show("llm@9")
    with pytest.raises(NotFoundError):
        models.validate("llm@9", PASSING, by="val")


def test_drift_is_held_against_the_registered_baseline(models):
    assert models.drift(ID, {"accuracy": 0.94}).drifted is False
    assert models.drift(ID, {"accuracy": 0.9}).drifted is True
    assert models.drift(ID, {}).drifted is None
