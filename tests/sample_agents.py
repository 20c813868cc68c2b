"""A manifest that tests change one thing of, as a record and as a file."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.agents.agent import Agent, new_agent
from ephor.rooms.agents.manifest import (
    AskRule,
    DataStore,
    DataUse,
    Disclosure,
    Manifest,
    OperatorRole,
    Oversight,
    Tool,
)

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)

LOOKUP = Tool(
    name="customer_lookup",
    effect=Effect.READ,
    sensitivity=Sensitivity.CONFIDENTIAL,
    description="Reads one customer's record.",
    data=("contact", "orders"),
    permissions=("data:pii:read", "tool:database:execute"),
    reveals=("email",),
)
REFUND = Tool(
    name="refund",
    effect=Effect.EXTERNAL,
    sensitivity=Sensitivity.INTERNAL,
    ask=(AskRule(argument="amount_cents", above=5000),),
)
SUPPORT = Manifest(
    id="support-assistant",
    name="Support Assistant",
    owner="eve",
    purpose="Answers customers' questions about their orders.",
    use_case=UseCase.CUSTOMER_SERVICE,
    operator_role=OperatorRole.DEPLOYER,
    autonomy=3,
    data=DataUse(Sensitivity.CONFIDENTIAL, ("contact", "orders"), ("customers",)),
    tools=(LOOKUP, REFUND),
    models=("claude-support@2026-10",),
    roles=("customer_service_agent",),
    data_stores=(DataStore("shop", "sqlite", "shop.db", "shop-map.yaml"),),
    jurisdictions=("DE", "NO"),
    oversight=Oversight(("ola",), "Operators watch the inbox.", "ephor agents suspend support-assistant"),
    disclosure=Disclosure(True, "You are talking to an AI system."),
    facts={"complete": True, "domain": "customer_service", "subjects": ("customers",)},
)

TEXT = """\
# The support agent of the shop.
schema: ephor/1
id: support-assistant
name: Support Assistant
owner: eve
purpose: Answers customers' questions about their orders.
use_case: customer_service
operator_role: deployer
autonomy: 3
models: [claude-support@2026-10]
roles: [customer_service_agent]
tools:
  - name: customer_lookup
    description: Reads one customer's record.
    effect: read
    sensitivity: confidential
    data: [contact, orders]
    permissions: [data:pii:read, tool:database:execute]
    reveals: [email]
  - name: refund
    effect: external
    sensitivity: internal
    ask:
      - {argument: amount_cents, above: 5000}
data:
  categories: [contact, orders]
  sensitivity: confidential
  subjects: [customers]
data_stores:
  - {name: shop, kind: sqlite, location: shop.db, data_map: shop-map.yaml}
jurisdictions: [DE, NO]
oversight: {people: [ola], means: Operators watch the inbox., stop: ephor agents suspend support-assistant}
disclosure: {tells_people: true, notice: You are talking to an AI system.}
facts:
  complete: true
  domain: customer_service
  subjects: [customers]
"""


def support(**other: Any) -> Manifest:
    """Return the sample with some fields changed."""
    return dataclasses.replace(SUPPORT, **other)


def agent(**other: Any) -> Agent:
    """Return the sample as a draft with some fields changed."""
    return dataclasses.replace(new_agent(SUPPORT, by="eve", at=AT), **other)
