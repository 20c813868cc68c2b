"""Text that people write and other people decide by: there, short enough, and showing what it says."""

from __future__ import annotations

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import hidden

MAX_TEXT = 2000
"""Longest reason, note or justification in characters."""
LINES = "\t\n"
"""What may stand in longer text though it does not show."""


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
    if mark := hidden(text, keep=LINES):
        raise InvalidInputError(f"a {what} holds the control character {mark}; remove it")
    return text
