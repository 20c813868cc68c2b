"""Reminders: what waits for people or runs out, said once at each stage, to the channels behind which they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, PlaneRole
from ephor.rooms.approvals.due import Step, Waiting
from ephor.rooms.approvals.notice import About, Channel, Notice

if TYPE_CHECKING:
    from ephor.kernel.canonical import Json


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing that somebody is to be told now, at the stage it has reached."""

    about: About
    subject: str
    """The request, the risk, the incident or the document."""
    stage: str
    """What waits there, and how long: `security.remind`, `action-2.overdue`, `clock.gdpr-33.ends`."""
    what: str
    """In words, with nothing that a person wrote."""
    agent: str | None
    day: datetime | date
    """Since when it waits, or when it ends."""
    people: tuple[str, ...]
    """Who can do it."""
    passed_on_to: tuple[str, ...]
    see: str


_WORDS: Mapping[Step, str] = {
    Step.REMIND: "the {review} review waits",
    Step.ESCALATE: "the {review} review waits and is passed on",
    Step.RENEW: "the approval runs out",
}


def of_waiting(one: Waiting) -> Reminder | None:
    """Return the reminder about what waits; None while there is time."""
    if one.step is Step.WAIT:
        return None
    review = one.review.value if one.review else ""
    return Reminder(
        about=About.REVIEW if one.review else About.APPROVAL,
        subject=one.request,
        stage=".".join(filter(None, (review, one.step.value))),
        what=_WORDS[one.step].format(review=review),
        agent=one.agent,
        day=one.since,
        people=one.people,
        passed_on_to=one.escalate_to,
        see=f"ephor approvals show {one.request}",
    )


def roles_behind(reminder: Reminder, people: Iterable[Person]) -> frozenset[PlaneRole]:
    """Return the roles whose channels hear of it: of whoever can do it or it is passed on to.

    Where nobody can, administrators hear of it: somebody must be found.
    """
    named = {*reminder.people, *reminder.passed_on_to}
    found = frozenset(role for one in people if one.id in named for role in one.roles)
    return found if reminder.people and found else found | {PlaneRole.ADMINISTRATOR}


def hears(channel: Channel, roles: frozenset[PlaneRole]) -> bool:
    """Tell whether somebody behind the channel is to hear of it."""
    return not channel.roles or bool(roles & set(channel.roles))


def is_told(reminder: Reminder, channel: str, notices: Iterable[Notice]) -> bool:
    """Tell whether this stage was told to the channel before."""
    key = (reminder.about, reminder.subject, reminder.stage, channel)
    return any((one.about, one.approval, one.stage, one.channel) == key for one in notices)


def notice_of(reminder: Reminder, *, id: str, channel: str, now: datetime) -> Notice:
    """Return the notice that tells of it: enough to find it, and no word that a person wrote."""
    facts = {
        "schema": "ephor/reminder/1",
        "id": id,
        "about": reminder.about.value,
        "at": stamp(now),
        reminder.about.noun: reminder.subject,
        **told(reminder),
    }
    body = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return Notice(id, channel, reminder.about, reminder.subject, body, now, now, stage=reminder.stage)


def told(reminder: Reminder) -> dict[str, Json]:
    """Return what a reminder says, as it is sent and as it is recorded."""
    day = reminder.day
    return {
        "stage": reminder.stage,
        "what": reminder.what,
        "agent": reminder.agent,
        "day": stamp(day) if isinstance(day, datetime) else day.isoformat(),
        "people": list(reminder.people),
        "passed_on_to": list(reminder.passed_on_to),
        "see": reminder.see,
    }


def ordered(reminders: Sequence[Reminder]) -> tuple[Reminder, ...]:
    """Return reminders by what they are about, then by their day, always in the same order."""
    return tuple(
        sorted(reminders, key=lambda one: (list(About).index(one.about), _first(one), one.subject, one.stage))
    )


def _first(one: Reminder) -> str:
    return one.day.isoformat()
