"""Drift of columns: scipy as oracle, verdicts by a table, and what small samples cannot say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.column import MARKS, ColumnKind, spread
from ephor.rooms.models.shift import Limits, ShiftTest, check_limits, compare

RANDOM = np.random.default_rng(7)
NORMAL = RANDOM.normal(0, 1, 4000).tolist()


def shifts(before, after, limits=None, **more):
    found = compare([spread("x", before, **more)], {"x": after}, limits or Limits())
    return {one.test: one for one in found}


@settings(deadline=None)
@given(
    st.lists(st.integers(-20, 20), min_size=4, max_size=60),
    st.lists(st.integers(-20, 20), min_size=4, max_size=60),
)
def test_the_distance_of_two_samples_is_scipys(before, after):
    found = shifts([float(x) for x in before], [float(x) for x in after])[ShiftTest.KS]
    assert found.effect == pytest.approx(stats.ks_2samp(before, after, method="asymp").statistic, abs=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=6), st.lists(st.integers(0, 60), min_size=6, max_size=6)
)
def test_homogeneity_of_categories_is_scipys(before, after):
    rows = [(one, after[at]) for at, one in enumerate(before) if one + after[at]]
    first = [f"c{at}" for at, (one, _) in enumerate(rows) for _ in range(one)]
    second = [f"c{at}" for at, (_, two) in enumerate(rows) for _ in range(two)]
    if not first or not second or len(rows) < 2:
        return
    found = shifts(first, second)[ShiftTest.CHI_SQUARE]
    result = stats.chi2_contingency(np.array(rows).T, correction=False)
    assert found.p_value == pytest.approx(result.pvalue, rel=1e-6, abs=1e-12)
    assert found.effect == pytest.approx(math.sqrt(result.statistic / (len(first) + len(second))), abs=1e-9)


def test_a_long_baseline_is_kept_in_steps_and_compared_to_a_thousandth():
    later = RANDOM.normal(0.3, 1, 3000).tolist()
    found = shifts(NORMAL, later)[ShiftTest.KS]
    assert len(spread("x", NORMAL).marks) == MARKS + 1
    assert found.effect == pytest.approx(
        stats.ks_2samp(NORMAL, later, method="asymp").statistic, abs=2 / MARKS
    )


@pytest.mark.parametrize(
    ("after", "psi", "ks"),
    [
        (RANDOM.normal(0, 1, 4000).tolist(), False, False),
        (RANDOM.normal(1, 1, 4000).tolist(), True, True),
        (RANDOM.normal(0, 2, 4000).tolist(), True, True),
        (RANDOM.normal(0, 1, 20).tolist(), None, None),
        ((RANDOM.normal(5, 0.1, 40)).tolist(), True, True),
    ],
    ids=["the same", "moved", "wider", "too few to tell", "few, and far away"],
)
def test_numbers_drift_stay_or_are_too_few(after, psi, ks):
    found = shifts(NORMAL, after)
    assert (found[ShiftTest.PSI].shifted, found[ShiftTest.KS].shifted) == (psi, ks)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (["a"] * 500 + ["b"] * 500, False),
        (["a"] * 800 + ["b"] * 200, True),
        (["a"] * 3 + ["b"] * 3, None),
        (["a"] * 300 + ["new"] * 700, True),
    ],
)
def test_categories_drift_stay_or_are_too_few(after, expected):
    assert shifts(["a"] * 500 + ["b"] * 500, after)[ShiftTest.CHI_SQUARE].shifted is expected


def test_a_category_that_is_new_is_named():
    assert (
        "new: zz"
        in shifts(["a"] * 500 + ["b"] * 500, ["a"] * 300 + ["zz"] * 700)[ShiftTest.CHI_SQUARE].because
    )


def test_missing_values_are_a_drift_of_their_own():
    found = shifts(NORMAL, [*RANDOM.normal(0, 1, 2000).tolist(), *([None] * 800)])
    assert found[ShiftTest.MISSING].shifted is True
    assert found[ShiftTest.KS].shifted is False


def test_a_column_that_is_gone_is_not_known_and_text_among_numbers_is_drift():
    gone = compare([spread("x", NORMAL), spread("y", NORMAL)], {"x": NORMAL}, Limits())
    assert [one.shifted for one in gone if one.column == "y"] == [None]
    assert shifts(NORMAL, ["1", "broken"] * 50)[ShiftTest.KS].shifted is True


def test_equal_populations_rarely_raise_an_alarm():
    limits = Limits(psi=0.0001, ks=0.0001, cramers_v=0.0001, missing=0.0001, alpha=0.05)
    alarms = 0
    for _ in range(200):
        before, after = RANDOM.normal(0, 1, (2, 300)).tolist()
        alarms += any(one.shifted for one in compare([spread("x", before)], {"x": after}, limits))
    assert alarms <= 25  # 5 % of 200 are 10; 25 are more than four deviations away


def test_nothing_in_common_is_refused():
    with pytest.raises(InvalidInputError, match="none of the baseline's columns"):
        compare([spread("x", NORMAL)], {"y": NORMAL}, Limits())


@pytest.mark.parametrize(
    "limits", [Limits(psi=0), Limits(ks=1), Limits(alpha=-0.1), Limits(cramers_v=float("nan"))]
)
def test_a_limit_that_cannot_be_is_refused(limits):
    with pytest.raises(InvalidInputError, match="limit"):
        check_limits(limits)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", " 3 "], ColumnKind.NUMERIC),
        ([1.0, None, 2.0], ColumnKind.NUMERIC),
        (["1", "two"], ColumnKind.CATEGORICAL),
        ([True, False], ColumnKind.CATEGORICAL),
        ([None, ""], ColumnKind.CATEGORICAL),
        (["inf", "1"], ColumnKind.CATEGORICAL),
    ],
)
def test_a_column_is_what_all_of_its_values_are(cells, kind):
    assert spread("x", cells).kind is kind


def test_text_of_many_kinds_is_no_category_and_is_not_kept():
    with pytest.raises(InvalidInputError, match=r"51 different texts.*--without x"):
        spread("x", [f"name {at}" for at in range(51)])
