"""Dates about a person: birth, and any other day written in full."""

from __future__ import annotations

import re

from ephor.rooms.pii.european import is_day
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, stands_apart, worded

_MONTHS = (
    r"jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|fevrier|mar(?:ch|s|zo)?|marz|maerz|apr(?:il)?|avril|may|mai|june?|juni|juin|july?|juli|juillet|"
    r"aug(?:ust)?|aout|sept?(?:ember|embre)?|oct(?:ober|obre)?|oktober|nov(?:ember|embre)?|dec(?:ember|embre)?|dezember"
)
_DATE = (
    r"(?:19|20)\d{2}[\-/.](?:0?[1-9]|1[0-2])[\-/.](?:3[01]|[12]\d|0?[1-9])|"
    r"(?:3[01]|[12]\d|0?[1-9])[\-/.](?:3[01]|[12]\d|0?[1-9])[\-/.](?:(?:19|20)\d{2}|\d{2})|"
    rf"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)?[ \-](?:of )?(?i:{_MONTHS})\.?,?[ \-](?:19|20)\d{{2}}|"
    rf"(?i:{_MONTHS})\.? (?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}"
)
_LONG_DATE = _DATE.replace(r"(?:(?:19|20)\d{2}|\d{2})", r"(?:19|20)\d{2}")
_WORDS = (
    r"dob|d\.o\.b\.?|date of birth|birth ?date|birth_?date|date_of_birth|born(?: on)?|birth ?day|geboren(?: am)?|geburtsdatum|geburtstag|nee? le|"
    r"date de naissance|fecha de nacimiento|data di nascita|nat[oa] il|geboortedatum|data urodzenia|data de nascimento"
)
_NUMERIC = re.compile(rb"(\d+)[\-/.](\d+)[\-/.](\d+)")


def calendar_day(confidence: int, data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a date: a day that exists, read as year first, day first or month first."""
    match = _NUMERIC.fullmatch(data, start, end)
    if match:
        first, second, third = (int(part) for part in match.groups())
        readings = (
            [(first, second, third)] if first > 31 else [(third, second, first), (third, first, second)]
        )
        if not any(is_day(year if year > 99 else 2000 + year, month, day) for year, month, day in readings):
            return None
    return (confidence, start, end) if stands_apart(data, start, end) else None


def _birth(data: bytes, start: int, end: int) -> Verdict | None:
    return calendar_day(90, data, start, end)


def _any_day(data: bytes, start: int, end: int) -> Verdict | None:
    # An RFC 3339 time names its day, too: the date of 2026-08-02T09:30:00Z counts (45 CFR 164.514(b)(2)(i)(C)).
    if data[end : end + 1] in {b"T", b"t"} and data[end + 1 : end + 3].isdigit():
        return 60, start, end
    return calendar_day(60, data, start, end)


RULES = (
    worded("date_of_birth", _WORDS, _DATE, _birth, gap=TIGHT),
    Rule("date", r"\d[\-/.]\d{1,2}[\-/.]\d|(?i:jan|feb|fev|mar|apr|avr|ma[iy]|ju[nil]|aug|aout|sep|oct|okt|nov|de[cz])",
         rf"\b(?:{_LONG_DATE})(?:\b|T\d)", lambda data, start, end: _any_day(data, start, _without_time(data, start, end))),
)  # fmt: skip


def _without_time(data: bytes, start: int, end: int) -> int:
    return end - 2 if data[end - 2 : end - 1] == b"T" else end
