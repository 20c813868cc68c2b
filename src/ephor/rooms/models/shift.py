"""Drift of what goes into a model or comes out of it: how today's columns are spread, held against the baseline's.

A verdict needs an effect that is large enough to matter and a sample that is large enough to tell it from chance. Where
chance alone would reach the limit, the answer is unknown: insufficient data is neither drift nor its absence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth
from ephor.rooms.models.column import (
    MARKS,
    Cell,
    ColumnKind,
    Spread,
    bins_of,
    counts_of,
    is_missing,
    numbers_of,
)
from ephor.rooms.models.tails import chi_square_beyond, chi_square_tail, kolmogorov_beyond, kolmogorov_tail


@unique
class ShiftTest(StrEnum):
    """What two samples of a column are compared by."""

    PSI = "psi"
    """Population stability index over the deciles of the baseline."""
    KS = "ks"
    """Kolmogorov-Smirnov: the greatest distance of the two distributions; between 0 and 1, so an effect size."""
    CHI_SQUARE = "chi-square"
    """Homogeneity of categories, with Cramér's V as its effect size."""
    MISSING = "missing"
    """The share of cells that say nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a shift matters, and how sure one must be. ``alpha`` is for the whole report, shared by its tests."""

    psi: float = 0.2
    ks: float = 0.1
    cramers_v: float = 0.1
    missing: float = 0.05
    alpha: float = 0.01


@dataclass(frozen=True, slots=True)
class Shift:
    """One column by one test. ``effect`` beyond ``limit`` matters; ``chance`` is what equal populations reach by themselves.

    ``p_value`` is None for tests that have none. ``shifted`` is None where the samples are too small to tell.
    """

    column: str
    test: ShiftTest
    effect: float
    limit: float
    chance: float
    p_value: float | None
    shifted: Truth
    because: str


def check_limits(limits: Limits) -> Limits:
    """Return *limits* if they can be used.

    Raises:
        InvalidInputError: one is not above zero, or not below one where it is a share.
    """
    for name in ("psi", "ks", "cramers_v", "missing", "alpha"):
        value = getattr(limits, name)
        highest = math.inf if name == "psi" else 1.0
        if not 0 < value < highest:
            upper = "" if name == "psi" else " and below 1"
            raise InvalidInputError(f"limit `{name}` is {value}; it must be above 0{upper}", limit=name)
    return limits


def compare(
    baseline: Sequence[Spread], table: Mapping[str, Sequence[Cell]], limits: Limits
) -> tuple[Shift, ...]:
    """Return every column of the baseline held against *table*; a column that is not there any more is unknown.

    Raises:
        InvalidInputError: *table* holds none of the columns.
    """
    if not any(one.name in table for one in baseline):
        raise InvalidInputError(
            f"none of the baseline's columns is there; they are: {', '.join(one.name for one in baseline)}"
        )
    tests = sum(2 if one.kind is ColumnKind.NUMERIC else 1 for one in baseline) + len(baseline)
    alpha = limits.alpha / tests  # Bonferroni: the whole report errs with at most alpha
    found: list[Shift] = []
    for before in baseline:
        if before.name not in table:
            why = "the column is not among the observations"
            found.append(Shift(before.name, ShiftTest.MISSING, 1.0, limits.missing, 0.0, None, None, why))
            continue
        found += _compare(before, table[before.name], limits, alpha)
    return tuple(found)


def _compare(before: Spread, cells: Sequence[Cell], limits: Limits, alpha: float) -> list[Shift]:
    there = [cell for cell in cells if not is_missing(cell)]
    gone = _missing(before, len(cells), len(cells) - len(there), limits.missing, alpha)
    if not there or not before.size:
        nothing = Shift(
            before.name, ShiftTest.KS if before.kind is ColumnKind.NUMERIC else ShiftTest.CHI_SQUARE,
            0.0, limits.ks, 1.0, None, None, "there are no values to compare",
        )  # fmt: skip
        return [nothing, gone]
    if before.kind is ColumnKind.CATEGORICAL:
        return [_chi_square(before, there, limits.cramers_v, alpha), gone]
    numbers = numbers_of(there)
    if numbers is None:
        why = "the baseline holds numbers, and there is text among the observations"
        return [Shift(before.name, ShiftTest.KS, 1.0, limits.ks, 0.0, None, True, why), gone]
    numbers.sort()
    return [_psi(before, numbers, limits.psi, alpha), _ks(before, numbers, limits.ks, alpha), gone]


