"""Identifiers: a prefix that says what it names, over a UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

import re
from typing import NewType

from ephor.kernel.errors import InvalidInputError

EntryId = NewType("EntryId", str)
"""An entry of the ledger: ``evt_…``."""
DecisionId = NewType("DecisionId", str)
"""A decision on a call: ``dec_…``."""
ApprovalId = NewType("ApprovalId", str)
"""A request for approval, of an agent or of one call: ``apr_…``."""
RequestId = NewType("RequestId", str)
"""A data subject's request: ``dsr_…``."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


def uuid7(milliseconds: int, randomness: int) -> str:
    """Return the UUID version 7 of *milliseconds* since 1970 and 74 bits of *randomness*, without hyphens.

    >>> uuid7(1_645_557_742_000, 0x18C4DC0C0C07398F)[:12]
    '017f22e279b0'
    """
    high = 7 << 12 | randomness >> 62 & 0xFFF
    low = 0b10 << 62 | randomness & (1 << 62) - 1
    return f"{milliseconds & (1 << 48) - 1:012x}{high:04x}{low:016x}"


def name(text: object, what: str) -> str:
    """Return *text* if it can name an agent, a person, a tool or a model: lower case, digits, ``. _ -``; 64 at most.

    Raises:
        InvalidInputError: it cannot.
    """
    if isinstance(text, str) and _NAME.fullmatch(text):
        return text
    raise InvalidInputError(
        f"`{str(text)[:80]}` cannot name {what}; use lower-case letters, digits, `.`, `_`, `-`, at most 64"
    )
