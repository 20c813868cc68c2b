"""Tail probabilities of the tests that compare samples, so that no verdict waits for a numerical library.

Accurate to about ten digits where tests look; held against scipy's in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_CLOSE = 1e-15


def chi_square_tail(value: float, freedom: int) -> float:
    """Return the probability that a chi-square variable of so many degrees of freedom exceeds *value*.

    >>> round(chi_square_tail(3.841458820694124, 1), 6)
    0.05
    """
    return 1.0 if value <= _TINY else _gamma_tail(freedom / 2, value / 2)


def chi_square_beyond(probability: float, freedom: int) -> float:
    """Return the value that a chi-square variable exceeds with that probability.

    >>> round(chi_square_beyond(0.01, 9), 3)
    21.666
    """
    return _where(lambda value: chi_square_tail(value, freedom), probability, high=float(freedom))


def kolmogorov_tail(value: float) -> float:
    """Return the probability that Kolmogorov's limiting distribution exceeds *value*.

    >>> round(kolmogorov_tail(1.3580986), 5)
    0.05
    """
    if value < 0.2:
        return 1.0  # the series alternates for long there, and its sum is 1 to twelve digits
    terms = (math.copysign(math.exp(-2.0 * k * k * value * value), k % 2 - 0.5) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def kolmogorov_beyond(probability: float) -> float:
    """Return the value that Kolmogorov's limiting distribution exceeds with that probability.

    >>> round(kolmogorov_beyond(0.05), 4)
    1.3581
    """
    return _where(kolmogorov_tail, probability, high=1.0)


def fisher_exact(a: int, b: int, c: int, d: int) -> float:
    """Return the two-sided probability of a table ``[[a, b], [c, d]]`` under equal rates (R. A. Fisher, 1934).

    It is the sum over every table with these margins that is no more probable than this one.

    >>> round(fisher_exact(8, 2, 1, 5), 8)
    0.03496503
    """
    row, column, total = a + b, a + c, a + b + c + d
    lowest, highest = max(0, row + column - total), min(row, column)

    def log_of(x: int) -> float:
        return _log_choose(column, x) + _log_choose(total - column, row - x)

    seen, ways = log_of(a), _log_choose(total, row)
    likely = seen + 1e-7
    return min(1.0, math.fsum(
        math.exp(one - ways) for x in range(lowest, highest + 1) if (one := log_of(x)) <= likely
    ))  # fmt: skip


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _gamma_tail(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function (NIST DLMF 8.7.1 and 8.9.2)."""
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        step = a
        while abs(term) > abs(total) * _CLOSE:
            step += 1
            term *= x / step
            total += term
        return max(0.0, 1 - scale * total)
    # Lentz's way through the continued fraction.
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for number in range(1, 10_000):
        factor = -number * (number - a)
        b += 2
        d = 1 / _off_zero(factor * d + b)
        c = _off_zero(b + factor / c)
        fraction *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return scale * fraction


def _off_zero(value: float) -> float:
    return value if abs(value) >= _TINY else _TINY


def _where(tail: Callable[[float], float], probability: float, high: float) -> float:
    """Return where a falling *tail* reaches *probability*, by halving."""
    low = 0.0
    while tail(high) > probability:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > probability else (low, middle)
    return high
