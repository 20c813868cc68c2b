"""What files, tables and columns are called in a report: their names may hold personal data, and a report shows none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ephor.rooms.pii.catalogue import profile
from ephor.rooms.pii.mask import mask

_ENDINGS = 2


def shown_names(names: Iterable[str], types: frozenset[str] = frozenset()) -> Mapping[str, str]:
    """Return for each name what a report calls it; personal data in it by its type, and no two alike.

    >>> dict(shown_names(["a.txt", "jane@example.com.txt", "joe@example.com.txt"]))
    {'a.txt': 'a.txt', 'jane@example.com.txt': '[email].txt', 'joe@example.com.txt': '[email].txt#2'}
    """
    wanted = profile("default") | types
    shown: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for name in dict.fromkeys(names):
        called = _called(name, wanted)
        if called == name:
            shown[name] = name
        else:
            hidden[name] = called
    taken = set(shown)
    for name, text in hidden.items():
        called, count = text, 1
        while called in taken:
            count += 1
            called = f"{text}#{count}"
        taken.add(called)
        shown[name] = called
    return shown


def _called(name: str, wanted: frozenset[str]) -> str:
    """Return a name masked: as a whole, then folder by folder, each without what it ends in (`.csv.gz`), too."""
    return "/".join(_part(part, wanted) for part in mask(name, wanted).text.split("/"))


def _part(part: str, wanted: frozenset[str]) -> str:
    ending = ""
    for _ in range(_ENDINGS):
        masked = mask(part, wanted)
        if masked.finds or "." not in part:
            return masked.text + ending
        part, _, last = part.rpartition(".")
        ending = f".{last}{ending}"
    return mask(part, wanted).text + ending
