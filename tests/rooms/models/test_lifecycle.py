"""The life of a model: every step tabled, approval guarded, history true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import RiskLevel, UseCase
from ephor.rooms.models.drift import observe
from ephor.rooms.models.lifecycle import approve, move
from ephor.rooms.models.model import ModelStatus, ModelVersion, StatusChange, Threshold
from ephor.rooms.models.usage import allowed_for
from ephor.rooms.models.validation import against_validation, compare, read_validation, record_validation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
S = ModelStatus
NEW = ModelVersion(
    id="llm@1", name="llm", version="1", provider="example", model_type="llm", status=S.DEVELOPMENT, owner="eve",
    use_cases=(UseCase.CUSTOMER_SERVICE,), risk_tier=RiskLevel.MEDIUM,
    thresholds=(Threshold("accuracy", at_least="0.9"), Threshold("toxicity", at_most="0.01")),
    created_at=NOW - timedelta(days=5), created_by="kim", updated_at=NOW,
    performance_baseline={"accuracy": "0.93", "speed": "10"}, drift_thresholds={"accuracy": "0.03", "speed": "1"},
)  # fmt: skip
PASSING: dict[str, Any] = {
    "model_id": "llm@1", "validated_by": "val", "validation_date": date(2026, 11, 20), "dataset": "held-out, 3",
    "sample_size": 400, "validation_results": {"accuracy": 0.95, "toxicity": 0.01},
}  # fmt: skip


def validated(model: ModelVersion = NEW, at: datetime = NOW, **change: object) -> ModelVersion:
    return record_validation(model, read_validation({**PASSING, **change}, model, by="val", at=at))


def failing(**results: float) -> ModelVersion:
    return validated(validation_results=results)


APPROVED = approve(validated(), by="val", reason="passes", at=NOW)
LAWFUL = {
    (S.DEVELOPMENT, S.VALIDATION), (S.DEVELOPMENT, S.RETIRED), (S.VALIDATION, S.DEVELOPMENT), (S.VALIDATION, S.RETIRED),
    (S.APPROVED, S.VALIDATION), (S.APPROVED, S.PRODUCTION), (S.APPROVED, S.RETIRED), (S.PRODUCTION, S.DEPRECATED),
    (S.DEPRECATED, S.RETIRED),
}  # fmt: skip


@pytest.mark.parametrize("old", S)
@pytest.mark.parametrize("new", S)
def test_only_lawful_steps_are_taken_and_the_history_names_the_status_left(
    old: ModelStatus, new: ModelStatus
) -> None:
    model = replace(validated(), status=old)
    if (old, new) in LAWFUL:
        moved = move(model, new, by="eve", reason=" because ", at=NOW)
        assert moved.status is new
        assert moved.history[-1] == StatusChange(old, new, "eve", NOW, "because")
    else:
        with pytest.raises(ConflictError):
            move(model, new, by="eve", reason="because", at=NOW)


@pytest.mark.parametrize("old", S)
def test_approval_follows_validation_only(old: ModelStatus) -> None:
    model = replace(validated(), status=old)
    if old is S.VALIDATION:
        approved = approve(model, by="val", reason="passes", at=NOW)
        assert (approved.status, approved.approved_by, approved.approved_at) == (S.APPROVED, "val", NOW)
        assert approved.history[-1] == StatusChange(S.VALIDATION, S.APPROVED, "val", NOW, "passes")
    else:
        with pytest.raises(ConflictError, match="approved cannot follow"):
            approve(model, by="val", reason="passes", at=NOW)


@pytest.mark.parametrize(
    ("person", "complaint"), [("eve", "`eve` owns model"), ("kim", "`kim` registered model")]
)
def test_nobody_approves_the_model_they_own_or_registered(person: str, complaint: str) -> None:
    with pytest.raises(NotPermittedError, match=complaint):
        approve(validated(), by=person, reason="trust me", at=NOW)


def test_a_model_is_not_approved_on_failing_results() -> None:
    with pytest.raises(
        ConflictError, match=r"`accuracy` is 0\.89, below 0\.9; .* `toxicity` is 0\.02, above 0\.01"
    ):
        approve(failing(accuracy=0.89, toxicity=0.02), by="val", reason="fine", at=NOW)


def test_a_metric_that_was_not_measured_has_failed() -> None:
    model = failing(accuracy=0.99)
    assert not model.validations[-1].passed
    with pytest.raises(ConflictError, match="`toxicity` was not measured"):
        approve(model, by="val", reason="fine", at=NOW)


def test_a_model_is_not_approved_without_results() -> None:
    with pytest.raises(ConflictError, match="has no validation results"):
        approve(replace(NEW, status=S.VALIDATION), by="val", reason="fine", at=NOW)


def test_only_the_newest_results_count() -> None:
    model = record_validation(validated(), failing(accuracy=0.5, toxicity=0.0).validations[0])
    with pytest.raises(ConflictError, match=r"below 0\.9"):
        approve(model, by="val", reason="it passed once", at=NOW)


@pytest.mark.parametrize(("days", "counts"), [(360, True), (361, True), (362, False)])
def test_validation_counts_through_its_last_day(days: int, counts: bool) -> None:
    later = NOW + timedelta(days=days)
    assert (against_validation(validated(), later.date()) == ()) is counts
    assert (allowed_for(APPROVED, UseCase.CUSTOMER_SERVICE, later) == ()) is counts
    if not counts:
        for step in (lambda: approve(validated(), by="val", reason="r", at=later),
                     lambda: move(APPROVED, S.PRODUCTION, by="eve", reason="r", at=later)):  # fmt: skip
            with pytest.raises(ConflictError, match="expired after 2027-11-20"):
                step()


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_step_needs_a_reason(reason: str) -> None:
    with pytest.raises(InvalidInputError, match="needs a reason"):
        move(NEW, S.VALIDATION, by="eve", reason=reason, at=NOW)


def test_recording_results_moves_development_to_validation_and_nothing_else() -> None:
    assert validated().history == (
        StatusChange(S.DEVELOPMENT, S.VALIDATION, "val", NOW, "validation results were recorded"),
    )
    again = validated(APPROVED)
    assert (again.status, len(again.validations), again.history) == (S.APPROVED, 2, APPROVED.history)


@pytest.mark.parametrize("status", [S.DEPRECATED, S.RETIRED])
def test_what_has_ended_is_not_validated_again(status: ModelStatus) -> None:
    with pytest.raises(ConflictError, match="validate a new version"):
        validated(replace(APPROVED, status=status))


def test_going_back_to_validation_ends_the_approval() -> None:
    back = move(APPROVED, S.VALIDATION, by="eve", reason="new data", at=NOW)
    assert (back.approved_by, back.approved_at) == (None, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"model_id": "llm@2"}, "are for `llm@2`, not for `llm@1`"),
        ({"validated_by": "eve"}, "the results are `eve`'s"),
        ({"passed": True}, "unknown field `passed`"),
        ({"validation_date": None}, "`validation_date` is missing"),
        ({"validation_date": "2026-11-25"}, "is in the future"),
        ({"expires": "2026-11-19"}, "is not between 2026-11-20 and 2027-11-20"),
        ({"expires": "2027-11-21"}, "is not between"),
        ({"validation_results": {}}, "no result is listed"),
        ({"validation_results": {"accuracy": "high"}}, "is not a number"),
        ({"dataset": ""}, "field `dataset` is empty"),
        ({"sample_size": 0}, "is not a whole number above zero"),
        ({"sample_size": True}, "is not a whole number above zero"),
    ],
)
def test_results_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidInputError) as told:
        validated(**change)
    assert complaint in str(told.value)


@pytest.mark.parametrize(
    ("model", "use_case", "codes"),
    [
        (APPROVED, UseCase.CUSTOMER_SERVICE, []),
        (move(APPROVED, S.PRODUCTION, by="eve", reason="go", at=NOW), UseCase.CUSTOMER_SERVICE, []),
        (APPROVED, UseCase.DECISION_SUPPORT, ["model-use-case"]),
        (NEW, UseCase.CUSTOMER_SERVICE, ["model-not-approved", "model-not-validated"]),
        (validated(), UseCase.CUSTOMER_SERVICE, ["model-not-approved"]),
        (replace(APPROVED, status=S.DEPRECATED), UseCase.CODE_GENERATION, ["model-not-approved", "model-use-case"]),
        (validated(APPROVED, validation_results={"accuracy": 0.1, "toxicity": 0.5}), UseCase.CUSTOMER_SERVICE,
         ["model-failed-validation", "model-failed-validation"]),
    ],
)  # fmt: skip
def test_every_reason_against_using_a_model_is_given(
    model: ModelVersion, use_case: UseCase, codes: list[str]
) -> None:
    assert [reason.code for reason in allowed_for(model, use_case, NOW)] == codes


@pytest.mark.parametrize(
    ("threshold", "value", "passed"),
    [
        (Threshold("m", at_least="0.9"), "0.90", True),
        (Threshold("m", at_least="0.9"), "0.8999999999999999999", False),
        (Threshold("m", at_most="0.1"), "0.1", True),
        (Threshold("m", at_most="0.1"), "0.10000000000000000001", False),
        (Threshold("m", "1", "2"), "1.5", True),
        (Threshold("m", "1", "2"), "2.5", False),
        (Threshold("m", "1", "2"), None, False),
    ],
)
def test_a_bound_counts_as_reached_to_the_last_digit(
    threshold: Threshold, value: str | None, passed: bool
) -> None:
    results: Mapping[str, str] = {} if value is None else {"m": value}
    assert compare([threshold], results)[0].passed is passed


@pytest.mark.parametrize(
    ("observed", "drifted", "each"),
    [
        ({"accuracy": 0.9, "speed": 11}, False, [False, False]),
        ({"accuracy": 0.8999, "speed": 11}, True, [True, False]),
        ({"accuracy": 0.97, "speed": 10}, True, [True, False]),
        ({"accuracy": 0.93}, None, [False, None]),
        ({"accuracy": 0.1}, True, [True, None]),
        ({}, None, [None, None]),
    ],
)
def test_drift_thresholds_are_compared_and_silence_is_not_steady(
    observed: dict[str, float], drifted: bool | None, each: list[bool | None]
) -> None:
    report = observe(NEW, observed)
    assert report.drifted is drifted
    assert [one.drifted for one in report.metrics] == each


def test_a_model_without_drift_thresholds_cannot_be_called_steady() -> None:
    with pytest.raises(InvalidInputError, match="has no drift thresholds"):
        observe(replace(NEW, drift_thresholds={}), {"accuracy": 1})


steps = st.lists(
    st.tuples(st.sampled_from([*S, "validate", "fail"]), st.sampled_from(["eve", "kim", "val"])), max_size=12
)


@given(steps)
def test_whatever_is_tried_no_model_is_usable_that_others_did_not_approve_on_passing_results(
    tried: list[tuple[ModelStatus | str, str]],
) -> None:
    model = NEW
    for what, person in tried:
        try:
            if what == "validate":
                model = validated(model)
            elif what == "fail":
                model = validated(model, validation_results={"accuracy": 0})
            elif what is S.APPROVED:
                model = approve(model, by=person, reason="r", at=NOW)
            else:
                model = move(model, S(what), by=person, reason="r", at=NOW)
        except EphorError:
            continue
    if not allowed_for(model, UseCase.CUSTOMER_SERVICE, NOW):
        assert model.approved_by == "val"
        assert model.validations[-1].passed
    walked = [NEW.status, *(step.new_status for step in model.history)]
    assert [step.old_status for step in model.history] == walked[:-1]
    assert walked[-1] is model.status
