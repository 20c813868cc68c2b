"""Limits: how many calls, how much money or how many records may pass in one window of time, and what was used of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique

from ephor.kernel import ids
from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import check_visible
from ephor.kernel.vocabulary import word

MOST = (1 << 53) - 1
"""Largest number a limit counts to; beyond it two readers of JSON may disagree."""
MAX_SCALE = 9
_CURRENCY = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,9}))?")


@unique
class Measure(StrEnum):
    """What is counted."""

    CALLS = "calls"
    MONEY = "money"
    RECORDS = "records"


@unique
class Window(StrEnum):
    """A calendar window in UTC: all of it begins anew at once, at the start of the next one."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday on (ISO 8601)."""
    MONTH = "month"
    EVER = "ever"
    """Never begins anew."""


@unique
class Per(StrEnum):
    """For whom there is a count of its own."""

    AGENT = "agent"
    TOOL = "tool"
    PERSON = "person"
    """The person at the start of the delegation; calls on nobody's behalf are not covered."""
    DELEGATION = "delegation"
    """The whole chain from its first grant on; calls on nobody's behalf are not covered."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *most* in each *window*, counted apart *per* each of these; for one agent, tool or delegation where named.

    Money and records are read from the call's argument of that name: a whole number in the smallest unit, or text with at
    most *scale* decimals ("12.50" is 1250 at scale 2). Of records a list counts its items. With a *currency* (ISO 4217),
    money in another one is not counted as if it were the same: a call whose argument *currency_argument* (``currency``
    unless named) says another, or nothing, has no amount that the limit could count, and is denied; unless another limit
    that covers the call counts the same argument in that currency.
    """

    id: str
    measure: Measure
    most: int
    window: Window
    per: tuple[Per, ...] = ()
    agent: str | None = None
    tool: str | None = None
    delegation: str | None = None
    argument: str | None = None
    scale: int = 0
    currency: str | None = None
    currency_argument: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of one limit by one of those it counts apart, in the window that began at *window*."""

    id: str
    limit: str
    window: datetime
    used: int


@dataclass(frozen=True, slots=True)
class Behalf:
    """On whose behalf a call is made: the delegations from the first grant on, and the person who granted it."""

    chain: tuple[str, ...] = ()
    person: str | None = None


NOBODY = Behalf()


def check_limit(limit: Limit) -> Limit:
    """Return *limit* if it can be kept.

    Raises:
        InvalidInputError: an impossible name or number, or an amount that nothing names.
    """
    ids.name(limit.id, "a limit")
    if type(limit.most) is not int or not 0 <= limit.most <= MOST:
        raise InvalidInputError(f"limit `{limit.id}`: `most` is not a whole number from 0 to 2^53 - 1")
    if type(limit.scale) is not int or not 0 <= limit.scale <= MAX_SCALE:
        raise InvalidInputError(f"limit `{limit.id}`: `scale` is not a whole number from 0 to {MAX_SCALE}")
    if limit.measure is Measure.CALLS and (limit.argument is not None or limit.scale):
        raise InvalidInputError(
            f"limit `{limit.id}` counts calls, which have no amount; leave `argument` and `scale` out"
        )
    if limit.measure is not Measure.CALLS and not limit.argument:
        raise InvalidInputError(
            f"limit `{limit.id}` counts {limit.measure.value}; name the `argument` that says how many"
        )
    if limit.measure is Measure.RECORDS and limit.scale:
        raise InvalidInputError(f"limit `{limit.id}` counts records, which are whole; leave `scale` out")
    if limit.currency is not None and (
        limit.measure is not Measure.MONEY or not _CURRENCY.fullmatch(limit.currency)
    ):
        raise InvalidInputError(
            f"limit `{limit.id}`: `currency` is for money, and is three capital letters, for example EUR"
        )
    if limit.currency_argument is not None and limit.currency is None:
        raise InvalidInputError(
            f"limit `{limit.id}` names a `currency_argument` and no `currency`; write both, or neither"
        )
    for text in (limit.agent, limit.tool, limit.delegation, limit.argument, limit.currency_argument):
        check_visible(text or "", f"limit `{limit.id}`")
    return limit


_TEXTS = ("agent", "tool", "delegation", "argument", "currency", "currency_argument")


def read_limit(raw: Mapping[str, object]) -> Limit:
    """Read one limit as a file has it: ``{id, measure, most, window, per, agent, tool, delegation, argument, scale,
    currency, currency_argument}``.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be read; the message says which and what to write.
    """
    known = tuple(Limit.__dataclass_fields__)
    if unknown := sorted(set(raw) - set(known)):
        raise InvalidInputError(f"unknown key `{unknown[0]}` in a limit; use some of: {', '.join(known)}")
    if missing := [key for key in ("id", "measure", "most", "window") if raw.get(key) in (None, "")]:
        raise InvalidInputError(f"a limit has no `{missing[0]}`; write one")
    scale = raw.get("scale", 0)
    if type(scale) is not int or not 0 <= scale <= MAX_SCALE:
        raise InvalidInputError(f"`scale` of limit `{raw['id']}` is not a whole number from 0 to {MAX_SCALE}")
    most = amount_of(raw["most"], scale)
    if not isinstance(most, int):
        raise InvalidInputError(
            f"`most` of limit `{raw['id']}` is {_WHY[most]}; write a whole number or quoted decimals"
        )
    per = raw.get("per", ())
    listed = per if isinstance(per, list | tuple) else [per]
    return check_limit(
        Limit(
            id=str(raw["id"]),
            measure=word(Measure, str(raw["measure"]), "measure"),
            most=most,
            window=word(Window, str(raw["window"]), "window"),
            per=tuple(one for one in Per if one in {word(Per, str(text), "per") for text in listed}),
            scale=scale,
            **{key: _text(raw, key) for key in _TEXTS},
        )
    )


def _text(raw: Mapping[str, object], key: str) -> str | None:
    value = raw.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise InvalidInputError(f"`{key}` of limit `{raw['id']}` is no text; name one, or leave it out")


_WHY: Mapping[str, str] = {
    "missing": "missing",
    "negative": "negative",
    "unreadable": "no whole number, and no text with as many decimals as the limit allows",
    "foreign": "in another currency, or in none that is said",
}


def amount_of(value: object, scale: int, *, records: bool = False) -> int | str:
    """Return the amount *value* says, in the smallest unit, or why there is none: negative or unreadable.

    >>> amount_of("12.5", 2), amount_of(1250, 2), amount_of("1.005", 2), amount_of(-1, 0), amount_of(True, 0)
    (1250, 1250, 'unreadable', 'negative', 'unreadable')
    """
    if type(value) is int:
        return "negative" if value < 0 else value if value <= MOST else "unreadable"
    if records and isinstance(value, list):
        return len(value)
    if not isinstance(value, str) or not value.isascii():
        return "unreadable"
    text = value.removeprefix("-")
    if (found := _DECIMAL.fullmatch(text)) is None:
        return "unreadable"
    whole, part = found[1], (found[2] or "").rstrip("0")
    if len(part) > scale:
        return "unreadable"
    number = int(whole + part.ljust(scale, "0"))
    if number > MOST:
        return "unreadable"
    return "negative" if text != value and number else number


def covers(limit: Limit, agent: str, tool: str, behalf: Behalf) -> bool:
    """Tell whether *limit* counts a call of *tool* by *agent* on *behalf* of somebody.

    A limit per person or delegation, or for one delegation, covers calls on somebody's behalf alone.
    """
    if limit.agent not in (None, agent) or limit.tool not in (None, tool):
        return False
    if limit.delegation is not None and limit.delegation not in behalf.chain:
        return False
    if Per.DELEGATION in limit.per and not behalf.chain:
        return False
    return Per.PERSON not in limit.per or behalf.person is not None


def usage_id(limit: Limit, agent: str, tool: str, behalf: Behalf) -> str:
    """Return which count a call goes to. A limit that counts something else than before counts anew."""
    whom = {
        Per.AGENT: agent,
        Per.TOOL: tool,
        Per.PERSON: behalf.person,
        Per.DELEGATION: behalf.chain[0] if behalf.chain else None,
    }
    return digest(
        {
            "limit": limit.id,
            "measure": limit.measure.value,
            "window": limit.window.value,
            "argument": limit.argument,
            "scale": limit.scale,
            "for": [limit.agent, limit.tool, limit.delegation],
            "per": {one.value: whom[one] for one in limit.per},
            **({"currency": limit.currency} if limit.currency else {}),
        }
    )


def window_start(window: Window, now: datetime) -> datetime:
    """Return when the window that holds *now* began.

    >>> window_start(Window.WEEK, datetime(2026, 11, 27, 9, tzinfo=UTC)).isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    at = now.astimezone(UTC).replace(second=0, microsecond=0)
    if window is Window.MINUTE:
        return at
    at = at.replace(minute=0)
    if window is Window.HOUR:
        return at
    at = at.replace(hour=0)
    if window is Window.WEEK:
        return at - timedelta(days=at.weekday())
    if window is Window.MONTH:
        return at.replace(day=1)
    return at if window is Window.DAY else datetime(1970, 1, 1, tzinfo=UTC)


