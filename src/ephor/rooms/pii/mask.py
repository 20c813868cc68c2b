"""Masking text: every find replaced, until nothing is left to find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.detect import detect, resolve
from ephor.rooms.pii.model import Find, Masked
from ephor.rooms.pii.operators import MASK, Operator, redact

_ROUNDS = 8


def mask(text: str, types: frozenset[str] | None = None, operator: Operator = redact) -> Masked:
    """Return *text* with its personal data replaced by *operator*, and the finds at their places in *text*.

    Masking the result again changes nothing: what shows only once its neighbour is masked is masked, too, and where
    a replacement would itself be found the value is masked wholly.

    >>> mask("Write to jane@example.com").text
    'Write to [email]'

    Raises:
        InvalidInputError: a type is not known, or the text is not text.
    """
    finds, wholly = settled(text, types, operator)
    return Masked(written(text, finds, operator, wholly)[0], finds) if finds else Masked(text, ())


def settled(
    text: str, types: frozenset[str] | None, operator: Operator
) -> tuple[tuple[Find, ...], frozenset[Find]]:
    """Return the finds that must be masked for nothing to be found afterwards, and those of them to mask wholly."""
    finds: tuple[Find, ...] = detect(text, types)
    wholly: frozenset[Find] = frozenset()
    if not finds:
        return finds, wholly
    for _ in range(_ROUNDS):
        masked, places = written(text, finds, operator, wholly)
        more = detect(masked, types)
        if not more:
            return finds, wholly
        shown = [_back(find, finds, places) for find in more]
        joined = _joined([*finds, *shown])
        if joined == finds:  # the replacements themselves were found
            wholly |= {
                find for find in finds if any(find.start < new.end and new.start < find.end for new in shown)
            }
        finds = joined
    # Text built to show something new after every masking: nothing of it is worth keeping.
    whole = Find(0, len(text), finds[0].type, finds[0].confidence)
    return (whole,), frozenset({whole})


def mask_finds(text: str, finds: Iterable[Find], operator: Operator = redact) -> Masked:
    """Return *text* with just these *finds* replaced by *operator*; of overlapping ones the surest stays.

    >>> mask_finds("Jane Roe called", [Find(0, 8, "name", 80)]).text
    '[name] called'

    Raises:
        InvalidInputError: a find does not lie within the text.
    """
    kept = tuple(resolve(finds))
    for find in kept:
        if not 0 <= find.start < find.end <= len(text):
            raise InvalidInputError(
                f"find at {find.start} to {find.end} is outside the text of {len(text)} characters"
            )
    return Masked(written(text, kept, operator, frozenset())[0], kept)


def written(
    text: str, finds: Sequence[Find], operator: Operator, wholly: frozenset[Find]
) -> tuple[str, list[tuple[int, int]]]:
    """Return the masked text, and where each find's replacement stands in it."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    done = length = 0
    for find in finds:
        value = text[find.start : find.end]
        shown = MASK if wholly and find in wholly else operator(find.type, value)
        length += find.start - done
        parts += (text[done : find.start], shown)
        places.append((length, length + len(shown)))
        length += len(shown)
        done = find.end
    parts.append(text[done:])
    return "".join(parts), places


def _back(find: Find, finds: Sequence[Find], places: Sequence[tuple[int, int]]) -> Find:
    """Return *find* in the masked text at its place in the original; what touches a replacement takes in its value."""
    start = _origin(find.start, finds, places, last=False)
    end = _origin(find.end - 1, finds, places, last=True) + 1
    return Find(start, end, find.type, find.confidence)


def _origin(place: int, finds: Sequence[Find], places: Sequence[tuple[int, int]], *, last: bool) -> int:
    at = bisect_right(places, (place, len(places) + (1 << 62))) - 1
    if at < 0:
        return place
    if place < places[at][1]:
        return finds[at].end - 1 if last else finds[at].start
    return finds[at].end + place - places[at][1]


def _joined(finds: Iterable[Find]) -> tuple[Find, ...]:
    """Return *finds* with overlapping ones as one, of the surest one's type."""
    joined: list[Find] = []
    for find in sorted(finds):
        if joined and find.start < joined[-1].end:
            before = joined.pop()
            surest = max(before, find, key=lambda one: (one.confidence, one == before))
            joined.append(Find(before.start, max(before.end, find.end), surest.type, surest.confidence))
        else:
            joined.append(find)
    return tuple(joined)
