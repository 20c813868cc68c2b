"""One piece of evidence, how it is read, and when it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.evidence.kinds import RULES, About, EvidenceKind

MAX_TEXT = 500
"""Longest title or reference in characters."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one person recorded about one agent: that a thing was done, and where it can be read.

    It says nothing about how the thing came out; whoever relies on it reads the file of that digest.
    """

    id: str
    agent: str
    kind: EvidenceKind
    title: str
    about: str | None
    """The model, the person or the article it is about, where its kind asks for one."""
    digest: str | None
    """Of the file; None where there is a reference instead."""
    reference: str | None
    """Where the thing is kept: a ticket, a document's name and version."""
    on: date
    """The day the thing was done."""
    expires: date
    """The last day it counts."""
    material_digest: str
    """Of the agent's manifest at the time it was recorded."""
    recorded_by: str
    at: datetime
    """When it was recorded."""


def read_evidence(
    *,
    id: str,
    agent: str,
    kind: EvidenceKind,
    title: str,
    about: str | None,
    digest: str | None,
    reference: str | None,
    on: date,
    expires: date | None,
    material_digest: str,
    by: str,
    at: datetime,
) -> Evidence:
    """Return a piece of evidence if it can count at all; without *expires* it counts as long as its kind allows.

    Raises:
        InvalidInputError: no content or two, an empty one, no title, a day to come, an expiry that cannot be, or what
            it is about is missing or not asked for.
    """
    if (digest is None) == (reference is None):
        raise InvalidInputError("evidence is either a file or a reference; give exactly one of the two")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise InvalidInputError(f"`{digest[:80]}` is not a digest; write sha256: and 64 hexadecimal digits")
    if on > at.date():
        raise InvalidInputError(f"`{on.isoformat()}` is still to come; record it when it has been done")
    return Evidence(
        id=id,
        agent=agent,
        kind=kind,
        title=_line(title, "title"),
        about=_about(kind, about, by),
        digest=digest,
        reference=None if reference is None else _line(reference, "reference"),
        on=on,
        expires=_expiry(kind, on, expires),
        material_digest=material_digest,
        recorded_by=by,
        at=at,
    )


def why_barred(kind: EvidenceKind, person: str, *, owner: str, authors: Iterable[str]) -> str | None:
    """Return why *person* cannot show this for an agent of theirs; None when they can.

    The owner's own word is enough that a plan, a card or a drill exists, and not for a judgement on their own agent.

    >>> why_barred(EvidenceKind.BIAS_TEST, "eve", owner="eve", authors=())
    '`eve` owns the agent, and a bias test takes somebody independent'
    >>> why_barred(EvidenceKind.MODEL_CARD, "eve", owner="eve", authors=("eve",)) is None
    True
    """
    if not RULES[kind].independent:
        return None
    if person == owner:
        part = "owns the agent"
    elif person in authors:
        part = "registered its manifest"
    else:
        return None
    return f"`{person}` {part}, and {RULES[kind].shows} takes somebody independent"


def is_current(evidence: Evidence, on: date) -> bool:
    """Tell whether the evidence counts on that day, by its dates alone; its last day included."""
    return evidence.on <= on <= evidence.expires


def lapses(evidence: Evidence) -> date:
    """Return the first day on which the evidence counts no longer."""
    return evidence.expires + timedelta(1)


def record_digest(evidence: Evidence) -> str:
    """Return the digest that the ledger keeps of the whole record: another value anywhere, another digest."""
    facts: dict[str, Json] = {
        "schema": "ephor/evidence/1",
        "id": evidence.id,
        "agent": evidence.agent,
        "kind": evidence.kind.value,
        "title": evidence.title,
        "about": evidence.about,
        "digest": evidence.digest,
        "reference": evidence.reference,
        "on": evidence.on.isoformat(),
        "expires": evidence.expires.isoformat(),
        "material_digest": evidence.material_digest,
        "recorded_by": evidence.recorded_by,
        "at": stamp(evidence.at),
    }
    return digest(facts)


def recorded(evidence: Evidence) -> Event:
    """State that a piece of evidence was recorded."""
    content = {"file": evidence.digest} if evidence.digest else {}
    return Event(
        kind="evidence.recorded/1",
        at=evidence.at,
        actor=f"person:{evidence.recorded_by}",
        resource=f"evidence:{evidence.id}",
        input_hash=record_digest(evidence),
        refs={"agent": evidence.agent, "material": evidence.material_digest, **content},
        metadata={
            "kind": evidence.kind.value,
            "about": evidence.about,
            "on": evidence.on.isoformat(),
            "expires": evidence.expires.isoformat(),
        },
    )


def _line(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInputError(f"the {what} is empty, and an empty {what} shows nothing; write one line")
    if len(text) > MAX_TEXT:
        raise InvalidInputError(f"the {what} is {len(text)} characters long; at most {MAX_TEXT} are kept")
    if not text.isprintable():  # control characters and marks that reverse the direction of writing
        raise InvalidInputError(f"the {what} holds a character that does not show; remove it")
    return text


def _about(kind: EvidenceKind, about: str | None, by: str) -> str | None:
    asked = RULES[kind].about
    if asked is About.NOTHING:
        if about is not None:
            raise InvalidInputError(f"{RULES[kind].shows} is about the agent as a whole; leave out `about`")
        return None
    if about is None or not about.strip():
        raise InvalidInputError(f"{RULES[kind].shows} names the {asked.value} it is about; add it")
    if asked is About.PERSON and about.strip() == by:
        raise InvalidInputError(f"`{by}` cannot record their own training; somebody else does", person=by)
    return _line(about, "about")


def _expiry(kind: EvidenceKind, on: date, expires: date | None) -> date:
    last = on + RULES[kind].counts_for
    if expires is None:
        return last
    if not on <= expires <= last:
        raise InvalidInputError(
            f"expires `{expires.isoformat()}` is not between {on.isoformat()} and {last.isoformat()}, "
            f"the longest that {RULES[kind].shows} counts"
        )
    return expires
