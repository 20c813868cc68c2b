"""Runs in the peers' environment: pycasbin, vakt and the agent-governance-toolkit with the same rules; each must answer right."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import casbin
from agentmesh.governance.policy import Policy, PolicyEngine, PolicyRule
from children import serve, took
from vakt import ALLOW_ACCESS, DENY_ACCESS, Guard, Inquiry, MemoryStorage, RulesChecker
from vakt import Policy as VaktPolicy
from vakt.rules import Any as Anything
from vakt.rules import Eq, Greater

MODEL = """
[request_definition]
r = sub, obj, amount
[policy_definition]
p = sub, obj, above, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.obj == '*' || r.obj == p.obj) && r.amount > p.above
"""
_acts: dict[str, Callable[[], bool]] = {}


def start(sizes: list[int], tools: int) -> list[str]:
    for size in sizes:
        forbids = [(f"tool_{number % tools}", 1_000_000 + number) for number in range(size - 1)]
        for engine, make in (("pycasbin", _casbin), ("vakt", _vakt), ("agent-governance-toolkit", _toolkit)):
            ask = make(forbids)
            for name, amount, allowed in (("allow", 5, True), ("deny", 2_000_000, False)):
                if ask(amount) is not allowed:
                    raise ValueError(f"{engine} answers {name} wrongly")
                _acts[f"{size} rules: {engine}, {name}"] = lambda ask=ask, amount=amount: ask(amount)
    return [*_acts]


def decide(name: str, calls: int) -> dict[str, float]:
    act, part = _acts[name], 10 if name.startswith("1000 ") else 1

    def often() -> None:
        for _ in range(calls // part):
            act()

    return {what: seconds * part for what, seconds in took(often).items()}


def _casbin(forbids: list[tuple[str, int]]) -> Callable[[int], bool]:
    folder = Path(tempfile.mkdtemp())
    (folder / "model.conf").write_text(MODEL)
    lines = [f"p, bot, {tool}, {above}, deny" for tool, above in forbids] + ["p, bot, *, -1, allow"]
    (folder / "policy.csv").write_text("\n".join(lines))
    enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    for policy in enforcer.get_policy():
        policy[2] = int(policy[2])
    return lambda amount: bool(enforcer.enforce("bot", "tool_3", amount))


def _vakt(forbids: list[tuple[str, int]]) -> Callable[[int], bool]:
    storage = MemoryStorage()
    for number, (tool, above) in enumerate(forbids):
        storage.add(
            VaktPolicy(number, actions=[Eq(tool)], resources=[Anything()], subjects=[Anything()],
                       context={"amount": Greater(above)}, effect=DENY_ACCESS)
        )  # fmt: skip
    storage.add(
        VaktPolicy(
            "all", actions=[Anything()], resources=[Anything()], subjects=[Anything()], effect=ALLOW_ACCESS
        )
    )
    guard = Guard(storage, RulesChecker())
    return lambda amount: bool(
        guard.is_allowed(Inquiry(action="tool_3", resource="x", subject="bot", context={"amount": amount}))
    )


def _toolkit(forbids: list[tuple[str, int]]) -> Callable[[int], bool]:
    engine = PolicyEngine(conflict_strategy="deny_overrides")
    rules = [
        PolicyRule(name=f"r{number}", condition=f"tool == '{tool}' and amount > {above}", action="deny")
        for number, (tool, above) in enumerate(forbids)
    ]
    rules.append(PolicyRule(name="all", condition="amount >= 0", action="allow"))
    engine.load_policy(Policy(name="bench", agents=["*"], rules=rules))

    def ask(amount: int) -> bool:
        context: dict[str, Any] = {"tool": "tool_3", "amount": amount}
        return bool(engine.evaluate("bot", context).allowed)

    return ask


serve({"start": start, "decide": decide})
