"""Text that is what it looks like: nothing in it moves a cursor, ends a line or turns the reading direction."""

from __future__ import annotations

import re

from ephor.kernel.errors import InvalidInputError

# C0, DEL and C1 (ECMA-48), the two separators of lines and paragraphs, what steers direction (UAX #9, section 2), and
# halves of a surrogate pair.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def hidden(text: str, *, keep: str = "") -> str | None:
    r"""Return the first character that would show *text* as something else, as ``U+…``; None when there is none.

    What people decide by must be what is there (Unicode Technical Report 36, section 3).

    >>> hidden("pays\x1b[2K nothing"), hidden("two\nlines", keep="\n")
    ('U+001B', None)
    """
    if text.isprintable():
        return None
    return next((f"U+{ord(found[0]):04X}" for found in _UNSEEN.finditer(text) if found[0] not in keep), None)


def check_visible(text: str, what: str) -> None:
    """Check that *text* holds no control character.

    Raises:
        InvalidInputError: it holds one; the message names it, and does not repeat the text.
    """
    if not text.isprintable() and (found := _UNSEEN.search(text)):
        raise InvalidInputError(
            f"{what} holds the control character `{_escape(found)}`; remove it", at=found.start()
        )


def visible(text: str, *, keep: str = "") -> str:
    r"""Return *text* with every control character written out as JSON writes it, but for those in *keep*.

    >>> visible("\x1b[31mred\n")
    '\\u001b[31mred\\n'
    """
    if text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else _escape(found), text)


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"
