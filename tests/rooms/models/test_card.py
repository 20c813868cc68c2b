"""Model cards: every field of the guide's is there, gaps are gaps, and no text escapes from where it stands."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.card import GUIDE_FIELDS, CardFacts, Source, make_card
from ephor.rooms.models.card_huggingface import front_matter, quoted, to_huggingface
from ephor.rooms.models.card_markdown import CHAPTERS, GAP, UNMEASURED, plain, to_markdown
from ephor.rooms.models.card_texts import LISTS, TEXTS, CardStatement, read_texts
from ephor.rooms.models.register import read_registration
from ephor.rooms.models.validation import read_validation, record_validation

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
GIVEN = {
    "name": "llm", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve",
    "use_cases": ["customer_service"], "risk_tier": "low",
    "validation_thresholds": {"accuracy": {"at_least": 0.9}, "toxicity": {"at_most": 0.1}},
}  # fmt: skip
MODEL = read_registration(GIVEN, by="ada", at=AT)
RESULTS = {
    "validation_date": "2026-11-20",
    "dataset": "held-out",
    "sample_size": 400,
    "validation_results": {"accuracy": 0.95},
}
EVERYTHING = {
    **{name: f"text of {name}" for name in TEXTS if name != "release_date"}, "release_date": "2026-10",
    **{name: [f"first of {name}", f"second of {name}"] for name in LISTS},
    "evaluation_metrics": {"bleu": "0.31"}, "performance_by_group": {"language: nb": {"accuracy": "0.91"}},
}  # fmt: skip


def said(given, id="stm_1", by="eve"):
    read = read_texts(given)
    return CardStatement(id, MODEL.id, read.texts, read.lists, read.metrics, read.groups, by, AT)


def validated(model=MODEL):
    return record_validation(model, read_validation(RESULTS, model, by="val", at=AT))


def test_the_guides_fields_are_all_there_and_in_its_order():
    assert GUIDE_FIELDS == (
        "model_name", "model_version", "model_type", "developer", "release_date", "primary_uses", "primary_users",
        "out_of_scope_uses", "training_data_description", "training_data_size", "preprocessing_steps", "evaluation_metrics",
        "evaluation_datasets", "performance_by_group", "potential_harms", "mitigations", "bias_evaluation",
        "known_limitations", "failure_modes", "usage_recommendations", "monitoring_recommendations",
    )  # fmt: skip
    shown = [name for _, named in CHAPTERS for name, _ in named]
    assert set(GUIDE_FIELDS) - set(shown) == {"model_name", "model_version"}


def test_no_field_is_dropped_when_the_card_is_written_out():
    text = to_markdown(make_card(CardFacts(MODEL, [said(EVERYTHING)])))
    told = [*EVERYTHING["training_data_description"].split("\n"), "0.31", "language: nb", "0.91"]
    told += [plain(EVERYTHING[name]) for name in TEXTS] + [
        plain(item) for name in LISTS for item in EVERYTHING[name]
    ]
    assert [one for one in told if one not in text] == []
    assert GAP not in text
    assert UNMEASURED not in text


def test_what_nobody_said_is_a_gap_and_never_empty():
    card = make_card(CardFacts(MODEL))
    assert card.gaps == tuple(name for name in GUIDE_FIELDS if getattr(card, name) is None)
    assert {"primary_users", "potential_harms", "evaluation_metrics", "release_date"} <= set(card.gaps)
    text = to_markdown(card)
    assert text.count(GAP) + text.count(UNMEASURED) == len(card.gaps)
    assert "model-index" not in "\n".join(front_matter(card))


def test_figures_come_from_the_newest_validation_and_stated_ones_are_called_so():
    card = make_card(CardFacts(validated(), [said({"evaluation_metrics": {"accuracy": 0.99, "bleu": 0.3}})]))
    assert card.evaluation_metrics == {"accuracy": "0.95", "accuracy (stated)": "0.99", "bleu": "0.3"}
    assert card.stated_metrics == ("accuracy (stated)", "bleu")
    text = to_markdown(card)
    assert "| accuracy | 0.95 | passed: accuracy is 0.95, within its threshold |" in text
    assert "| bleu | 0.3 | only stated, not validated here |" in text
    assert f"| toxicity | {UNMEASURED} | FAILED: toxicity was not measured |" in text
    assert card.evaluation_datasets == ("held-out, 400 samples",)
    assert {one.source for one in card.origins["evaluation_metrics"]} == {Source.VALIDATION, Source.STATEMENT}


def test_the_newest_statement_holds_for_the_fields_it_fills_and_no_others():
    first = said({"primary_users": ["staff"], "failure_modes": ["loops"]})
    second = said({"primary_users": ["customers"]}, "stm_2", by="ada")
    card = make_card(CardFacts(MODEL, [first, second]))
    assert (card.primary_users, card.failure_modes) == (("customers",), ("loops",))
    assert [one.by for one in card.origins["primary_users"]] == ["ada"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "nothing is said"),
        ({"developer": "us"}, "registration's field `provider`"),
        ({"model_name": "other"}, "registration's field `name`"),
        ({"harms": ["x"]}, "unknown field `harms`"),
        ({"primary_users": "staff"}, "not a list"),
        ({"primary_users": []}, "empty list"),
        ({"primary_users": ["a\x1b[2Jb"]}, "invisible character U\\+001B"),
        ({"bias_evaluation": " "}, "empty"),
        ({"training_data_size": 12}, "put it in quotes"),
        ({"release_date": "soon"}, "no day"),
        ({"evaluation_metrics": {"accuracy": "good"}}, "not a number"),
        ({"performance_by_group": {"women": 3}}, "not a mapping"),
        ({"known_limitations": ["x"] * 201}, "more than 200 items"),
        ({"bias_evaluation": "x" * 10_001}, "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused_with_the_field(given, told):
    with pytest.raises(InvalidInputError, match=told):
        read_texts(given)


HOSTILE = [
    "---", "---\nlicense: mit", "a: b", "- item", "# heading", "## Registry", "*/", "<script>alert(1)</script>",
    "[x](javascript:alert(1))", "![x](http://example.com/y.png)", "| cell | cell |", "`code`", "```\nfence", "&lt;", "**bold**",
    "!!python/object:os.system", "&anchor", "*alias", "yes", "no", "1.0", "null", "{a: b}", "\\", '"', "' or", "\u0085", "1. one",
    "é😀", "%TAG", "@at", "~~~", "$x$", "trailing \\", "_a_", "~", "+ plus", "=== under", "> quote",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text_in_the_front_matter(text):
    read = yaml.safe_load(f"key: {quoted(text)}\nlist:\n- {quoted(text)}\nnext: 1")
    assert read == {"key": text, "list": [text], "next": 1}
    assert "\n" not in quoted(text)


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_stays_itself_in_the_front_matter(text):
    if not any("\ud800" <= one <= "\udfff" for one in text):
        assert yaml.safe_load(f"- {quoted(text)}") == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_begins_nothing_in_markdown(text):
    fields = dict.fromkeys(("training_data_description", "bias_evaluation", "license"), text)
    usable = {name: [text] for name in LISTS} | fields
    try:
        card = make_card(CardFacts(MODEL, [said(usable)]))
    except InvalidInputError:
        assert text == "\u0085"  # a control character is refused before
        return
    written = to_huggingface(card)
    body = written.split("\n---\n", 1)[1]
    plainest = make_card(CardFacts(MODEL, [said({name: ["x"] if name in LISTS else "x" for name in usable})]))
    harmless = to_markdown(plainest)
    for mark in (
        r"^#{1,6} ",
        r"^---",
        r"^```",
        r"^~~~",
        r"^\|",
        r"(?<!\\)\[(?!not )",
        r"(?<!\\)<(?!/?small>)",
        r"(?<!\\)`",
        r"^> ",
        r"^==",
    ):
        assert len(re.findall(mark, body, re.M)) == len(re.findall(mark, harmless, re.M)), (mark, text)
    assert re.findall(r"(?m)^---$", written) == ["---", "---"]


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_plain_text_ends_no_cell_and_opens_no_tag(text):
    shown = plain(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`\[]", shown)


def test_the_front_matter_says_what_is_known_and_no_more():
    statement = said(
        {"license": "MIT", "languages": ["de", "no", "klingon!"], "base_models": ["org/base", "http://x y"]}
    )
    card = make_card(CardFacts(validated(), [statement]))
    read = yaml.safe_load("\n".join(front_matter(card)))
    assert (read["license"], read["language"], read["base_model"]) == ("mit", ["de", "no"], ["org/base"])
    (result,) = read["model-index"][0]["results"]
    assert result["dataset"] == {"type": "held-out", "name": "held-out"}
    assert result["metrics"] == [{"type": "accuracy", "value": 0.95, "name": "accuracy"}]
    other = yaml.safe_load(
        "\n".join(front_matter(make_card(CardFacts(MODEL, [said({"license": "Ours, v1"})]))))
    )
    assert (other["license"], other["license_name"]) == ("other", "ours-v1")


def test_the_same_facts_give_the_same_card():
    facts = CardFacts(validated(), [said(EVERYTHING)])
    assert to_huggingface(make_card(facts)) == to_huggingface(make_card(replace(facts)))
