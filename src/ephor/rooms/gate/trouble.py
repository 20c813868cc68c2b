"""What open incidents do to the checklist: whoever has a serious one is not drilling, but in it."""

from __future__ import annotations

from dataclasses import dataclass

from ephor.kernel.truth import Truth
from ephor.rooms.gate.finding import Exhibit, Finding, not_known, not_met
from ephor.rooms.incidents.clocks import Named
from ephor.rooms.incidents.record import Incident, Severity


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident that names the agent and is open on the day. ``serious`` is None where that is not known yet."""

    id: str
    severity: Severity
    serious: Truth
    because: str
    opened: Exhibit | None
    """With the entry that opened it; None where the ledger has none."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """The agent's open incidents; ``unlisted`` are incidents of the ledger that the register does not have."""

    open: tuple[Trouble, ...] = ()
    unlisted: tuple[str, ...] = ()


def seriousness(incident: Incident, classes: tuple[Named, ...]) -> tuple[Truth, str]:
    """Return whether an incident is serious, and why: by its severity, or by what a law calls it; silence is no "no"."""
    if incident.severity in (Severity.HIGH, Severity.CRITICAL):
        return True, f"its severity is {incident.severity.value}"
    if by_law := next((one for one in classes if one.holds is True), None):
        return True, f"{by_law.cite} calls it: {by_law.title}"
    missing = list(dict.fromkeys(fact for one in classes if one.holds is None for fact in one.unknown))
    if missing:
        return None, f"what the laws call it is not known: {', '.join(missing[:3])}"
    return False, "no law calls it serious"


def open_incidents(troubles: Troubles) -> Finding | None:
    """Return what keeps the item from being met; None where no open incident does."""
    if troubles.unlisted:
        return not_known(
            f"the ledger tells of incident `{troubles.unlisted[0]}`, which the register does not have",
            "find out who removed it: ephor ledger list --kind incident.opened/1",
        )
    serious = [one for one in troubles.open if one.serious is True]
    if serious:
        named = "; ".join(f"`{one.id}`: {one.because}" for one in serious)
        return not_met(
            f"a serious incident of the agent is open ({named})",
            f"deal with it and have it closed: ephor incidents show {serious[0].id}",
            *_shown(serious),
        )
    doubtful = [one for one in troubles.open if one.serious is None]
    if doubtful:
        named = "; ".join(f"`{one.id}`: {one.because}" for one in doubtful)
        return not_known(
            f"an incident of the agent is open and may be serious ({named})",
            f"state its facts: ephor incidents classify {doubtful[0].id}",
            *_shown(doubtful),
        )
    return None


def _shown(troubles: list[Trouble]) -> list[Exhibit]:
    return [one.opened for one in troubles if one.opened]
