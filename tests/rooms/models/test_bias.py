"""Bias by group: fairlearn and scipy as oracles, four fifths with and without enough people, small groups withheld."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.bias import BiasLimits, BiasMetric, judge_bias
from ephor.rooms.models.groups import Rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the oracle's own imports
    from fairlearn.metrics import (
        demographic_parity_ratio,
        equal_opportunity_difference,
        equalized_odds_difference,
    )


def people(**groups):
    """Make rows out of ``group=(chosen, all)``."""
    column, predicted = [], []
    for name, (chosen, size) in groups.items():
        column += [name] * size
        predicted += ["yes"] * chosen + ["no"] * (size - chosen)
    return Rows({"sex": column}, predicted, "yes")


def finding(report, group, metric=BiasMetric.SELECTION_RATE):
    return next(one for one in report.findings if (one.group, one.metric) == (group, metric))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=40, max_size=200))
def test_rates_and_differences_are_fairlearns(rows):
    groups, truth, predicted = ([row[at] for row in rows] for at in range(3))
    assume(len(set(groups)) > 1)
    for group in set(groups):
        seen = [true for own, true, _ in rows if own == group]
        assume(any(seen) and not all(seen))
    assume(any(predicted))
    report = judge_bias(Rows({"g": groups}, predicted, "true", actual=truth), BiasLimits(least=1))
    numbers = [np.array(one, dtype=int) for one in (truth, predicted)]
    values = [one.value for one in report.findings if one.metric is BiasMetric.SELECTION_RATE]
    assert min(values) == pytest.approx(demographic_parity_ratio(*numbers, sensitive_features=groups))
    (odds,) = [one for one in report.findings if one.metric is BiasMetric.EQUALISED_ODDS]
    assert odds.value == pytest.approx(equalized_odds_difference(*numbers, sensitive_features=groups))
    chances = [one.value for one in report.findings if one.metric is BiasMetric.EQUAL_OPPORTUNITY]
    assert max(chances) == pytest.approx(equal_opportunity_difference(*numbers, sensitive_features=groups))


@pytest.mark.parametrize(
    ("groups", "adverse"),
    [
        ({"f": (240, 600), "m": (360, 600)}, True),
        ({"f": (330, 600), "m": (360, 600)}, False),
        ({"f": (14, 35), "m": (21, 35)}, None),
        ({"f": (480, 600), "m": (600, 600)}, False),
        ({"f": (479, 600), "m": (600, 600)}, True),
    ],
    ids=["adverse", "alike", "too few to tell", "exactly four fifths", "one less than four fifths"],
)
def test_four_fifths_need_enough_people(groups, adverse):
    report = judge_bias(people(**groups), BiasLimits())
    found = finding(report, "f")
    (chosen, size), (others, all_others) = groups["f"], groups["m"]
    assert found.adverse is adverse
    assert found.p_value == pytest.approx(
        stats.fisher_exact([[chosen, size - chosen], [others, all_others - others]])[1]
    )
    assert report.adverse is adverse


def test_a_small_group_is_withheld_and_not_called_fair():
    report = judge_bias(people(f=(5, 20), m=(50, 100), x=(50, 100)), BiasLimits())
    withheld = next(one for one in report.groups if one.group == "f")
    assert (withheld.size, withheld.selection_rate, withheld.withheld) == (None, None, True)
    assert finding(report, "f").adverse is None
    assert report.adverse is None
    assert "20" not in repr(report.groups) + repr(report.findings)


def test_attributes_are_crossed():
    sex = ["f", "f", "m", "m"] * 100
    age = ["old", "young"] * 200
    chosen = [own == ("f", "old") for own in zip(sex, age, strict=True)]
    report = judge_bias(Rows({"sex": sex, "age": age}, [not one for one in chosen], "true"), BiasLimits())
    assert finding(report, "f and old").adverse is True
    assert {one.attribute for one in report.groups} == {"sex", "age", "sex and age"}


def test_error_rates_and_calibration_are_told_as_not_tested_without_their_columns():
    report = judge_bias(people(f=(300, 600), m=(300, 600)), BiasLimits())
    assert report.adverse is False
    assert [one.split(":")[0] for one in report.not_tested] == ["error rates", "calibration"]


def test_scores_that_say_more_than_happens_are_adverse_only_for_their_group():
    sex = ["f"] * 500 + ["m"] * 500
    actual = [at % 10 < 5 for at in range(1000)]
    score = [0.9] * 500 + [0.5] * 500
    report = judge_bias(Rows({"sex": sex}, [True, *([False] * 999)], "true", actual, score), BiasLimits())
    assert finding(report, "f", BiasMetric.CALIBRATION).adverse is True
    assert finding(report, "m", BiasMetric.CALIBRATION).adverse is False


def test_rows_without_a_group_are_counted_as_left_out():
    rows = people(f=(300, 600), m=(300, 600))
    report = judge_bias(
        Rows({"sex": [None, *rows.attributes["sex"][1:]]}, rows.predicted, "yes"), BiasLimits()
    )
    assert report.left_out == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (Rows({}, ["yes"], "yes"), "no attribute"),
        (Rows({"g": ["a"]}, ["yes"], "YES"), "no prediction is `YES`"),
        (Rows({"g": ["a", "b"]}, ["yes"], "yes"), "not of one length"),
        (Rows({"g": ["a"]}, ["yes"], "yes", score=[1.2]), "outside 0 to 1"),
        (Rows({"g": [str(at) for at in range(201)]}, ["yes"] * 201, "yes"), "201 groups"),
    ],
)
def test_what_cannot_be_compared_is_refused(rows, says):
    with pytest.raises(InvalidInputError, match=says):
        judge_bias(rows, BiasLimits())
