"""Which consents are to be asked for again: those that end soon, are old, or rest on a text that was replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ephor.rooms.consent.statement import Standing, Statement, newest_of, standing

USUAL_AGE = timedelta(days=730)
"""How old a consent may get before it is looked at again; no law names a number, this one is ours."""


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The text that was shown under a version, by its digest; a version never gets another text. ``id`` is the version."""

    id: str
    digest: str
    purposes: tuple[str, ...]
    """The purposes it is about; empty: every one."""
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DueConsent:
    """One consent that is to be renewed or let go, why, and since or by when."""

    subject: str
    purpose: str
    because: str
    at: datetime


def newest_text(texts: Iterable[NoticeText], purpose: str) -> NoticeText | None:
    """Return the text that was added last for *purpose*."""
    about = [one for one in texts if not one.purposes or purpose in one.purposes]
    return max(about, key=lambda one: (one.at, one.id), default=None)


def due(
    histories: Mapping[str, list[Statement]],
    texts: Iterable[NoticeText],
    now: datetime,
    within: timedelta,
    age: timedelta = USUAL_AGE,
) -> tuple[DueConsent, ...]:
    """Return what is due by *now* and *within* it, the most urgent first, one line for each consent."""
    known = list(texts)
    found = []
    for history in histories.values():
        for purpose in sorted({one.purpose for one in history}):
            last = newest_of(history, purpose)
            if last is not None and (one := _due(last, history, known, now, (within, age))):
                found.append(one)
    return tuple(sorted(found, key=lambda one: (one.at, one.subject, one.purpose)))


def _due(
    last: Statement,
    history: list[Statement],
    texts: list[NoticeText],
    now: datetime,
    spans: tuple[timedelta, timedelta],
) -> DueConsent | None:
    within, age = spans
    holds = standing(history, last.purpose, now)
    if holds is Standing.EXPIRED and last.expires_at is not None:
        return DueConsent(last.subject, last.purpose, "it ran out", last.expires_at)
    if holds is not Standing.GIVEN:
        return None
    if last.expires_at is not None and last.expires_at <= now + within:
        return DueConsent(last.subject, last.purpose, "it runs out", last.expires_at)
    newest = newest_text(texts, last.purpose)
    if newest is not None and newest.id != last.notice_version and newest.at > last.at:
        because = f"text `{newest.id}` replaced `{last.notice_version}`, which was shown"
        return DueConsent(last.subject, last.purpose, because, newest.at)
    if last.at + age <= now + within:
        return DueConsent(last.subject, last.purpose, "it is old", last.at + age)
    return None
