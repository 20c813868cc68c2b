"""A data subject's request and its life: which step may follow which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.dsr.deadline import deadlines
from ephor.rooms.dsr.review import Review
from ephor.rooms.dsr.rights import (
    DsrLaw,
    Fulfilment,
    Right,
    changes_stores,
    fulfilment_of,
    needs_identity,
    needs_stores,
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@unique
class RequestStatus(StrEnum):
    """Where a request is. That its time was extended is a fact beside its status: it can happen at any open one."""

    RECEIVED = "received"
    IDENTITY_VERIFIED = "identity_verified"
    PLANNED = "planned"
    APPROVED = "approved"
    IN_PROGRESS = "in_progress"
    """Stores may have been changed: it can only be carried through, no longer refused."""
    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """Answered with an earlier open request of the same person for the same right."""


_S = RequestStatus
ENDED = frozenset({_S.FULFILLED, _S.PARTLY_FULFILLED, _S.REFUSED, _S.DUPLICATE})
"""Where nothing follows."""

_WITH_STORES: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _S.RECEIVED: frozenset({_S.IDENTITY_VERIFIED, _S.REFUSED}),
    _S.IDENTITY_VERIFIED: frozenset({_S.PLANNED, _S.REFUSED}),
    _S.PLANNED: frozenset({_S.PLANNED, _S.APPROVED, _S.REFUSED}),
    _S.APPROVED: frozenset({_S.PLANNED, _S.IN_PROGRESS, _S.REFUSED}),
    _S.IN_PROGRESS: frozenset({_S.FULFILLED, _S.PARTLY_FULFILLED}),
}
_READING: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    **_WITH_STORES,
    _S.APPROVED: frozenset({_S.PLANNED, _S.FULFILLED, _S.PARTLY_FULFILLED, _S.REFUSED}),
}
"""Reading changes nothing, so an interrupted run is simply run again."""
_WITHOUT_STORES: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _S.RECEIVED: frozenset({_S.IDENTITY_VERIFIED, _S.REFUSED}),
    _S.IDENTITY_VERIFIED: frozenset({_S.FULFILLED, _S.REFUSED}),
}
_WITHOUT_IDENTITY: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _S.RECEIVED: frozenset({_S.FULFILLED, _S.REFUSED}),
}


@dataclass(frozen=True, slots=True)
class HandTask:
    """What a named person has to do by hand in a store that nothing else reaches, and what they said they did."""

    id: str
    dataset: str
    person: str
    due: date
    said: str = ""
    done_at: datetime | None = None

    @property
    def told(self) -> str:
        """Return it as a certificate says it: whose word it is, and of when."""
        day = "" if self.done_at is None else self.done_at.date().isoformat()
        return f"{self.dataset}: by hand; {self.person} said on {day}: {self.said}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Nothing in it says who the data subject is: ``subject`` is a pseudonym.

    What they gave to be found by, and what they want corrected, is the sealed payload of ``entry``. ``work`` is the
    entry whose payload lists the rows being worked on, so that an interrupted run can be carried through.
    """

    id: str
    right: Right
    law: DsrLaw
    subject: str
    channel: str
    received_at: datetime
    received_on: date
    due: date
    status: RequestStatus
    entry: str
    opened_by: str
    identity_kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    confirm_by: date | None = None
    extendable_to: date | None = None
    extended_at: datetime | None = None
    extension_reason: str = ""
    verified_by: str = ""
    verification_method: str = ""
    verified_at: datetime | None = None
    approved_by: str = ""
    approved_plan: str = ""
    """The digest of the plan that was approved."""
    work: str = ""
    refusal_ground: str = ""
    refusal_notes: str = ""
    closed_at: datetime | None = None
    by_agent: bool = False
    """Whether somebody else asks on the person's behalf; who is sealed with the rest."""
    mandate: str = ""
    """The digest of the person's signed permission for them."""
    duplicate_of: str = ""
    """An open request of the same person for the same right."""
    fee: str = ""
    tasks: tuple[HandTask, ...] = ()
    reviews: tuple[Review, ...] = ()
    """What people decided about rows that are somebody else's too."""
    paused_on: date | None = None
    """Since when the time stands still: more was asked to know who asks."""
    household: str = ""
    """What the requests of people who ask together have in common."""
    holidays: tuple[date, ...] = ()
    """The public holidays that its days were reckoned with."""
    confirmed_on: date | None = None
    """When the person was told that the request had arrived, where the law asks for that."""


def check_mandate(request: Request, mandate: str = "") -> str:
    """Return the mandate that lets an agent act; empty where none is needed.

    Raises:
        ConflictError: somebody asks for another, and nothing shows that they may (11 CCR 7063, 45 CFR 164.502(g)).
        InvalidInputError: it is no digest, or nobody asks for another.
    """
    if mandate and not request.by_agent:
        raise InvalidInputError(f"nobody asks for another in `{request.id}`; leave the mandate out")
    if mandate and not _DIGEST.fullmatch(mandate):
        raise InvalidInputError(
            "a mandate is the digest of the signed permission: `sha256:` and 64 hexadecimal digits"
        )
    if request.by_agent and not (mandate or request.mandate):
        raise ConflictError(
            f"`{request.id}` comes from an agent; give the digest of the person's signed permission with --mandate"
        )
    return mandate or request.mandate


