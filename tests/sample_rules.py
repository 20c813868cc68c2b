"""An agent, a tool and rules about them; tests change one thing of either."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.agents.manifest import Argument, ArgumentType, Manifest
from ephor.rooms.policies.book import Book, book_of, slice_of
from ephor.rooms.policies.check_rules import Catalogue, CatalogueTool
from ephor.rooms.policies.rule import RuleSet, SetStatus
from ephor.rooms.policies.rule_schema import AgentFacts, ToolFacts
from ephor.rooms.policies.rulings import CallFacts, Ruling, rule_on
from sample_agents import LOOKUP, REFUND
from sample_plane import manifest

AT = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)  # a Friday
BOT = AgentFacts("bot", "eve", "customer_service", 3, "limited", ("clerk",), ("llm",), ("DE",))
REFUNDING = ToolFacts(
    "refund",
    "external",
    "internal",
    ("orders",),
    ("data:financial:write",),
    (
        ("amount", "integer"),
        ("fast", "boolean"),
        ("items", "integers"),
        ("price", "number"),
        ("reason", "string"),
        ("tags", "strings"),
    ),
)
LOOKING = ToolFacts("lookup", "read", "confidential", ("contact",))
CATALOGUE = Catalogue(
    {
        "refund": CatalogueTool(dict(REFUNDING.arguments), frozenset({"bot"})),
        "lookup": CatalogueTool({}, frozenset({"bot", "scout"})),
    },
    {"bot": frozenset({"clerk"}), "scout": frozenset()},
    frozenset({"clerk", "auditing"}),
)
ALL = "permit(principal, action, resource);\n"


def book(*texts: str) -> Book:
    """Return the book of one set for each text."""
    return book_of(
        RuleSet(f"set{number}@1", f"set{number}", 1, SetStatus.ACTIVE, text, "", "ada", AT)
        for number, text in enumerate(texts)
    )


def facts(arguments: dict[str, Any] | None = None, **other: Any) -> CallFacts:
    """Return a call as rules see it."""
    return CallFacts(**{"arguments": arguments or {}, "at": AT, "sensitivity": Sensitivity.INTERNAL, **other})


def ruling(text: str, arguments: dict[str, Any] | None = None, **other: Any) -> Ruling:
    """Return what rules say of a call of `refund` by `bot`."""
    return rule_on(slice_of(book(text), BOT, REFUNDING), facts(arguments, **other))


def typed(**other: Any) -> Manifest:
    """Return the sample's manifest with the types of its tools' arguments."""
    amount = (Argument("amount_cents", ArgumentType.INTEGER), Argument("note", ArgumentType.STRING))
    looked = (Argument("id", ArgumentType.INTEGER),)
    tools = (dataclasses.replace(LOOKUP, arguments=looked), dataclasses.replace(REFUND, arguments=amount))
    return manifest(**{"tools": tools, **other})
