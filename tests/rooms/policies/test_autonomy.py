"""The levels of autonomy and what they mean."""

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect
from ephor.rooms.policies.autonomy import AUTONOMY, autonomy_of, meaning_of


def test_every_effect_needs_a_level_and_a_stronger_effect_a_higher_one():
    levels = [autonomy_of(effect) for effect in Effect]
    assert levels == sorted(set(levels))
    assert set(levels) < set(AUTONOMY)


def test_all_five_levels_have_a_meaning_of_their_own():
    assert len({meaning_of(level) for level in range(1, 6)}) == 5


@pytest.mark.parametrize("level", [0, 6, -1, "3", 3.0, True, None])
def test_nothing_else_is_a_level(level):
    with pytest.raises(InvalidInputError, match="from 1 to 5"):
        meaning_of(level)
