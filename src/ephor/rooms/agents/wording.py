"""Text that people write and other people decide by: there, short enough, and showing what it says."""

from __future__ import annotations

import re

from ephor.kernel.errors import InvalidInputError

MAX_TEXT = 2000
"""Longest reason, note or justification in characters."""

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, and marks that reverse the direction of writing: what a reviewer sees would not be what is there
(Unicode Technical Report 36, section 3)."""


def hidden(text: str) -> str | None:
    """Return the first character that would show *text* as something else, as ``U+…``; None when there is none.

    >>> hidden("pays\\x1b[2K nothing"), hidden("pays nothing")
    ('U+001B', None)
    """
    found = _HIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def worded(text: str, what: str) -> str:
    """Return *text* without surrounding blanks.

    Raises:
        InvalidInputError: nothing is left, more than `MAX_TEXT` characters, or one that hides what is there.
    """
    text = text.strip()
    if not text:
        raise InvalidInputError(f"a {what} is missing; say it in a few words")
    if len(text) > MAX_TEXT:
        raise InvalidInputError(f"a {what} is {len(text)} characters long; at most {MAX_TEXT} are kept")
    if mark := hidden(text):
        raise InvalidInputError(f"a {what} holds the control character {mark}; remove it")
    return text
