"""The ceiling once more, written from the prose of product.md and runtime.md and sharing no rule with the real one.

It knows one word of answer and no reasons: "deny" as soon as anything speaks against the call, "ask" if a person must
look, else "allow". It works on what was said (a manifest, roles, records), not on what was compiled from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

RANKS = {"public": 0, "internal": 1, "confidential": 2, "restricted": 3}
NEEDED = {"read": 1, "write": 2, "external": 3, "irreversible": 4}
ALLOWED_DATA = {
    "customer_service": ["public", "internal", "confidential"],
    "content_generation": ["public", "internal"],
    "code_generation": ["public", "internal", "confidential"],
    "decision_support": ["public", "internal"],
    "autonomous_action": ["public"],
}
CEILINGS = {
    "customer_service": 3,
    "content_generation": 3,
    "code_generation": 2,
    "decision_support": 2,
    "autonomous_action": 4,
}
PERSON_LOOKS = ["code_generation", "decision_support", "autonomous_action"]


@dataclass
class World:
    """Everything that is true when the call is made, in plain words."""

    registered: bool = True
    status: str = "active"
    approved_until: datetime | None = None
    approval_names_todays_manifest: bool = True
    category: str | None = "limited"
    signed: bool = True
    """Whether a reviewer signed the class off."""
    use_case: str = "customer_service"
    autonomy: int = 3
    policy_denies_above: bool = False
    """Whether the organisation's policy denies, and does not ask, above its ceiling of autonomy."""
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    """name -> effect, sensitivity, permissions, ask"""
    roles: list[str] = field(default_factory=list)
    known_roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    """name -> permissions, tools, ceiling"""
    models: dict[str, list[str]] = field(default_factory=dict)
    consent_purposes: list[str] = field(default_factory=list)
    other_purposes: list[str] = field(default_factory=list)
    subject: dict[str, Any] | None = None
    """restricted, consent, against, opted_out, listed"""
    delegation: dict[str, Any] | None = None
    """agent, purpose, problems, permissions, tools, ceiling, chain, person"""
    catalogue: dict[str, dict[str, Any]] = field(default_factory=dict)
    """name -> effect, sensitivity, permissions, ask, approvers, data"""
    rules: list[dict[str, Any]] = field(default_factory=list)
    """after, effects, tools, then"""
    labels: list[str] | None = None
    """What the call's session has touched; None where nobody knows."""
    limits: list[dict[str, Any]] = field(default_factory=list)
    """name, measure, most, per, agent, tool, delegation, argument, scale"""
    used: dict[str, int] = field(default_factory=dict)
    """What is used of each limit."""
    stopped: list[str] = field(default_factory=list)
    """What somebody stopped: "all", or the name of the agent, a tool or a model."""


def naive(world: World, call: dict[str, Any], now: datetime) -> str:
    """Return "deny", "ask" or "allow"."""
    if not agent_may_act(world, now) or not models_agree(world, call) or is_stopped(world, call):
        return "deny"
    if call.get("subject") and not person_agrees(world, call):
        return "deny"
    if call["tool"] not in world.tools:
        return "deny"
    tool = both_descriptions(world.tools[call["tool"]], world.catalogue.get(call["tool"]))
    sensitivity = tool["sensitivity"]
    if call.get("sensitivity") and RANKS[call["sensitivity"]] > RANKS[sensitivity]:
        sensitivity = call["sensitivity"]
    if (
        not roles_agree(world, call["tool"], tool, sensitivity)
        or sensitivity not in ALLOWED_DATA[world.use_case]
    ):
        return "deny"
    if world.policy_denies_above and NEEDED[tool["effect"]] > CEILINGS[world.use_case]:
        return "deny"
    if call.get("on_behalf_of") and not delegation_agrees(world, call, tool, sensitivity):
        return "deny"
    before = what_may_follow(world, call, tool)
    if before == "deny" or not all(something_left(world, call, limit) for limit in world.limits):
        return "deny"
    return "ask" if before == "ask" or person_must_look(world, call, tool) else "allow"


def is_stopped(world: World, call: dict[str, Any]) -> bool:
    """Somebody stopped everything, the agent, this tool, or a model that may be the one that asks."""
    asking = [call["model"]] if call.get("model") else list(world.models)
    return any(one in world.stopped for one in ["all", "bot", call["tool"], *asking])


def both_descriptions(tool: dict[str, Any], entry: dict[str, Any] | None) -> dict[str, Any]:
    """The stricter of what the manifest and the catalogue say."""
    if entry is None:
        return tool
    asked = list(entry["ask"])
    if entry["approvers"] and not asked:
        asked = ["always"]
    return {
        "effect": max([tool["effect"], entry["effect"]], key=lambda one: NEEDED[one]),
        "sensitivity": max([tool["sensitivity"], entry["sensitivity"]], key=lambda one: RANKS[one]),
        "permissions": tool["permissions"] + entry["permissions"],
        "ask": tool["ask"] + asked,
    }


