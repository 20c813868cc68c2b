"""Bias testing by group: selection rates, error rates and calibration, each with whether the sample can show it.

Selection rates are held against the highest one by the four-fifths rule (29 CFR 1607.4 D), which also says that small
numbers may show nothing: a ratio below four fifths is adverse only where Fisher's exact test finds it significant, and
one that is not significant is unknown, never fair. Equal opportunity and equalised odds are those of Hardt, Price and
Srebro (2016). Groups smaller than the least size are not judged and their figures are withheld: few people can be
recognised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth, any_of
from ephor.rooms.models.column import is_missing, said
from ephor.rooms.models.groups import CALIBRATION_BINS, Counts, GroupRates, Rows, count, rates_of
from ephor.rooms.models.tails import fisher_exact

FOUR_FIFTHS = 0.8


@unique
class BiasMetric(StrEnum):
    """What groups are compared by."""

    SELECTION_RATE = "selection-rate"
    EQUAL_OPPORTUNITY = "equal-opportunity"
    FALSE_POSITIVES = "false-positive-rate"
    EQUALISED_ODDS = "equalised-odds"
    CALIBRATION = "calibration"


@dataclass(frozen=True, slots=True)
class BiasLimits:
    """From where on a difference matters, how sure one must be, and how small a group may be."""

    ratio: float = FOUR_FIFTHS
    """Lowest ratio of selection rates."""
    difference: float = 0.1
    """Greatest difference of error rates, and of predicted and observed frequency."""
    alpha: float = 0.05
    least: int = 30
    """A group of fewer is withheld, and so are its rates."""


@dataclass(frozen=True, slots=True)
class BiasFinding:
    """One group held against its attribute's reference by one metric. ``adverse`` is None where too few people can tell."""

    attribute: str
    group: str
    reference: str | None
    metric: BiasMetric
    value: float | None
    limit: float
    p_value: float | None
    adverse: Truth
    because: str


@dataclass(frozen=True, slots=True)
class BiasReport:
    """Every group of every attribute and of all of them together. ``adverse`` is None unless all is known or one is adverse."""

    rows: int
    left_out: int
    """Rows without a group or a prediction."""
    groups: tuple[GroupRates, ...]
    findings: tuple[BiasFinding, ...]
    not_tested: tuple[str, ...]
    """What could not be looked at, and why."""
    adverse: Truth


def judge_bias(rows: Rows, limits: BiasLimits) -> BiasReport:
    """Return how the groups of *rows* fare, one attribute at a time and all of them crossed.

    Raises:
        InvalidInputError: columns of unequal length, no attribute, no favourable prediction at all, a score outside 0
            to 1, or more groups than `MOST_GROUPS`.
    """
    _check(rows, limits)
    named = {
        name: [None if is_missing(cell) else said(cell) for cell in cells]
        for name, cells in rows.attributes.items()
    }
    if len(named) > 1:
        crossed = " and ".join(named)
        columns = list(named.values())
        named[crossed] = [
            None if any(part is None for part in parts) else " and ".join(str(part) for part in parts)
            for parts in zip(*columns, strict=True)
        ]
    usable = [not is_missing(cell) for cell in rows.predicted]
    left_out = sum(
        not fine or any(column[at] is None for column in named.values()) for at, fine in enumerate(usable)
    )
    groups: list[GroupRates] = []
    findings: list[BiasFinding] = []
    for attribute, column in named.items():
        counted = count(rows, attribute, column, usable)
        groups += [rates_of(attribute, name, counts, limits.least) for name, counts in counted.items()]
        findings += _findings(
            attribute, counted, limits, actual=rows.actual is not None, score=rows.score is not None
        )
    return BiasReport(
        len(rows.predicted),
        left_out,
        tuple(groups),
        tuple(findings),
        _not_tested(rows),
        any_of([one.adverse for one in findings]),
    )


def _check(rows: Rows, limits: BiasLimits) -> None:
    if not rows.attributes:
        raise InvalidInputError("no attribute is named; say by which groups, for example `--group sex`")
    size = len(rows.predicted)
    others = [*rows.attributes.values(), *(one for one in (rows.actual, rows.score) if one is not None)]
    if any(len(one) != size for one in others):
        raise InvalidInputError("the columns are not of one length; is a line of the file broken?")
    if rows.favourable not in {said(cell) for cell in rows.predicted if not is_missing(cell)}:
        raise InvalidInputError(
            f"no prediction is `{rows.favourable}`; name the favourable outcome as it stands in the file"
        )
    if rows.score is not None and not all(0 <= one <= 1 for one in rows.score):
        raise InvalidInputError("a score lies outside 0 to 1; give probabilities of the favourable outcome")
    for name in ("ratio", "difference", "alpha"):
        if not 0 < getattr(limits, name) < 1:
            raise InvalidInputError(f"limit `{name}` must lie between 0 and 1", limit=name)
    if limits.least < 1:
        raise InvalidInputError("the least size of a group must be at least 1")


