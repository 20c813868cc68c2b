"""Time stamps of others on checkpoints: by when the entries under one were there at the latest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth


@dataclass(frozen=True, slots=True)
class Stamped:
    """What an authority signed: when, by its own clock, and its name where it says one."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """One stamp that was kept: the signed checkpoint's text and the authority's answer, both in base64."""

    id: str
    origin: str
    size: int
    checkpoint: str
    answer: str
    url: str
    at: datetime
    """When the authority says it was."""
    authority: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class Bracket:
    """One stamp judged. ``holds`` is None where no root was named to judge its signature by."""

    id: str
    origin: str
    size: int
    at: datetime
    authority: str
    holds: Truth
    because: str


def check_address(url: str) -> str:
    """Return *url* if it can be asked.

    Raises:
        InvalidInputError: it is no HTTP or HTTPS address.
    """
    if not url.startswith(("https://", "http://")) or any(not 32 < ord(one) < 127 for one in url):
        raise InvalidInputError(f"`{url[:200]}` is no address; write https://HOST/PATH")
    return url
