"""A person's approval of one call: bound to exactly what was shown, good for one use, gone after a while."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.time import stamp
from ephor.rooms.agents.wording import worded

PATIENCE = timedelta(hours=4)
"""How long a question stays open, and how long its answer may be used. Our default; silence denies."""


@unique
class CallStatus(StrEnum):
    """Where a call's approval stands. *expired* is told apart from *rejected*: nobody said no."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLAIMED = "claimed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CallApproval:
    """A question to a person, and its answer.

    ``call_digest`` covers agent, tool and its definition, arguments, delegation, subject and purpose. ``authority``
    covers manifest, policy and roles: when they change, the answer no longer counts. ``shown`` is what the person
    sees, personal data masked, as JSON; ``shown_digest`` is kept in the ledger.
    """

    id: str
    agent: str
    owner: str
    tool: str
    call_digest: str
    authority: str
    reasons: tuple[str, ...]
    shown: str
    shown_digest: str
    asked_at: datetime
    expires_at: datetime
    on_behalf_of: str | None = None
    behalf_person: str | None = None
    """The person at the start of the delegation, who asked and so cannot approve."""
    status: CallStatus = CallStatus.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None
    because: str = ""
    decision: str | None = None
    """The decision that used it up."""
    subject: str | None = None
    """The pseudonym of the data subject the call names; None where it names nobody."""


def standing_of(approval: CallApproval, now: datetime) -> CallStatus:
    """Return where the approval stands at *now*: an open or unused one that is too old has expired.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = CallApproval("apr_1", "bot", "eve", "pay", "c", "a", (), "{}", "d", at, at + PATIENCE)
    >>> standing_of(one, at).value, standing_of(one, at + PATIENCE).value
    ('pending', 'expired')
    """
    if approval.status in (CallStatus.PENDING, CallStatus.APPROVED) and now >= approval.expires_at:
        return CallStatus.EXPIRED
    return approval.status


def seen_at(approval: CallApproval, now: datetime) -> CallApproval:
    """Return the approval as it stands at *now*: one that ran out shows as expired, which nobody records."""
    return dataclasses.replace(approval, status=standing_of(approval, now))


def answer(approval: CallApproval, *, approve: bool, by: str, because: str, at: datetime) -> CallApproval:
    """Return the approval with a person's answer.

    Raises:
        NotPermittedError: they asked for the call themselves, or own the agent.
        ConflictError: it was answered already, or nobody answered in time.
        InvalidInputError: a rejection without a reason, or one that is too long or hides what it says.
    """
    if by in (approval.owner, approval.behalf_person):
        raise NotPermittedError(
            f"`{by}` owns agent `{approval.agent}` or asked for this call; somebody else must answer",
            person=by,
        )
    status = standing_of(approval, at)
    if status is not CallStatus.PENDING:
        when = stamp(approval.decided_at or approval.expires_at)
        raise ConflictError(
            f"call approval `{approval.id}` is {status.value} since {when}; see `ephor approvals inbox`",
            status=status.value,
        )
    if not approve and not because.strip():
        raise InvalidInputError("a rejection needs a reason; add --reason")
    because = worded(because, "reason") if because.strip() else ""
    return dataclasses.replace(
        approval,
        status=CallStatus.APPROVED if approve else CallStatus.REJECTED,
        decided_by=by,
        decided_at=at,
        because=because,
    )


def is_usable(approval: CallApproval, *, call_digest: str, authority: str, now: datetime) -> bool:
    """Tell whether the approval lets exactly this call through, under exactly this authority, now."""
    return (
        standing_of(approval, now) is CallStatus.APPROVED
        and approval.call_digest == call_digest
        and approval.authority == authority
    )


def is_rejected(approval: CallApproval, *, call_digest: str, authority: str, now: datetime) -> bool:
    """Tell whether somebody said no to exactly this call, under exactly this authority, and it still counts."""
    return (
        approval.status is CallStatus.REJECTED
        and now < approval.expires_at
        and approval.call_digest == call_digest
        and approval.authority == authority
    )


def forget(approval: CallApproval) -> CallApproval:
    """Return the approval without what was shown; the digest of it stays, so that the ledger's word still stands.

    Masked arguments may hold a person in free text. Erasing them (GDPR Article 17) leaves who decided what, and when.
    A question that is still open is closed with it: nobody can answer what they cannot see.
    """
    open_now = approval.status in (CallStatus.PENDING, CallStatus.APPROVED)
    status = CallStatus.EXPIRED if open_now else approval.status
    return dataclasses.replace(approval, shown="", status=status)


def claim(approval: CallApproval, *, decision: str) -> CallApproval:
    """Return the approval, used up by *decision*."""
    return dataclasses.replace(approval, status=CallStatus.CLAIMED, decision=decision)
