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

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


def uuid7s(milliseconds: int, dice: bytes) -> list[str]:
    """Return a UUID version 7 of *milliseconds* since 1970 for each 10 bytes of *dice*, 74 bits of them, without hyphens.

    >>> uuid7s(1_645_557_742_000, bytes.fromhex("cc318c4dc0c0c07398ff"))
    ['017f22e279b07cc398c4dc0c0c07398f']
    """
    start, digits = f"{milliseconds & (1 << 48) - 1:012x}7", dice.hex()
    return [
        f"{start}{digits[at : at + 3]}{_VARIANT[digits[at + 3]]}{digits[at + 4 : at + 19]}"
        for at in range(0, len(digits), 20)
    ]


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
