"""Opt-outs and minors: what stands against a purpose whatever was consented to before.

An opt-out is a statement in the person's history about one of four categories, so it is withdrawn, seen and proved like
any other. A purpose serves a category because it is called so, or because the organisation said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any

from ephor.kernel import ids
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.consent.ages import OPT_IN_AGE, PARENT_AGE, digital_age, youngest
from ephor.rooms.consent.statement import GUARDIAN, ConsentState, Standing, Statement, newest_of, standing


@unique
class Category(StrEnum):
    """What Californians opt out of (Cal. Civ. Code 1798.120, 1798.121), and residents of other states too."""

    SALE = "sale"
    SHARING = "sharing"
    TARGETED_ADVERTISING = "targeted_advertising"
    SENSITIVE_USE = "sensitive_use"


SIGNALLED = (Category.SALE, Category.SHARING, Category.TARGETED_ADVERTISING)
"""What an opt-out preference signal opts out of (11 CCR 7025)."""
OPT_IN = frozenset(SIGNALLED)
"""For what somebody under 16 has to opt in (Cal. Civ. Code 1798.120(c)); of the four, those that pass data on."""
WAIT = timedelta(days=365)
"""How long nobody asks again who opted out (Cal. Civ. Code 1798.135(c)(4))."""
_WORDS: Mapping[str, Category] = MappingProxyType(
    {
        "sale": Category.SALE,
        "data_sale": Category.SALE,
        "selling": Category.SALE,
        "sharing": Category.SHARING,
        "data_sharing": Category.SHARING,
        "cross_context_advertising": Category.SHARING,
        "cross_context_behavioral_advertising": Category.SHARING,
        "targeted_advertising": Category.TARGETED_ADVERTISING,
        "behavioral_advertising": Category.TARGETED_ADVERTISING,
        "behavioural_advertising": Category.TARGETED_ADVERTISING,
        "retargeting": Category.TARGETED_ADVERTISING,
        "sensitive_use": Category.SENSITIVE_USE,
    }
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose as the organisation names it, and which categories it serves; none is an answer, too."""

    id: str
    serves: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class Minor:
    """Somebody known to be, or to have been, a child: the year of birth and no day. ``id`` is the pseudonym."""

    id: str
    birth_year: int
    place: str
    recorded_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """What stands against one purpose of one person: codes of reasons; and whether any opt-out stands at all."""

    against: tuple[str, ...] = ()
    opted_out: bool = False
    listed: bool = False
    """Whether the organisation, or the name itself, says what the purpose serves."""


def read_purpose(raw: Mapping[str, Any]) -> Purpose:
    """Return a purpose from what a file says.

    >>> read_purpose({"name": "partner-audiences", "serves": ["sale", "sharing"]}).serves[0].value
    'sale'

    Raises:
        InvalidInputError: no name, another field, or no category.
    """
    if unknown := sorted(set(map(str, raw)) - {"name", "id", "serves"}):
        raise InvalidInputError(f"a purpose has no field `{unknown[0]}`; it has `name` and `serves`")
    serves = raw.get("serves", [])
    if not isinstance(serves, list | tuple):
        raise InvalidInputError("`serves` is no list; write `serves: [sale, sharing]`, or `serves: []`")
    found = tuple(dict.fromkeys(word(Category, str(one), "category") for one in serves))
    return Purpose(ids.name(raw.get("name", raw.get("id")), "a purpose"), found)


def entry_of(purpose: str | None) -> str | None:
    """Return the name under which a purpose would be listed; None for what is no name.

    >>> entry_of(" Partner-Audiences"), entry_of("answering customers")
    ('partner-audiences', None)
    """
    try:
        return ids.name((purpose or "").strip().casefold(), "a purpose")
    except InvalidInputError:
        return None


def standing_as_called(statements: Sequence[Statement], purpose: str, now: datetime) -> Standing:
    """Return what holds for a purpose as a call spells it: another spelling takes no consent along, and evades no refusal.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> said = [Statement("a", "sub_1", "news", ConsentState.OBJECTED, "", "web", at, number=1)]
    >>> standing_as_called(said, " News", at).value, standing_as_called(said, "offers", at).value
    ('objected', 'never')
    """
    exact, name = standing(statements, purpose, now), entry_of(purpose)
    if exact is not Standing.NEVER or name is None:
        return exact
    spelled = standing(statements, name, now)
    return Standing.NEVER if spelled is Standing.GIVEN else spelled


