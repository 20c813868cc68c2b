"""One incident as it is kept, and how what people say of it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.time import stamp
from ephor.kernel.visible import hidden
from ephor.kernel.vocabulary import Ranked
from ephor.rooms.pii.detect import detect

MAX_TEXT, MAX_LINE = 2000, 200
MAX_PINS = 2_000
"""Most entries pinned to one incident."""
OLDEST = 1990


@unique
class Severity(Ranked):
    """How bad it is, in the organisation's own judgement; what the law calls it is another question."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@unique
class IncidentStatus(StrEnum):
    """Whether it is being worked on."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of the ledger that the incident rests on, held by its position and its leaf hash."""

    position: int
    id: str
    leaf: str
    kind: str
    at: str
    agent: str | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Stated:
    """Facts that a person stated, for the conditions of the law."""

    facts: Mapping[str, str | bool | tuple[str, ...]]
    unknown: tuple[str, ...]
    """Facts said to be unknown."""
    complete: bool
    """Whether everything left out is false, none or empty."""
    by: str
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A notification that a person sent, and recorded as sent."""

    clock: str
    sent_at: datetime
    channel: str
    reference: str | None
    why_late: str | None
    by: str
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a clock is not answered by a notification."""

    clock: str
    reason: str
    by: str
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class Action:
    """A corrective action: who does it, by when, and what became of it."""

    id: str
    what: str
    owner: str
    due: date
    by: str
    entry: str
    ended_at: datetime | None = None
    ended_by: str | None = None
    dropped: bool = False
    outcome: str | None = None
    ended_entry: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The root cause, as somebody found it."""

    text: str
    by: str
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class Closing:
    """That it was closed, and why."""

    reason: str
    by: str
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. What is counted comes from the pinned entries; what people judge carries their name and entry."""

    id: str
    title: str
    summary: str
    severity: Severity
    status: IncidentStatus
    aware_at: datetime
    """When the organisation became aware: most clocks start here."""
    zone: str
    """The time zone in which days are counted."""
    agents: tuple[str, ...]
    origin: str
    """The log that the pins stand in."""
    query: Mapping[str, str]
    """What the ledger was asked; empty where it was opened by hand."""
    pins: tuple[Pin, ...]
    suspended: tuple[str, ...]
    """The agents suspended with it."""
    by: str
    at: datetime
    entry: str
    stated: tuple[Stated, ...] = ()
    sendings: tuple[Sending, ...] = ()
    excuses: tuple[Excuse, ...] = ()
    actions: tuple[Action, ...] = ()
    causes: tuple[Cause, ...] = ()
    closing: Closing | None = None


def said(text: str, what: str, *, most: int = MAX_TEXT) -> str:
    """Return what a person wrote about an incident, without surrounding blanks.

    Raises:
        InvalidInputError: nothing is left, it is too long, hides what is there, or holds personal data.
    """
    text = text.strip()
    if not text:
        raise InvalidInputError(f"the {what} is missing; say it in a few words")
    if len(text) > most:
        raise InvalidInputError(f"the {what} is {len(text)} characters long; at most {most} are kept")
    if mark := hidden(text, keep="" if most == MAX_LINE else "\t\n"):
        raise InvalidInputError(f"the {what} holds the control character {mark}; remove it")
    if found := sorted({one.type for one in detect(text)}):
        kinds = ", ".join(found)
        raise InvalidInputError(
            f"the {what} holds what looks like personal data ({kinds}); name people by their pseudonym, or by a number"
        )
    return text


def aware(at: datetime, now: datetime) -> datetime:
    """Return the moment of becoming aware, if it can be one.

    Raises:
        InvalidInputError: it lies in the future, or before any agent.
    """
    if at > now:
        raise InvalidInputError(f"`{stamp(at)}` is still to come; nobody is aware of it yet")
    if at.year < OLDEST:
        raise InvalidInputError(f"`{at.date().isoformat()}` is before {OLDEST}; correct the year")
    return at


def check_open(incident: Incident) -> None:
    """Check that the incident is still open.

    Raises:
        ConflictError: it was closed; what comes to light later is an incident of its own.
    """
    if incident.status is IncidentStatus.CLOSED:
        raise ConflictError(
            f"incident `{incident.id}` is closed; open another one and name this in its summary"
        )


def find_action(incident: Incident, id: str) -> Action:
    """Return an action that is not ended.

    Raises:
        InvalidInputError: there is no such action.
        ConflictError: it was ended before.
    """
    for one in incident.actions:
        if one.id == id:
            if one.ended_at is not None:
                raise ConflictError(
                    f"action `{id}` was ended by `{one.ended_by}`; see `ephor incidents show {incident.id}`"
                )
            return one
    known = ", ".join(one.id for one in incident.actions) or "none"
    raise InvalidInputError(f"incident `{incident.id}` has no action `{id[:60]}`; there is: {known}")


def digest_of(**parts: Json) -> str:
    """Return the digest that the ledger keeps of what a person said: the words stay in the record.

    >>> digest_of(text="a") == digest_of(text="a"), digest_of(text="a") == digest_of(text="b")
    (True, False)
    """
    return digest({"schema": "ephor/incident/1", **parts})


_FACT = re.compile(r"([a-z][a-z0-9_]{0,63})=(.{1,500})")


def read_facts(texts: tuple[str, ...]) -> dict[str, object]:
    """Return facts written as ``name=value``: true, false, unknown, or words with commas.

    >>> read_facts(("death=false", "data_role=controller,processor", "risk_to_people=unknown"))
    {'death': False, 'data_role': ['controller', 'processor'], 'risk_to_people': None}
    >>> read_facts(("risk_to_people=high",))
    {'risk_to_people': 'high'}

    Raises:
        InvalidInputError: not written so, or a fact that is stated twice.
    """
    facts: dict[str, object] = {}
    for text in texts:
        found = _FACT.fullmatch(text)
        if found is None:
            raise InvalidInputError(f"`{text[:60]}` is no fact; write name=value, for example death=false")
        name, value = found[1], found[2]
        if name in facts:
            raise InvalidInputError(f"fact `{name}` is stated twice; keep one")
        words: object = value.split(",") if "," in value else value
        facts[name] = {"true": True, "false": False, "unknown": None}.get(value, words)
    return facts
