"""Ephor: the control plane for AI agents whose word an auditor need not take.

>>> import ephor
>>> plane = ephor.open("sqlite:///ephor.db")                                            # doctest: +SKIP
>>> plane.decide(ephor.Call(agent="support-assistant", tool="customer_lookup")).allowed # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ephor.edges.governing import current_decision
    from ephor.edges.notifier import Notifier
    from ephor.edges.sdk import ApprovalRequired, Denied, Plane
    from ephor.kernel.errors import (
        ConflictError,
        EphorError,
        InvalidInputError,
        NotFoundError,
        NotPermittedError,
        UnavailableError,
        VerificationError,
    )
    from ephor.kernel.vocabulary import Sensitivity
    from ephor.rooms.approvals.notice import verify_signature
    from ephor.rooms.decisions.model import Call, Decision, Obligation, Outcome, Reason

__all__ = [
    "ApprovalRequired",
    "Call",
    "ConflictError",
    "Decision",
    "Denied",
    "EphorError",
    "InvalidInputError",
    "NotFoundError",
    "NotPermittedError",
    "Notifier",
    "Obligation",
    "Outcome",
    "Plane",
    "Reason",
    "Sensitivity",
    "UnavailableError",
    "VerificationError",
    "__version__",
    "current_decision",
    "open",
    "start_notifier",
    "verify_signature",
]


_HOMES = {
    "current_decision": "edges.governing",
    "Notifier": "edges.notifier",
    "ApprovalRequired": "edges.sdk",
    "Denied": "edges.sdk",
    "Plane": "edges.sdk",
    "ConflictError": "kernel.errors",
    "EphorError": "kernel.errors",
    "InvalidInputError": "kernel.errors",
    "NotFoundError": "kernel.errors",
    "NotPermittedError": "kernel.errors",
    "UnavailableError": "kernel.errors",
    "VerificationError": "kernel.errors",
    "Sensitivity": "kernel.vocabulary",
    "verify_signature": "rooms.approvals.notice",
    "Call": "rooms.decisions.model",
    "Decision": "rooms.decisions.model",
    "Obligation": "rooms.decisions.model",
    "Outcome": "rooms.decisions.model",
    "Reason": "rooms.decisions.model",
    "open_plane": "bootstrap",
    "noqa": "bootstrap",
    "PLC0415": "bootstrap",
    "files": "bootstrap",
    "keys": "bootstrap",
    "and": "bootstrap",
    "databases": "bootstrap",
    "not": "bootstrap",
    "on": "bootstrap",
    "import": "bootstrap",
    "ephor": "bootstrap",
    "start_notifier": "bootstrap",
    "as": "bootstrap",
    "start": "bootstrap",
    "above": "bootstrap",
}
"""Where each name lives."""


def open(database: str | None = None) -> Plane:
    """Open the plane at a database URL (default: ``$EPHOR_DATABASE``, else ``sqlite:///ephor.db``); make it where there is none.

    Whoever runs this becomes the first administrator of a plane it makes.

    Raises:
        InvalidInputError: what is there is not a plane.
        ConflictError: it was made by a newer version of Ephor.
        UnavailableError: it cannot be reached, or is locked, damaged, full or read-only.
    """
    from ephor.bootstrap import open_plane  # noqa: PLC0415 - files, keys and databases, not on `import ephor`

    return open_plane(database)


def start_notifier(plane: Plane, seconds: float = 5.0) -> Notifier:
    """Start a thread that every so many seconds sends notices, records what ran out and passes on what waits.

    Decisions never wait for it. `Notifier.stop` ends it. Without one, run `ephor approvals notify` every minute.
    """
    from ephor.bootstrap import start_notifier as start  # noqa: PLC0415 - as above

    return start(plane, seconds)


def __getattr__(name: str) -> object:
    """Load what is named when it is first asked for: all together take half a second."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it brings the mail parser with it, 25 ms

        return version("ephor")
    if name not in _HOMES:
        raise AttributeError(f"module `ephor` has no attribute `{name}`")
    found: object = getattr(import_module(f"ephor.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
