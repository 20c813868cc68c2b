"""What a manifest settles of a law's facts, and what it leaves open."""

from __future__ import annotations

import pytest

from ephor.adapters import packs
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.agents.manifest import DataUse
from ephor.rooms.requirements.answer import Answer, LawAnswer, Requirement, concluded
from ephor.rooms.requirements.stated import facts_for, places
from sample_agents import support

WORDS = packs.load("eu-ai-act").vocabulary


def stated(pack, **manifest):
    return facts_for(support(tools=(), **manifest), packs.load(pack).vocabulary, WORDS)


@pytest.mark.parametrize(
    ("categories", "card", "health"),
    [
        (("card_number",), True, False),
        (("payment",), None, False),
        (("contact",), False, False),
        (("contact", "zorgs"), None, None),
        (("patient_record", "diagnosis"), False, True),
        ((), None, None),
    ],
)
def test_data_are_of_a_kind_only_where_every_word_is_known(categories, card, health):
    data = DataUse(Sensitivity.CONFIDENTIAL, categories, ("customers",))
    assert stated("pci-dss", data=data).get("cardholder_data") is card
    assert stated("hipaa", data=data).get("health_data") is health
    assert stated("gdpr", data=data)["personal_data"] is True


@pytest.mark.parametrize(
    ("codes", "listed", "found"),
    [
        (("DE-BY",), ("DE", "US"), ("DE",)),
        (("US-CA",), ("US-CA", "DE"), ("US-CA",)),
        (("US",), ("US-CA", "DE"), ("US",)),
        (("Germany",), ("DE",), ("GERMANY",)),
        (("JP", "BR"), ("DE", "US-CA"), ()),
    ],
)
def test_places_are_matched_by_code_and_never_dropped_when_unclear(codes, listed, found):
    assert places(codes, listed) == found


def test_complete_covers_the_questionnaire_and_no_other_law():
    facts = stated("us-co-sb26-189", facts={"complete": True, "function": "chatbot"})
    assert "consequential_decision" not in facts
    assert stated("eu-ai-act", facts={"complete": True, "function": "chatbot"})["profiling"] is False
    assert "profiling" not in stated("eu-ai-act", facts={"function": "chatbot"})


def _answer(*statuses, applies=True, category=None):
    def one(status):
        return Requirement(
            "x/y", "", "", status, "", (), None, None, True, "mem", None, (), (), None, None, None, ()
        )

    return LawAnswer(
        "x", "", "", "", applies, "", category, (), (), tuple(one(status) for status in statuses)
    )


@pytest.mark.parametrize(
    ("laws", "wanted"),
    [
        ([_answer(Answer.MET, Answer.NOT_APPLICABLE)], True),
        ([_answer(Answer.MET, Answer.NOT_KNOWN)], None),
        ([_answer(Answer.NOT_KNOWN, Answer.NOT_MET)], False),
        ([_answer(Answer.NOT_APPLICABLE)], None),
        ([_answer()], None),
        ([], None),
        ([_answer(Answer.MET), _answer(applies=None)], None),
        ([_answer(Answer.MET, category="needs_review")], None),
    ],
)
def test_nothing_shown_is_no_pass(laws, wanted):
    assert concluded(laws) is wanted
