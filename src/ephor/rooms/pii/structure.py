"""Masking structured values: arguments, results and JSON, by path and without breaking their shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.detect import detect_each
from ephor.rooms.pii.folding import fold
from ephor.rooms.pii.hints import believable, hinted
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.model import Find, StructuredFind
from ephor.rooms.pii.operators import MASK, Operator, redact

MAX_DEPTH = 64
"""Deepest nesting that is masked; deeper, or a value that holds itself, is refused."""
# No type is a bare number of fewer digits; below a hint or a path every number counts.
_SHORTEST_NUMBER = 1_000_000
_NUMBERS = frozenset({int, float})
_LONGEST_WORD = 18
_WRITTEN = {"email": re.compile(r"[^@\s]+@[^@\s]+\.invalid"), "us_zip": re.compile(r"[0-9]{3}\*\*")}


def mask_structure(
    value: object,
    *,
    types: frozenset[str] | None = None,
    operator: Operator = redact,
    paths: Sequence[str] = (),
) -> tuple[Any, tuple[StructuredFind, ...]]:
    """Return *value* with its personal data masked, of the same shape, and what was found where.

    Text, bytes and numbers are scanned, keys too; a field whose name says what it holds (``ssn``, ``card_number``)
    is masked wholly, and so is every value at *paths*: JSON Pointers (RFC 6901) in which ``*`` stands for any one
    segment. A number with a find becomes masked text. Masked keys that would collide get ``#2``, ``#3``. Mappings
    come back as ``dict``. Anything else (dates, dataclasses, other objects) is left as it is, except below a path or
    a hint: turn such objects into JSON values first. A value with nothing to mask is returned itself.

    >>> mask_structure({"to": "jane@example.com", "card_number": 4111111111111111})[0]
    {'to': '[email]', 'card_number': '[credit_card]'}

    Raises:
        InvalidInputError: nested deeper than `MAX_DEPTH`, a type that is not known, or a path that is no pointer.
    """
    wanted = chosen(types)
    wanted_paths = [_segments(path) for path in paths]
    texts: list[str] = []
    clear = _gather(value, texts, wanted, MAX_DEPTH)
    found = frozenset(texts[index] for index in detect_each(texts, wanted)) if texts else frozenset()
    if clear and not wanted_paths and not found:
        return value, ()
    walk = _Walk(types, operator=operator, wanted=wanted, found=found)
    masked = walk.value(value, _Place("", None, tuple(wanted_paths)))
    return (masked, tuple(walk.finds)) if walk.finds else (value, ())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: the pointer so far, what the names above hint at, and what remains of wanted paths."""

    pointer: str
    hint: str | None
    paths: tuple[tuple[str, ...], ...]
    steps: tuple[int, ...] = ()

    def below(self, at: int, segment: str, shown: str, hint: str | None) -> _Place:
        paths = tuple(path[1:] for path in self.paths if path and path[0] in {"*", segment})
        return _Place(f"{self.pointer}/{_escaped(shown)}", hint or self.hint, paths, (*self.steps, at))

    @property
    def forced(self) -> bool:
        return () in self.paths


@dataclass(slots=True)
class _Walk:
    """One pass over a value, and the finds it has met."""

    types: frozenset[str] | None
    wanted: frozenset[str]
    operator: Operator
    found: frozenset[str]
    """The texts in which there is something; in all others only hints and paths count."""
    finds: list[StructuredFind] = field(default_factory=list)

    def value(self, value: object, place: _Place) -> object:
        if place.forced and value is not None:
            return self._whole(place.hint or "field", str(value), place)
        if isinstance(value, Mapping):
            return self._mapping(value, place)
        if isinstance(value, list | tuple | set | frozenset):
            return self._sequence(value, place)
        return self._leaf(value, place)

    def _leaf(self, value: object, place: _Place) -> object:
        if place.hint is not None and type(value) is int and believable(place.hint, str(value)):
            return self._whole(place.hint, str(value), place)
        text = _text(value)
        if text is None:
            return value
        if place.hint is not None and believable(place.hint, text):
            return self._whole(place.hint, text, place)
        return self._scanned(value, text, place) if text in self.found else value

    def _scanned(self, value: object, text: str, place: _Place) -> object:
        masked = mask(text, self.types, self.operator)
        if not masked.finds:
            return value
        self.finds += (StructuredFind(place.pointer, find, steps=place.steps) for find in masked.finds)
        return masked.text.encode("utf-8", "surrogateescape") if isinstance(value, bytes) else masked.text

    def _whole(self, type_: str, text: str, place: _Place) -> str:
        if _is_masked(text) or _is_written(type_, text):
            return text
        self.finds.append(
            StructuredFind(place.pointer, Find(0, len(text), type_, 100), hinted=True, steps=place.steps)
        )
        written = self.operator(type_, text)
        return MASK if mask(written, self.types).finds else written

    def _mapping(self, value: Mapping[object, object], place: _Place) -> dict[object, object]:
        keys = self._keys(value, place)
        masked: dict[object, object] = {}
        for at, (key, part) in enumerate(value.items()):
            hint = hinted(key) if isinstance(key, str) else None
            hint = hint if hint in self.wanted else None
            masked[keys[key]] = self.value(part, place.below(at, str(key), str(keys[key]), hint))
        return masked

    def _keys(self, value: Mapping[object, object], place: _Place) -> dict[object, object]:
        """Return for each key what it is called afterwards, no two the same."""
        texts = {key: text for key in value if (text := _text(key)) is not None and text in self.found}
        if not texts:
            return {key: key for key in value}
        masks = {key: mask(text, self.types, self.operator) for key, text in texts.items()}
        names: dict[object, object] = {key: key for key in value if key not in masks or not masks[key].finds}
        taken = set(names)
        order = {key: at for at, key in enumerate(value)}
        for key, masked in masks.items():
            if masked.finds:
                name, count = masked.text, 1
                while name in taken:
                    count += 1
                    name = f"{masked.text}#{count}"
                taken.add(name)
                names[key] = name
                pointer = f"{place.pointer}/{_escaped(name)}"
                self.finds += (
                    StructuredFind(pointer, find, in_key=True, steps=(*place.steps, order[key]))
                    for find in masked.finds
                )
        return names

    def _sequence(self, value: Iterable[object], place: _Place) -> object:
        ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        parts = [self.value(part, place.below(at, str(at), str(at), None)) for at, part in enumerate(ordered)]
        if hasattr(value, "_fields"):  # a named tuple takes its parts one by one
            return type(value)(*parts)
        return tuple(parts) if isinstance(value, tuple) else type(value)(parts)  # type: ignore[call-arg]


