"""The matrix: every cell agrees with its score, and no step outwards lowers the level."""

from __future__ import annotations

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.risk.matrix import MATRIX, rate

CELLS = [(likelihood, impact) for likelihood in range(1, 6) for impact in range(1, 6)]


def by_score(score: int) -> RiskLevel:
    """The documented table, read on its own: low to 4, medium to 9, high to 16, then critical."""
    return next(level for bar, level in zip((4, 9, 16, 25), RiskLevel, strict=True) if score <= bar)


@pytest.mark.parametrize(("likelihood", "impact"), CELLS)
def test_every_cell_agrees_with_its_score(likelihood: int, impact: int) -> None:
    rating = rate(likelihood, impact)
    assert rating.score == likelihood * impact
    assert rating.level is by_score(rating.score)


def test_every_level_can_be_reached() -> None:
    assert {level for row in MATRIX for level in row} == set(RiskLevel)


@pytest.mark.parametrize(("likelihood", "impact"), CELLS)
def test_more_likely_or_graver_is_never_a_lower_level(likelihood: int, impact: int) -> None:
    here = rate(likelihood, impact).level
    assert rate(min(5, likelihood + 1), impact).level >= here
    assert rate(likelihood, min(5, impact + 1)).level >= here


@pytest.mark.parametrize(("likelihood", "impact"), [(0, 3), (3, 0), (6, 1), (1, 6), (-1, -1)])
def test_nothing_outside_one_to_five_is_rated(likelihood: int, impact: int) -> None:
    with pytest.raises(InvalidInputError, match="is not between 1 and 5"):
        rate(likelihood, impact)
