"""Everything one decision looks at, put together once and handed to every check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.decisions.authority import AgentAuthority, ToolAuthority
from ephor.rooms.decisions.model import Call, Outcome, Reason
from ephor.rooms.decisions.standing import Known, Observed
from ephor.rooms.policies.limits import NOBODY, Behalf, Limit, covers


@dataclass(slots=True)
class Facts:
    """One call, the authority it is judged by, and what was looked up for it."""

    call: Call
    authority: AgentAuthority
    tool: ToolAuthority | None
    sensitivity: Sensitivity
    """Of the call's data: what the tool declares, or more where the call says so."""
    now: datetime
    known: Known
    observed: Observed | None = None
    """What the arguments said when the call was decided first, where they are not there any more."""


def sensitivity_of(call: Call, tool: ToolAuthority | None) -> Sensitivity:
    """Return how sensitive the call's data is: what the tool declares, or more where the call says so."""
    declared = tool.sensitivity if tool else Sensitivity.PUBLIC
    return declared if call.sensitivity is None else max(declared, call.sensitivity)


def behalf_of(known: Known) -> Behalf:
    """Return on whose behalf the call is made."""
    return NOBODY if known.lent is None else known.lent.behalf


def limits_on(tool: ToolAuthority | None, agent: str, behalf: Behalf) -> tuple[Limit, ...]:
    """Return the limits that cover a call of *tool* on *behalf* of somebody."""
    if tool is None or not tool.limits:
        return ()
    return tuple(limit for limit in tool.limits if covers(limit, agent, tool.tool.name, behalf))


def deny(code: str, text: str) -> Reason:
    """Return a reason to deny."""
    return Reason(code, Outcome.DENY, text)
