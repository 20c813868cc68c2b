"""Three-valued truth: what nobody has stated stays unknown, and unknown is never a pass.

Kleene's strong logic of indeterminacy (S. C. Kleene, Introduction to Metamathematics, 1952, § 64).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Truth: TypeAlias = "bool | None"
"""``True``, ``False`` or ``None`` for unknown."""


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return the conjunction: false if any part is false, else unknown if any is unknown, else true.

    >>> all_of([True, None]), all_of([False, None]), all_of([True, True])
    (None, False, True)
    """
    seen = list(parts)
    if any(part is False for part in seen):
        return False
    return None if any(part is None for part in seen) else True


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return the disjunction: true if any part is true, else unknown if any is unknown, else false.

    >>> any_of([False, None]), any_of([True, None]), any_of([False, False])
    (None, True, False)
    """
    seen = list(parts)
    if any(part is True for part in seen):
        return True
    return None if any(part is None for part in seen) else False


def negate(part: Truth) -> Truth:
    """Return the negation; the negation of unknown is unknown."""
    return None if part is None else not part
