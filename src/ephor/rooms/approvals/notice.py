"""Telling people that a call waits for them: where to, what is said, when it is tried again, and how it is signed."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.time import stamp
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.call import CallApproval, roles_now

FIRST_RETRY, LAST_RETRY = timedelta(seconds=15), timedelta(hours=1)
"""The wait after the first failure; it doubles up to the last."""
GIVE_UP = timedelta(days=7)
"""After that long a notice is set aside; it stays, and can be sent again."""
TOLERANCE = timedelta(minutes=5)
"""How old a signature a receiver should take: one that was overheard cannot be played again later."""
MAX_CHANNELS = 50

_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
_URL = re.compile(rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/[!-~]*)?")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]", re.IGNORECASE)
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


@unique
class ChannelKind(StrEnum):
    """How a notice travels."""

    WEBHOOK = "webhook"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notices go. Only an administrator names one: Ephor sends requests to whatever address it is given."""

    id: str
    kind: ChannelKind
    address: str
    nonce: str
    """Makes this channel's signing secret another than every other's; the secret itself is never stored."""
    added_by: str
    added_at: datetime
    roles: tuple[PlaneRole, ...] = ()
    """Only about questions that one of these roles may answer; about all where it is empty."""


@unique
class NoticeStatus(StrEnum):
    """Where a notice stands."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    """Tried for a week, or its channel is gone. It can be sent again."""
    DROPPED = "dropped"
    """What it tells was over before it could be sent."""


@unique
class About(StrEnum):
    """What a notice tells."""

    ASKED = "call.asked"
    ESCALATED = "call.escalated"
    REVIEW = "review.waits"
    APPROVAL = "approval.ends"
    RISK = "risk.waits"
    INCIDENT = "incident.waits"
    REQUEST = "request.waits"
    DOCUMENT = "document.waits"

    @property
    def is_reminder(self) -> bool:
        """Whether it tells of what waits or ends, and not of a call."""
        return self not in (About.ASKED, About.ESCALATED)

    @property
    def noun(self) -> str:
        """What kind of thing it is about, as the ledger's references name it."""
        return _NOUNS.get(self, "approval")


