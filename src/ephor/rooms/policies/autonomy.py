"""The five levels of autonomy, and the level that a tool's effect calls for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect

LOWEST, HIGHEST = 1, 5

AUTONOMY: Mapping[int, str] = MappingProxyType(
    {
        1: "reads and suggests; a person carries everything out",
        2: "also changes data inside the organisation that can be changed back",
        3: "also lets something leave the organisation: a message, a payment, a publication",
        4: "also does what cannot be undone",
        5: "also sets its own tasks, with nobody following",
    }
)
"""What an agent of each level does without asking. The guide names the scale 1-5 and leaves its meaning open."""

PERSON_IS: Mapping[int, str] = MappingProxyType(
    {1: "operator", 2: "collaborator", 3: "consultant", 4: "approver", 5: "observer"}
)
"""What the person beside an agent of each level is: K. J. K. Feng, D. W. McDonald, A. X. Zhang, "Levels of Autonomy for AI
Agents", 2025, arXiv:2506.12469. Which act belongs to which level is ours; docs/explanation/autonomy.md says why."""

_NEEDS: Mapping[Effect, int] = MappingProxyType(
    {Effect.READ: 1, Effect.WRITE: 2, Effect.EXTERNAL: 3, Effect.IRREVERSIBLE: 4}
)


def autonomy_of(effect: Effect) -> int:
    """Return the level an agent needs to do something of this *effect* without asking.

    >>> [autonomy_of(effect) for effect in Effect]
    [1, 2, 3, 4]
    """
    return _NEEDS[effect]


def meaning_of(level: int) -> str:
    """Return what an agent of *level* does without asking.

    >>> meaning_of(1)
    'reads and suggests; a person carries everything out'

    Raises:
        InvalidInputError: there is no such level.
    """
    if type(level) is not int or level not in AUTONOMY:
        raise InvalidInputError(
            f"`{str(level)[:40]}` is not a level of autonomy; use a whole number from {LOWEST} to {HIGHEST}"
        )
    return AUTONOMY[level]
