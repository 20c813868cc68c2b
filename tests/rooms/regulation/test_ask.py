"""The interview asks what still matters, in order, and nothing else; what it writes is what it was told."""

from __future__ import annotations

from datetime import date

import pytest

from ephor.adapters import packs, strict_yaml
from ephor.edges.cli.interview import interview, written
from ephor.rooms.regulation.ask import next_question
from ephor.rooms.regulation.classify import classify

PACK = packs.load("eu-ai-act")
ON = date(2026, 11, 27)
NOTHING_ELSE = {
    "techniques": "none of them", "significant_harm": "no", "score_over_time": "no", "detrimental_treatment": "no",
    "biometric": "none", "generates": "none of them", "safety_component": "no", "third_party_assessment": "no",
    "interacts_with_persons": "no",
}  # fmt: skip


def answered(**answers):
    """Hold an interview; return the facts stated and the questions asked, in order."""
    asked, told = [], {**NOTHING_ELSE, **answers}

    def say(text):
        name, colon, _ = text.partition(": ")
        if colon and name in PACK.vocabulary:
            asked.append(name)

    def ask(_):
        return told.get(asked[-1], "?")

    return interview(PACK, ON, ask=ask, say=say), asked


def test_the_first_question_is_what_the_system_does():
    assert next_question(PACK, {}, ON).name == "function"


def test_it_asks_only_what_matters_and_ends_with_the_answer():
    facts, asked = answered(function="cv_ranking", domain="employment", subjects="job_applicants")
    assert asked[0] == "function"
    assert len(asked) == len(set(asked))
    assert "objective" not in asked
    assert "fria" not in asked
    assert classify(PACK, facts, ON).category.value == "high"


def test_a_prohibited_practice_is_asked_for_its_exceptions():
    facts, asked = answered(
        function="emotion_inference", domain="employment", subjects="employees", context="workplace",
        biometric="emotion_recognition", medical_or_safety_purpose="no",
    )  # fmt: skip
    assert classify(PACK, facts, ON).category.value == "unacceptable"
    assert "medical_or_safety_purpose" in asked


def test_what_nobody_knows_stays_unknown_and_is_asked_once():
    facts, asked = answered(
        function="cv_parsing", domain="employment", subjects="job_applicants", profiling="?"
    )
    assert "profiling" not in facts
    assert asked.count("profiling") == 1
    assert classify(PACK, facts, ON).category.value == "needs_review"


def test_an_answer_that_does_not_fit_is_asked_for_again():
    replies = iter(["", "sometimes", "perhaps not", "?"])
    said = []
    small = packs.load("nyc-ll144")
    assert interview(small, ON, ask=lambda _: next(replies, "?"), say=said.append) == {}
    facts, asked = [], []
    answers = iter(["route_planning", "maybe", "?"])
    interview(PACK, ON, ask=lambda _: next(answers, "?"), say=asked.append)
    assert facts == []
    assert any("does not know" in one or "neither yes nor no" in one or "?" in one for one in asked)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"function": "chatbot", "profiling": False, "subjects": ["customers", "a b"], "generates": []},
        {"function": 'odd "word"', "annex_i_product": "2017/745", "domain": "null"},
    ],
)
def test_what_is_written_is_what_was_stated(facts):
    assert strict_yaml.read(written(facts)) == {"facts": facts}
