"""When an incident may be closed, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ephor.kernel.errors import ConflictError, NotPermittedError
from ephor.rooms.incidents.clocks import Clock, ClockStatus
from ephor.rooms.incidents.record import Incident, check_open

_OPEN = {
    ClockStatus.RUNNING: "is not answered",
    ClockStatus.WAITING: "waits for the notification before it",
    ClockStatus.NOT_KNOWN: "may run",
}


def check_closable(incident: Incident, found: Sequence[Clock], by: str) -> None:
    """Check that *by* may close the incident now.

    Raises:
        NotPermittedError: *by* opened it.
        ConflictError: it is closed, or something is left to do; the message and ``left`` say what.
    """
    check_open(incident)
    if by == incident.by:
        raise NotPermittedError(
            f"`{by}` opened incident `{incident.id}`; somebody else must close it", person=by
        )
    if left := tuple(still(incident, found)):
        raise ConflictError(f"incident `{incident.id}` cannot be closed: {'; '.join(left)}", left=list(left))


def still(incident: Incident, found: Sequence[Clock]) -> Iterator[str]:
    """Yield what is left to do before the incident may be closed."""
    for one in found:
        if says := _OPEN.get(one.status):
            missing = f", not known: {', '.join(one.unknown)}" if one.unknown else ""
            yield f"clock `{one.id}` {says}{missing}"
    for action in incident.actions:
        if action.ended_at is None:
            yield f"action `{action.id}` of `{action.owner}` is not done"
    if not incident.causes:
        yield "no root cause is recorded"