def check_duplicate(request: Request, first: Request) -> None:
    """Check that *request* may be closed as the same as *first*.

    Raises:
        ConflictError: it repeats no open request, has ended or begun, or was verified while the first was not.
    """
    begun = request.status in ENDED or request.status is RequestStatus.IN_PROGRESS
    if request.duplicate_of != first.id or first.status in ENDED or begun:
        raise ConflictError(f"`{request.id}` repeats no request that is open; answer it")
    if request.verified_at is not None and first.verified_at is None:
        raise ConflictError(
            f"`{request.id}` was verified and `{first.id}` was not: who sent that one is not known; verify it, or refuse it"
        )


def next_steps(request: Request) -> frozenset[RequestStatus]:
    """Return the statuses that may follow; which they are depends on what the right takes."""
    if needs_stores(request.right):
        steps = _WITH_STORES if changes_stores(request.right) else _READING
        return steps.get(request.status, frozenset())
    steps = _WITHOUT_STORES if needs_identity(request.right) else _WITHOUT_IDENTITY
    return steps.get(request.status, frozenset())


def check_step(request: Request, to: RequestStatus) -> None:
    """Check that the request may move to *to*.

    Raises:
        ConflictError: it may not; the message says what may follow.
    """
    steps = next_steps(request)
    if to not in steps:
        may = ", ".join(sorted(steps)) or "nothing"
        how = f", with `{_HOW[step].format(id=request.id)}`" if (step := _next(request, steps)) else ""
        raise ConflictError(
            f"request `{request.id}` for {request.right} is {request.status} and cannot become {to}; next may be: {may}"
            f"{how}",
            status=request.status.value,
        )


_HOW: Mapping[RequestStatus, str] = {
    _S.IDENTITY_VERIFIED: "ephor dsr verify-identity {id}",
    _S.PLANNED: "ephor dsr plan {id} --map FILE --store DATASET=URL",
    _S.APPROVED: "ephor dsr approve {id}",
    _S.FULFILLED: "ephor dsr fulfil {id}",
}
"""The command that takes a request to a status."""


def _next(request: Request, steps: frozenset[RequestStatus]) -> RequestStatus | None:
    """Return the step towards an answer, of those that may follow; an approved plan waits for nobody but who carries it out."""
    if _S.FULFILLED in steps or _S.IN_PROGRESS in steps:
        return _S.FULFILLED if fulfilment_of(request.right) is not Fulfilment.BY_HAND else None
    return next((one for one in (_S.APPROVED, _S.PLANNED, _S.IDENTITY_VERIFIED) if one in steps), None)


def confirmed(request: Request, on: date, today: date) -> Request:
    """Return the request with the day on which its receipt was confirmed to the person (11 CCR 7021(a)).

    Raises:
        ConflictError: its law asks for no confirmation, or it was confirmed before.
        InvalidInputError: a day to come, or before the request was received.
    """
    if request.confirm_by is None:
        raise ConflictError(
            f"{request.law} asks nobody to confirm the receipt of a request for {request.right}"
        )
    if request.confirmed_on is not None:
        raise ConflictError(
            f"the receipt of `{request.id}` was confirmed on {request.confirmed_on.isoformat()}"
        )
    if not request.received_on <= on <= today:
        raise InvalidInputError(
            f"the receipt of `{request.id}` is confirmed between {request.received_on.isoformat()}, when it was received, and today"
        )
    return replace(request, confirmed_on=on)


def is_overdue(request: Request, today: date) -> bool:
    """Tell whether the last day has passed without an answer; while the time stands still none passes."""
    return request.status not in ENDED and request.paused_on is None and today > request.due


def pause(request: Request, today: date) -> Request:
    """Return the request with its time standing still, until the identity is shown.

    Under the GDPR the time may rest while what was asked for under Art. 12(6) is awaited (EDPB Guidelines 01/2022).
    California's counts from receipt, whatever verification takes (11 CCR 7021(b)), and HIPAA knows no pause.

    Raises:
        ConflictError: the law lets no time rest, the identity was shown, it rests already, or the time is over.
    """
    if request.law is not DsrLaw.GDPR:
        raise ConflictError(f"under {request.law} the time runs on while an identity is checked")
    if request.status is not RequestStatus.RECEIVED:
        raise ConflictError(
            f"request `{request.id}` is {request.status}; the time rests only until the identity is shown"
        )
    if request.paused_on is not None:
        raise ConflictError(f"the time of `{request.id}` rests since {request.paused_on.isoformat()}")
    if today > request.due:
        raise ConflictError(
            f"the time of `{request.id}` ended on {request.due.isoformat()}; it cannot rest now"
        )
    return replace(request, paused_on=today)


def resumed(request: Request, today: date) -> Request:
    """Return the request with its time running again: it ends as much later as it rested, on a working day.

    The months are counted anew from receipt, or a last day that was a Saturday would be moved twice (Regulation 1182/71
    Art. 3(4)).
    """
    if request.paused_on is None:
        return request
    rested = max(today - request.paused_on, timedelta(0))
    days = deadlines(request.law, request.right, request.received_on, request.holidays, rested)
    due = days.due if request.extended_at is None or days.extended is None else days.extended
    return replace(request, due=due, extendable_to=days.extended, paused_on=None)