def _findings(
    attribute: str, counted: Mapping[str, Counts], limits: BiasLimits, *, actual: bool, score: bool
) -> list[BiasFinding]:
    judged = {group: counts for group, counts in counted.items() if counts.size >= limits.least}
    small = [group for group in counted if group not in judged]
    found = [
        BiasFinding(attribute, group, None, BiasMetric.SELECTION_RATE, None, limits.ratio, None, None,
                    f"fewer than {limits.least} people: too few to judge")
        for group in small
    ]  # fmt: skip
    if len(judged) < 2:
        why = "fewer than two groups are large enough to compare"
        return [
            *found,
            BiasFinding(attribute, "*", None, BiasMetric.SELECTION_RATE, None, limits.ratio, None, None, why),
        ]
    found += _selection(attribute, judged, limits)
    if actual:
        true_positives = {group: (one.tp, one.tp + one.fn) for group, one in judged.items()}
        false_positives = {group: (one.fp, one.fp + one.tn) for group, one in judged.items()}
        by_truth = _differences(attribute, BiasMetric.EQUAL_OPPORTUNITY, true_positives, limits)
        by_error = _differences(attribute, BiasMetric.FALSE_POSITIVES, false_positives, limits)
        found += [*by_truth, *by_error, _odds(attribute, [*by_truth, *by_error], limits)]
    if score and actual:
        found += _calibration(attribute, judged, limits)
    return found


def _selection(attribute: str, judged: Mapping[str, Counts], limits: BiasLimits) -> list[BiasFinding]:
    rates = {group: one.selected / one.size for group, one in judged.items()}
    best = max(rates, key=lambda group: (rates[group], judged[group].size))
    found = []
    for group, rate in rates.items():
        if group == best:
            continue
        one, other = judged[group], judged[best]
        ratio = rate / rates[best] if rates[best] else 1.0
        p_value = fisher_exact(
            one.selected, one.size - one.selected, other.selected, other.size - other.selected
        )
        adverse: Truth = False
        why = f"{ratio:.2f} of the rate of `{best}`, at least {limits.ratio:.2f} is asked"
        if ratio < limits.ratio:
            adverse = True if p_value < limits.alpha else None
            why += f"; p = {p_value:.2g}" + ("" if adverse else ": chance may explain it, so too few to tell")
        found.append(
            BiasFinding(
                attribute, group, best, BiasMetric.SELECTION_RATE, ratio, limits.ratio, p_value, adverse, why
            )
        )
    return found


def _differences(
    attribute: str, metric: BiasMetric, parts: Mapping[str, tuple[int, int]], limits: BiasLimits
) -> list[BiasFinding]:
    rates = {group: part / whole for group, (part, whole) in parts.items() if whole}
    found = [
        BiasFinding(
            attribute,
            group,
            None,
            metric,
            None,
            limits.difference,
            None,
            None,
            "nobody in it shows this rate",
        )
        for group in parts
        if group not in rates
    ]
    if len(rates) < 2:
        return found
    best = max(rates, key=lambda group: (rates[group], parts[group][1]))
    for group, rate in rates.items():
        if group == best:
            continue
        (part, whole), (other, all_others) = parts[group], parts[best]
        value = abs(rate - rates[best])
        p_value = fisher_exact(part, whole - part, other, all_others - other)
        adverse: Truth = False
        why = f"{rate:.2f}, and {rates[best]:.2f} in `{best}`; at most {limits.difference:.2f} apart is asked"
        if value > limits.difference:
            adverse = True if p_value < limits.alpha else None
            why += f"; p = {p_value:.2g}" + ("" if adverse else ": chance may explain it, so too few to tell")
        elif min(whole, all_others) < limits.least:
            adverse, why = None, f"fewer than {limits.least} people show this rate: too few to judge"
        found.append(
            BiasFinding(attribute, group, best, metric, value, limits.difference, p_value, adverse, why)
        )
    return found


def _odds(attribute: str, parts: Sequence[BiasFinding], limits: BiasLimits) -> BiasFinding:
    """Equalised odds: both error rates alike; the greater difference tells."""
    values = [one.value for one in parts if one.value is not None]
    value = max(values, default=None)
    adverse = any_of([one.adverse for one in parts]) if parts else None
    said = {
        True: "an error rate differs",
        False: "both error rates are alike",
        None: "an error rate is not known well enough",
    }
    return BiasFinding(
        attribute,
        "*",
        None,
        BiasMetric.EQUALISED_ODDS,
        value,
        limits.difference,
        None,
        adverse,
        said[adverse],
    )


def _calibration(attribute: str, judged: Mapping[str, Counts], limits: BiasLimits) -> list[BiasFinding]:
    found = []
    for group, one in judged.items():
        if one.gap is None:
            found.append(BiasFinding(attribute, group, None, BiasMetric.CALIBRATION, None, limits.difference, None, None,
                                     "no outcome is known in it"))  # fmt: skip
            continue
        # An honest score of n people errs by about 1/sqrt(n) a bin by chance alone.
        chance = math.sqrt(CALIBRATION_BINS / (math.pi * 2 * (one.tp + one.fp + one.fn + one.tn)))
        adverse: Truth = False
        why = f"scores and outcomes lie {one.gap:.2f} apart, at most {limits.difference:.2f} is asked"
        if one.gap > limits.difference:
            adverse = True if one.gap > chance else None
            why += "" if adverse else f": chance alone may reach {chance:.2f}, so too few to tell"
        found.append(
            BiasFinding(
                attribute, group, None, BiasMetric.CALIBRATION, one.gap, limits.difference, None, adverse, why
            )
        )
    return found


def _not_tested(rows: Rows) -> tuple[str, ...]:
    told = []
    if rows.actual is None:
        told.append("error rates: no column says what turned out (`--actual`)")
    if rows.score is None:
        told.append("calibration: no column holds a score (`--score`)")
    elif rows.actual is None:
        told.append("calibration: no column says what turned out (`--actual`)")
    return tuple(told)
