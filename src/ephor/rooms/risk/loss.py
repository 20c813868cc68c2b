"""What risks may cost in a year, drawn many times: an extra to the matrix, never a way around it.

How often a loss happens is Poisson; how large one is, is lognormal, with nine of ten between the two figures given
(D. W. Hubbard and R. Seiersen, How to Measure Anything in Cybersecurity Risk, 2016; The Open Group, FAIR). Each risk draws
from a stream of its own, so that another risk in the register changes nothing about this one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from statistics import NormalDist

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError

METHOD = "ephor-loss/1"
MAX_RUNS = 100_000
_MOST_A_YEAR = 1_000.0
_MOST = 10**15
_WORD = 2**64 - 1
_Z90 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Loss:
    """How often a year it happens, and what one time costs: nine of ten between *low* and *high*, whole units of a currency."""

    per_year: float
    low: int
    high: int
    currency: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What one risk, or all, may cost in a year, in whole units."""

    risk: str | None
    """None for all of them together."""
    mean: int
    median: int
    p90: int
    p95: int
    p99: int
    chance: float
    """How often a year had any loss."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The answer; equal ``input_digest`` means equal everything."""

    method: str
    currency: str
    runs: int
    seed: int
    total: Cost
    risks: tuple[Cost, ...]
    input_digest: str


def read_loss(per_year: float, low: int, high: int, currency: str) -> Loss:
    """Return what one loss is like.

    Raises:
        InvalidInputError: a figure that cannot be, or a currency that is none.
    """
    if not (math.isfinite(per_year) and 0 < per_year <= _MOST_A_YEAR):
        raise InvalidInputError(
            f"`{per_year}` times a year cannot be; write a number above 0, up to {_MOST_A_YEAR:g}"
        )
    if not 0 < low <= high <= _MOST:
        raise InvalidInputError(
            f"`{low}` to `{high}` is no range of money; write the smaller one first, from 1 on"
        )
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InvalidInputError(f"`{currency[:20]}` is no currency; write its three letters, for example EUR")
    return Loss(per_year, low, high, currency)


def simulate(losses: Sequence[tuple[str, Loss]], *, runs: int, seed: int) -> Simulation:
    """Return what *losses*, by the id of their risk, may cost in a year.

    Raises:
        InvalidInputError: no loss, several currencies, or a number of runs that cannot be.
    """
    if not 1 <= runs <= MAX_RUNS:
        raise InvalidInputError(f"`{runs}` runs cannot be made; write a number from 1 to {MAX_RUNS}")
    if not losses:
        raise InvalidInputError(
            "no open risk says what it may cost; register one with --per-year, --loss-low and --loss-high"
        )
    if len(currencies := sorted({loss.currency for _, loss in losses})) > 1:
        raise InvalidInputError(
            f"the risks are in {', '.join(currencies)}, which cannot be added; name one with --currency"
        )
    ordered = sorted(losses, key=lambda one: one[0])
    years = {id: _years(loss, runs, stream(f"{seed}:{id}")) for id, loss in ordered}
    total = [sum(each) for each in zip(*years.values(), strict=True)]
    return Simulation(
        METHOD,
        currencies[0],
        runs,
        seed,
        _cost(None, total),
        tuple(_cost(id, told) for id, told in years.items()),
        digest(
            {
                "method": METHOD,
                "runs": runs,
                "seed": seed,
                "losses": {
                    id: [repr(loss.per_year), loss.low, loss.high, loss.currency] for id, loss in ordered
                },
            }
        ),
    )


def stream(name: str) -> Callable[[], float]:
    """Return what draws numbers from 0 to 1, below 1: the same ones for the same name, on every machine.

    SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, Fast Splittable Pseudorandom Number Generators, 2014).

    >>> first, again = stream("1:rsk_1"), stream("1:rsk_1")
    >>> [first() for _ in range(3)] == [again() for _ in range(3)]
    True
    """
    state = int.from_bytes(sha256(name.encode()).digest()[:8], "big")

    def draw() -> float:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return float((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53

    return draw


def _years(loss: Loss, runs: int, draw: Callable[[], float]) -> list[float]:
    low, high = math.log(loss.low), math.log(loss.high)
    size = NormalDist((low + high) / 2, (high - low) / (2 * _Z90)) if high > low else None
    return [
        sum(
            float(loss.low) if size is None else math.exp(size.inv_cdf(_inside(draw())))
            for _ in range(_times(loss.per_year, draw))
        )
        for _ in range(runs)
    ]


def _times(per_year: float, draw: Callable[[], float]) -> int:
    """Return how often it happens in one year: how many exponential gaps fit into it."""
    passed, times = 0.0, 0
    while True:
        passed -= math.log(_inside(draw())) / per_year
        if passed > 1:
            return times
        times += 1


def _inside(drawn: float) -> float:
    """Return a number that is neither 0 nor 1, at which both logarithms and quantiles end."""
    return min(max(drawn, 2.0**-53), 1 - 2.0**-53)


def _cost(risk: str | None, years: Sequence[float]) -> Cost:
    ordered = sorted(years)
    mean = math.fsum(ordered) / len(ordered)
    p50, p90, p95, p99 = (round(ordered[_rank(part, len(ordered))]) for part in (50, 90, 95, 99))
    return Cost(risk, round(mean), p50, p90, p95, p99, sum(year > 0 for year in years) / len(years))


def _rank(part: int, count: int) -> int:
    """Return where the smallest year stands that *part* of a hundred do not exceed."""
    return max(0, -(-part * count // 100) - 1)
