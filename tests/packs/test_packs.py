"""Every bundled pack answers its own cases, and every provision is triggered by one case and spared by another."""

from __future__ import annotations

from datetime import date

import pytest

from ephor.adapters import manifests, packs
from ephor.rooms.ledger.kinds import AUDIT, check_known
from ephor.rooms.regulation.cases import run_cases, untested
from ephor.rooms.regulation.classification import Category
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.pack import Basis, Group, Verified

NAMES = packs.bundled()
LOADED = {name: packs.load(name) for name in NAMES}
CASES = {name: packs.cases(name) for name in NAMES}
AI_ACT = LOADED["eu-ai-act"]
ON = date(2026, 11, 24)
QUIET = {"iso-42001", "nist-ai-rmf", "nyc-ll144", "us-co-sb26-189"}
"""Packs of texts that name no event, and that the reference guide reads no event into."""


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name in NAMES for case in CASES[name]],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_case_answers_as_written(name, case):
    (result,) = run_cases(LOADED[name], [case])
    assert result.differences == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_provision_is_triggered_and_spared(name):
    assert untested(LOADED[name], CASES[name]) == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_two_cases_share_a_name(name):
    names = [case.name for case in CASES[name]]
    assert len(names) == len(set(names))


def test_every_listed_function_stands_in_some_case():
    used = {case.facts.get("function") for case in CASES["eu-ai-act"]}
    assert set(AI_ACT.vocabulary["function"].values) <= used


def test_every_exception_spares_in_some_case():
    told = []
    for case in CASES["eu-ai-act"]:
        told += classify(AI_ACT, case.facts, case.on, complete=case.complete).elements
    idle = [
        (element.id, escape.title)
        for element in AI_ACT.elements
        for escape in element.escapes
        if not any(
            one.id == element.id and f"{escape.title}, {escape.article}" in one.because for one in told
        )
    ]
    assert idle == []


def test_every_doubt_stands_in_some_case_and_is_told():
    told = set()
    for case in CASES["eu-ai-act"]:
        answer = classify(AI_ACT, case.facts, case.on, complete=case.complete)
        asked = {one.because for one in answer.elements if one.id.startswith("doubt-")}
        if asked and answer.category is Category.NEEDS_REVIEW:
            told |= asked
    assert all(any(doubt.because in because for because in told) for doubt in AI_ACT.doubts)


def test_dates_are_those_of_the_amended_act():
    since = {element.id: element.since.isoformat() for element in AI_ACT.elements if element.since}
    late = {"intimate-imagery", "child-abuse-material"}
    for element in AI_ACT.of(Group.PRACTICE):
        assert since[element.id] == ("2026-12-02" if element.id in late else "2025-02-02")
    assert {since[element.id] for element in AI_ACT.of(Group.AREA)} == {"2027-12-02"}
    assert {since[element.id] for element in AI_ACT.of(Group.PRODUCT)} == {"2028-08-02"}
    assert {since[element.id] for element in AI_ACT.of(Group.DUTY)} == {"2026-08-02"}


def test_all_ten_practices_and_all_points_of_annex_iii_are_there():
    practices = [element.article for element in AI_ACT.of(Group.PRACTICE)]
    assert practices == [
        f"Art 5(1)({letter})" for letter in ("a", "b", "ba", "bb", "c", "d", "e", "f", "g", "h")
    ]
    points = {"1": "abc", "2": "", "3": "abcd", "4": "ab", "5": "abcd", "6": "abcde", "7": "abcd", "8": "ab"}
    wanted = [
        f"Annex III {number}" + (f"({letter})" if letter else "")
        for number, letters in points.items()
        for letter in (letters or [""])
    ]
    assert [element.article for element in AI_ACT.of(Group.AREA)] == wanted


STORY = [
    (
        {"function": "chatbot", "domain": "customer_service", "interacts_with_persons": True},
        ("limited", ["Art 50(1)"], "2026-08-02", False),
    ),
    (
        {"function": "cv_ranking", "domain": "employment", "subjects": ["job_applicants"], "profiling": True},
        ("high", ["Annex III 4(a)"], "2027-12-02", True),
    ),
    (
        {
            "function": "emotion_inference",
            "domain": "employment",
            "subjects": ["employees"],
            "context": "workplace",
            "biometric": "emotion_recognition",
        },
        ("unacceptable", ["Art 5(1)(f)"], "2025-02-02", True),
    ),
]


@pytest.mark.parametrize(("facts", "wanted"), STORY, ids=["support", "recruiting", "emotions"])
def test_the_three_systems_of_the_demo_are_classed_as_the_law_has_it(facts, wanted):
    answer = classify(AI_ACT, facts, ON, complete=True).as_json()
    got = (answer["category"], answer["articles"], answer["applies_from"], answer["human_oversight_required"])
    assert got == wanted


def test_the_support_agent_gets_its_notice_with_article_and_day():
    answer = classify(AI_ACT, STORY[0][0], date(2026, 8, 1), complete=True)
    (notice,) = answer.notices
    assert (notice.article, notice.who, notice.in_force) == ("Art 50(1)", "provider", False)
    assert "AI system" in notice.text
    assert classify(AI_ACT, STORY[0][0], date(2026, 8, 2), complete=True).notices[0].in_force is True


