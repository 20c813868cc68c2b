"""Registrations are read strictly, and figures keep every digit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import RiskLevel, UseCase
from ephor.rooms.models.fields import figure, when
from ephor.rooms.models.model import ModelStatus, Threshold
from ephor.rooms.models.register import read_registration

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
GIVEN: dict[str, Any] = {
    "model_id": "support-llm@2026-10", "name": "support-llm", "version": "2026-10", "provider": "example", "model_type": "llm",
    "owner": "eve", "use_cases": ["decision_support", "customer_service"], "risk_tier": "medium",
    "validation_thresholds": {"toxicity": {"at_most": 0.01}, "accuracy": {"at_least": "0.90"}},
    "performance_baseline": {"accuracy": 0.93}, "drift_thresholds": {"accuracy": 0.03},
    "metadata": {"languages": ["de", "en"], "context_tokens": 128000, "hosted_in": "SE", "tuned": False},
}  # fmt: skip


def test_a_registration_keeps_the_guides_fields_and_starts_in_development() -> None:
    model = read_registration(GIVEN, by="eve", at=NOW)
    assert (model.id, model.status, model.risk_tier) == (
        "support-llm@2026-10",
        ModelStatus.DEVELOPMENT,
        RiskLevel.MEDIUM,
    )
    assert model.use_cases == (UseCase.CUSTOMER_SERVICE, UseCase.DECISION_SUPPORT)
    assert model.thresholds == (Threshold("accuracy", at_least="0.90"), Threshold("toxicity", at_most="0.01"))
    assert (model.performance_baseline, model.drift_thresholds) == (
        {"accuracy": "0.93"},
        {"accuracy": "0.03"},
    )
    assert model.metadata["languages"] == ("de", "en")
    assert (model.approved_by, model.validations, model.history) == (None, (), ())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": "approved"}, "unknown field `status`"),
        ({"approved_by": "eve"}, "unknown field `approved_by`"),
        ({"model_id": "other@1"}, "model_id `other@1` is not `support-llm@2026-10`"),
        ({"version": 1.0}, "put `1.0` in quotes"),
        ({"name": "Support LLM"}, "cannot name a model"),
        ({"version": "a@b"}, "cannot name a version"),
        ({"owner": None}, "field `owner` is missing"),
        ({"provider": " "}, "field `provider` is empty"),
        ({"use_cases": []}, "no use case is listed"),
        ({"use_cases": "customer_service"}, "is not a list"),
        ({"use_cases": ["everything"]}, "unknown use case `everything`"),
        ({"risk_tier": "none"}, "unknown risk tier `none`"),
        ({"validation_thresholds": {}}, "no validation threshold is set"),
        ({"validation_thresholds": ["accuracy"]}, "is not a mapping"),
        ({"validation_thresholds": {"accuracy": 0.9}}, "needs `at_least`, `at_most` or both"),
        ({"validation_thresholds": {"accuracy": {}}}, "needs `at_least`, `at_most` or both"),
        ({"validation_thresholds": {"accuracy": {"above": 1}}}, "needs `at_least`, `at_most` or both"),
        (
            {"validation_thresholds": {"accuracy": {"at_least": 2, "at_most": 1}}},
            "nothing is at least 2 and at most 1",
        ),
        ({"validation_thresholds": {"accuracy": {"at_least": float("nan")}}}, "is not a finite number"),
        ({"validation_thresholds": {"ä": {"at_least": 1}}}, "is not a plain name"),
        ({"drift_thresholds": {"speed": 1}}, "has no performance_baseline"),
        ({"drift_thresholds": {"accuracy": -1}}, "is below zero"),
        ({"metadata": {"x": 1.5}}, "metadata.x is neither"),
    ],
)
def test_a_registration_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidInputError) as told:
        read_registration({**GIVEN, **change}, by="eve", at=NOW)
    assert complaint in str(told.value)


@pytest.mark.parametrize(
    ("written", "kept"),
    [(0.1, "0.1"), (1e-7, "0.0000001"), (9350, "9350"), ("0.900", "0.900"), (" 5 ", "5"), (-0.0, "-0.0")],
)
def test_a_figure_keeps_what_was_written(written: object, kept: str) -> None:
    assert figure(written, "metric") == kept


@pytest.mark.parametrize(
    "written",
    [
        True,
        None,
        "",
        "abc",
        "nan",
        "Infinity",
        float("inf"),
        float("nan"),
        [1],
        10**41,
        pytest.param(10**5000, id="5001 digits"),
        "1e999",
        "1" * 41,
    ],
)
def test_a_figure_that_is_no_finite_number_is_refused(written: object) -> None:
    with pytest.raises(InvalidInputError, match="metric"):
        figure(written, "metric")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
def test_decimal_text_loses_nothing(number: Decimal) -> None:
    assert Decimal(figure(str(number), "metric")) == number


def test_a_day_is_read_from_a_date_a_time_or_text() -> None:
    day = date(2026, 10, 12)
    assert [when({"d": one}, "d") for one in (day, NOW, "2026-10-12", None)] == [day, NOW.date(), day, None]
    with pytest.raises(InvalidInputError, match="is not a day"):
        when({"d": "soon"}, "d")