def what_may_follow(world: World, call: dict[str, Any], tool: dict[str, Any]) -> str:
    """The strongest that any sequence rule about this act says; one whose session nobody knows may follow anything."""
    said = ["allow"]
    for rule in world.rules:
        about_all = not rule["effects"] and not rule["tools"]
        about = about_all or tool["effect"] in rule["effects"] or call["tool"] in rule["tools"]
        unknown = world.labels is None or not call.get("session")
        if about and (unknown or set(rule["after"]) <= set(world.labels or [])):
            said.append(rule["then"])
    return "deny" if "deny" in said else "ask" if "ask" in said else "allow"


def something_left(world: World, call: dict[str, Any], limit: dict[str, Any]) -> bool:
    """The limit is not about this call, or the call's amount is known and still fits."""
    lent = world.delegation if call.get("on_behalf_of") else None
    chain = lent["chain"] if lent else []
    if limit["agent"] not in (None, "bot") or limit["tool"] not in (None, call["tool"]):
        return True
    if limit["delegation"] is not None and limit["delegation"] not in chain:
        return True
    if "delegation" in limit["per"] and not chain:
        return True
    if "person" in limit["per"] and (lent is None or lent["person"] is None):
        return True
    if limit["name"] not in world.used:
        return False
    amount = 1 if limit["measure"] == "calls" else how_much(limit, call["arguments"].get(limit["argument"]))
    return amount is not None and world.used[limit["name"]] + amount <= limit["most"]


def how_much(limit: dict[str, Any], value: Any) -> int | None:
    """The amount in the smallest unit; None for whatever is no amount."""
    if isinstance(value, list) and limit["measure"] == "records":
        return len(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    try:
        exact = Decimal(value) * 10 ** limit["scale"]
    except InvalidOperation:
        return None
    plain = value.replace(".", "", 1).isdecimal() and not value.startswith(".") and not value.endswith(".")
    return int(exact) if plain and exact == int(exact) else None


def agent_may_act(world: World, now: datetime) -> bool:
    """It is there, active, approved as it is today, and its class is known, signed off and not prohibited."""
    approved = (
        world.approved_until is not None
        and world.approved_until > now
        and world.approval_names_todays_manifest
    )
    return (
        world.registered
        and world.status == "active"
        and approved
        and world.category in ("high", "limited", "minimal", "out_of_scope")
        and world.signed
    )


def models_agree(world: World, call: dict[str, Any]) -> bool:
    """Every declared model may be used, and the one that asks is declared."""
    for problems in world.models.values():
        if problems:
            return False
    return not call.get("model") or call["model"] in world.models


def person_must_look(world: World, call: dict[str, Any], tool: dict[str, Any]) -> bool:
    """The act is beyond agent or policy, policy or law has a person look, or a limit is passed or cannot be checked."""
    if NEEDED[tool["effect"]] > world.autonomy or NEEDED[tool["effect"]] > CEILINGS[world.use_case]:
        return True
    if (world.use_case in PERSON_LOOKS or world.category == "high") and tool["effect"] != "read":
        return True
    if "always" in tool["ask"]:
        return True
    for argument, most in tool["ask"]:
        value = call["arguments"].get(argument)
        if not isinstance(value, int) or isinstance(value, bool) or value > most or (value < 0 <= most):
            return True
    return False


def person_agrees(world: World, call: dict[str, Any]) -> bool:
    """The data subject neither objected nor is a consent missing that the purpose needs."""
    if world.subject is None or world.subject["restricted"]:
        return False
    consent, purpose = world.subject["consent"], call.get("purpose")
    out = world.subject.get("opted_out", False)
    if purpose is None:
        return len(world.consent_purposes) == 0 and not out
    if len(world.subject.get("against", [])) > 0:
        return False
    known = world.consent_purposes + world.other_purposes
    if out and not world.subject.get("listed", False) and known and purpose not in known:
        return False
    if consent == "given":
        return True
    if consent != "never":
        return False
    if not world.consent_purposes:
        return True
    return purpose in world.other_purposes and purpose not in world.consent_purposes


def roles_agree(world: World, name: str, tool: dict[str, Any], sensitivity: str) -> bool:
    """Every role exists, together they grant what is needed, and one of them reaches tool and sensitivity."""
    if not world.roles or any(role not in world.known_roles for role in world.roles):
        return False
    granted: list[str] = []
    reaches = False
    for role in world.roles:
        granted += world.known_roles[role]["permissions"]
        in_reach = RANKS[world.known_roles[role]["ceiling"]] >= RANKS[sensitivity]
        reaches = reaches or (name in world.known_roles[role]["tools"] and in_reach)
    return reaches and all(permission in granted for permission in tool["permissions"])


def delegation_agrees(world: World, call: dict[str, Any], tool: dict[str, Any], sensitivity: str) -> bool:
    """What was lent is this agent's, for this purpose, and covers the call."""
    lent = world.delegation
    if lent is None or lent["problems"] or lent["agent"] != "bot":
        return False
    if call.get("purpose") != lent["purpose"]:
        return False
    if call["tool"] not in lent["tools"] or RANKS[sensitivity] > RANKS[lent["ceiling"]]:
        return False
    return all(permission in lent["permissions"] for permission in tool["permissions"])