def test_obligations_tell_whether_they_are_in_force_on_the_day():
    facts = STORY[1][0]
    before = {
        one.obligation.id: one.in_force for one in classify(AI_ACT, facts, ON, complete=True).obligations
    }
    after = {
        one.obligation.id: one.in_force
        for one in classify(AI_ACT, facts, date(2027, 12, 2), complete=True).obligations
    }
    assert before["eu-ai-act/human-oversight"] is False
    assert after["eu-ai-act/human-oversight"] is True
    assert before["eu-ai-act/literacy"] is True


@pytest.mark.parametrize("key", sorted(AI_ACT.shortcuts))
def test_a_key_of_the_guide_is_never_minimal(key):
    for complete in (True, False):
        answer = classify(AI_ACT, {"use_case": key}, ON, complete=complete)
        assert answer.category not in (Category.MINIMAL, Category.LIMITED, Category.OUT_OF_SCOPE)


GUIDE = {
    "hipaa": ["data.accessed", "data.modified", "auth.granted", "auth.denied"],
    "gdpr": ["data.accessed", "data.modified", "data.deleted", "decision.made"],
    "soc2": ["auth.granted", "auth.denied", "policy.violated", "agent.error"],
    "pci-dss": ["data.accessed", "auth.granted", "auth.denied", "policy.violated"],
}
"""The guide's MANDATORY_AUDIT_EVENTS."""


@pytest.mark.parametrize("name", GUIDE)
def test_the_guides_mandatory_events_are_demanded(name):
    assert [one.kind for one in LOADED[name].logging] == [f"{kind}/1" for kind in GUIDE[name]]


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_knows_every_event_that_a_pack_demands(name):
    assert LOADED[name].logging or name in QUIET
    for demand in LOADED[name].logging:
        for one in (demand, *demand.also):
            check_known(one.kind)


def test_only_what_the_text_names_is_said_to_stand_in_it():
    stated = {one.id for name in NAMES for one in LOADED[name].logging if one.basis is Basis.TEXT}
    assert stated == {"ccpa/log-request", "ccpa/log-answer", "pci-dss/log-access", "pci-dss/log-denied"}


def test_the_events_of_the_ai_act_apply_with_its_third_chapter():
    assert {one.since.isoformat() for one in AI_ACT.logging} == {"2027-12-02"}
    assert {one.kind for one in AI_ACT.logging} <= set(AUDIT)


def test_a_crosswalk_leads_somewhere_else_and_never_promises_the_whole():
    ids = {one.id for pack in LOADED.values() for one in pack.obligations}
    for name, pack in LOADED.items():
        for walk in pack.crosswalks:
            assert walk.there in ids, walk
            assert not walk.there.startswith(f"{name}/"), walk
            assert walk.relation != "same", "two texts of two lawmakers are never the same"


def test_one_word_means_one_thing_in_every_pack():
    meant = {}
    for pack in LOADED.values():
        for word in pack.vocabulary.values():
            said = (word.kind, word.claim, word.means if word.name != "profiling" else "")
            assert meant.setdefault(word.name, said) == said or word.derived, word.name


def test_every_fact_of_a_pack_can_be_stated_in_a_manifest():
    known = set(manifests.schema()["properties"]["facts"]["properties"])
    for pack in LOADED.values():
        assert {word.name for word in pack.vocabulary.values() if not word.derived} <= known


def test_what_the_fact_base_remembers_is_marked_as_remembered():
    marks = {one.id: one.verified for pack in LOADED.values() for one in pack.obligations}
    assert marks["gdpr/requests-deadline"] is Verified.TEXT
    assert marks["gdpr/erasure"] is marks["hipaa/audit-controls"] is Verified.RECALL
    assert marks["pci-dss/unreadable"] is Verified.OFFICIAL
    assert marks["pci-dss/keyed-hash"] is Verified.SECONDARY


def test_contested_days_are_shown_in_both_readings():
    contested = [one for one in AI_ACT.obligations if one.verified is Verified.UNCERTAIN]
    assert {one.cite.split(",")[0] for one in contested} == {
        "Art 43", "Art 47", "Art 48", "Art 49(1)", "Art 49(2)", "Art 49(5)", "Art 72", "Art 73", "Art 86",
    }  # fmt: skip
    assert all(len(one.readings) == 2 and one.readings[0].in_force == date(2026, 8, 2) for one in contested)
    answer = classify(AI_ACT, STORY[1][0], ON, complete=True, role="provider").as_json()
    (found,) = [one for one in answer["obligations"] if one["id"] == "eu-ai-act/conformity-assessment"]
    assert [(one["since"], one["in_force"]) for one in found["readings"]] == [
        ("2026-08-02", True),
        ("2027-12-02", False),
    ]
    assert found["in_force"] is False


def test_fines_follow_from_what_is_owed():
    def fined(facts):
        return [one.cite for one in classify(AI_ACT, facts, ON, complete=True).penalties]

    assert fined(STORY[0][0]) == ["Art 99(4)", "Art 99(5)"]
    assert fined(STORY[2][0]) == ["Art 99(3)", "Art 99(5)"]
    assert fined({"function": "spam_filter", "provides_gpai_model": True}) == ["Art 99(5)", "Art 101(1)"]
    assert fined({"function": "rules"}) == []
