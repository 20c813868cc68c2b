"""How long nothing came, and whether that is longer than chance and habit explain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ephor.kernel.truth import Truth

ENOUGH: Final = 20
"""Fewer events than these have no rhythm."""
RARE: Final = 0.001
"""What chance brings more rarely than this is not put down to chance."""
TWICE: Final = 2
"""A silence is told only when it is more than twice as long as any before: nights and weekends come again."""
WATCHED: Final = 7
"""A silence is judged once all the rest that was watched is as many times as long: a habit would have shown by then."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time without an event; the ends are the events before and after it, or the end of what was looked at."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(slots=True)
class Rhythm:
    """The events of one kind as they came, in order of time. Keeps two pauses and a few sums, however many come."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    longest: Pause | None = None
    _second: timedelta = timedelta(0)
    _pauses: int = 0
    _watched: timedelta = timedelta(0)
    _excused: bool = False

    def beat(self, at: datetime) -> None:
        """Take in one event; times never run backwards."""
        self._close(at)
        self.count += 1
        self.first = self.first or at
        self.last = at
        self._excused = False

    def excuse(self) -> None:
        """Leave the pause that runs now out of all judgement: nothing was to be expected in it."""
        self._excused = True

    def end(self, at: datetime) -> None:
        """Take the time since the last event as a pause, too."""
        self._close(at)

    def judge(self) -> tuple[Truth, str]:
        """Return whether the longest pause is suspicious, and why; not known where too little was seen to judge it.

        Events that come independently of each other wait exponentially: that the longest of *n* pauses exceeds *x*,
        where the others last *m* on average, has the probability ``1 - (1 - exp(-x/m))^n``.
        """
        if self.count < ENOUGH or self.longest is None or self._pauses < ENOUGH:
            return None, f"too few to have a rhythm: {self.count}, and it takes {ENOUGH} and as many pauses"
        long, rest = self.longest.length, self._watched - self.longest.length
        if long <= TWICE * self._second:
            return False, f"its longest pause, {spoken(long)}, is not twice as long as any other"
        if rest < WATCHED * long:
            return (
                None,
                f"its longest pause, {spoken(long)}, cannot be judged from {spoken(rest)} watched besides",
            )
        chance = chance_of(long / (rest / (self._pauses - 1)), self._pauses)
        if chance >= RARE:
            return (
                False,
                f"its longest pause, {spoken(long)}, comes by chance often enough (p = {chance:.2g})",
            )
        return True, (
            f"nothing came for {spoken(long)}, more than twice the next longest pause, {spoken(self._second)}; "
            f"by chance that is rarer than one in a thousand (p = {chance:.1g})"
        )

    def _close(self, at: datetime) -> None:
        if self.last is None or self._excused:
            return
        pause = Pause(self.last, max(self.last, at))
        self._pauses += 1
        self._watched += pause.length
        if self.longest is None or pause.length > self.longest.length:
            self._second = self.longest.length if self.longest else timedelta(0)
            self.longest = pause
        else:
            self._second = max(self._second, pause.length)


def chance_of(ratio: float, pauses: int) -> float:
    """Return how likely the longest of *pauses* exponential waiting times is to exceed *ratio* times their mean.

    >>> round(chance_of(3.0, 1), 4), round(chance_of(3.0, 20), 4), chance_of(800.0, 20)
    (0.0498, 0.6399, 0.0)
    """
    shorter = -math.expm1(-ratio)
    if shorter <= 0:
        return 1.0
    # Close to one, only what is missing to it is exact.
    log = math.log(shorter) if shorter < 0.5 else math.log1p(-math.exp(-ratio))
    return -math.expm1(pauses * log)


def spoken(length: timedelta) -> str:
    """Return a time as people say it, in its two largest units.

    >>> spoken(timedelta(days=2, hours=3, minutes=4)), spoken(timedelta(seconds=61)), spoken(timedelta(milliseconds=5))
    ('2 d 3 h', '1 min 1 s', '0 s')
    """
    seconds, parts = int(length.total_seconds()), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(parts[:2]) or "0 s"
