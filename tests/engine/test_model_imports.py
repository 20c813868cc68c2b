"""Imports of models: nothing approved, a second time nothing, and no version that changes under us."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.models.imported import Candidate, What, model_id
from ephor.rooms.models.model import ModelStatus

ONE = Candidate(
    "mlflow", "Churn Model", "1", {"run_id": "r1", "run.metric.accuracy": "0.91"}, {"aliases": "champion", "stage": "Production"},
    {"evaluation_metrics": {"accuracy": "0.91"}},
)  # fmt: skip
TWO = replace(ONE, version="2", notes={})
OURS = {
    "owner": "eve", "provider": "us", "model_type": "classifier", "use_cases": ["decision_support"], "risk_tier": "high",
    "validation_thresholds": {"accuracy": {"at_least": 0.9}},
}  # fmt: skip


def size(engine):
    return engine.world.storage.ledger.head().size


def kinds(engine, since=0):
    ledger = engine.world.storage.ledger
    return [orjson.loads(entry)["kind"] for entry in ledger.entries(since, ledger.head().size)]


@pytest.mark.parametrize("said", [{}, OURS])
def test_what_is_imported_is_in_development_whatever_it_is_called_elsewhere(engine, said):
    start = size(engine)
    (done,) = engine.model_imports.run([ONE], said, by="ada")
    model = engine.models.show("churn-model@1")
    assert (done.model, done.what, model.status, model.approved_by) == (
        model.id,
        What.REGISTERED,
        ModelStatus.DEVELOPMENT,
        None,
    )
    assert (model.validations, model.history) == ((), ())
    assert bool(done.open) is not bool(said)
    assert kinds(engine, start) == ["model.registered/1", "model.imported/1", "model.described/1"]
    (statement,) = engine.model_cards.statements(model.id)
    assert (statement.metrics, statement.source, statement.by) == (
        {"accuracy": "0.91"},
        "mlflow Churn Model/1",
        "ada",
    )
    assert engine.model_imports.origin(model.id).notes == ONE.notes
    assert [
        one.entry is not None for one in engine.model_cards.card(model.id).origins["evaluation_metrics"]
    ] == [True]


def test_a_second_import_changes_nothing(engine):
    engine.model_imports.run([ONE, TWO], {}, by="ada")
    models, before = engine.models.all(), size(engine)
    for again in ([ONE, TWO], [ONE], []):
        assert {one.what for one in engine.model_imports.run(again, OURS, by="ada")} <= {What.UNCHANGED}
    assert (engine.models.all(), size(engine)) == (models, before)


def test_what_may_change_there_is_noted_and_nothing_else_moves(engine):
    engine.model_imports.run([ONE], OURS, by="ada")
    model, before = engine.models.show("churn-model@1"), size(engine)
    moved = replace(ONE, notes={"aliases": "challenger"})
    (done,) = engine.model_imports.run([moved], {}, by="ada")
    assert (done.what, kinds(engine, before)) == (What.NOTED, ["model.origin-noted/1"])
    assert engine.model_imports.origin(model.id).notes == {"aliases": "challenger"}
    assert engine.models.show(model.id) == model


@pytest.mark.parametrize(
    "fixed",
    [
        {"run_id": "r2", "run.metric.accuracy": "0.91"},
        {"run_id": "r1", "run.metric.accuracy": "0.97"},
        {"run_id": "r1"},
        {"run_id": "r1", "run.metric.accuracy": "0.91", "run.parameter.depth": "3"},
    ],
)
def test_a_version_that_changed_is_refused_in_words_and_so_is_all_that_came_with_it(engine, fixed):
    engine.model_imports.run([ONE], {}, by="ada")
    before = size(engine)
    with pytest.raises(
        ConflictError, match=r"`Churn Model/1` has changed since it was imported .* never changes here"
    ):
        engine.model_imports.run([TWO, replace(ONE, fixed=fixed)], {}, by="ada")
    assert size(engine) == before
    assert [one.id for one in engine.models.all()] == ["churn-model@1"]


def test_a_plan_says_what_would_be_done_and_does_nothing(engine):
    before = size(engine)
    (planned,) = engine.model_imports.plan([ONE], OURS, by="ada")
    assert (planned.what, size(engine), engine.models.all()) == (What.REGISTERED, before, [])
    (done,) = engine.model_imports.run([ONE], OURS, by="ada")
    assert planned == done


def test_names_that_would_be_one_and_names_that_are_taken_are_refused(engine):
    with pytest.raises(ConflictError, match="would both be `churn-model@1`"):
        engine.model_imports.run([ONE, replace(ONE, name="churn model")], {}, by="ada")
    engine.models.register({**OURS, "name": "mine", "version": "1"}, by="ada")
    with pytest.raises(ConflictError, match="was not imported"):
        engine.model_imports.run([replace(ONE, name="mine")], {}, by="ada")
    engine.model_imports.run([ONE], {}, by="ada")
    with pytest.raises(ConflictError, match="was imported from mlflow"):
        engine.model_imports.run([replace(ONE, system="huggingface")], {}, by="ada")
    with pytest.raises(ConflictError, match="was imported from mlflow"):
        engine.model_imports.run([replace(ONE, name="churn-model")], {}, by="ada")


def test_only_who_may_register_may_import_and_only_for_people_there_are(engine):
    with pytest.raises(NotPermittedError):
        engine.model_imports.run([ONE], {}, by="val")
    with pytest.raises(NotPermittedError):
        engine.model_imports.plan([ONE], {}, by="nobody")
    with pytest.raises(InvalidInputError, match="nobody is registered as owner"):
        engine.model_imports.run([ONE], {"owner": "zoe"}, by="ada")
    for wrong in (
        {"status": "approved"},
        {"name": "x"},
        {"risk_tier": "none"},
        {"drift_thresholds": {"a": 1}},
    ):
        with pytest.raises(InvalidInputError):
            engine.model_imports.run([ONE], wrong, by="ada")
    assert engine.models.all() == []


def test_what_was_open_is_completed_validated_and_approved_by_others(engine):
    engine.model_imports.run([ONE], {"owner": "eve"}, by="ada")
    id = "churn-model@1"
    passing = {"validation_date": "today", "dataset": "held-out", "validation_results": {"accuracy": 0.95}}
    with pytest.raises(InvalidInputError, match="has no thresholds yet"):
        engine.models.validate(id, passing, by="val")
    given = {name: value for name, value in OURS.items() if name != "owner"}
    engine.models.complete(id, given, by="eve")
    engine.models.validate(id, passing, by="val")
    assert engine.models.approve(id, "passes", by="val").status is ModelStatus.APPROVED
    (done,) = engine.model_imports.run([ONE], {}, by="ada")
    assert (done.what, engine.models.show(id).status) == (What.UNCHANGED, ModelStatus.APPROVED)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_name_becomes_a_plain_one_or_is_refused(name, version):
    try:
        id = model_id(replace(ONE, name=name, version=version))
    except InvalidInputError:
        return
    assert id.isascii()
    assert id.count("@") == 1
