"""Masking text that comes in pieces: personal data is found though it lies across the borders of pieces."""

from __future__ import annotations

import codecs
from collections import deque

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.folding import fold
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.model import Find
from ephor.rooms.pii.operators import redact

AHEAD = 512
"""Visible characters that are kept back. Nothing that is found is longer and holds a blank, a private key aside, which
is kept back as a whole; what holds no blank is never cut.
"""
BEHIND = 1_024
"""Characters that are remembered: a word before a number says what it is."""
MAX_HELD = 16 << 20
"""Most text that is kept back at once."""
_BATCH = 256


class MaskedText:
    """Masks one text that comes in pieces. As many pieces come out, in their order; joined, they are the text masked.

    What stands for a value that lies across pieces is in the piece where the value begins.

    >>> text = MaskedText()
    >>> [text.feed("Write to jane@exam"), text.feed("ple.com today"), text.finish()]
    [[], [], ['Write to [email]', ' today']]
    """

    def __init__(self, types: frozenset[str] | None = None) -> None:
        self._types = chosen(types)
        self._text = ""
        self._done = 0
        """How much of the text held has come out; it is there for what it says about the rest."""
        self._written = 0
        """Up to where what came out stands for the text: beyond ``_done`` where a value lies across the border."""
        self._pieces: deque[int] = deque()
        """Lengths of the pieces that have not come out."""
        self._next = AHEAD + _BATCH

    def feed(self, piece: str) -> list[str]:
        """Take a piece, and return those that can come out: none, often.

        Raises:
            InvalidInputError: more than `MAX_HELD` characters in which nothing ends.
        """
        self._text += piece
        self._pieces.append(len(piece))
        held = len(self._text) - self._done
        if held < self._next:
            return []
        if held > MAX_HELD:
            raise InvalidInputError(f"more than {MAX_HELD} characters without an end; return less at a time")
        finds = mask(self._text, self._types).finds
        out = self._out(finds, self._cut(finds))
        left = len(self._text) - self._done
        self._next = max(AHEAD + _BATCH, left + _BATCH, left + left // 4)
        return out

    def finish(self) -> list[str]:
        """Return the rest."""
        return self._out(mask(self._text, self._types).finds, len(self._text))

    def _out(self, finds: tuple[Find, ...], cut: int) -> list[str]:
        """Let out the pieces that end at *cut* or before."""
        out: list[str] = []
        left = deque(find for find in finds if find.end > max(self._done, self._written))
        while self._pieces and self._done + self._pieces[0] <= cut:
            end = self._done + self._pieces.popleft()
            out.append(self._piece(end, left))
            self._done = end
        start = max(0, self._done - BEHIND)
        self._text, self._done, self._written = self._text[start:], self._done - start, self._written - start
        return out

    def _piece(self, end: int, left: deque[Find]) -> str:
        parts: list[str] = []
        at = max(self._done, self._written)
        while left and left[0].start < end:
            find = left.popleft()
            parts += (
                self._text[at : max(find.start, at)],
                redact(find.type, self._text[find.start : find.end]),
            )
            at = self._written = find.end
        if at < end:
            parts.append(self._text[at:end])
        return "".join(parts)

    def _cut(self, finds: tuple[Find, ...]) -> int:
        """Return up to where text may come out: a blank, outside every find, with enough after it to know that it is."""
        cut = len(self._text) - AHEAD
        while cut > self._done and (missing := AHEAD - len(fold(self._text[cut:]).data)) > 0:
            cut -= missing  # invisible characters hide no border
        while cut > self._done:
            if not self._text[cut - 1].isspace():
                cut -= 1
                continue
            crossing = [one.start for one in finds if one.start < cut <= one.end]
            if not crossing:
                return cut
            cut = min(crossing)
        return self._done


class MaskedBytes:
    """Masks bytes of UTF-8 text that come in pieces; what is no text passes as it is."""

    def __init__(self, types: frozenset[str] | None = None) -> None:
        self._text = MaskedText(types)
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece, and return those that can come out."""
        return _encoded(self._text.feed(self._decoder.decode(piece)))

    def finish(self) -> list[bytes]:
        """Return the rest; the bytes of a character that never ended are a piece of their own."""
        last = self._decoder.decode(b"", final=True)
        return _encoded([*(self._text.feed(last) if last else ()), *self._text.finish()])


def _encoded(pieces: list[str]) -> list[bytes]:
    return [piece.encode("utf-8", "surrogateescape") for piece in pieces]
