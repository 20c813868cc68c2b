"""Restriction of processing: data that may be stored and nothing else (GDPR Art. 18)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ephor.kernel.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Restriction:
    """A data subject whose data is restricted, and why.

    ``subject`` is a pseudonym. ``scope`` names collections (``shop.orders``); empty means all of the subject's data.
    """

    id: str
    subject: str
    since: datetime
    ground: str
    request: str
    scope: tuple[str, ...] = ()
    lifted_at: datetime | None = None


def is_restricted(restrictions: Iterable[Restriction], subject: str) -> bool:
    """Tell whether any restriction stands on the subject's data.

    >>> from datetime import UTC
    >>> one = Restriction("r", "sub_1", datetime(2026, 1, 1, tzinfo=UTC), "asked", "dsr_1")
    >>> is_restricted([one], "sub_1"), is_restricted([one], "sub_2")
    (True, False)
    """
    return any(one.subject == subject and one.lifted_at is None for one in restrictions)


def outlived(restrictions: Iterable[Restriction], empty: Collection[str]) -> tuple[Restriction, ...]:
    """Return those that stand for data that had to stay in an erasure, of which nothing is left: all their collections are *empty*."""
    return tuple(
        one for one in restrictions if one.scope and one.lifted_at is None and set(one.scope) <= set(empty)
    )


def lift(one: Restriction, at: datetime) -> Restriction:
    """Return the restriction as lifted; the person has to be told before (GDPR Art. 18(3)).

    Raises:
        ConflictError: it was lifted before, or stands for data that was to be erased and had to stay.
    """
    if one.lifted_at is not None:
        raise ConflictError(f"the restriction of `{one.request}` was lifted before")
    if one.scope:
        raise ConflictError(
            f"`{one.request}` was an erasure, and what had to stay ({', '.join(one.scope)[:200]}) may only be stored; "
            "when nothing keeps it any more, open a new erasure"
        )
    return replace(one, lifted_at=at)
