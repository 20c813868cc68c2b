"""A code that shows that who asks can read the address they are found by: short-lived, few tries, good once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ephor.kernel.errors import ConflictError, InvalidInputError

DIGITS = 8
LASTS = timedelta(hours=1)
TRIES = 5
MOST = 3
"""Codes for one request: more would be a way to guess on."""


@dataclass(frozen=True, slots=True)
class IdentityCode:
    """The code of one request. ``id`` is the request's; ``fingerprint`` is keyed, so that nobody can try all codes."""

    id: str
    kind: str
    """The kind of identity whose address it went to."""
    fingerprint: str
    sent_at: datetime
    number: int = 1
    tries: int = 0
    used: bool = False


def digits(dice: str) -> str:
    """Return the code that unguessable text comes to.

    >>> len(digits("any")), digits("any").isdecimal()
    (8, True)
    """
    return f"{int.from_bytes(hashlib.sha256(dice.encode()).digest()) % 10**DIGITS:0{DIGITS}d}"


def renew(before: IdentityCode | None, code: IdentityCode) -> IdentityCode:
    """Return *code* as the next one of its request.

    Raises:
        ConflictError: so many were sent already that another would be one more chance to guess.
    """
    number = before.number + 1 if before else 1
    if number > MOST:
        raise ConflictError(f"{MOST} codes were sent for `{code.id}`; verify the identity another way")
    return replace(code, number=number)


def check_open(code: IdentityCode, now: datetime) -> None:
    """Check that the code can still be given.

    Raises:
        ConflictError: it was used, ran out, or was guessed at too often.
    """
    if code.used:
        raise ConflictError(f"the code of `{code.id}` was used already")
    if now >= code.sent_at + LASTS:
        raise ConflictError(f"the code of `{code.id}` ran out; send a new one")
    if code.tries >= TRIES:
        raise ConflictError(f"{TRIES} wrong codes were given for `{code.id}`; send a new one")


def clean(text: str) -> str:
    """Return the digits of a code as people copy it. Raises InvalidInputError."""
    found = "".join(text.split()).replace("-", "")
    if len(found) != DIGITS or not (found.isascii() and found.isdecimal()):
        raise InvalidInputError(f"a code has {DIGITS} digits; copy it from the message")
    return found
