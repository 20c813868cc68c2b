"""The 5 by 5 matrix: likelihood and impact in, score and level out."""

from __future__ import annotations

from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import RiskLevel

_L, _M, _H, _C = RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL
MATRIX: tuple[tuple[RiskLevel, ...], ...] = (
    # impact 1, 2, 3, 4, 5
    (_L, _L, _L, _L, _M),  # likelihood 1: rare
    (_L, _L, _M, _M, _H),  # likelihood 2: unlikely
    (_L, _M, _M, _H, _H),  # likelihood 3: possible
    (_L, _M, _H, _H, _C),  # likelihood 4: likely
    (_M, _H, _H, _C, _C),  # likelihood 5: to be expected
)  # fmt: skip
"""Level by likelihood (row) and impact (column). By score: low to 4, medium 5 to 9, high 10 to 16, critical from 20."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One place in the matrix: likelihood and impact from 1 to 5, their product, and its level."""

    likelihood: int
    impact: int
    score: int
    level: RiskLevel


def rate(likelihood: int, impact: int) -> Rating:
    """Return where a likelihood and an impact, each from 1 to 5, stand in the matrix.

    >>> rate(4, 5).score, rate(4, 5).level.value
    (20, 'critical')

    Raises:
        InvalidInputError: one of them is not between 1 and 5.
    """
    for name, value in (("likelihood", likelihood), ("impact", impact)):
        if not 1 <= value <= 5:
            raise InvalidInputError(f"{name} `{value}` is not between 1 and 5")
    return Rating(likelihood, impact, likelihood * impact, MATRIX[likelihood - 1][impact - 1])
