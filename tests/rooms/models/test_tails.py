"""Tail probabilities, held against scipy's."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ephor.rooms.models import tails


@settings(deadline=None)
@given(st.floats(0, 400), st.integers(1, 200))
def test_the_tail_of_chi_square_is_scipys(value, freedom):
    assert tails.chi_square_tail(value, freedom) == pytest.approx(
        stats.chi2.sf(value, freedom), rel=1e-8, abs=1e-13
    )


@settings(deadline=None)
@given(st.floats(1e-6, 0.9), st.integers(1, 200))
def test_what_chi_square_exceeds_with_a_probability_is_scipys(probability, freedom):
    assert tails.chi_square_beyond(probability, freedom) == pytest.approx(
        stats.chi2.isf(probability, freedom), rel=1e-7
    )


@settings(deadline=None)
@given(st.floats(0, 5))
def test_the_tail_of_kolmogorov_is_scipys(value):
    assert tails.kolmogorov_tail(value) == pytest.approx(stats.kstwobign.sf(value), rel=1e-8, abs=1e-12)


@settings(deadline=None)
@given(*[st.integers(0, 300)] * 4)
def test_fishers_exact_probability_is_scipys(a, b, c, d):
    ours = tails.fisher_exact(a, b, c, d)
    theirs = stats.fisher_exact([[a, b], [c, d]])[1]
    assert ours == pytest.approx(1.0 if math.isnan(theirs) else theirs, rel=1e-6, abs=1e-12)
