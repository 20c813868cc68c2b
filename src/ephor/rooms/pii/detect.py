"""Finding personal data: one linear pass over the text for all types, then the exact rules of those that fired."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import attrgetter

import re2

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import RULES, chosen
from ephor.rooms.pii.folding import BLANK, fold, fold_each
from ephor.rooms.pii.model import Find
from ephor.rooms.pii.rules import Rule, options, scan

# More than any rule looks back or ahead, of what no pattern matches: texts read together stay strangers.
_APART = b"\n" + bytes([BLANK]) * 40 + b"\n"


def detect(text: str, types: frozenset[str] | None = None) -> tuple[Find, ...]:
    """Return the personal data in *text*, in order of position, none overlapping another.

    *types* are those to look for, the default profile for None. Of overlapping finds the one with the highest
    confidence stays, then the longest. The time taken is linear in the text, whatever it holds.

    >>> [(find.type, find.start, find.end) for find in detect("Write to jane@example.com")]
    [('email', 9, 25)]

    Raises:
        InvalidInputError: a type is not known, or the text is not text.
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"cannot look for personal data in {type(text).__name__}; give text")
    wanted = chosen(types)
    folded = fold(text)
    found = _scanned(folded.data, wanted)
    finder: Callable[[str], Iterable[Find]] | None = getattr(wanted, "finder", None)
    if finder is not None and text.strip():
        return tuple(resolve([*folded.original(found), *finder(text)]))
    return folded.original(resolve(found)) if found else ()


def detect_each(texts: Sequence[str], wanted: frozenset[str]) -> list[int]:
    """Return the positions of the *texts* that hold something of the *wanted* types, all read in one pass.

    >>> detect_each(["hello", "jane@example.com", "7"], chosen(None))
    [1]
    """
    if getattr(wanted, "finder", None) is not None:
        return [at for at, text in enumerate(texts) if text.strip()]
    parts = fold_each(texts)
    data = _APART.join(parts)
    found = _scanned(data, wanted)
    if not found:
        return []
    ends = list(accumulate(len(part) + len(_APART) for part in parts))
    return sorted({bisect_right(ends, find.start) for find in found})


def _scanned(data: bytes, wanted: frozenset[str]) -> list[Find]:
    """Return all that the rules for *wanted* types find in folded *data*, overlaps included."""
    sharing: dict[str, list[Rule]] = {}
    for rule in firing(data, wanted):
        sharing.setdefault(rule.pattern, []).append(rule)
    return list(chain.from_iterable(scan(pattern, group, data) for pattern, group in sharing.items()))


def firing(data: bytes, wanted: frozenset[str]) -> list[Rule]:
    """Return the rules for *wanted* types whose trigger occurs in folded *data*."""
    fired = _compiled(wanted)[0].Match(data)
    return [_compiled(wanted)[1][index] for index in sorted(fired)] if fired else []


def resolve(finds: Iterable[Find]) -> list[Find]:
    """Return the finds that stay where they overlap: highest confidence, then longest, then first, then by name.

    >>> [find.type for find in resolve([Find(0, 9, "pt_nif", 88), Find(0, 12, "phone", 70), Find(20, 25, "us_zip", 70)])]
    ['pt_nif', 'us_zip']
    """
    kept: list[Find] = []
    crowd: list[Find] = []
    reach = 0
    # Only those that touch each other, if through others, need be compared.
    for find in sorted(finds, key=attrgetter("start")):
        if find.start >= reach and crowd:
            kept += _surest(crowd) if len(crowd) > 1 else crowd
            crowd = []
        crowd.append(find)
        reach = max(reach, find.end)
    return kept + (_surest(crowd) if len(crowd) > 1 else crowd)


def _surest(finds: Iterable[Find]) -> list[Find]:
    starts: list[int] = []
    kept: list[Find] = []
    ranked = sorted(finds, key=lambda find: (-find.confidence, find.start - find.end, find.start, find.type))
    for find in ranked:
        at = bisect_right(starts, find.start)
        free_before = at == 0 or kept[at - 1].end <= find.start
        if free_before and (at == len(kept) or find.end <= kept[at].start):
            starts.insert(at, find.start)
            kept.insert(at, find)
    return kept


@lru_cache(maxsize=64)
def _compiled(wanted: frozenset[str]) -> tuple[re2.Set, tuple[Rule, ...]]:
    """Return the set of triggers for *wanted* types, and the rules in its order."""
    rules = (*(rule for rule in RULES if rule.type in wanted), *getattr(wanted, "rules", ()))
    triggers = re2.Set.SearchSet(options())
    for rule in rules:
        triggers.Add(rule.trigger.encode("latin-1"))
    triggers.Compile()
    return triggers, rules
