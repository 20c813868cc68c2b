"""Chapter 5: the support agent works, and every act is decided first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ephor.demo.stage import SUPPORT, Stage
from ephor.edges.sdk import ApprovalRequired, Denied
from ephor.examples.shop.script import CUSTOMER_EMAIL, STEPS, Step
from ephor.kernel.errors import UnavailableError
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.pii.catalogue import NOT_LOOKED_FOR


def run_the_agent(stage: Stage) -> None:
    """Chapter 5: the script, step by step, through `governed`; a suspension stops everything."""
    tell = stage.tell
    tell.chapter("The support agent at work: every act is decided, masked and recorded")
    outcomes: dict[str, str] = {}
    for step in STEPS:
        if step.after == "suspend":
            stage.plane.agents.suspend(SUPPORT, "the operator saw enough for today", by="ola")
            tell.did("ola suspends the agent")
        outcomes[step.name] = _take(stage, step)
    for kind in NOT_LOOKED_FOR:
        tell.ask(f"not looked for: {kind.description}: {kind.standard}")
    tell.keep(outcomes=outcomes)


def _take(stage: Stage, step: Step) -> str:
    """Let the agent try one step; the story stops where an answer is not the one the script expects."""
    tool = stage.shop.tools()[step.tool]
    governed = _govern(stage, step.tool, tool)
    answer, shown = _try(governed, step.arguments)
    if answer != step.expected:
        raise UnavailableError(
            f"step `{step.name}` was answered {answer} and not {step.expected}; this copy of Ephor is broken"
        )
    tell = {"allow": stage.tell.good, "ask": stage.tell.ask, "deny": stage.tell.no}[answer]
    tell(f"{answer:5} {step.tool}({_brief(step.arguments)}): {shown}")
    if step.approver:
        _approve_and_retry(stage, step, governed)
    return answer


def _approve_and_retry(stage: Stage, step: Step, governed: Callable[..., Any]) -> None:
    """A person approves exactly this call; it then passes once."""
    (asked,) = stage.plane.calls.inbox()
    stage.plane.calls.answer(asked.id, approve=True, by=step.approver, because="the grinder is back")
    stage.tell.did(f"{step.approver} sees the exact arguments and approves {asked.id}")
    answer, shown = _try(governed, step.arguments)
    stage.tell.good(f"{answer:5} the same call passes: {shown}")
    again = stage.plane.decide(
        Call(SUPPORT, step.tool, step.arguments, subject=CUSTOMER_EMAIL, purpose="customer_support")
    )
    if again.outcome is not Outcome.ASK:
        raise UnavailableError("an approval served twice; this copy of Ephor is broken, do not use it")
    stage.tell.ask("ask   the same call a second time: the approval was for one use")


def _govern(stage: Stage, name: str, tool: Callable[..., Any]) -> Callable[..., Any]:
    decorate = stage.plane.governed(
        SUPPORT, tool=name, purpose="customer_support", subject=lambda _arguments: CUSTOMER_EMAIL
    )
    governed: Callable[..., Any] = decorate(tool)
    return governed


def _try(governed: Callable[..., Any], arguments: Mapping[str, Any]) -> tuple[str, str]:
    try:
        result = governed(**arguments)
    except Denied as denied:
        return "deny", "; ".join(reason.text for reason in denied.decision.reasons)
    except ApprovalRequired as waiting:
        return "ask", "; ".join(reason.text for reason in waiting.decision.reasons)
    return "allow", _brief(result)


def _brief(values: Mapping[str, Any]) -> str:
    """Show the first parts of arguments or results on one line."""
    shown = ", ".join(
        f"{key}={_short(value)}" for key, value in values.items() if not isinstance(value, dict)
    )
    return shown if len(shown) <= 230 else shown[:229] + "…"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return (
            f"[{_brief(value[0])}{', …' if len(value) > 1 else ''}]"
            if value and isinstance(value[0], dict)
            else str(value)
        )
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
