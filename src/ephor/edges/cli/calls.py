"""How the approval of a call is shown: to a person as what they must judge, to a machine as one document."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Any

from ephor.edges.cli.fields import fields, listed, minute, unfolded
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.visible import visible
from ephor.rooms.approvals.call import CallApproval, CallStatus, ends_at
from ephor.rooms.approvals.lasting import Scope
from ephor.rooms.decisions.codes import CODES

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.plane import Engine


_OUTDATED = "what it rests on changed since it was asked: it lets nothing through; the agent must ask again"


def call_document(asked: CallApproval) -> dict[str, Any]:
    """Return a call approval as JSON; `shown` is what the person sees, null once its subject was erased."""
    return {**as_json(asked), "shown": _shown(asked)}


def emit_call(engine: Engine, asked: CallApproval, *, json: bool) -> None:
    """Print one call approval, and whether it still counts for anything."""
    outdated = bool(engine.calls.outdated([asked]))
    told = {**call_document(asked), "outdated": outdated}
    emit(told, lambda out: print_call(out, asked, outdated=outdated), json=json)


def print_call(out: Console, asked: CallApproval, *, outdated: bool = False) -> None:
    """Print what a person must know to answer: the facts as they were kept, not as the agent tells them."""
    shown = _shown(asked) or {}
    fields(
        out,
        [
            ("call", asked.id),
            ("agent", f"{asked.agent}, owned by {asked.owner}"),
            ("tool", f"{asked.tool}: {shown['description']}" if shown.get("description") else asked.tool),
            ("effect", shown.get("effect")),
            ("data", _data(shown)),
            ("subject", asked.subject),
            ("purpose", _open(shown.get("purpose"))),
            ("on behalf of", _behalf(asked)),
            ("model", _open(shown.get("model"))),
            ("asked by", _asked_by(shown)),
            ("risk", _risk(shown)),
            ("touches", _touches(shown)),
            ("why", "\n".join(_open(text) for text in shown.get("why", ()))),
            ("arguments", _arguments(shown)),
            ("shown", asked.shown_digest),
            ("asked", minute(asked.asked_at)),
            ("status", _status(asked)),
            ("outdated", _OUTDATED if outdated else ""),
            ("may answer", listed([role.value for role in asked.approvers])),
            ("passed on", _steps(asked)),
            ("it takes", f"{asked.quorum} people" if asked.quorum > 1 else ""),
            ("approved by", listed([one.by for one in asked.answers if one.approve])),
            ("good for", _reach(asked)),
            ("because", asked.because),
        ],
    )


def print_inbox(out: Console, waiting: Sequence[CallApproval], outdated: Set[str]) -> None:
    """Print the calls that wait, a line each, and why a person is asked in words."""
    rows = [
        (
            one.id,
            one.agent,
            one.tool,
            f"outdated; {_why(one)}" if one.id in outdated else _why(one),
            minute(one.expires_at),
        )
        for one in waiting
    ]
    unfolded(out, ("id", "agent", "tool", "why", "until"), rows, empty="nothing waits for a person")


def _shown(asked: CallApproval) -> dict[str, Any] | None:
    shown: dict[str, Any] | None = json.loads(asked.shown) if asked.shown else None
    return shown


def _why(asked: CallApproval) -> str:
    """Return the reasons as they were shown; of a call whose subject was erased, what their codes mean."""
    said = (_shown(asked) or {}).get("why") or [CODES.get(code, code) for code in asked.reasons]
    return "; ".join(_open(text) for text in said)


def _arguments(shown: dict[str, Any]) -> str:
    """Return the arguments as indented ASCII: no letter can pass for another, and no mark can turn a line around."""
    return json.dumps(shown["arguments"], indent=2) if shown else "erased with the person they were about"


def _open(text: str | None) -> str:
    """Return what the agent said with every mark spelled out that could hide or turn around a part of it."""
    return visible(text or "")


def _data(shown: dict[str, Any]) -> str:
    return f"{shown['sensitivity']}: {listed(shown['data'])}" if shown else ""


def _asked_by(shown: dict[str, Any]) -> str:
    by = shown.get("asked_by") or {}
    return f"{by['agent']}, for {by['for']}" if by.get("for") else by.get("agent", "")


def _risk(shown: dict[str, Any]) -> str:
    """Return what is known of the agent's risk, and say of the rest that nobody worked it out."""
    risk = shown.get("risk")
    if not risk:
        return ""
    return (
        f"{risk['policy']} by the policy for {risk['use_case']}; assessed {risk['assessed'] or 'by nobody yet'}; "
        f"AI Act class {risk['class'] or 'not known'}"
    )


def _touches(shown: dict[str, Any]) -> str:
    touches = shown.get("touches")
    if not touches:
        return ""
    parts = [*touches["stores"], *(f"data of {one}" for one in touches["subjects"])]
    parts += ["leaves the organisation"] if touches["outside"] else []
    return listed(parts + ([] if touches["undone"] else ["cannot be undone"]))


def _steps(asked: CallApproval) -> str:
    lines = [
        f"from {minute(asked.asked_at + step.after)} on also {listed([role.value for role in step.to])}"
        for step in asked.escalation
    ]
    return "\n".join(lines)


def _reach(asked: CallApproval) -> str:
    reach = asked.lasting
    if reach is None:
        return ""
    what = "this call" if reach.scope is Scope.CALL else f"any call of {asked.tool}"
    bounds = "".join(f", {name} at most {most}" for name, most in sorted(reach.at_most.items()))
    return (
        f"{what}{bounds}, {reach.uses - reach.used} of {reach.uses} times left, until {minute(reach.until)}"
    )


def _behalf(asked: CallApproval) -> str:
    if asked.on_behalf_of is None:
        return ""
    return f"{asked.behalf_person} ({asked.on_behalf_of})" if asked.behalf_person else asked.on_behalf_of


def _status(asked: CallApproval) -> str:
    if asked.status in (CallStatus.PENDING, CallStatus.APPROVED):
        who = f" by {asked.decided_by}" if asked.decided_by else ""
        return f"{asked.status.value}{who}, until {minute(ends_at(asked))}"
    return f"{asked.status.value}{f' by {asked.decided_by}, {minute(asked.decided_at)}' if asked.decided_by else ''}"