def _psi(before: Spread, numbers: Sequence[float], limit: float, alpha: float) -> Shift:
    """Without drift the index is about (1/n + 1/m) times chi-square of bins - 1 (B. Yurdakul, 2018): that is its chance."""
    after = bins_of(numbers, before.edges)
    if len(after) == 1:
        why = "every value of the baseline is the same: there are no deciles to compare"
        return Shift(before.name, ShiftTest.PSI, 0.0, limit, 0.0, None, None, why)
    effect = _index(before.bins, after)
    chance = (1 / before.size + 1 / len(numbers)) * chi_square_beyond(alpha, len(after) - 1)
    return _judged(before.name, ShiftTest.PSI, effect, limit, chance, None)


def _index(before: Sequence[int], after: Sequence[int]) -> float:
    # Half a case more in each bin: an empty one would make the index endless.
    n, m = sum(before) + 0.5 * len(before), sum(after) + 0.5 * len(after)
    shares = [((one + 0.5) / n, (two + 0.5) / m) for one, two in zip(before, after, strict=True)]
    return math.fsum((two - one) * math.log(two / one) for one, two in shares)


def _ks(before: Spread, numbers: Sequence[float], limit: float, alpha: float) -> Shift:
    distance = _distance(before.marks, numbers)
    equal = math.sqrt(before.size * len(numbers) / (before.size + len(numbers)))
    chance = kolmogorov_beyond(alpha) / equal
    if before.size > len(before.marks):
        chance += 1 / MARKS  # the baseline is kept in steps
    return _judged(before.name, ShiftTest.KS, distance, limit, chance, kolmogorov_tail(distance * equal))


def _distance(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the greatest distance of two sorted samples' distribution functions."""
    i = j = 0
    farthest = 0.0
    while i < len(one) and j < len(two):
        at = min(one[i], two[j])
        while i < len(one) and one[i] == at:
            i += 1
        while j < len(two) and two[j] == at:
            j += 1
        farthest = max(farthest, abs(i / len(one) - j / len(two)))
    return farthest


def _chi_square(before: Spread, cells: Sequence[Cell], limit: float, alpha: float) -> Shift:
    counts = counts_of(before.name, cells)
    rows = [(before.counts.get(one, 0), counts.get(one, 0)) for one in sorted({*before.counts, *counts})]
    name, new = before.name, sorted(set(counts) - set(before.counts))
    told = f"; new: {', '.join(new)}" if new else ""
    if len(rows) == 1:
        return Shift(
            name, ShiftTest.CHI_SQUARE, 0.0, limit, 0.0, 1.0, False, "there is one category, as before"
        )
    n, m = before.size, len(cells)
    expected = [(n * (one + two) / (n + m), m * (one + two) / (n + m)) for one, two in rows]
    value = math.fsum(
        (seen - due) ** 2 / due
        for row, dues in zip(rows, expected, strict=True)
        for seen, due in zip(row, dues, strict=True)
    )
    freedom = len(rows) - 1
    effect = math.sqrt(value / (n + m))  # Cramér's V of a table with two columns
    chance = math.sqrt(chi_square_beyond(alpha, freedom) / (n + m))
    p_value = chi_square_tail(value, freedom)
    if sum(due < 5 for dues in expected for due in dues) > 0.2 * 2 * len(rows):
        # W. G. Cochran's rule (1954): with so many rare categories the test's probabilities are not to be trusted.
        why = f"more than a fifth of the expected counts are below 5: too few to tell{told}"
        return Shift(name, ShiftTest.CHI_SQUARE, effect, limit, chance, p_value, None, why)
    return _judged(name, ShiftTest.CHI_SQUARE, effect, limit, chance, p_value, told)


def _missing(before: Spread, size: int, missing: int, limit: float, alpha: float) -> Shift:
    rows = before.size + before.missing
    if not rows or not size:
        return Shift(
            before.name, ShiftTest.MISSING, 0.0, limit, 1.0, None, None, "there are no rows to compare"
        )
    effect = abs(missing / size - before.missing / rows)
    share = (missing + before.missing) / (size + rows)
    spread = max(share * (1 - share), 1 / (size + rows)) * (1 / size + 1 / rows)
    chance = math.sqrt(chi_square_beyond(alpha, 1) * spread)
    return _judged(before.name, ShiftTest.MISSING, effect, limit, chance, None)


def _judged(
    column: str,
    test: ShiftTest,
    effect: float,
    limit: float,
    chance: float,
    p_value: float | None,
    told: str = "",
) -> Shift:
    if effect > max(limit, chance):
        shifted, why = (
            True,
            f"{effect:.3g} is beyond the limit of {limit:.3g} and beyond chance ({chance:.3g})",
        )
    elif chance > limit:
        shifted, why = (
            None,
            f"in samples of this size chance alone reaches {chance:.3g}, the limit is {limit:.3g}: too few to tell",
        )
    else:
        shifted, why = False, f"{effect:.3g} is within the limit of {limit:.3g}"
    return Shift(column, test, effect, limit, chance, p_value, shifted, why + told)
