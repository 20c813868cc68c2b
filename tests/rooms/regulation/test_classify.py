"""Classification: monotone in what is known, never lenient by omission, always with reasons."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.adapters import packs
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classification import Category
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.facts import Kind
from ephor.rooms.regulation.owe import owe

PACK = packs.load("eu-ai-act")
CASES = packs.cases("eu-ai-act")
ON = date(2026, 11, 24)
STRICTNESS = [Category.OUT_OF_SCOPE, Category.MINIMAL, Category.LIMITED, Category.HIGH, Category.UNACCEPTABLE]


def _values(kind):
    if kind.kind is Kind.BOOLEAN:
        return st.booleans()
    words = st.sampled_from(kind.values)
    return words if kind.kind is Kind.TEXT else st.lists(words, max_size=3, unique=True)


STATABLE = {name: kind for name, kind in PACK.vocabulary.items() if not kind.derived}
worlds = st.fixed_dictionaries({}, optional={name: _values(kind) for name, kind in STATABLE.items()})
# Exceptions must be invoked, so withholding one may make the answer stricter; everything else must not change it.
ORDINARY = sorted(
    name
    for name, kind in STATABLE.items()
    if not kind.claim and name not in ("safety_component", "annex_i_product")
)


@settings(max_examples=150, deadline=None)
@given(worlds, st.sets(st.sampled_from(ORDINARY)))
def test_withholding_facts_gives_the_same_answer_or_asks(world, withheld):
    whole = classify(PACK, world, ON)
    part = classify(PACK, {name: value for name, value in world.items() if name not in withheld}, ON)
    if part.category is not Category.NEEDS_REVIEW:
        assert part.category is whole.category


@settings(max_examples=150, deadline=None)
@given(worlds, st.sets(st.sampled_from(sorted(STATABLE))))
def test_withholding_anything_never_makes_the_answer_more_lenient(world, withheld):
    whole = classify(PACK, world, ON)
    part = classify(PACK, {name: value for name, value in world.items() if name not in withheld}, ON)
    if Category.NEEDS_REVIEW not in (whole.category, part.category):
        assert STRICTNESS.index(part.category) >= STRICTNESS.index(whole.category)


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_an_answer_that_waits_says_for_what_and_a_definite_one_waits_for_nothing(world):
    answer = classify(PACK, world, ON)
    assert bool(answer.missing_facts) == (answer.category is Category.NEEDS_REVIEW)
    assert set(answer.missing_facts) <= set(PACK.vocabulary)
    asked = [name for name in PACK.vocabulary if name in answer.missing_facts]
    assert list(answer.missing_facts) == asked


@settings(max_examples=60, deadline=None)
@given(worlds, st.booleans())
def test_the_same_input_gives_the_same_bytes(world, complete):
    first = json.dumps(classify(PACK, world, ON, complete=complete).as_json())
    shuffled = dict(reversed(world.items()))
    assert json.dumps(classify(PACK, shuffled, ON, complete=complete).as_json()) == first


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_leaving_out_one_fact_of_a_case_never_loosens_it(case):
    if case.complete:
        return  # there, leaving out is stating
    whole = classify(PACK, case.facts, case.on)
    for name in case.facts:
        part = classify(PACK, {key: value for key, value in case.facts.items() if key != name}, case.on)
        assert part.category in (whole.category, Category.NEEDS_REVIEW), name


@pytest.mark.parametrize("case", [case for case in CASES if case.complete], ids=lambda case: case.name)
def test_a_complete_case_told_without_that_word_is_the_same_or_asks(case):
    whole, part = classify(PACK, case.facts, case.on, complete=True), classify(PACK, case.facts, case.on)
    assert part.category in (whole.category, Category.NEEDS_REVIEW)


def test_nothing_is_minimal_by_omission():
    assert classify(PACK, {}, ON).category is Category.NEEDS_REVIEW
    answer = classify(PACK, {}, ON, complete=True)
    assert (answer.category, answer.missing_facts) == (Category.NEEDS_REVIEW, ("function",))


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ({"function": "dream_reading", "domain": "consumer"}, "function"),
        ({"function": "quality_control", "domain": "fisheries"}, "domain"),
        ({"function": "credit_scoring", "domain": "finance", "subjects": ["guilds"]}, "subjects"),
        ({"function": "realtime_rbi", "domain": "law_enforcement", "context": "moon"}, "context"),
    ],
)
def test_an_unlisted_value_of_an_open_fact_is_a_question_where_it_matters(facts, asked):
    answer = classify(PACK, facts, ON, complete=True)
    assert answer.category is Category.NEEDS_REVIEW
    assert asked in answer.missing_facts


def test_an_unlisted_value_that_cannot_matter_is_not_asked_about():
    facts = {
        "function": "chatbot",
        "domain": "customer_service",
        "subjects": ["wizards"],
        "capabilities": ["levitation"],
    }
    assert classify(PACK, facts, ON, complete=True).category is Category.LIMITED


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"colour": "red"}, "unknown fact `colour`"),
        ({"profiling": "yes"}, "true or false"),
        ({"biometric": "aura"}, "does not know `aura`"),
        ({"class_category": "minimal"}, "unknown fact `class_category`"),
        ({"use_case": "weather"}, "unknown use case `weather`"),
        ({"use_case": ["credit_scoring"]}, "unknown use case"),
    ],
)
def test_what_cannot_be_understood_is_refused(facts, says):
    with pytest.raises(InvalidInputError, match=says):
        classify(PACK, facts, ON)


def test_an_unknown_role_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match=r"unknown role `king`; use one of: .*deployer"):
        classify(PACK, {}, ON, role="king")


def test_stated_facts_win_over_the_guides_key():
    facts = {"use_case": "credit_scoring", "subjects": ["companies"]}
    assert classify(PACK, facts, ON, complete=True).category is Category.MINIMAL


def test_the_public_shape_is_kept():
    written = classify(PACK, {"function": "chatbot"}, ON, complete=True).as_json()
    assert {"category", "articles", "transparency_duties", "applies_from", "elements", "missing_facts", "obligations", "as_of", "pack"} <= set(written)  # fmt: skip
    assert written["as_of"] == "2026-11-24"
    assert written["pack"] == {"id": "eu-ai-act", "version": PACK.identity.version, "digest": PACK.digest}
    assert all({"article", "holds", "because"} <= set(element) for element in written["elements"])
    assert all(element["because"] for element in written["elements"])
    json.dumps(written)


def test_every_element_says_why():
    answer = classify(PACK, {"function": "cv_ranking", "domain": "employment"}, ON)
    because = {one.id: one.because for one in answer.elements}
    assert because["a3-4a"].endswith("`function` is `cv_ranking`")
    assert because["a3-4a"].startswith("met (recruitment")
    assert because["a3-3a"].endswith("`domain` is `employment`")
    assert because["manipulation"].endswith("not known: `techniques`, `significant_harm`")


@pytest.mark.parametrize(
    ("facts", "complete", "oversight"),
    [
        ({"function": "cv_ranking", "domain": "employment"}, True, True),
        ({"function": "cv_ranking", "domain": "employment"}, False, True),
        ({"function": "face_scraping", "domain": "security"}, False, True),
        ({"function": "chatbot"}, True, False),
        ({"function": "chatbot"}, False, None),
        ({"function": "rules"}, False, False),
        ({}, False, None),
    ],
)
def test_oversight_is_required_where_it_is_known_to_be(facts, complete, oversight):
    assert classify(PACK, facts, ON, complete=complete).human_oversight_required is oversight


def test_an_obligation_that_turns_on_an_unknown_fact_is_shown_as_unknown():
    facts = {"function": "emotion_inference", "domain": "customer_service", "subjects": ["callers"], "biometric": "emotion_recognition", "techniques": [], "significant_harm": False, "score_over_time": False, "generates": []}  # fmt: skip
    answer = classify(PACK, facts, ON)
    assert answer.category is Category.HIGH
    assert {one.obligation.id: one.owed for one in answer.obligations}["eu-ai-act/fria"] is None


def test_obligations_alone_are_asked_of_a_pack_by_facts():
    assert owe(PACK, {"function": "chatbot"}, ON, complete=True, role="distributor") == ()


def test_words_the_pack_does_not_know_and_facts_that_must_be_stated_are_told():
    other = classify(PACK, {"function": "other", "subjects": ["customers", "martians"]}, ON)
    assert other.unlisted_facts["function"] == ("other",)
    assert set(other.unlisted_facts) <= set(other.missing_facts)
    assert other.unlisted_facts.get("subjects", ("martians",)) == ("martians",)
    assert other.never_omitted == ()
    silent = classify(PACK, {}, ON, complete=True)
    assert (silent.missing_facts, silent.never_omitted, silent.unlisted_facts) == (
        ("function",),
        ("function",),
        {},
    )