def serves(purpose: str, listed: Purpose | None) -> tuple[Category, ...]:
    """Return the categories that a purpose serves: by its own name, whatever the list says, and by the list.

    >>> [one.value for one in serves("Data Sale", None)], serves("support", None)
    (['sale'], ())
    """
    named = _WORDS.get("_".join(purpose.casefold().replace("-", " ").replace("_", " ").split()))
    return tuple(dict.fromkeys([*([named] if named else []), *(listed.serves if listed else ())]))


def opted_out(statements: Iterable[Statement]) -> tuple[Category, ...]:
    """Return the categories that a person is opted out of, by the newest that they said of each."""
    said = {one: newest_of(statements, one.value) for one in Category}
    return tuple(
        one for one, last in said.items() if last is not None and last.state is not ConsentState.GIVEN
    )


def choices(
    statements: Sequence[Statement],
    minor: Minor | None,
    purpose: str | None,
    listed: Purpose | None,
    now: datetime,
) -> Choices:
    """Return what stands against *purpose* at *now*; an opt-out beats every consent to a purpose that serves it."""
    out = opted_out(statements)
    if purpose is None:
        return Choices((), bool(out))
    kinds = serves(purpose, listed)
    against = [*(f"opted-out-{one.value.replace('_', '-')}" for one in kinds if one in out)]
    if minor is not None:
        against += _of_minor(statements, minor, purpose, kinds, now)
    return Choices(tuple(against), bool(out), listed is not None or bool(kinds))


def _of_minor(
    statements: Sequence[Statement], minor: Minor, purpose: str, kinds: Sequence[Category], now: datetime
) -> Iterator[str]:
    age = youngest(minor.birth_year, now.date())
    for kind in (one for one in kinds if one in OPT_IN and age < OPT_IN_AGE):
        given = [
            newest_of(statements, one)
            for one in dict.fromkeys((kind.value, purpose))
            if standing(statements, one, now) is Standing.GIVEN
        ]
        if not any(one and (age >= PARENT_AGE or one.given_by == GUARDIAN) for one in given):
            yield "minor-not-opted-in"
            break
    last = newest_of(statements, purpose)
    if last is None or standing(statements, purpose, now) is not Standing.GIVEN:
        return
    if last.given_by != GUARDIAN and age < digital_age(minor.place, now.date()):
        yield "consent-not-by-guardian"


def check_consenting(
    minor: Minor | None, given_by: str, proof: str | None, on: date, kinds: Sequence[Category]
) -> None:
    """Return if this person can consent on a day to a purpose that serves *kinds*, or their guardian for them.

    Raises:
        ConflictError: a child consents for itself that is too young.
        InvalidInputError: a guardian's consent shows nothing of who they are (GDPR Art. 8(2)).
    """
    if given_by == GUARDIAN and proof is None:
        raise InvalidInputError(
            "a guardian's consent needs its proof, how it was made sure that they are one; add --proof"
        )
    if minor is None or given_by == GUARDIAN:
        return
    age, needed = youngest(minor.birth_year, on), digital_age(minor.place, on)
    if any(one in OPT_IN for one in kinds):
        needed = PARENT_AGE
    if age < needed:
        place = minor.place or "a place that is not known"
        raise ConflictError(
            f"this person may be {max(age, 0)} and consents in {place} from {needed}; whoever is responsible for "
            "them does, with --guardian and --proof (GDPR Art. 8(1); Cal. Civ. Code 1798.120(c))"
        )


def check_asking(statements: Iterable[Statement], category: Category, now: datetime) -> None:
    """Return if somebody may be asked to opt in again.

    Raises:
        ConflictError: they opted out less than twelve months ago.
    """
    last = newest_of(statements, category.value)
    if last is not None and last.state is not ConsentState.GIVEN and now < last.at + WAIT:
        raise ConflictError(
            f"they opted out of {category.value} on {last.at.date().isoformat()}, and may be asked again from "
            f"{(last.at + WAIT).date().isoformat()} (Cal. Civ. Code 1798.135(c)(4)); record only what they began themselves"
        )


def signals_opt_out(headers: Mapping[str, str]) -> bool:
    """Tell whether a request's headers carry an opt-out preference signal: ``Sec-GPC: 1``, and nothing else.

    >>> signals_opt_out({"sec-gpc": "1"}), signals_opt_out({"Sec-GPC": "0"}), signals_opt_out({})
    (True, False, False)
    """
    return any(name.casefold() == "sec-gpc" and value.strip() == "1" for name, value in headers.items())
