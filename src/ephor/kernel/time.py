"""Moments and days: always aware, always written the same way."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from ephor.kernel.errors import InvalidInputError


def stamp(at: datetime) -> str:
    """Return *at* in UTC to the microsecond, as RFC 3339 with ``Z``.

    >>> stamp(datetime(2026, 8, 2, 9, 30, tzinfo=UTC))
    '2026-08-02T09:30:00.000000Z'

    Raises:
        InvalidInputError: *at* has no zone.
    """
    if at.tzinfo is None:
        raise InvalidInputError(f"time `{at.isoformat()}` has no zone; add one, for example `Z`")
    moment = at if at.tzinfo is UTC else at.astimezone(UTC)
    if moment.microsecond:  # C code writes the same, ten times as fast, and leaves out a fraction of nought
        return str(msgspec.to_builtins(moment))
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"  # instead of +00:00


def moment(text: str) -> datetime:
    """Read an RFC 3339 time with a zone.

    Raises:
        InvalidInputError: not a time, one without a zone, or one that in UTC lies outside the years 1 to 9999.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"`{text[:40]}` is not a time; write 2026-08-02T09:30:00Z") from None
    if at.tzinfo is None:
        raise InvalidInputError(f"time `{text}` has no zone; add one, for example `Z`")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InvalidInputError(
            f"time `{text}` lies outside the years 1 to 9999 in UTC; write another"
        ) from None


def day(text: str) -> date:
    """Read an ISO 8601 day.

    Raises:
        InvalidInputError: not a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"`{text[:40]}` is not a day; write 2026-08-02") from None
