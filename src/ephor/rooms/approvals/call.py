"""A person's approval of one call: bound to exactly what was shown, good for one use, gone after a while."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.time import stamp
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.wording import worded
from ephor.rooms.approvals.lasting import Lasting, Scope, covers
from ephor.rooms.approvals.rule import DEFAULT, Step, steps_due


@unique
class CallStatus(StrEnum):
    """Where a call's approval stands. *expired* is told apart from *rejected*: nobody said no."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLAIMED = "claimed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said to a question that may take several."""

    by: str
    at: datetime
    approve: bool
    because: str = ""
    shown_digest: str = ""
    """Of what they were shown."""


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
    lenders: tuple[str, ...] = ()
    """Everybody who had a hand in the delegation: who lent, who passed it on, and who owns an agent that did."""
    status: CallStatus = CallStatus.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None
    because: str = ""
    decision: str | None = None
    """The decision that used it up."""
    subject: str | None = None
    """The pseudonym of the data subject the call names; None where it names nobody."""
    quorum: int = 1
    approvers: tuple[PlaneRole, ...] = DEFAULT.approvers
    escalation: tuple[Step, ...] = ()
    escalated: int = 0
    """How many steps of the escalation are in the ledger."""
    answers: tuple[Answer, ...] = ()
    scope: str | None = None
    """The digest of all that the call is but its arguments: what an approval for the tool is bound to."""
    lasting: Lasting | None = None
    """How far the approval reaches; None for one that is for one call once."""


def standing_of(approval: CallApproval, now: datetime) -> CallStatus:
    """Return where the approval stands at *now*: an open or unused one that is too old has expired.

    >>> from datetime import UTC, timedelta
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = CallApproval("apr_1", "bot", "eve", "pay", "c", "a", (), "{}", "d", at, at + timedelta(hours=4))
    >>> standing_of(one, at).value, standing_of(one, at + timedelta(hours=4)).value
    ('pending', 'expired')
    """
    if approval.status in (CallStatus.PENDING, CallStatus.APPROVED) and now >= ends_at(approval):
        return CallStatus.EXPIRED
    return approval.status


def ends_at(approval: CallApproval) -> datetime:
    """Return when the approval is over, unless it ends before."""
    if approval.lasting is None or approval.status is CallStatus.PENDING:
        return approval.expires_at
    return approval.lasting.until


def roles_now(approval: CallApproval, now: datetime) -> tuple[PlaneRole, ...]:
    """Return the roles that may answer at *now*: those asked first, and those it was passed on to since."""
    due = approval.escalation[: steps_due(approval.escalation, approval.asked_at, now)]
    return tuple(dict.fromkeys([*approval.approvers, *(role for step in due for role in step.to)]))


def seen_at(approval: CallApproval, now: datetime) -> CallApproval:
    """Return the approval as it stands at *now*: one that ran out shows as expired, which nobody records."""
    return dataclasses.replace(approval, status=standing_of(approval, now))


def answer(
    approval: CallApproval,
    *,
    approve: bool,
    by: str,
    because: str,
    at: datetime,
    lasting: Lasting | None = None,
) -> CallApproval:
    """Return the approval with a person's answer: one who rejects is enough, and so many approve as the rule asks for.

    Raises:
        NotPermittedError: they asked for the call themselves, or own the agent.
        ConflictError: it was answered already, by them or by enough, or nobody answered in time.
        InvalidInputError: a rejection without a reason, or one that is too long or hides what it says; or an approval
            of several calls that several people must agree on and have not.
    """
    if by in barred(approval):
        raise NotPermittedError(
            f"`{by}` owns agent `{approval.agent}`, asked for this call or lent it the authority; somebody else must answer",
            person=by,
        )
    _refuse_over(approval, at)
    if any(one.by == by for one in approval.answers):
        raise ConflictError(
            f"`{by}` has approved `{approval.id}` already; it takes {approval.quorum} people", person=by
        )
    if not approve and not because.strip():
        raise InvalidInputError("a rejection needs a reason; add --reason")
    because = worded(because, "reason") if because.strip() else ""
    given = Answer(by, at, approve, because, approval.shown_digest)
    answered = dataclasses.replace(approval, answers=(*approval.answers, given))
    if not approve:
        return _decided(answered, CallStatus.REJECTED, given)
    answered = dataclasses.replace(answered, lasting=_agreed(approval, lasting))
    if len(answered.answers) < approval.quorum:
        return answered
    return _decided(answered, CallStatus.APPROVED, given)


