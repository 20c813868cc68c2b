"""What the ledger records: an event, before it becomes an entry.

The fields are the guide's, renamed only where one name meant two things. A field nobody set is left out of the entry.
Every field is covered by the entry's hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ephor.kernel.canonical import Json


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, stated once.

    ``kind`` is ``room.happened/version`` (``decision.made/1``) and never changes its shape.
    ``actor`` is who did it (``agent:ID``, ``person:ID`` or ``ephor``); ``resource`` is what it was done to.
    ``reasons`` are codes; prose for people goes to ``metadata``. Never a direct identifier of a data subject: name
    them by pseudonym, and put what they said into a sealed payload.
    """

    kind: str
    at: datetime
    actor: str
    resource: str | None = None
    on_behalf_of: str | None = None
    session: str | None = None
    trace: str | None = None
    parent: str | None = None
    action: str | None = None
    tool: str | None = None
    subject: str | None = None
    """The data subject's pseudonym, ``sub_…``."""
    args_digest: str | None = None
    input_hash: str | None = None
    output_hash: str | None = None
    decision: str | None = None
    reasons: tuple[str, ...] = ()
    policy_digest: str | None = None
    approver: str | None = None
    confidence: str | None = None
    duration_ms: int | None = None
    error: str | None = None
    refs: Mapping[str, str] = field(default_factory=dict)
    """Names of other things by role: ``{"approval": "apr_…"}``."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
