"""From which age a child consents for itself, by country and day, as dated data; and how old somebody may still be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError

OLDEST = 120
STRICTEST = 16
"""GDPR Art. 8(1): 16 where a member state has not lowered it, and wherever we do not know."""
OPT_IN_AGE, PARENT_AGE = 16, 13
"""Cal. Civ. Code 1798.120(c): under 16 data are sold or shared only on an opt-in; under 13, on a parent's."""


@dataclass(frozen=True, slots=True)
class DigitalAge:
    """The age of a country from a day on, and where it is from. ``recall``: from memory, to be read again."""

    age: int
    since: date
    source: str
    verified: str = "recall"


_GDPR, _EEA = date(2018, 5, 25), date(2018, 7, 20)


def _member(age: int, source: str, since: date = _GDPR) -> tuple[DigitalAge, ...]:
    return (DigitalAge(age, since, source),)


AGES: Mapping[str, tuple[DigitalAge, ...]] = MappingProxyType(
    {
        "AT": _member(14, "Datenschutzgesetz § 4(4)"),
        "BE": _member(13, "law of 30 July 2018, Art. 7"),
        "BG": _member(14, "Personal Data Protection Act, Art. 25c"),
        "CY": _member(14, "Law 125(I)/2018, s. 8"),
        "CZ": _member(15, "Act 110/2019, § 7"),
        "DE": _member(16, "GDPR Art. 8(1); not lowered"),
        "DK": _member(13, "Databeskyttelsesloven § 6"),
        "EE": _member(13, "Personal Data Protection Act, § 8"),
        "ES": _member(14, "Ley Orgánica 3/2018, Art. 7"),
        "FI": _member(13, "Tietosuojalaki § 5"),
        "FR": _member(15, "loi Informatique et Libertés, Art. 45"),
        "GR": _member(15, "Law 4624/2019, Art. 21"),
        "HR": _member(16, "GDPR Art. 8(1); not lowered"),
        "HU": _member(16, "GDPR Art. 8(1); not lowered"),
        "IE": _member(16, "Data Protection Act 2018, s. 31"),
        "IT": _member(14, "Codice privacy, Art. 2-quinquies"),
        "LT": _member(14, "Law on Legal Protection of Personal Data, Art. 6"),
        "LU": _member(16, "GDPR Art. 8(1); not lowered"),
        "LV": _member(13, "Personal Data Processing Law, s. 33"),
        "MT": _member(13, "S.L. 586.11"),
        "NL": _member(16, "Uitvoeringswet AVG, Art. 5"),
        "PL": _member(16, "GDPR Art. 8(1); not lowered"),
        "PT": _member(13, "Lei 58/2019, Art. 16"),
        "RO": _member(16, "GDPR Art. 8(1); not lowered"),
        "SE": _member(13, "Lag 2018:218, 2 kap. 4 §"),
        "SI": (
            DigitalAge(16, _GDPR, "GDPR Art. 8(1); not lowered"),
            DigitalAge(15, date(2023, 1, 26), "ZVOP-2, Art. 8"),
        ),
        "SK": _member(16, "Act 18/2018, § 15"),
        "IS": _member(13, "Act 90/2018, Art. 10", _EEA),
        "LI": _member(16, "GDPR Art. 8(1); not lowered", _EEA),
        "NO": _member(13, "Personopplysningsloven § 5", _EEA),
        "GB": _member(13, "Data Protection Act 2018, s. 9"),
        "US": _member(13, "COPPA, 15 U.S.C. 6501(1)", date(2000, 4, 21)),
    }
)
"""By country code. Denmark is thought to have raised its age since: name the place as it is and read it again."""


def digital_age(place: str, on: date) -> int:
    """Return the age from which somebody in *place* consents for themselves on a day.

    >>> digital_age("AT", date(2026, 1, 1)), digital_age("US-CA", date(2026, 1, 1)), digital_age("", date(2026, 1, 1))
    (14, 13, 16)
    """
    rules = AGES.get(place.partition("-")[0].upper(), ())
    ages = [one.age for one in rules if one.since <= on]
    return ages[-1] if ages else STRICTEST


def youngest(birth_year: int, on: date) -> int:
    """Return how old somebody born in that year is at least; of the day nothing is kept.

    >>> youngest(2010, date(2026, 12, 30)), youngest(2010, date(2026, 12, 31))
    (15, 16)
    """
    return on.year - birth_year - (0 if (on.month, on.day) == (12, 31) else 1)


def check_birth_year(year: int, on: date) -> int:
    """Return *year* if somebody alive can be born in it.

    Raises:
        InvalidInputError: it is to come, or too long ago.
    """
    if on.year - OLDEST <= year <= on.year:
        return year
    raise InvalidInputError(f"nobody alive is born in `{year}`; write the year of birth, for example 2014")
