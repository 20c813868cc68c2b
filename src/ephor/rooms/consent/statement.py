"""What data subjects said about a purpose, kept as a history that only grows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


SELF, GUARDIAN = "self", "guardian"


@unique
class ConsentState(StrEnum):
    """What one statement says."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    OBJECTED = "objected"
    """To processing that rests on something else than consent (GDPR Art. 21)."""
    OPTED_OUT = "opted_out"
    """Of a sale, of sharing, of a use (Cal. Civ. Code 1798.120, .121)."""


@unique
class Standing(StrEnum):
    """What holds now for one subject and one purpose. Only ``given`` is consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    OBJECTED = "objected"
    OPTED_OUT = "opted_out"
    EXPIRED = "expired"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing a data subject said about one purpose.

    ``subject`` is a pseudonym. ``proof`` is the digest of what shows it (GDPR Art. 7(1)): the form, the recording.
    ``number`` is the place in the subject's history; two writers cannot take the same one.
    """

    id: str
    subject: str
    purpose: str
    state: ConsentState
    notice_version: str
    channel: str
    at: datetime
    expires_at: datetime | None = None
    proof: str | None = None
    number: int = 0
    recorded_by: str = ""
    given_by: str = SELF
    """Who said it: the person, or whoever is responsible for a child (GDPR Art. 8)."""
    shown: str | None = None
    """The digest of the text that was shown, where it is known."""


def check_statement(statement: Statement) -> Statement:
    """Return the statement if it can stand in a history.

    Raises:
        InvalidInputError: its purpose or channel is no name, a consent names no notice, its expiry is not later
            than itself, or its proof is no digest.
    """
    ids.name(statement.purpose, "a purpose")
    ids.name(statement.channel, "a channel")
    if statement.state is ConsentState.GIVEN and not statement.notice_version.strip():
        # Art. 4(11): consent is informed; without the notice nobody can show of what.
        raise InvalidInputError("a consent names the version of the notice that was shown; add one")
    if statement.expires_at is not None and statement.expires_at <= statement.at:
        raise InvalidInputError(
            f"the consent would expire at `{statement.expires_at.isoformat()}`, before it is given"
        )
    if statement.given_by not in (SELF, GUARDIAN):
        raise InvalidInputError(
            f"`{statement.given_by[:40]}` says nothing for anybody; use {SELF} or {GUARDIAN}"
        )
    for name, value in (("proof", statement.proof), ("text", statement.shown)):
        if value is not None and not _DIGEST.fullmatch(value):
            raise InvalidInputError(
                f"{name} `{value[:80]}` is no digest; write `sha256:` and 64 hexadecimal digits"
            )
    return statement


def standing(statements: Iterable[Statement], purpose: str, now: datetime) -> Standing:
    """Return what holds at *now* for *purpose*, by the newest of one subject's statements.

    Of two statements that claim the same place, the one that is not consent counts.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> given = Statement("a", "sub_1", "news", ConsentState.GIVEN, "v1", "web", at, number=1)
    >>> gone = Statement("b", "sub_1", "news", ConsentState.WITHDRAWN, "v1", "web", at, number=2)
    >>> standing([given, gone], "news", at).value, standing([given], "offers", at).value
    ('withdrawn', 'never')
    """
    newest = newest_of(statements, purpose)
    if newest is None:
        return Standing.NEVER
    if newest.state is not ConsentState.GIVEN:
        return Standing(newest.state.value)
    if newest.expires_at is not None and newest.expires_at <= now:
        return Standing.EXPIRED
    return Standing.GIVEN


def newest_of(statements: Iterable[Statement], purpose: str) -> Statement | None:
    """Return what one subject said last about *purpose*; of two in one place, the one that is not consent."""
    said = [one for one in statements if one.purpose == purpose]
    return max(said, key=lambda one: (one.number, one.at, one.state is not ConsentState.GIVEN), default=None)


def standings(statements: Sequence[Statement], now: datetime) -> Mapping[str, Standing]:
    """Return what holds at *now* for every purpose of one subject's statements, by purpose."""
    purposes = sorted({one.purpose for one in statements})
    return {purpose: standing(statements, purpose, now) for purpose in purposes}


def next_number(statements: Iterable[Statement]) -> int:
    """Return the place that the next statement of this subject takes, from 1."""
    return max((one.number for one in statements), default=0) + 1


def statement_id(subject: str, number: int) -> str:
    """Return the id of a place in a subject's history: whoever comes second finds it taken.

    >>> statement_id("sub_1", 12)
    'sub_1.000012'
    """
    return f"{subject}.{number:06d}"
