"""Models in use: baselines, breaches that reopen the review, and bias tests, each with its entry."""

from datetime import timedelta

import numpy as np
import orjson
import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.models.bias import BiasLimits
from ephor.rooms.models.groups import Rows
from ephor.rooms.models.model import ModelStatus
from ephor.rooms.models.observation import Table
from ephor.rooms.models.shift import Limits
from ephor.rooms.models.usage import allowed_for

ID = "llm@1"
GIVEN = {
    "name": "llm", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve",
    "use_cases": ["customer_service"], "risk_tier": "low", "validation_thresholds": {"accuracy": {"at_least": 0.9}},
    "performance_baseline": {"accuracy": 0.95}, "drift_thresholds": {"accuracy": 0.02},
}  # fmt: skip
PASSING = {"validation_date": "today", "dataset": "held-out", "validation_results": {"accuracy": 0.95}}
RANDOM = np.random.default_rng(3)


def table(mean, size=2000, digest="d"):
    return Table(
        digest, size, {"age": RANDOM.normal(mean, 1, size).tolist(), "id": [f"u{at}" for at in range(size)]}
    )


def entries(engine, *kinds):
    ledger = engine.world.storage.ledger
    found = [orjson.loads(entry) for entry in ledger.entries(0, ledger.head().size)]
    return [one for one in found if one["kind"] in kinds]


@pytest.fixture
def in_use(engine):
    """A plane whose model is in production, with a baseline of its columns."""
    engine.models.register(GIVEN, by="ada")
    engine.models.validate(ID, PASSING, by="val")
    engine.models.approve(ID, "passes", by="val")
    engine.models.promote(ID, ModelStatus.PRODUCTION, "rollout", by="eve")
    engine.observations.set_baseline(ID, table(0), Limits(), by="eve", without=["id"])
    return engine


def test_a_steady_model_stays_in_production_and_what_was_seen_is_kept(in_use):
    seen = in_use.observations.observe(ID, table(0), {"accuracy": 0.94}, by="eve")
    assert seen.drifted is False
    assert in_use.observations.of(ID) == [seen]
    assert in_use.models.show(ID).status is ModelStatus.PRODUCTION
    (entry,) = entries(in_use, "model.observed/1")
    assert entry["metadata"]["drifted"] is False
    assert entries(in_use, "model.drifted/1") == []


@pytest.mark.parametrize("today", [(table(2), None), (None, {"accuracy": 0.8})], ids=["columns", "metrics"])
def test_a_breach_is_recorded_and_stops_the_model_until_it_is_validated_anew(in_use, clock, today):
    seen = in_use.observations.observe(ID, *today, by="eve")
    model = in_use.models.show(ID)
    assert seen.drifted is True
    assert (model.status, model.approved_by) == (ModelStatus.VALIDATION, None)
    (entry,) = entries(in_use, "model.drifted/1")
    assert entry["metadata"]["old_status"] == "production"
    with pytest.raises(ConflictError, match="drifted after its validation"):
        in_use.models.approve(ID, "still fine", by="val")
    codes = [one.code for one in allowed_for(model, model.use_cases[0], clock.now())]
    assert codes == ["model-not-approved", "model-drifted"]
    clock.advance(timedelta(seconds=60))
    in_use.models.validate(ID, PASSING, by="val")
    in_use.models.approve(ID, "validated anew", by="val")
    assert allowed_for(in_use.models.show(ID), model.use_cases[0], clock.now()) == ()


def test_too_few_rows_are_not_known_and_stop_nothing(in_use):
    seen = in_use.observations.observe(ID, table(0, size=12), None, by="eve")
    assert seen.drifted is None
    assert in_use.models.show(ID).status is ModelStatus.PRODUCTION


def test_a_comparison_records_nothing(in_use):
    before = in_use.world.storage.ledger.head().size
    assert in_use.observations.compare(ID, table(2), None).drifted is True
    assert in_use.world.storage.ledger.head().size == before
    assert in_use.observations.of(ID) == []


def test_what_is_missing_is_told(in_use):
    with pytest.raises(InvalidInputError, match="nothing is observed"):
        in_use.observations.observe(ID, None, None, by="eve")
    with pytest.raises(NotFoundError):
        in_use.observations.observe("other@1", table(0), None, by="eve")
    in_use.models.register({**GIVEN, "version": "2"}, by="ada")
    with pytest.raises(NotFoundError, match="has no baseline"):
        in_use.observations.observe("llm@2", table(0), None, by="eve")
    with pytest.raises(InvalidInputError, match="at least 30 rows"):
        in_use.observations.set_baseline(ID, table(0, size=29), Limits(), by="eve", without=["id"])
    with pytest.raises(InvalidInputError, match="there is no column `ID`"):
        in_use.observations.set_baseline(ID, table(0), Limits(), by="eve", without=["ID"])
    with pytest.raises(InvalidInputError, match="no column is left"):
        in_use.observations.set_baseline(ID, table(0), Limits(), by="eve", without=["id", "age"])


@pytest.mark.parametrize("who", ["aud", "sam", "nobody-known"])
def test_only_who_manages_models_may_observe(in_use, who):
    with pytest.raises(NotPermittedError):
        in_use.observations.observe(ID, table(0), None, by=who)
    with pytest.raises(NotPermittedError):
        in_use.observations.set_baseline(ID, table(0), Limits(), by=who, without=["id"])
    with pytest.raises(NotPermittedError):
        in_use.observations.test_bias(ID, Rows({"g": ["a", "b"]}, ["y", "n"], "y"), "d", BiasLimits(), by=who)


def test_a_bias_test_is_kept_with_its_entry_and_without_its_rows(in_use):
    rows = Rows({"sex": ["f", "m"] * 300}, ["no", "yes"] * 300, "yes")
    made = in_use.observations.test_bias(ID, rows, "d1", BiasLimits(), by="val")
    assert made.report.adverse is True
    assert in_use.observations.bias_tests(ID) == [made]
    (entry,) = entries(in_use, "model.bias-tested/1")
    assert entry["metadata"]["findings"] == ["sex: f (selection-rate)"]
