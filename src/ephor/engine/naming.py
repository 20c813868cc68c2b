"""People in events that were handed in are named by their pseudonyms. A step that others share; it records nothing."""

from __future__ import annotations

import re
from dataclasses import replace

from ephor.engine.ports import Pseudonyms
from ephor.kernel.events import Event
from ephor.rooms.pii.detect import detect

_PSEUDONYM = re.compile(r"sub_[0-9a-f]{32}")
_KINDS = re.compile(r"(?:person|user|subject|customer):", re.IGNORECASE)
_IN_RESOURCES = frozenset({"email", "phone", "credit_card", "iban", "us_ssn"})
"""What is looked for in what an act was done to: numbers that a thing may have as well are left alone."""


def named_apart(event: Event, pseudonyms: Pseudonyms, *, declared: bool = False) -> Event:
    """Return *event* with its people under pseudonyms: no direct identifier of theirs enters the ledger.

    The user is one where what they are called looks like personal data, or was *declared* to be; a subject always is. Who
    is named so is the entry's subject where it has no other, so that a search for them finds it.
    """
    subject = None if event.subject is None else _name(event.subject, pseudonyms)
    user = event.on_behalf_of
    if user is not None and (declared or (_PSEUDONYM.fullmatch(user) is None and detect(user))):
        user = _name(_KINDS.sub("", user, 1) if _KINDS.match(user) else user, pseudonyms)
        subject = subject or user
    resource = event.resource
    if resource is not None:
        for find in reversed(detect(resource, _IN_RESOURCES)):
            name = _name(resource[find.start : find.end], pseudonyms)
            resource = resource[: find.start] + name + resource[find.end :]
            subject = subject or name
    if (subject, user, resource) == (event.subject, event.on_behalf_of, event.resource):
        return event
    return replace(event, subject=subject, on_behalf_of=user, resource=resource)


def _name(text: str, pseudonyms: Pseudonyms) -> str:
    return text if _PSEUDONYM.fullmatch(text) else pseudonyms.of(text)
