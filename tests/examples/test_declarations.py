"""Manifests, data map, record, roles and model files are readable, agree with each other and with the real shop."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ephor.adapters.manifests import read_manifest
from ephor.adapters.packs import BundledPacks
from ephor.adapters.strict_yaml import read
from ephor.examples.files import names, path
from ephor.examples.shop.database import create_shop
from ephor.examples.shop.recruiting import cv_rank
from ephor.examples.shop.shop import Shop
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.access.roles import STANDARD_ROLES, Permission, Role, custom_role
from ephor.rooms.dsr.datamap import parse_map
from ephor.rooms.impact.assessment import ImpactKind
from ephor.rooms.impact.assessment import missing as gaps
from ephor.rooms.impact.owing import screen_rights
from ephor.rooms.impact.parse import parse_assessment
from ephor.rooms.ropa.parse import parse_record
from ephor.rooms.ropa.record import missing

MANIFESTS = [name for name in names() if name.endswith("/ephor.yaml")]
YAMLS = [name for name in names() if name.endswith(".yaml")]
PROJECT = Path(__file__).parents[2]
FACTS = Path(os.environ.get("EPHOR_FACTS", PROJECT.parent / "shared" / "facts")) / "ai_act_questionnaire.yaml"


def load(name: str) -> Any:
    return yaml.safe_load(path(name).read_bytes())


def roles() -> dict[str, Role]:
    own = [
        custom_role(one["name"], one["permissions"], one["allowed_tools"], one["max_data_sensitivity"])
        for one in load("shop/roles.yaml")["roles"]
    ]
    return {**STANDARD_ROLES, **{role.id: role for role in own}}


def test_there_are_three_agents() -> None:
    assert MANIFESTS == [
        "recruiting-ranker/ephor.yaml",
        "support-assistant/ephor.yaml",
        "workplace-mood/ephor.yaml",
    ]


@pytest.mark.parametrize("name", YAMLS)
def test_plain_and_strict_yaml_read_the_same(name: str) -> None:
    assert read(path(name).read_bytes()) == load(name)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_speaks_the_agreed_words(name: str) -> None:
    manifest = load(name)
    assert manifest["schema"] == "ephor/1"
    assert manifest["id"] == name.split("/", maxsplit=1)[0]
    UseCase(manifest["use_case"])
    assert 1 <= manifest["autonomy"] <= 5
    ceiling = Sensitivity(manifest["data"]["sensitivity"])
    for tool in manifest["tools"]:
        Effect(tool["effect"])
        assert Sensitivity(tool["sensitivity"]) <= ceiling
        assert set(tool["data"]) <= set(manifest["data"]["categories"])
        assert [Permission(text).value for text in tool["permissions"]] == tool["permissions"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_agents_roles_grant_every_tool_it_declares(name: str) -> None:
    manifest, known = load(name), roles()
    held = [known[role] for role in manifest["roles"]]
    permissions = {permission.value for role in held for permission in role.permissions}
    for tool in manifest["tools"]:
        offering = [role for role in held if tool["name"] in role.allowed_tools]
        assert any(role.max_data_sensitivity >= Sensitivity(tool["sensitivity"]) for role in offering)
        assert set(tool["permissions"]) <= permissions


@pytest.mark.parametrize("name", MANIFESTS)
@pytest.mark.skipif(not FACTS.is_file(), reason="the questionnaire lies outside the project")
def test_the_facts_use_the_questionnaires_vocabulary(name: str) -> None:
    questions = yaml.safe_load(FACTS.read_text(encoding="utf-8"))["facts"]
    facts = load(name)["facts"]
    assert facts.pop("complete") is True
    for fact, value in facts.items():
        known = questions[fact].get("values", [True, False])
        assert all(one in known for one in (value if isinstance(value, list) else [value]))
    assert facts["subjects"] == load(name)["data"]["subjects"]


def test_the_support_agent_declares_real_tools_with_their_real_arguments(tmp_path: Path) -> None:
    tools = Shop(tmp_path / "shop.db", tmp_path).tools()
    for tool in load("support-assistant/ephor.yaml")["tools"]:
        known = inspect.signature(tools[tool["name"]]).parameters
        assert all(rule["argument"] in known for rule in tool["ask"])


def test_the_support_agent_does_not_declare_free_queries() -> None:
    manifest = load("support-assistant/ephor.yaml")
    assert "database_query" not in [tool["name"] for tool in manifest["tools"]]
    granted = {tool for role in manifest["roles"] for tool in roles()[role].allowed_tools}
    assert "database_query" not in granted
    assert "database_query" in roles()["analytics_agent"].allowed_tools


def test_the_recruiting_tool_exists_and_the_emotion_tool_does_not() -> None:
    assert [tool["name"] for tool in load("recruiting-ranker/ephor.yaml")["tools"]] == [cv_rank.__name__]
    (declared,) = (tool["name"] for tool in load("workplace-mood/ephor.yaml")["tools"])
    assert "must never run" in load("workplace-mood/ephor.yaml")["tools"][0]["description"]
    for name in (one for one in names() if one.endswith(".py")):
        module = importlib.import_module("ephor.examples." + name.removesuffix(".py").replace("/", "."))
        assert not hasattr(module, declared)
        assert declared not in path(name).read_text(encoding="utf-8")


def test_the_data_map_names_every_column_of_the_shop_and_no_other(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop.db")
    (dataset,) = load("shop/shop-map.yaml")["dataset"]
    mapped = {one["name"]: [field["name"] for field in one["fields"]] for one in dataset["collections"]}
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        real = {
            table: [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
            for table in tables
        }
    assert mapped == real


def test_the_subject_requests_room_accepts_the_data_map() -> None:
    assert len(parse_map(load("shop/shop-map.yaml")).collections) == 8


def test_the_data_maps_references_are_the_foreign_keys_of_the_shop(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop.db")
    mapped = set()
    for collection, field in fields():
        for reference in field.get("fides_meta", {}).get("references", []):
            assert reference["dataset"] == "shop"
            assert reference["direction"] == ("to" if reference["field"] == "addresses.id" else "from")
            mapped.add((collection, field["name"], reference["field"]))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        tables = {collection for collection, _ in fields()}
        keys = 'SELECT "from", "table" || \'.\' || "to" FROM pragma_foreign_key_list(?)'
        real = {(table, *row) for table in tables for row in connection.execute(keys, (table,))}
    assert mapped == real


def test_the_data_map_has_a_key_for_each_table_and_a_category_for_each_field() -> None:
    keys = [collection for collection, field in fields() if field.get("fides_meta", {}).get("primary_key")]
    assert sorted(keys) == sorted({collection for collection, _ in fields()})
    assert all(field["data_categories"] for _, field in fields())
    identities = {
        (collection, field["name"]): field["fides_meta"]["identity"]
        for collection, field in fields()
        if "identity" in field.get("fides_meta", {})
    }
    assert identities == {("customers", "email"): "email", ("emails", "recipient"): "email"}


def test_erasing_in_the_maps_order_breaks_no_reference(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop.db")
    (dataset,) = load("shop/shop-map.yaml")["dataset"]
    after = {
        one["name"]: {name.split(".")[1] for name in one.get("fides_meta", {}).get("erase_after", [])}
        for one in dataset["collections"]
    }
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        while after:
            ready = sorted(name for name, waits in after.items() if not waits & set(after))
            assert ready, "the order runs in a circle"
            for name in ready:
                connection.execute(f"DELETE FROM {name}")
                del after[name]


def fields() -> list[tuple[str, dict[str, Any]]]:
    (dataset,) = load("shop/shop-map.yaml")["dataset"]
    return [(one["name"], field) for one in dataset["collections"] for field in one["fields"]]


def test_the_record_of_processing_lacks_nothing_and_covers_the_manifest() -> None:
    record = parse_record(load("shop/ropa.yaml"))
    assert missing(record) == ()
    manifest = load("support-assistant/ephor.yaml")
    assert record.agents == (manifest["id"],)
    assert sorted(record.categories) == sorted(manifest["data"]["categories"])
    assert list(record.subjects) == manifest["data"]["subjects"]


def test_the_manifests_data_map_is_where_it_says() -> None:
    (store,) = load("support-assistant/ephor.yaml")["data_stores"]
    assert os.path.normpath(f"support-assistant/{store['data_map']}") == "shop/shop-map.yaml"


def test_the_model_is_the_one_the_manifest_names_and_its_results_reach_the_thresholds() -> None:
    model, validation = load("models/shop-support-llm.yaml"), load("models/shop-support-llm-validation.yaml")
    assert load("support-assistant/ephor.yaml")["models"] == [model["model_id"]] == [validation["model_id"]]
    assert model["model_id"] == f"{model['name']}@{model['version']}"
    assert load("support-assistant/ephor.yaml")["use_case"] in model["use_cases"]
    assert validation["validated_by"] != model["owner"]
    results = validation["validation_results"]
    assert set(results) == set(model["validation_thresholds"])
    for metric, bound in model["validation_thresholds"].items():
        assert results[metric] >= bound.get("at_least", 0)
        assert results[metric] <= bound.get("at_most", 10_000)


@pytest.mark.parametrize("name", YAMLS)
def test_no_file_names_a_real_address(name: str) -> None:
    for address in re.findall(r"[\w.+-]+@[\w-]+\.[a-z]+", path(name).read_text(encoding="utf-8")):
        assert address.endswith(("@example.org", "@example.com", "@example.net"))


@pytest.mark.parametrize("kind", list(ImpactKind))
def test_the_impact_assessments_lack_nothing_and_are_of_agents_that_need_them(kind: ImpactKind) -> None:
    given = parse_assessment(kind, load(f"shop/{kind.value}.yaml"))
    assert not gaps(kind, given.content)
    assert all(one.residual.score < one.inherent.score for one in given.content.risks if one.residual)


def test_the_credit_checker_needs_an_assessment_of_fundamental_rights_and_has_real_tools(
    tmp_path: Path,
) -> None:
    manifest = read_manifest(path("shop/credit-checker.yaml").read_bytes(), "credit-checker.yaml")
    assert parse_assessment(ImpactKind.FRIA, load("shop/fria.yaml")).agent == manifest.id
    found = screen_rights(BundledPacks().load("eu-ai-act"), manifest, date(2027, 12, 2))
    assert (found.required, found.because) == (True, "the class is high")
    assert {tool.name for tool in manifest.tools} <= set(Shop(tmp_path / "shop.db", tmp_path).tools())
    held = [roles()[role] for role in manifest.roles]
    assert all(any(tool.name in role.allowed_tools for role in held) for tool in manifest.tools)
