"""An approval that is good for more than one call: until a time, for a number of calls, and within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel.errors import InvalidInputError

LONGEST = timedelta(hours=24)
"""A person who approves for longer than a day no longer decides; a rule of the manifest should."""
MOST_USES = 1_000
MAX_BOUNDS = 10
_MAX_BOUND = 2**53 - 1


@unique
class Scope(StrEnum):
    """What a lasting approval is for."""

    CALL = "call"
    """Exactly the call that was shown, several times."""
    TOOL = "tool"
    """Any call of this tool by this agent, for the same person, delegation, purpose and model, within the bounds."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How far an approval reaches when it is not for one call once."""

    scope: Scope
    until: datetime
    uses: int
    """How many calls it is good for."""
    at_most: Mapping[str, int] = field(default_factory=dict)
    """For whole-number arguments, the greatest value; a call without the argument is not covered."""
    used: int = 0


def read_lasting(
    *,
    scope: Scope,
    lasts: timedelta,
    uses: int,
    at_most: Mapping[str, int] | None = None,
    now: datetime,
) -> Lasting:
    """Return how far an approval reaches, if it may.

    Raises:
        InvalidInputError: longer than a day, too many uses, or bounds on what is fixed anyway.
    """
    bounds = dict(at_most or {})
    if not timedelta(0) < lasts <= LONGEST:
        raise InvalidInputError(
            "an approval lasts more than nothing and at most 24 hours; ask again after that"
        )
    if not 1 <= uses <= MOST_USES:
        raise InvalidInputError(f"an approval is good for 1 to {MOST_USES} calls, not {uses}")
    if bounds and scope is Scope.CALL:
        raise InvalidInputError("exactly this call has the arguments it has; bounds go with `--scope tool`")
    if len(bounds) > MAX_BOUNDS or any(not name.strip() or len(name) > 200 for name in bounds):
        raise InvalidInputError(f"at most {MAX_BOUNDS} arguments can be bounded, each by its name")
    if any(type(most) is not int or abs(most) > _MAX_BOUND for most in bounds.values()):
        raise InvalidInputError("a bound is a whole number, as in amount_cents=9000")
    return Lasting(scope, now + lasts, uses, bounds)


def covers(lasting: Lasting, arguments: Mapping[str, object], now: datetime) -> bool:
    """Tell whether a lasting approval still reaches a call with these arguments.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = Lasting(Scope.TOOL, at + LONGEST, 5, {"amount": 9000})
    >>> [covers(one, {"amount": value}, at) for value in (9000, 9001, -1, True)], covers(one, {}, at)
    ([True, False, False, False], False)
    """
    if now >= lasting.until or lasting.used >= lasting.uses:
        return False
    return all(_within(arguments.get(name), most) for name, most in lasting.at_most.items())


def _within(value: object, most: int) -> bool:
    """A number that is not there, or is no whole number, is never within a bound: unknown is no pass.

    Nor is a negative one within a bound that is not: whoever said "at most 9000" did not think of money going back.
    """
    return type(value) is int and value <= most and not value < 0 <= most