def barred(approval: CallApproval) -> frozenset[str | None]:
    """Return who asked, in whatever way: none of them answers."""
    return frozenset((approval.owner, approval.behalf_person, *approval.lenders))


def withdraw(approval: CallApproval, *, by: str, because: str, at: datetime) -> CallApproval:
    """Return the approval, taken back before it was used up: nobody needs an answer, or the answer no longer holds.

    Raises:
        ConflictError: it is over already.
        InvalidInputError: no reason, or one that is too long or hides what it says.
    """
    status = standing_of(approval, at)
    if status not in (CallStatus.PENDING, CallStatus.APPROVED):
        raise ConflictError(f"call approval `{approval.id}` is {status.value}; nothing is left to withdraw")
    return dataclasses.replace(
        approval,
        status=CallStatus.WITHDRAWN,
        decided_by=by,
        decided_at=at,
        because=worded(because, "reason"),
    )


def expire(approval: CallApproval) -> CallApproval:
    """Return the approval, closed because nobody answered it, or used the answer, in time."""
    return dataclasses.replace(approval, status=CallStatus.EXPIRED)


def _refuse_over(approval: CallApproval, at: datetime) -> None:
    status = standing_of(approval, at)
    if status is not CallStatus.PENDING:
        when = stamp(approval.decided_at or approval.expires_at)
        raise ConflictError(
            f"call approval `{approval.id}` is {status.value} since {when}; see `ephor approvals inbox`",
            status=status.value,
        )


def _agreed(approval: CallApproval, lasting: Lasting | None) -> Lasting | None:
    """Return how far the approval reaches: whoever approves after the first agrees to what the first said, or it is off."""
    if not approval.answers:
        return lasting
    before = approval.lasting
    same = (before is None) is (lasting is None)
    if before is not None and lasting is not None:
        same = (before.scope, before.uses, before.at_most) == (lasting.scope, lasting.uses, lasting.at_most)
        same = same and lasting.until >= before.until
    if not same:
        reach = (
            "once"
            if before is None
            else f"for {before.scope.value}, {before.uses} times, until {stamp(before.until)}"
        )
        raise ConflictError(
            f"`{approval.answers[0].by}` approved `{approval.id}` {reach}; approve the same, or reject it"
        )
    return before


def _decided(approval: CallApproval, status: CallStatus, given: Answer) -> CallApproval:
    return dataclasses.replace(
        approval, status=status, decided_by=given.by, decided_at=given.at, because=given.because
    )


def is_usable(
    approval: CallApproval,
    *,
    call_digest: str,
    authority: str,
    now: datetime,
    scope: str | None = None,
    arguments: Mapping[str, object] | None = None,
) -> bool:
    """Tell whether the approval lets exactly this call through, under exactly this authority, now.

    One for the tool lets through what has its *scope* and whose *arguments* stay within its bounds.
    """
    if standing_of(approval, now) is not CallStatus.APPROVED or approval.authority != authority:
        return False
    lasting = approval.lasting
    if lasting is None:
        return approval.call_digest == call_digest
    if not covers(lasting, arguments or {}, now):
        return False
    if lasting.scope is Scope.CALL:
        return approval.call_digest == call_digest
    return scope is not None and approval.scope == scope


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
    """Return the approval, used by *decision*; the last use uses it up."""
    lasting = approval.lasting
    if lasting is None:
        return dataclasses.replace(approval, status=CallStatus.CLAIMED, decision=decision)
    lasting = dataclasses.replace(lasting, used=lasting.used + 1)
    status = CallStatus.CLAIMED if lasting.used >= lasting.uses else approval.status
    return dataclasses.replace(approval, status=status, decision=decision, lasting=lasting)
