"""When an impact assessment is needed: the law's cases, two of nine criteria, and unknown as an answer."""

from __future__ import annotations

import dataclasses
from itertools import product

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.agents.manifest import DataUse
from ephor.rooms.impact.screening import CRITERIA, Question, read_answers, screen
from ephor.rooms.ropa.parse import parse_record
from sample_agents import support
from sample_gate import ROPA

PLAIN = dataclasses.replace(
    support(), models=(), facts={}, tools=(), data=DataUse(support().data.sensitivity)
)
NONE = dict.fromkeys([one.value for one in Question if one is not Question.EXEMPT], False) | {
    "personal_data": True
}


def required(answers: dict[str, object], **manifest: object) -> bool | None:
    return screen(dataclasses.replace(PLAIN, **manifest), [], None, read_answers(answers)).required  # type: ignore[arg-type]


def test_nothing_said_is_not_known_and_names_what_would_tell() -> None:
    found = screen(PLAIN, [], None, {})
    assert found.required is None
    assert set(found.missing) == {one.value for one in Question if one is not Question.EXEMPT}


def test_each_pair_of_criteria_needs_an_assessment_and_one_alone_does_not() -> None:
    for first, second in product(CRITERIA, CRITERIA):
        found = required(NONE | {first.value: True, second.value: True})
        assert found is (first is not second), (first, second)


def test_one_criterion_and_one_unknown_is_not_known() -> None:
    assert required(NONE | {"evaluation": True, "large_scale": "unknown"}) is None
    assert required(NONE | {"large_scale": "unknown"}) is False


def test_the_laws_own_cases_and_the_authoritys_list_are_enough() -> None:
    assert required(NONE | {"public_monitoring": True}) is True
    assert required(NONE | {"on_authoritys_list": True}) is True
    assert required(NONE | {"on_authoritys_list": None}) is None
    assert required(NONE | {"personal_data": False, "public_monitoring": True}) is False


def test_an_exemption_takes_its_ground() -> None:
    assert required({"exempt": {"holds": True, "because": "assessed with the law (Art. 35(10))"}}) is False
    with pytest.raises(InvalidInputError, match="ground"):
        required({"exempt": True})


def test_what_a_record_states_outright_no_answer_takes_back() -> None:
    record = parse_record(ROPA | {"special_categories": ["health"], "automated_decisions": True})
    denied = read_answers(NONE | {"sensitive_data": {"holds": False, "because": "we say so"}})
    found = screen(PLAIN, [record], None, denied)
    assert found.required is True
    assert {one.id for one in found.criteria if one.holds} == {"sensitive_data", "automated_decisions"}


def test_what_only_follows_is_taken_back_with_a_reason_and_not_without() -> None:
    models = {"models": ("some-model",)}
    assert required(NONE | {"evaluation": True}, **models) is True
    reasoned = {"innovative_technology": {"holds": False, "because": "in use here since 2019"}}
    assert required({**NONE, "evaluation": True, **reasoned}, **models) is False


def test_a_high_class_and_weaker_people_count() -> None:
    manifest = dataclasses.replace(PLAIN, data=DataUse(PLAIN.data.sensitivity, subjects=("applicants",)))
    found = screen(manifest, [], "high", {})
    assert found.required is True
    assert {one.id for one in found.criteria if one.holds} == {"evaluation", "vulnerable_subjects"}


@pytest.mark.parametrize(
    "given",
    [["large_scale"], {"size": True}, {"large_scale": "yes"}, {"large_scale": {"holds": True, "why": ""}}],
)
def test_answers_that_are_none_are_refused(given: object) -> None:
    with pytest.raises(InvalidInputError):
        read_answers(given)
