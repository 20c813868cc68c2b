"""Ephor: the control plane for AI agents whose word an auditor need not take.

>>> import ephor
>>> plane = ephor.open("sqlite:///ephor.db")                                            # doctest: +SKIP
>>> plane.decide(ephor.Call(agent="support-assistant", tool="customer_lookup")).allowed # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import version as _version

from ephor.bootstrap import open_plane as open
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
from ephor.rooms.decisions.model import Call, Decision, Obligation, Outcome, Reason

__version__ = _version("ephor")

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
    "Obligation",
    "Outcome",
    "Plane",
    "Reason",
    "Sensitivity",
    "UnavailableError",
    "VerificationError",
    "__version__",
    "open",
]