_NOUNS = {
    About.RISK: "risk",
    About.INCIDENT: "incident",
    About.REQUEST: "request",
    About.DOCUMENT: "document",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel. It was put here in the transaction of what it tells, so none is ever lost."""

    id: str
    channel: str
    about: About
    approval: str
    """What it is about: a question, a request for approval or of a data subject, a risk, an incident or a document."""
    body: str
    """JSON, the same at every try. No argument of the call and no word of the agent's is in it."""
    created_at: datetime
    next_at: datetime
    status: NoticeStatus = NoticeStatus.PENDING
    attempts: int = 0
    said: str = ""
    """What came of the last try."""
    stage: str = ""
    """Of a reminder: what waits there, and how long. Each stage is told once to each channel."""


def read_channel(
    *,
    id: str,
    webhook: str | None,
    email: str | None,
    roles: tuple[PlaneRole, ...],
    nonce: str,
    by: str,
    at: datetime,
) -> Channel:
    """Return a channel whose address can be used.

    Raises:
        InvalidInputError: no address or two, one that is none, plain HTTP to another machine, or a bad name.
    """
    if not _ID.fullmatch(id):
        raise InvalidInputError(f"`{id[:80]}` is no name of a channel; use small letters, digits and . _ -")
    if (webhook is None) == (email is None):
        raise InvalidInputError("a channel has one address; give --webhook or --email")
    if webhook is not None:
        return Channel(id, ChannelKind.WEBHOOK, _url(webhook), nonce, by, at, roles)
    if not _MAIL.fullmatch(email or "") or ".." in (email or ""):
        raise InvalidInputError(f"`{(email or '')[:80]}` is no address of e-mail")
    return Channel(id, ChannelKind.EMAIL, email or "", nonce, by, at, roles)


def concerns(channel: Channel, asked: CallApproval, now: datetime) -> bool:
    """Tell whether the channel is to hear about a question: somebody behind it may answer."""
    return not channel.roles or bool(set(channel.roles) & set(roles_now(asked, now)))


def body_of(id: str, about: About, asked: CallApproval, now: datetime) -> str:
    """Return what a notice says: enough to find the question, and nothing of what the call is about.

    What a person must judge is read at the question itself, where it is masked and where who reads it is known.
    """
    shown = json.loads(asked.shown) if asked.shown else {}
    facts = {
        "schema": "ephor/notice/1",
        "id": id,
        "about": about.value,
        "at": stamp(now),
        "approval": asked.id,
        "agent": asked.agent,
        "tool": asked.tool,
        "effect": shown.get("effect"),
        "sensitivity": shown.get("sensitivity"),
        "reasons": list(asked.reasons),
        "roles": sorted(role.value for role in roles_now(asked, now)),
        "quorum": asked.quorum,
        "asked_at": stamp(asked.asked_at),
        "expires_at": stamp(asked.expires_at),
        "see": f"ephor approvals show {asked.id}",
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def mail_of(notice: Notice) -> tuple[str, str]:
    """Return the subject line and the text of a notice as mail: ASCII, and no line that a header could start in."""
    facts = json.loads(notice.body)
    if notice.about.is_reminder:
        return _reminder_mail(facts)
    what = "passed on to you" if notice.about is About.ESCALATED else "waits for a person"
    subject = _line(f"Ephor: a call of {facts['agent']} {what}")
    lines = [
        f"Agent {facts['agent']} asks to call {facts['tool']} ({facts['effect']}, {facts['sensitivity']} data).",
        f"Why a person is asked: {', '.join(facts['reasons'])}.",
        f"Who may answer: {', '.join(facts['roles'])}; it takes {facts['quorum']}.",
        f"Until: {facts['expires_at']}. Silence denies.",
        "",
        f"Look at it: {facts['see']}",
        f"Then: ephor approvals approve {facts['approval']}, or reject it with a reason.",
        "Nothing can be approved by answering this mail.",
    ]
    return subject, "\n".join(_line(line) for line in lines) + "\n"


def _reminder_mail(facts: Mapping[str, object]) -> tuple[str, str]:
    of = f" of agent {facts['agent']}" if facts["agent"] else ""
    lines = [
        f"{facts['what']}{of}.",
        f"Since or until: {facts['day']}.",
        f"Who can do it: {_names(facts['people'])}.",
        f"Passed on to: {_names(facts['passed_on_to'])}.",
        "",
        f"Look at it: {facts['see']}",
        "Nothing can be approved by answering this mail.",
    ]
    return _line(f"Ephor: {facts['what']}{of}"), "\n".join(_line(line) for line in lines) + "\n"


def _names(people: object) -> str:
    return ", ".join(people) if isinstance(people, list) and people else "nobody"


def tried(notice: Notice, now: datetime) -> Notice:
    """Return the notice as it is while it is being sent: whoever comes now leaves it alone until the next try is due."""
    attempts = notice.attempts + 1
    return dataclasses.replace(notice, attempts=attempts, next_at=now + wait_after(attempts))


def settled(notice: Notice, *, taken: bool, said: str, now: datetime) -> Notice:
    """Return the notice with what came of sending it."""
    if taken:
        return dataclasses.replace(notice, status=NoticeStatus.SENT, said=said)
    if now - notice.created_at >= GIVE_UP:
        return dataclasses.replace(notice, status=NoticeStatus.FAILED, said=said)
    return dataclasses.replace(notice, said=said)


def set_aside(notice: Notice, said: str) -> Notice:
    """Return the notice as one that is not tried any more."""
    return dataclasses.replace(notice, status=NoticeStatus.FAILED, said=said)


def drop(notice: Notice, why: str) -> Notice:
    """Return the notice as one that nobody need hear of any more."""
    return dataclasses.replace(notice, status=NoticeStatus.DROPPED, said=why)


def again(notice: Notice, now: datetime) -> Notice:
    """Return a notice that is to be sent at once, with a new week to arrive."""
    return dataclasses.replace(notice, status=NoticeStatus.PENDING, created_at=now, next_at=now, attempts=0)


def is_due(notice: Notice, now: datetime) -> bool:
    """Tell whether the notice is to be tried now."""
    return notice.status is NoticeStatus.PENDING and now >= notice.next_at


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many tries.

    >>> [wait_after(n).total_seconds() for n in (1, 2, 3, 9, 10_000)]
    [15.0, 30.0, 60.0, 3600.0, 3600.0]
    """
    doublings: int = 1 << min(attempts - 1, 20)
    return min(FIRST_RETRY * doublings, LAST_RETRY)


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the header ``Ephor-Signature``: HMAC-SHA-256 over the time, a full stop and the body.

    >>> from datetime import UTC
    >>> sign("s", b"{}", datetime(2026, 1, 1, tzinfo=UTC))[:19]
    't=1767225600,v1=ba9'
    """
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_hmac(secret, seconds, body)}"


def verify_signature(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime, tolerance: timedelta = TOLERANCE
) -> str:
    """Return the notice's id if the body is what this plane sent, and sent lately. A receiver keeps the id: it may come twice.

    Raises:
        VerificationError: no signature, another's, one of another time, or of another body.
    """
    known = {name.lower(): value for name, value in headers.items()}
    found = _SIGNATURE.fullmatch(known.get("ephor-signature", ""))
    if found is None:
        raise VerificationError("the notice carries no signature; take no notice of it")
    seconds, said = int(found[1]), found[2]
    if not hmac.compare_digest(_hmac(secret, seconds, body), said):
        raise VerificationError("the signature is not of this body by this secret; take no notice of it")
    if abs(int(now.timestamp()) - seconds) > tolerance.total_seconds():
        raise VerificationError(
            "the signature is of another time; it may have been overheard and played again"
        )
    return str(json.loads(body)["id"])


def _hmac(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def _url(text: str) -> str:
    found = _URL.fullmatch(text)
    if (
        found is None
        or len(text) > 1000
        or ".." in found["host"]
        or "#" in text
        or not _is_port(found["port"])
    ):
        raise InvalidInputError(
            f"`{text[:80]}` is no address of a webhook; write https://host/path, without a name or password in it"
        )
    if found["scheme"] == "http" and not _LOOPBACK.fullmatch(found["host"]):
        raise InvalidInputError(
            "plain HTTP goes to this machine alone; use https, so that nobody on the way reads or changes a notice"
        )
    return text


def _is_port(text: str | None) -> bool:
    return text is None or 0 < int(text) < 65_536


def _line(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().replace("\r", " ").replace("\n", " ")
