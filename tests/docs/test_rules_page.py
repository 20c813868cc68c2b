"""The examples on the page about rules are rules that can be loaded, and do what the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ephor.adapters import strict_yaml
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.policies.book import book_of, slice_of
from ephor.rooms.policies.cases import judge_case, read_cases, with_sensitivity
from ephor.rooms.policies.check_rules import Catalogue, CatalogueTool, check_rules
from ephor.rooms.policies.rule import RuleSet, SetStatus
from ephor.rooms.policies.rule_schema import AgentFacts, ToolFacts
from ephor.rooms.policies.rulings import CallFacts, rule_on

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```cedar\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
AGENT = AgentFacts("support-assistant", "eve", "customer_service", 3, "limited", ("customer_service_agent",))
TOOLS = {
    "refund_issue": ToolFacts(
        "refund_issue", "external", "confidential", (), (),
        (("amount_cents", "integer"), ("order_id", "integer"), ("reason", "string")),
    ),
    "email_send": ToolFacts("email_send", "external", "confidential", ("contact",), (), (("to", "string"),)),
    "customer_lookup": ToolFacts("customer_lookup", "read", "confidential", ("contact",)),
    "ticket_management": ToolFacts("ticket_management", "write", "confidential"),
}  # fmt: skip
CATALOGUE = Catalogue(
    {name: CatalogueTool(dict(tool.arguments), frozenset({AGENT.id})) for name, tool in TOOLS.items()},
    {AGENT.id: frozenset(AGENT.roles)},
    frozenset(AGENT.roles),
)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def answer(number: int, tool: str, **other: object) -> str:
    facts = CallFacts(**{"arguments": {}, "at": NOON, "sensitivity": Sensitivity.CONFIDENTIAL, **other})  # type: ignore[arg-type]
    book = book_of([RuleSet("page@1", "page", 1, SetStatus.ACTIVE, EXAMPLES[number], "", "", NOON)])
    return rule_on(slice_of(book, AGENT, TOOLS[tool]), facts).outcome


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_can_be_loaded(text: str) -> None:
    assert [one for one in check_rules(text, CATALOGUE)[1] if one.refused] == []


def test_the_examples_do_what_the_page_says() -> None:
    assert answer(0, "refund_issue", arguments={"amount_cents": 2000}) == "allow"
    assert answer(0, "refund_issue", arguments={"amount_cents": 2001}) == "ask"
    assert answer(1, "email_send") == "allow"
    assert answer(1, "email_send", at=NOON.replace(hour=20)) == "deny"
    assert answer(1, "email_send", at=NOON.replace(day=28)) == "deny"
    assert answer(1, "customer_lookup", at=NOON.replace(hour=20)) == "allow"
    read = frozenset({"data:contact"})
    assert answer(2, "email_send", labels=read, session="s", arguments={"to": "x@else.example"}) == "ask"
    assert answer(2, "email_send", arguments={"to": "x@else.example"}) == "ask"
    assert answer(2, "email_send", labels=read, arguments={"to": "x@shop.example"}) == "allow"
    assert answer(2, "email_send", session="s", arguments={"to": "x@else.example"}) == "allow"
    assert answer(3, "customer_lookup", depth=1) == "allow"
    assert answer(3, "customer_lookup", depth=1, sensitivity=Sensitivity.RESTRICTED) == "deny"
    assert answer(3, "customer_lookup", depth=2) == "deny"
    assert answer(4, "customer_lookup", purpose="support") == "allow"
    assert answer(4, "customer_lookup") == "deny"
    assert answer(4, "refund_issue") == "ask"
    assert answer(4, "email_send") == "deny"


def test_the_cases_on_the_page_pass() -> None:
    (block,) = [
        one for one in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) if "cases:" in one
    ]
    book = book_of([RuleSet("page@1", "page", 1, SetStatus.ACTIVE, EXAMPLES[0], "", "", NOON)])
    for case in read_cases(strict_yaml.read(block.encode())):
        ready = slice_of(book, AGENT, TOOLS[case.tool])
        assert judge_case(case, rule_on(ready, with_sensitivity(case, Sensitivity.CONFIDENTIAL))).passed