def window_end(window: Window, now: datetime) -> datetime | None:
    """Return when the window that holds *now* begins anew; None where it never does.

    >>> window_end(Window.MONTH, datetime(2026, 12, 27, 9, tzinfo=UTC)).isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    start = window_start(window, now)
    if window is Window.EVER:
        return None
    if window is Window.MONTH:
        return window_start(window, start + timedelta(days=32))
    return start + _LENGTHS[window]


_LENGTHS: Mapping[Window, timedelta] = {
    Window.MINUTE: timedelta(minutes=1),
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(days=1),
    Window.WEEK: timedelta(weeks=1),
}


def used_now(usage: Usage | None, limit: Limit, now: datetime) -> int:
    """Return what is used of the window that holds *now*. A clock that goes back never refills one."""
    if usage is None or window_start(limit.window, now) > usage.window:
        return 0
    return usage.used


def use(usage: Usage | None, limit: Limit, id: str, amount: int, now: datetime) -> Usage:
    """Return the count after *amount* more."""
    start = window_start(limit.window, now)
    if usage is not None and usage.window > start:
        start = usage.window
    return Usage(id, limit.id, start, used_now(usage, limit, now) + amount)


def amount_in(limit: Limit, arguments: Mapping[str, object], beside: Sequence[Limit] = ()) -> int | str:
    """Return how much of *limit* a call with these *arguments* takes, or why that is not known.

    It is ``elsewhere`` where a limit *beside* it, which covers the call too, counts the same amount in the currency said.
    """
    if limit.measure is Measure.CALLS:
        return 1
    if limit.argument is None or limit.argument not in arguments:
        return "missing"
    said = arguments.get(limit.currency_argument or "currency")
    if limit.currency is not None and said != limit.currency:
        return "elsewhere" if any(_counts(one, limit, said) for one in beside) else "foreign"
    return amount_of(arguments[limit.argument], limit.scale, records=limit.measure is Measure.RECORDS)


def _counts(one: Limit, limit: Limit, said: object) -> bool:
    places = {(each.argument, each.currency_argument or "currency") for each in (one, limit)}
    return one.currency is not None and one.currency == said and len(places) == 1


def judge(limit: Limit, used: int, amount: int | str) -> str:
    """Return ``within``, or what stands against the call: ``exceeded``, ``missing``, ``negative``, ``unreadable`` or
    ``foreign``.

    >>> judge(Limit("calls", Measure.CALLS, 3, Window.DAY), 3, 1)
    'exceeded'
    """
    if isinstance(amount, str):
        return "within" if amount == "elsewhere" else amount
    return "within" if used + amount <= limit.most else "exceeded"


def tell(
    limit: Limit,
    found: str,
    used: int | None = None,
    amount: int | str = "missing",
    now: datetime | None = None,
) -> str:
    """Return the sentence for people about what `judge` found; with what was *used*, it says what is left and until when."""
    if found == "foreign":
        said = limit.currency_argument or "currency"
        return (
            f"argument `{limit.argument}`, which limit `{limit.id}` counts in {limit.currency}, is {_WHY[found]}: "
            f"argument `{said}` must say {limit.currency}"
        )
    if found != "exceeded":
        return (
            f"argument `{limit.argument}`, which limit `{limit.id}` counts, is {_WHY.get(found, 'not known')}"
        )
    whose = ", ".join(f"each {one.value}" for one in limit.per) or "all together"
    when = "in all" if limit.window is Window.EVER else f"in one {limit.window.value}"
    text = f"limit `{limit.id}`: at most {shown(limit)} {when} for {whose}, and this call would go beyond it"
    if used is None or isinstance(amount, str):
        return text
    left = max(limit.most - used, 0)
    text += f": {_number(limit, used)} used, {_number(limit, amount)} asked for, {_number(limit, left)} left"
    if now is None or (end := window_end(limit.window, now)) is None:
        return f"{text}; it never begins anew" if limit.window is Window.EVER else text
    return f"{text}; it begins anew at {end:%Y-%m-%d %H:%M} UTC"


def shown(limit: Limit) -> str:
    """Return the limit's number as people write it.

    >>> shown(Limit("spend", Measure.MONEY, 1250, Window.DAY, argument="amount", scale=2))
    '12.50 money'
    """
    return f"{_number(limit, limit.most)} {limit.currency or limit.measure.value}"


def _number(limit: Limit, number: int) -> str:
    text = str(number).rjust(limit.scale + 1, "0")
    return f"{text[: -limit.scale]}.{text[-limit.scale :]}" if limit.scale else text
