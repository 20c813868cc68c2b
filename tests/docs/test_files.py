"""The examples on the page of files are what Ephor reads."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ephor.adapters import strict_yaml
from ephor.adapters.packs import BundledPacks
from ephor.engine.regulation import AI_ACT, Law
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.access.roles import custom_role, read_role
from ephor.rooms.decisions.catalogue import read_entry
from ephor.rooms.dsr.datamap import parse_map
from ephor.rooms.impact.assessment import ImpactKind
from ephor.rooms.impact.parse import _FIELDS, parse_assessment
from ephor.rooms.models.drift import observe
from ephor.rooms.models.register import read_registration
from ephor.rooms.models.validation import read_validation
from ephor.rooms.policies.limits import read_limit
from ephor.rooms.policies.sequences import read_rule
from ephor.rooms.retention.schedule import _BINDING, _POLICY, _RULE, _TOP, parse_schedule
from ephor.rooms.ropa.parse import parse_record

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "files.md").read_text(encoding="utf-8")
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def example(heading):
    """Return the one example under a heading of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return strict_yaml.read(block.encode())


@pytest.fixture
def model():
    return read_registration(example("Model registration"), by="ada", at=AT)


def test_the_example_of_a_model_can_be_registered(model):
    assert model.id == "shop-support-llm@2026-10"


def test_the_example_of_results_passes_that_models_thresholds(model):
    assert read_validation(example("Validation results"), model, by="val", at=AT).passed


def test_the_example_of_a_day_is_held_against_that_models_baseline(model):
    report = observe(model, example("Drift"))
    assert report.drifted is False
    assert [one.observed for one in report.metrics] == ["9100", "9890"]


def test_the_example_of_a_data_map_can_be_read():
    read = parse_map(example("Data map"))
    assert str(read.get("shop.customers").erase_after[0]) == "shop.cards"


def test_the_example_of_a_record_of_processing_can_be_read():
    assert parse_record(example("Record of processing")).id == "shop-customer-support"


def test_the_example_of_a_schedule_can_be_read_and_every_key_is_told():
    assert parse_schedule(example("Retention schedule")).policies
    section = PAGE.split("\n## Retention schedule\n")[1].split("\n## ")[0]
    for key in {*_TOP, *_RULE, *_POLICY, *_BINDING}:
        assert re.search(rf"`([^`]*\.)?{key}(\[\])?`|`[^`]*\.?{key}(\[\])?[.`]", section), key


def test_the_examples_of_impact_assessments_can_be_read_and_every_key_is_told():
    section = PAGE.split("\n## Impact assessments\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```yaml\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    for kind, block in zip(ImpactKind, blocks, strict=True):
        assert parse_assessment(kind, strict_yaml.read(block.encode())).content.risks
        for key in _FIELDS[kind]:
            assert f"`{key}`" in section, key


def test_the_example_of_roles_makes_roles():
    roles = [
        custom_role(one["name"], one["permissions"], one["allowed_tools"], one["max_data_sensitivity"])
        for one in example("Roles")["roles"]
    ]
    assert [role.id for role in roles] == ["refund_clerk", "recruiting_clerk", "mood_reader"]


@pytest.mark.parametrize(
    "key", ["name", "version", "provider", "model_type", "owner", "use_cases", "risk_tier"]
)
def test_what_the_page_calls_required_of_a_model_is(key):
    given = {name: value for name, value in example("Model registration").items() if name != key}
    given.pop("model_id")
    with pytest.raises(InvalidInputError):
        read_registration(given, by="ada", at=AT)


@pytest.mark.parametrize(("key", "required"), [("validation_date", True), ("dataset", True), ("validation_results", True),
                                               ("sample_size", False), ("expires", False), ("model_id", False)])  # fmt: skip
def test_what_the_page_calls_required_of_results_is(model, key, required):
    given = {name: value for name, value in example("Validation results").items() if name != key}
    if required:
        with pytest.raises(InvalidInputError):
            read_validation(given, model, by="val", at=AT)
    else:
        assert read_validation(given, model, by="val", at=AT).passed


def facts_page():
    return (REFERENCE / "facts.md").read_text(encoding="utf-8")


def test_the_example_of_facts_has_a_class():
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", facts_page(), re.DOTALL | re.MULTILINE)
    given = strict_yaml.read(block.encode())
    found = Law(BundledPacks()).classify(given["facts"], date(2026, 11, 24), role=given["operator_role"])
    assert found.category.value == "limited"


def test_every_fact_and_every_word_of_the_pack_is_on_the_page():
    page = facts_page()
    for one in BundledPacks().load(AI_ACT).vocabulary.values():
        if not one.derived:
            assert f"| `{one.name}` |" in page
            assert all(f"`{value}`" in page for value in one.values), one.name


def test_a_shortcut_stands_for_facts_where_the_page_says_so():
    found = Law(BundledPacks()).classify({"use_case": "credit_scoring"}, date(2026, 11, 24))
    assert "function" not in found.missing_facts


@pytest.mark.parametrize(
    ("heading", "key", "read"),
    [
        ("Roles", "roles", read_role),
        ("Limits", "limits", read_limit),
        ("Sequences", "sequences", read_rule),
        ("Tools", "tools", read_entry),
    ],
)
def test_the_examples_of_what_is_laid_down_are_read(heading, key, read):
    found = [read(one) for one in example(heading)[key]]
    assert found
    assert len({one.id for one in found}) == len(found)
