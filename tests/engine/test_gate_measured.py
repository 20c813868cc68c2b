"""Bias tests and observations that the plane measured itself count for the ongoing items; adverse ones cannot be papered over."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.events import Event
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.checklist import Answer, Checklist, judge
from ephor.rooms.models.bias import BiasLimits
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.groups import Rows
from ephor.testing import FrozenClock
from sample_gate import AGENT, MODEL, add, register

BIAS, WATCH = "bias-testing", "model-performance-monitoring"
GIVEN = {
    "name": MODEL.split("@")[0], "version": MODEL.split("@")[1], "provider": "example", "model_type": "llm",
    "owner": "eve", "use_cases": ["customer_service"], "risk_tier": "low",
    "validation_thresholds": {"accuracy": {"at_least": 0.9}}, "performance_baseline": {"accuracy": 0.95},
    "drift_thresholds": {"accuracy": 0.02},
}  # fmt: skip


@pytest.fixture
def plane(engine: Engine) -> Engine:
    register(engine)
    engine.models.register(GIVEN, by="ada")
    return engine


def rows(other: int, size: int = 400) -> Rows:
    """Return two groups of *size*: of the first 200 per 400 are favoured, of the other so many."""
    half = size // 2
    predicted = ["yes"] * half + ["no"] * (size - half) + ["yes"] * other + ["no"] * (size - other)
    return Rows({"sex": ["a"] * size + ["b"] * size}, predicted, "yes")


def measure(engine: Engine, other: int, size: int = 400) -> BiasTest:
    return engine.observations.test_bias(MODEL, rows(other, size), "sha256:0", BiasLimits(), by="val")


def answer(engine: Engine, id: str, on: date | None = None) -> Answer:
    return next(one for one in engine.gate.check(AGENT, Checklist.ONGOING, as_of=on).items if one.id == id)


def test_a_test_that_finds_nothing_adverse_counts_for_a_quarter_with_its_entry(plane: Engine) -> None:
    assert answer(plane, BIAS).status.value == "not_known"
    made = measure(plane, 200)
    assert made.report.adverse is False
    found = answer(plane, BIAS)
    assert (found.status.value, [one.id for one in found.evidence]) == ("met", [made.id])
    entry = found.evidence[0].entry
    assert entry is not None
    assert plane.ledger.prove(entry).id == entry
    assert found.lapses == made.at.date() + timedelta(93)
    assert answer(plane, BIAS, found.lapses - timedelta(1)).status.value == "met"
    assert answer(plane, BIAS, found.lapses).status.value == "not_known"


def test_an_adverse_test_fails_whatever_a_document_says_until_a_newer_one_passes(
    plane: Engine, clock: FrozenClock
) -> None:
    add(plane, EvidenceKind.BIAS_TEST, by="eti")
    assert answer(plane, BIAS).status.value == "met"
    assert measure(plane, 100).report.adverse is True
    assert answer(plane, BIAS).status.value == "not_met"
    clock.advance(timedelta(seconds=1))
    measure(plane, 200)
    assert answer(plane, BIAS).status.value == "met"


def test_a_test_that_cannot_tell_counts_for_nothing(plane: Engine) -> None:
    assert measure(plane, 5, size=10).report.adverse is None
    assert answer(plane, BIAS).status.value == "not_known"


def test_a_test_without_its_entry_or_with_another_outcome_counts_for_nothing(plane: Engine) -> None:
    made = measure(plane, 100)
    forged = dataclasses.replace(
        made, id="bias_forged", report=dataclasses.replace(made.report, adverse=False)
    )
    with plane.world.storage.unit() as unit:
        unit.shelf(BiasTest).add(forged)
        unit.append(Event(kind="agent.error/1", at=plane.world.clock.now(), actor="ephor"))
    assert answer(plane, BIAS).status.value == "not_met"


def test_the_owner_s_own_test_does_not_count(plane: Engine) -> None:
    facts = plane.gate.facts(AGENT)
    measure(plane, 200)
    measured = plane.gate.facts(AGENT).bias_tests[0]
    own = dataclasses.replace(measured, record=dataclasses.replace(measured.record, by="eve"))
    report = judge(Checklist.ONGOING, dataclasses.replace(facts, bias_tests=(own,)))
    assert {one.id: one.status.value for one in report.items}[BIAS] == "not_known"


def test_an_observation_counts_for_a_week_and_drift_fails(plane: Engine, clock: FrozenClock) -> None:
    assert answer(plane, WATCH).status.value == "not_known"
    steady = plane.observations.observe(MODEL, None, {"accuracy": 0.95}, by="eve")
    assert steady.drifted is False
    found = answer(plane, WATCH)
    assert (found.status.value, found.lapses) == ("met", steady.at.date() + timedelta(8))
    clock.advance(timedelta(days=8))
    assert answer(plane, WATCH).status.value == "not_known"
    add(plane, EvidenceKind.MODEL_MONITORING, MODEL, by="eve")
    assert answer(plane, WATCH).status.value == "met"
    plane.observations.observe(MODEL, None, {"accuracy": 0.7}, by="eve")
    assert answer(plane, WATCH).status.value == "not_met"
