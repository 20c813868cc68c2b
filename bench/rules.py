"""Rules of one's own: ceiling and Cedar together against sliced Cedar alone, and against other policy engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cedarpy import PolicySet, Schema, is_authorized
from children import Child, ChildError
from measure import Taken, interleave, micro, show
from peers import python

from ephor.edges.sdk import Plane
from ephor.kernel.vocabulary import Effect, ReviewType, Sensitivity, UseCase
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.manifest import (
    Argument,
    ArgumentType,
    DataUse,
    Disclosure,
    Manifest,
    OperatorRole,
    Tool,
)
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.model import Call
from ephor.rooms.policies.rule_schema import schema_json
from ephor.testing import memory_world

TOOLS = 40
SIZES = (20, 100, 1_000)
CALLS = 50
ALLOWED, DENIED = {"amount": 5}, {"amount": 2_000_000}


_CONTEXT: dict[str, Any] = {
    "approved": False, "at": "2026-11-27T12:00:00.000Z", "delegation_depth": 0, "has_subject": False, "hour": 12, "labels": [],
    "sensitivity": {"type": "Sensitivity", "id": "internal"}, "sensitivity_level": 1, "weekday": 5,
}  # fmt: skip
"""What the schema demands of every call."""


def run(*, short: bool, alone: bool) -> str:
    """Return the results as Markdown."""
    turns = 3 if short else 25
    planes = {size: _plane(size) for size in SIZES}
    timed = interleave(_contestants(planes) | _peers(alone), turns)
    each = {name: one.cpu / CALLS for name, one in timed.items()}
    rows = []
    for name, one in timed.items():
        size = int(name.split()[0]) if name.split()[0].isdigit() else 0
        base = each.get(f"{size} rules: sliced Cedar alone, allow")
        ratio = f"{each[name] / base:.2f}" if base else ""
        rows.append((name, micro(each[name]), micro(one.p99 / CALLS), ratio))
    for name in ("allow", "deny"):
        grows = each[f"1000 rules: Ephor, {name}"] / each[f"20 rules: Ephor, {name}"]
        rows.append((f"1000 rules of 20: Ephor grows, {name} (must be below 2.00)", "", "", f"{grows:.2f}"))
    title = (
        f"Decisions with rules of one's own: {TOOLS} tools, nothing recorded. With 100 rules Ephor must stay within 1.30 of sliced Cedar "
        "alone, which is given the whole context of the schema"
    )
    return show(title, rows, ("what", "processor time, p50", "wall, p99", "of sliced Cedar alone"))


def rules_text(size: int) -> str:
    """Return *size* rules over all tools, the last of which permits what none forbids."""
    forbids = [
        f'forbid(principal, action == Action::"tool_{number % TOOLS}", resource) '
        f"when {{ context.arguments has amount && context.arguments.amount > {1_000_000 + number} }};"
        for number in range(size - 1)
    ]
    return "\n".join([*forbids, "permit(principal, action, resource);"])


def _contestants(planes: dict[int, Plane]) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    for size, plane in planes.items():
        for name, arguments in (("allow", ALLOWED), ("deny", DENIED)):
            call = Call("bot", "tool_3", arguments)
            slice = _authority(plane).rules.slice("tool_3")  # type: ignore[union-attr]
            request = {**slice.request, "context": {"arguments": arguments}}
            full = {**request, "context": {**_CONTEXT, "arguments": arguments}}
            schema = Schema.from_json_str(
                schema_json([("tool_3", dict(slice.tool.arguments))], others=_names())
            )
            whole = PolicySet.from_str(rules_text(size))
            found[f"{size} rules: sliced Cedar alone, {name}"] = _often(
                lambda full=full, slice=slice, schema=schema: is_authorized(
                    full, slice.policies, slice.entities, schema
                )
            )
            found[f"{size} rules: sliced Cedar alone, given only what the rules read, {name}"] = _often(
                lambda request=request, slice=slice: is_authorized(
                    request, slice.policies, slice.entities, slice.schema
                )
            )
            found[f"{size} rules: Ephor, {name}"] = _often(
                lambda plane=plane, call=call: plane.decisions.explain(call)
            )
            found[f"{size} rules: cedarpy, parsed before, not sliced, {name}"] = _often(
                lambda request=request, whole=whole, slice=slice: is_authorized(
                    request, whole, slice.entities
                )
            )
    return found


def _peers(alone: bool) -> dict[str, Callable[[], Any]]:
    if alone:
        return {}
    try:
        child = Child("rules_peers_child.py", python=str(python()))
        names = child.ask("start", sizes=list(SIZES), tools=TOOLS)
    except (OSError, ChildError) as error:
        print(f"pycasbin, vakt and the agent-governance-toolkit were not measured: {error}.")
        return {}

    def turn(name: str) -> Callable[[], Taken]:
        return lambda: Taken(**child.ask("decide", name=name, calls=CALLS))

    return {name: turn(name) for name in names}


def _names() -> list[str]:
    return [f"tool_{number}" for number in range(TOOLS) if number != 3]


def _often(act: Callable[[], Any]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(CALLS):
            act()

    return repeated


def _authority(plane: Plane) -> AgentAuthority:
    from ephor.engine.authority import compile_authority  # noqa: PLC0415

    with plane.world.storage.reading() as unit:
        found = compile_authority(unit, "bot", version=0, now=plane.world.clock.now()).agent
    assert found is not None
    return found


def _plane(size: int) -> Plane:
    plane = Plane(memory_world())
    plane.access.found("ada", "Ada")
    for name, role in (
        ("eve", PlaneRole.ENGINEER),
        ("sam", PlaneRole.SECURITY_REVIEWER),
        ("pia", PlaneRole.PRIVACY_REVIEWER),
    ):
        plane.access.add_person(name, name, [role], by="ada")
    tools = tuple(
        Tool(
            f"tool_{number}",
            Effect.READ,
            Sensitivity.INTERNAL,
            arguments=(Argument("amount", ArgumentType.INTEGER),),
        )
        for number in range(TOOLS)
    )
    plane.access.add_role(
        "worker", ["tool:database:execute"], [tool.name for tool in tools], "internal", by="ada"
    )
    facts = {
        "complete": True, "domain": "customer_service", "function": "chatbot", "subjects": ("customers",),
        "interacts_with_persons": True,
    }  # fmt: skip
    manifest = Manifest(
        "bot", "Bot", "eve", "Is measured.", UseCase.CUSTOMER_SERVICE, OperatorRole.DEPLOYER, 3,
        DataUse(Sensitivity.INTERNAL), tools, (), ("worker",), jurisdictions=("DE",),
        disclosure=Disclosure(True, "You are talking to an AI system."), facts=facts,
    )  # fmt: skip
    plane.agents.register(manifest, by="eve")
    asked = plane.approvals.request("bot", "to be measured", by="eve")
    for kind, who in ((ReviewType.SECURITY, "sam"), (ReviewType.PRIVACY, "pia")):
        plane.approvals.submit_review(asked.id, kind, Verdict.APPROVE, by=who, notes="bench")
    plane.rules.load("bench", rules_text(size), by="sam")
    for arguments, allowed in ((ALLOWED, "allow"), (DENIED, "deny")):
        told = plane.decisions.explain(Call("bot", "tool_3", arguments))
        if size > TOOLS and told.outcome.value != allowed:
            raise RuntimeError(f"the bench agent is answered {told.outcome.value}: {told.reasons}")
    return plane
