"""Legal holds: what must not be deleted, whoever asks, until two people release it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from ephor.kernel.errors import ConflictError, InvalidInputError

MAX_DAYS = 36_525
"""A hundred years, as in a schedule."""
_MILLISECONDS = 100_000_000_000
"""From here on a number is of milliseconds: as seconds it would be a time after the year 5000."""
_SCOPE = re.compile(
    r"everything|category:[a-z0-9_]+(?:\.[a-z0-9_]+)*|collection:[^\s.]+\.\S+|subject:sub_[A-Za-z0-9_-]+"
)


@dataclass(frozen=True, slots=True)
class Release:
    """One person's word that a hold may end."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A matter for which data must stay.

    ``scope`` lists ``everything``, ``category:user.financial``, ``collection:shop.orders`` or ``subject:sub_…``; any of
    them is enough. ``until`` is for duties that end by themselves; a lawsuit has none. With ``days`` it is a minimum: each
    row of a collection stays for so long, counted from what its own field ``since`` says.
    """

    id: str
    matter: str
    scope: tuple[str, ...]
    owner: str
    placed_by: str
    placed_at: datetime
    until: date | None = None
    releases: tuple[Release, ...] = ()
    released_at: datetime | None = None
    days: int | None = None
    since: str = ""


def check_hold(hold: Hold) -> Hold:
    """Return the hold if it says for what matter and over what.

    Raises:
        InvalidInputError: no matter, no scope, or a scope nobody can read.
    """
    if not hold.matter.strip():
        raise InvalidInputError("a legal hold names its matter; add one")
    if not hold.scope:
        raise InvalidInputError(
            "a legal hold names its scope; use `everything`, `category:`, `collection:` or `subject:`"
        )
    for part in hold.scope:
        if not _SCOPE.fullmatch(part):
            raise InvalidInputError(
                f"`{part[:80]}` is no scope; use `everything`, `category:user.financial`, `collection:shop.orders` or `subject:mary@example.org`"
            )
    if (hold.days is None) != (not hold.since):
        raise InvalidInputError(
            "a minimum has days and the field they count from; give --days and --from together"
        )
    if hold.days is None:
        return hold
    if not 1 <= hold.days <= MAX_DAYS:
        raise InvalidInputError(f"`{hold.days}` is not a number of days from 1 to {MAX_DAYS}")
    if other := [part for part in hold.scope if not part.startswith("collection:")]:
        raise InvalidInputError(
            f"a minimum counts from a field of its collection; name it as `collection:shop.orders`, not `{other[0][:80]}`"
        )
    return hold


def keeps(hold: Hold, began: str | float | None, on: date) -> bool:
    """Tell whether the minimum still keeps a row whose time *began* then: ISO 8601, or seconds or milliseconds since 1970.

    What says no time counts as young: a row goes only when it is known to be old enough.

    >>> tax = Hold("hold_1", "tax law", ("collection:shop.orders",), "leo", "leo", datetime.now(UTC), days=365, since="placed")
    >>> keeps(tax, "2025-11-28T09:00:00Z", date(2026, 11, 27)), keeps(tax, "2025-11-28", date(2026, 11, 28)), keeps(tax, "soon", date.max)
    (True, False, True)
    """
    day = _day_of(began)
    return hold.days is None or day is None or on - day < timedelta(days=hold.days)


def _day_of(value: str | float | None) -> date | None:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS else value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return (found if found.tzinfo is None else found.astimezone(UTC)).date()


def is_active(hold: Hold, on: date) -> bool:
    """Tell whether the hold stands on that day, its last day included."""
    return hold.released_at is None and (hold.until is None or on <= hold.until)


def release(hold: Hold, *, by: str, at: datetime) -> Hold:
    """Return the hold with one more person's release; the second person's ends it.

    Raises:
        ConflictError: it is released already, or the same person tries twice.
    """
    if hold.released_at is not None:
        raise ConflictError(f"hold `{hold.id}` was released at {hold.released_at.isoformat()} already")
    if any(one.by == by for one in hold.releases):
        raise ConflictError(f"`{by}` has released hold `{hold.id}` already; it takes a second person")
    releases = (*hold.releases, Release(by, at))
    return replace(hold, releases=releases, released_at=at if len(releases) >= 2 else None)


def covering(
    holds: Iterable[Hold], *, on: date, collection: str, categories: Sequence[str], subject: str
) -> tuple[Hold, ...]:
    """Return the active holds over a subject's rows of ``dataset.collection``, by id.

    Categories match by segment: ``user.financial`` covers ``user.financial.account`` and not ``user.financials``.
    """
    active = (hold for hold in holds if is_active(hold, on))
    covers = (
        hold for hold in active if any(_covers(part, collection, categories, subject) for part in hold.scope)
    )
    return tuple(sorted(covers, key=lambda hold: hold.id))


def _covers(part: str, collection: str, categories: Sequence[str], subject: str) -> bool:
    kind, _, value = part.partition(":")
    if kind == "category":
        return any(one == value or one.startswith(value + ".") for one in categories)
    if kind == "collection":
        return value == collection
    return kind == "everything" or value == subject
