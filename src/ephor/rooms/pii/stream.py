"""Text that comes in pieces: found and masked across their borders, in memory that does not grow with the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.mask import settled, written
from ephor.rooms.pii.model import Find, Masked
from ephor.rooms.pii.operators import MASK, Operator, redact

BEHIND = 256
"""Characters kept from before what comes next: no rule looks farther back for a word."""
AHEAD = 4_096
"""Characters held back: a value of up to this length is whole before it is judged."""
LONGEST = 1 << 16
"""A value still open after so many characters is masked up to the next end of a line."""
_BREAKS = "\n \t,;"


@dataclass(slots=True)
class Stream:
    """Masks a text that comes in pieces; what `push` returns is final.

    A value of up to `AHEAD` characters is masked as in one piece, wherever the borders fall. A longer one is masked,
    too, as one value up to the end of its line.

    >>> stream = Stream()
    >>> stream.push("write to jane@exam").text + stream.push("ple.com").text + stream.finish().text
    'write to [email]'
    """

    types: frozenset[str] | None = None
    operator: Operator = redact
    ahead: int = AHEAD
    done: int = 0
    """Characters of the whole text that are settled."""
    _text: str = ""
    _behind: int = 0
    """How many characters of `_text` are settled already, and kept for what comes after them."""
    _swallowing: bool = False
    _waiting: int = 0
    """How many characters must have come before it is worth looking again."""

    def __post_init__(self) -> None:
        chosen(self.types)

    def push(self, piece: str) -> Masked:
        """Return what is final after *piece*; the positions of the finds count from the beginning of the whole text."""
        self._text += piece
        if len(self._text) - self._behind < max(self._waiting, 2 * self.ahead):
            return Masked("", ())
        return self._settle(last=False)

    def finish(self) -> Masked:
        """Return the rest."""
        return self._settle(last=True)

    def _settle(self, *, last: bool) -> Masked:
        head = self._swallowed(last=last)
        text, behind = self._text, self._behind
        finds, wholly = settled(text, self.types, self.operator)
        fresh = tuple(find for find in finds if find.end > behind)
        cut = len(text) if last else self._cut(fresh)
        if cut <= behind:
            self._waiting = 2 * (len(text) - behind)
            if len(text) - behind > LONGEST:
                return self._give_up(head, fresh)
            return Masked(head, ())
        ours = tuple(find for find in fresh if find.start < cut)
        shown, places = written(text[:cut], ours, self.operator, wholly)
        # What is before `behind` was given out already: finds there were left out of `fresh`, so it is the text itself.
        begin = behind if not ours or ours[0].start >= behind else places[0][0]
        offset = self.done - behind
        self._keep(cut)
        return Masked(
            head + shown[begin:],
            tuple(
                Find(max(one.start, behind) + offset, one.end + offset, one.type, one.confidence)
                for one in ours
            ),
        )

    def _cut(self, finds: Iterable[Find]) -> int:
        """Return up to where nothing that may still come changes what was found."""
        end = len(self._text) - self.ahead
        cut = max(self._text.rfind(part, max(self._behind, end - BEHIND), end) for part in _BREAKS) + 1 or end
        for find in finds:
            if find.start < cut < find.end:
                cut = find.start
        return cut

    def _give_up(self, head: str, finds: tuple[Find, ...]) -> Masked:
        """Mask the value that does not end, and go on swallowing it until its line does."""
        find = next(iter(finds), Find(self._behind, len(self._text), "field", 50))
        before = self._text[self._behind : max(find.start, self._behind)]
        start = self.done + len(before)
        self.done += len(self._text) - self._behind
        self._text, self._behind, self._swallowing, self._waiting = "", 0, True, 0
        return Masked(head + before + MASK, (replace(find, start=start, end=self.done),))

    def _swallowed(self, *, last: bool) -> str:
        if not self._swallowing:
            return ""
        end = self._text.find("\n")
        self._swallowing = end < 0 and not last
        gone = len(self._text) if end < 0 else end
        self._text = self._text[gone:]
        self.done += gone
        return ""

    def _keep(self, cut: int) -> None:
        self.done += cut - self._behind
        kept = max(0, cut - BEHIND)
        self._text, self._behind, self._waiting = self._text[kept:], cut - kept, 0


def mask_pieces(
    pieces: Iterable[str], types: frozenset[str] | None = None, operator: Operator = redact
) -> Iterator[Masked]:
    """Yield *pieces* masked as one text, however it is cut."""
    stream = Stream(types, operator)
    for piece in pieces:
        masked = stream.push(piece)
        if masked.text or masked.finds:
            yield masked
    yield stream.finish()
