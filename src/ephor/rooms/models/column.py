"""One column of observations, told short enough to be kept: how its values were spread, never whose they were."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError

Cell: TypeAlias = str | float | bool | None
"""A value of a table; None where there is none."""

MARKS = 1_000
"""A spread is kept in so many steps: a comparison with a longer sample is exact to a thousandth."""
BINS = 10
MOST_CATEGORIES = 50
"""More different texts than this are names or sentences, not categories, and nothing that should be kept."""
_EMPTY = frozenset({"", "na", "n/a", "nan", "null", "none"})


@unique
class ColumnKind(StrEnum):
    """How a column can be compared."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of one column were spread.

    ``marks`` are values of a numeric column in rising order, the whole of it or `MARKS` + 1 evenly taken; ``edges``
    part it into bins whose shares ``bins`` counts. ``counts`` are those of a categorical column.
    """

    name: str
    kind: ColumnKind
    size: int
    missing: int
    marks: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    bins: tuple[int, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def spread(name: str, cells: Sequence[Cell], *, categorical: bool = False) -> Spread:
    """Return how *cells* are spread; numeric if every one that is there reads as a number, unless *categorical*.

    >>> spread("age", ["30", "41", "", "52"]).marks, spread("plan", ["a", "b", "a"]).counts
    ((30.0, 41.0, 52.0), {'a': 2, 'b': 1})

    Raises:
        InvalidInputError: it is text of too many kinds to be categories.
    """
    there = [cell for cell in cells if not is_missing(cell)]
    missing = len(cells) - len(there)
    numbers = None if categorical else numbers_of(there)
    if numbers:
        numbers.sort()
        edges = _edges(numbers)
        return Spread(
            name, ColumnKind.NUMERIC, len(numbers), missing, _marks(numbers), edges, bins_of(numbers, edges)
        )
    counts = counts_of(name, there)
    return Spread(name, ColumnKind.CATEGORICAL, len(there), missing, counts=counts)


def counts_of(name: str, cells: Sequence[Cell]) -> dict[str, int]:
    """Return how often each category comes, by name.

    Raises:
        InvalidInputError: there are more than `MOST_CATEGORIES`.
    """
    counted = Counter(said(cell) for cell in cells)
    if len(counted) > MOST_CATEGORIES:
        raise InvalidInputError(
            f"column `{name}` holds {len(counted)} different texts, more than {MOST_CATEGORIES}; leave it out with "
            f"`--without {name}`, or group it first",
            column=name,
        )
    return dict(sorted(counted.items()))


def is_missing(cell: Cell) -> bool:
    """Tell whether a cell says nothing: empty, `NA`, `null`, or not a number at all.

    >>> [is_missing(cell) for cell in (None, " ", "N/A", float("nan"), 0.0, "no")]
    [True, True, True, True, False, False]
    """
    if isinstance(cell, float):
        return math.isnan(cell)
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _EMPTY)


def said(cell: Cell) -> str:
    """Return a category's name, the same from every format of file.

    >>> said(True), said(2.0), said(" yes ")
    ('true', '2', 'yes')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(cell, ".12g")
    return str(cell).strip()


def numbers_of(cells: Sequence[Cell]) -> list[float] | None:
    """Return the cells as numbers; None where one of them is none, truth values included."""
    numbers = []
    for cell in cells:
        if isinstance(cell, bool):
            return None
        try:
            number = float(cell) if cell is not None else math.nan
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        numbers.append(number)
    return numbers


def bins_of(numbers: Sequence[float], edges: Sequence[float]) -> tuple[int, ...]:
    """Return how many of the sorted *numbers* lie up to each edge, and beyond the last.

    >>> bins_of([1, 2, 2, 5], [2, 4])
    (3, 0, 1)
    """
    counts, at = [0] * (len(edges) + 1), 0
    for number in numbers:
        while at < len(edges) and number > edges[at]:
            at += 1
        counts[at] += 1
    return tuple(counts)


def _edges(numbers: Sequence[float]) -> tuple[float, ...]:
    """Return what parts sorted *numbers* into bins of equal share, where ties allow it."""
    inner = {numbers[math.ceil(len(numbers) * step / BINS) - 1] for step in range(1, BINS)}
    return tuple(sorted(edge for edge in inner if edge < numbers[-1]))


def _marks(numbers: Sequence[float]) -> tuple[float, ...]:
    if len(numbers) <= MARKS + 1:
        return tuple(numbers)
    last = len(numbers) - 1
    return tuple(numbers[round(last * step / MARKS)] for step in range(MARKS + 1))
