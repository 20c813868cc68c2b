"""Groups of people under one model, counted: who was chosen, who should have been, and how honest the scores are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.models.column import Cell, is_missing, said

MOST_GROUPS = 200
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Rows:
    """One row a person: its group by each attribute, what was predicted, and what turned out, where it is known."""

    attributes: Mapping[str, Sequence[Cell]]
    predicted: Sequence[Cell]
    favourable: str
    """The prediction, as text, that people hope for."""
    actual: Sequence[Cell] | None = None
    score: Sequence[float] | None = None
    """Predicted probability of the favourable outcome, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group. Rates are None where nothing was there to divide by, or the group is withheld for its size."""

    attribute: str
    group: str
    size: int | None
    withheld: bool
    selected: int | None = None
    selection_rate: float | None = None
    true_positive_rate: float | None = None
    false_positive_rate: float | None = None
    calibration_gap: float | None = None
    """Expected calibration error: how far predicted and observed frequencies lie apart, over ten bins."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A group's confusion matrix; ``tp`` to ``tn`` only of rows whose outcome is known."""

    size: int
    selected: int
    tp: int
    fp: int
    fn: int
    tn: int
    gap: float | None


def count(
    rows: Rows, attribute: str, column: Sequence[str | None], usable: Sequence[bool]
) -> dict[str, Counts]:
    """Return each group of an attribute counted, by its name.

    Raises:
        InvalidInputError: there are more groups than `MOST_GROUPS`.
    """
    members: dict[str, list[int]] = {}
    for at, group in enumerate(column):
        if group is not None and usable[at]:
            members.setdefault(group, []).append(at)
    if len(members) > MOST_GROUPS:
        raise InvalidInputError(
            f"`{attribute}` has {len(members)} groups, more than {MOST_GROUPS}; group it first",
            attribute=attribute,
        )
    return {group: _count_group(rows, members[group]) for group in sorted(members)}


def _count_group(rows: Rows, members: Sequence[int]) -> Counts:
    chosen = [said(rows.predicted[at]) == rows.favourable for at in members]
    cells = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    truths: list[tuple[int, bool]] = []
    if rows.actual is not None:
        for at, predicted in zip(members, chosen, strict=True):
            if not is_missing(rows.actual[at]):
                turned_out = said(rows.actual[at]) == rows.favourable
                cells[predicted, turned_out] += 1
                truths.append((at, turned_out))
    gap = None
    if rows.score is not None and truths:
        gap = calibration_error([(rows.score[at], turned_out) for at, turned_out in truths])
    return Counts(
        len(members),
        sum(chosen),
        cells[True, True],
        cells[True, False],
        cells[False, True],
        cells[False, False],
        gap,
    )


def calibration_error(pairs: Iterable[tuple[float, bool]]) -> float:
    """Return the expected calibration error over ten bins of equal width (Naeini, Cooper and Hauskrecht, 2015).

    >>> round(calibration_error([(0.9, True), (0.9, True), (0.1, False), (0.1, True)]), 2)
    0.25
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(CALIBRATION_BINS)]
    for score, turned_out in pairs:
        bins[min(int(score * CALIBRATION_BINS), CALIBRATION_BINS - 1)].append((score, turned_out))
    size = sum(map(len, bins))
    return math.fsum(
        abs(math.fsum(score for score, _ in one) - sum(turned_out for _, turned_out in one)) for one in bins
    ) / max(size, 1)


def rates_of(attribute: str, group: str, counts: Counts, least: int) -> GroupRates:
    """Return a group's rates, withheld where it has fewer than *least* people."""
    if counts.size < least:
        return GroupRates(attribute, group, None, withheld=True)
    return GroupRates(
        attribute, group, counts.size, False, counts.selected,
        _share(counts.selected, counts.size), _share(counts.tp, counts.tp + counts.fn),
        _share(counts.fp, counts.fp + counts.tn), counts.gap,
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