def _gather(value: object, texts: list[str], wanted: frozenset[str], room: int) -> bool:
    """Collect every text of *value* to scan in one pass; say whether no field's name needs a closer look."""
    kind = type(value)
    if kind is str:
        texts.append(value)  # type: ignore[arg-type]
        return True
    if value is None or kind is bool or (kind in _NUMBERS and -_SHORTEST_NUMBER < value < _SHORTEST_NUMBER):  # type: ignore[operator]
        return True
    if kind is dict or isinstance(value, Mapping):
        return _gather_fields(value, texts, wanted, _deeper(room))  # type: ignore[arg-type]
    if kind is list or isinstance(value, list | tuple | set | frozenset):
        room, clear = _deeper(room), True
        for part in value:  # type: ignore[attr-defined]
            kind = type(part)
            if kind is str:
                texts.append(part)
            elif kind not in _NUMBERS or not -_SHORTEST_NUMBER < part < _SHORTEST_NUMBER:
                clear = _gather(part, texts, wanted, room) and clear
        return clear
    text = _text(value)
    if text is not None:
        texts.append(text)
    return True


def _gather_fields(
    value: Mapping[object, object], texts: list[str], wanted: frozenset[str], room: int
) -> bool:
    clear = True
    for key, part in value.items():
        if type(key) is str and len(key) < _LONGEST_WORD:
            word, hint = _read_name(key)
            if not word:
                texts.append(key)
            if hint in wanted:
                clear = False
        else:
            _gather(key, texts, wanted, room)
            clear = clear and not (isinstance(key, str) and hinted(key) in wanted)
        kind = type(part)
        if kind is str:
            texts.append(part)  # type: ignore[arg-type]
        elif kind not in _NUMBERS or not -_SHORTEST_NUMBER < part < _SHORTEST_NUMBER:  # type: ignore[operator]
            clear = _gather(part, texts, wanted, room) and clear
    return clear


@lru_cache(maxsize=2048)
def _read_name(key: str) -> tuple[bool, str | None]:
    """Say of a field's name whether it is a mere word, and what it hints at. Few names come again and again."""
    return _is_word(key), hinted(key)


def _deeper(room: int) -> int:
    if room <= 0:
        raise InvalidInputError(
            f"value is nested deeper than {MAX_DEPTH} levels; flatten it", levels=MAX_DEPTH
        )
    return room - 1


def _is_word(text: str) -> bool:
    """Say whether *text* is letters and underscores, too few for the shortest token without a digit."""
    return len(text) < _LONGEST_WORD and text.isascii() and text.replace("_", "").isalpha()


def _text(value: object) -> str | None:
    """Return the text to scan for a leaf, or None for what has none."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int) and -_SHORTEST_NUMBER < value < _SHORTEST_NUMBER:
        return None
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python converts is nobody's number
        return None


def _is_masked(text: str) -> bool:
    return not fold(text).data.strip(b"\x00")


def _is_written(type_: str, text: str) -> bool:
    """Say whether a field of *type_* holds what `token` or `generalise` wrote: no address ends in ``.invalid`` (RFC 2606)."""
    return _WRITTEN[type_].fullmatch(text) is not None if type_ in _WRITTEN else False


def _segments(path: str) -> tuple[str, ...]:
    if path and not path.startswith("/"):
        raise InvalidInputError(
            f"`{path[:80]}` is not a path; write a JSON Pointer such as `/customer/email`"
        )
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])


def _escaped(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1")
