"""What ends: approvals, use after deprecation; and what counts only in the right order: thresholds before results."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.models.complete import complete, open_fields
from ephor.rooms.models.lifecycle import approve, deprecate, move, renew
from ephor.rooms.models.model import ModelStatus as S
from ephor.rooms.models.register import read_registration
from ephor.rooms.models.usage import allowed_for
from ephor.rooms.models.validation import read_validation, record_validation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
GIVEN = {
    "name": "llm", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve",
    "use_cases": ["customer_service"], "risk_tier": "low", "validation_thresholds": {"accuracy": {"at_least": 0.9}},
}  # fmt: skip
NEW = read_registration(GIVEN, by="kim", at=NOW)
OPEN = replace(NEW, provider="", model_type="", use_cases=(), risk_tier=None, thresholds=())


def validated(model, at=NOW, measured="today"):
    given = {"validation_date": measured, "dataset": "held-out", "validation_results": {"accuracy": 0.95}}
    return record_validation(model, read_validation(given, model, by="val", at=at))


def codes(model, at=NOW):
    return [one.code for one in allowed_for(model, UseCase.CUSTOMER_SERVICE, at)]


APPROVED = approve(validated(NEW), by="val", reason="passes", at=NOW)
USED = move(APPROVED, S.PRODUCTION, by="eve", reason="go", at=NOW)


def test_results_from_before_the_thresholds_are_kept_and_never_count():
    early = validated(NEW, measured=(NOW - timedelta(days=1)).date().isoformat())
    newest = early.validations[-1]
    assert (newest.passed, newest.before_thresholds, newest.outcomes[0].passed) == (False, True, True)
    with pytest.raises(ConflictError, match="before its thresholds were set on"):
        approve(early, by="val", reason="passes", at=NOW)
    assert "model-measured-before-thresholds" in codes(early)
    assert approve(validated(early), by="val", reason="measured again", at=NOW).status is S.APPROVED


@pytest.mark.parametrize(
    ("until", "days", "counts"), [(None, 365, True), (None, 366, False), (30, 30, True), (30, 31, False)]
)
def test_an_approval_ends_with_its_last_day(until, days, counts):
    last = None if until is None else NOW.date() + timedelta(days=until)
    model = approve(validated(NEW), by="val", reason="passes", at=NOW, until=last)
    ended = "model-approval-expired" in codes(model, NOW + timedelta(days=days))
    assert ended is not counts
    if not counts and until:
        with pytest.raises(ConflictError, match="renew it"):
            move(model, S.PRODUCTION, by="eve", reason="go", at=NOW + timedelta(days=days))


@pytest.mark.parametrize("days", [-1, 366])
def test_an_approval_of_a_day_that_cannot_be_is_refused(days):
    with pytest.raises(InvalidInputError, match="is not between"):
        approve(validated(NEW), by="val", reason="passes", at=NOW, until=NOW.date() + timedelta(days=days))


def test_an_approval_is_renewed_on_new_results_by_somebody_independent():
    later = NOW + timedelta(days=400)
    assert set(codes(USED, later)) == {"model-approval-expired", "model-validation-expired"}
    with pytest.raises(ConflictError, match="expired after"):
        renew(USED, by="val", reason="still good", at=later)
    again = validated(USED, at=later)
    for person in ("eve", "kim"):
        with pytest.raises(NotPermittedError):
            renew(again, by=person, reason="still good", at=later)
    renewed = renew(again, by="val", reason="measured again", at=later)
    assert (renewed.status, renewed.approved_until, codes(renewed, later)) == (
        S.PRODUCTION,
        (later + timedelta(days=365)).date(),
        [],
    )
    with pytest.raises(ConflictError, match="only what is approved"):
        renew(validated(NEW), by="val", reason="first", at=NOW)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        renew(USED, by="val", reason=" ", at=NOW)


def test_a_deprecated_version_is_used_through_its_last_day_and_names_what_follows():
    after = replace(NEW, id="llm@2", version="2")
    last = NOW.date() + timedelta(days=10)
    model = deprecate(USED, after, last, by="eve", reason="replaced", at=NOW)
    assert (model.status, codes(model, NOW + timedelta(days=10))) == (S.DEPRECATED, [])
    (objection,) = allowed_for(model, UseCase.CUSTOMER_SERVICE, NOW + timedelta(days=11))
    assert "use `llm@2`" in objection.text
    assert codes(deprecate(USED, after, None, by="eve", reason="at once", at=NOW)) == ["model-not-approved"]
    assert codes(move(model, S.RETIRED, by="eve", reason="gone", at=NOW)) == ["model-not-approved"]


def test_what_cannot_succeed_or_has_no_day_is_refused():
    with pytest.raises(InvalidInputError, match="cannot succeed itself"):
        deprecate(USED, USED, None, by="eve", reason="r", at=NOW)
    with pytest.raises(InvalidInputError, match="is past"):
        deprecate(USED, None, date(2020, 1, 1), by="eve", reason="r", at=NOW)
    with pytest.raises(ConflictError, match="retired itself"):
        deprecate(USED, replace(NEW, id="llm@2", status=S.RETIRED), None, by="eve", reason="r", at=NOW)
    with pytest.raises(ConflictError, match="cannot follow"):
        deprecate(APPROVED, None, None, by="eve", reason="r", at=NOW)


def test_what_an_import_left_open_is_filled_in_once_and_before_anything_is_measured():
    assert open_fields(OPEN) == ("provider", "model_type", "use_cases", "risk_tier", "validation_thresholds")
    assert codes(OPEN) == ["model-not-approved", "model-use-case", "model-not-validated"]
    with pytest.raises(InvalidInputError, match="has no thresholds yet"):
        validated(OPEN)
    at = NOW + timedelta(days=3)
    given = {
        "use_cases": ["customer_service"],
        "validation_thresholds": {"accuracy": {"at_least": 0.9}},
        "risk_tier": "low",
    }
    filled = complete(OPEN, given, by="lea", at=at)
    assert open_fields(filled) == ("provider", "model_type")
    with pytest.raises(ConflictError, match=r"`risk_tier` .* never overwritten"):
        complete(filled, {"risk_tier": "high"}, by="lea", at=at)
    with pytest.raises(ConflictError, match="open fields: provider, model_type"):
        approve(validated(filled, at=at), by="val", reason="r", at=at)
    whole = complete(filled, {"provider": "us", "model_type": "classifier"}, by="lea", at=at)
    early = validated(whole, at=at, measured=NOW.date().isoformat())
    assert early.validations[-1].before_thresholds  # registered before, and still too early
    measured = validated(whole, at=at)
    with pytest.raises(NotPermittedError, match="`lea` filled in model"):
        approve(measured, by="lea", reason="mine", at=at)
    assert codes(approve(measured, by="val", reason="passes", at=at), at) == []
    with pytest.raises(ConflictError, match="before anything was measured"):
        complete(measured, {"performance_baseline": {"accuracy": 1}}, by="lea", at=at)


@pytest.mark.parametrize(
    "given", [{}, {"owner": "lea"}, {"status": "approved"}, {"drift_thresholds": {"accuracy": 1}}]
)
def test_nothing_else_can_be_filled_in(given):
    with pytest.raises(InvalidInputError):
        complete(OPEN, given, by="lea", at=NOW)
