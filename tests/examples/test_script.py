"""The support agent's scripted work fits the shop it runs on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ephor.examples.files import path
from ephor.examples.shop.database import ShopError, create_shop
from ephor.examples.shop.script import AGENT, CUSTOMER, CUSTOMER_EMAIL, STEPS, Step
from ephor.examples.shop.shop import Shop

MANIFEST = yaml.safe_load(path(f"{AGENT}/ephor.yaml").read_bytes())
BY_NAME = {step.name: step for step in STEPS}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    create_shop(tmp_path / "shop.db")
    return Shop(tmp_path / "shop.db", tmp_path / "outbox")


def run(shop: Shop, step: Step) -> None:
    shop.tools()[step.tool](**step.arguments)


def test_steps_have_names_of_their_own_and_say_why() -> None:
    assert len(BY_NAME) == len(STEPS)
    assert all(step.because and step.expected in ("allow", "ask", "deny") for step in STEPS)


def test_what_is_allowed_or_approved_runs_and_nothing_else_does() -> None:
    for step in STEPS:
        assert step.runs == (step.expected == "allow" or bool(step.approver))


def test_every_step_that_runs_succeeds_in_the_real_shop(shop: Shop) -> None:
    for step in STEPS:
        if step.runs:
            run(shop, step)
    assert shop.database_query("SELECT order_id, amount_cents FROM refunds ORDER BY id DESC LIMIT 2")[
        "rows"
    ] == [
        [1071, 18900],
        [1072, 2500],
    ]
    assert [file.name for file in shop.outbox.iterdir()] == ["0001.eml"]


def test_the_shop_itself_would_do_what_only_the_plane_stops(shop: Shop) -> None:
    for step in STEPS:
        run(shop, step)
    with pytest.raises(ShopError, match="more than"):
        shop.refund_issue(1071, 19_900)


def test_the_manifest_asks_for_exactly_the_steps_that_expect_it() -> None:
    tools = {tool["name"]: tool for tool in MANIFEST["tools"]}
    for step in STEPS:
        rules = tools.get(step.tool, {"ask": []})["ask"]
        amounts = [(step.arguments[rule["argument"]], rule["above"]) for rule in rules]
        assert any(amount > above for amount, above in amounts) == (step.expected == "ask")


def test_the_tool_outside_the_role_is_not_declared() -> None:
    assert BY_NAME["outside-role"].tool not in [tool["name"] for tool in MANIFEST["tools"]]


def test_the_changed_call_differs_from_the_approved_one_by_its_amount_only() -> None:
    changed = BY_NAME["changed-amount"]
    approved = BY_NAME[changed.reuses]
    assert approved.approver
    assert changed.tool == approved.tool
    assert {**changed.arguments, "amount_cents": approved.arguments["amount_cents"]} == approved.arguments
    assert changed.arguments != approved.arguments


def test_nothing_runs_after_the_suspension_though_each_call_ran_before() -> None:
    start = next(number for number, step in enumerate(STEPS) if step.after == "suspend")
    before = [step.tool for step in STEPS[:start] if step.runs]
    assert len(STEPS[start:]) >= 2
    for step in STEPS[start:]:
        assert (step.expected, step.runs) == ("deny", False)
        assert step.tool in before


def test_the_customer_of_the_story_is_in_every_table(shop: Shop) -> None:
    assert shop.customer_lookup(CUSTOMER)["email"] == CUSTOMER_EMAIL
    for table, where in {
        "cards": "customer_id = 7",
        "orders": "customer_id = 7",
        "tickets": "customer_id = 7",
        "emails": "customer_id = 7",
        "order_items": "order_id IN (SELECT id FROM orders WHERE customer_id = 7)",
        "refunds": "order_id IN (SELECT id FROM orders WHERE customer_id = 7)",
    }.items():
        assert shop.database_query(f"SELECT count(*) > 0 FROM {table} WHERE {where}")["rows"] == [[1]]
