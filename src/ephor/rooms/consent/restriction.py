"""Restriction of processing: data that may be stored and nothing else (GDPR Art. 18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


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
