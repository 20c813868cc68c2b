"""Dates about a person: birth, and any other day written in full."""

from __future__ import annotations

import re

from ephor.rooms.pii import foreign
from ephor.rooms.pii.european import is_day
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, stands_apart, worded

# In English, German, French, Italian, Spanish, Dutch, Polish, Swedish, Danish, Portuguese and Finnish, as folded.
_MONTHS = (
    r"jan(?:uary|uari?|uar|vier|eiro)?|styczen|stycznia|enero|gennaio|gen|ene|tammikuuta|feb(?:ruary|ruari?|ruar|braio|rero)?|fev(?:rier|ereiro)?|luty|lutego|"
    r"helmikuuta|mar(?:ch|s|zo|zec|ca|co|et)?|marz|maerz|maart|marts|marca|mrt|maaliskuuta|apr(?:il|ile|ilis)?|avril|avr|abril|abr|kwiecien|kwietnia|huhtikuuta|"
    r"may|mai|maj|maja|maio|mayo|maggio|mag|mei|toukokuuta|june?|juni|juin|junio|junho|giugno|giu|czerwiec|czerwca|kesakuuta|july?|juli|juillet|julio|julho|luglio|lug|"
    r"lipiec|lipca|heinakuuta|aug(?:ust|usti|ustus)?|aout|ago(?:sto)?|sierpien|sierpnia|elokuuta|sept?(?:ember|embre|iembre)?|set(?:tembre|embro)?|wrzesien|wrzesnia|"
    r"syyskuuta|oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|pazdziernik|pazdziernika|lokakuuta|nov(?:ember|embre|iembre|embro)?|listopad|listopada|"
    r"marraskuuta|dec(?:ember|embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?|grudzien|grudnia|joulukuuta"
)
_D, _M = r"(?:3[01]|[12]\d|0?[1-9])", r"(?:0?[1-9]|1[0-2])"
_ISO = rf"(?:19|20)\d{{2}}[\-/.]{_M}[\-/.]{_D}"
_SPELLED = (
    rf"{_D}(?:st|nd|rd|th|er|re|o|\.)?[ \-/]{{0,2}}(?:of |de |di |den )?(?i:{_MONTHS})\.?,?[ \-/]{{0,2}}(?:de |del )?(?:19|20)\d{{2}}|"
    rf"(?i:{_MONTHS})\.? {_D}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}|"
    rf"(?:19|20)\d{{2}}[\x81\xfe] ?{_M}[\x82\xfe] ?{_D}[\x83\xfe]"
)
_DATE = rf"{_ISO}|{_D}[\-/. ]{_D}[\-/. ](?:(?:19|20)\d{{2}}|\d{{2}})|{_D}\. {_D}\. (?:19|20)\d{{2}}|{_SPELLED}|(?:19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_LONG_DATE = rf"{_ISO}|{_D}[\-/.]{_D}[\-/.](?:19|20)\d{{2}}|{_SPELLED}"
_NAMES = (
    r"dob|d\.o\.b\.?|date[ _]?of[ _]?birth|birth ?date|birth_?date|birth ?day|geburtsdatum|geburtstag|geb\.?-?datum|geb|date[ _]de[ _]naissance|date_?naissance|fecha[ _]de[ _]nacimiento|fecha_?nacimiento|"
    r"f\. ?(?:de )?nacimiento|fec\.? ?nac|data[ _]di[ _]nascita|data[ _]?nascita|geboortedatum|data[ _]urodzenia|data ur|ur\. ?|data[ _]de[ _]nascimento|data_?nascimento|nascimento|fodelsedatum|fodelsedag|"
    r"fodselsdato|fodselsdag|syntymaaika|syntymapaiva|nee?(?:\(e\))? le|dogum[ _]?(?:tarihi|gunu)|datum[ _]narozeni|szuletesi[ _](?:ido|datum)|data[ _]nasterii|tanggal[ _]lahir|ngay[ _]sinh|datum[ _]rodenja"
)
_BORN = r"born|geboren|nee?(?:\(e\))? (?:a|au|en)|nat[oa] (?:il|a|ad|in|nel)|nacid[oa]|nacio|urodzon[aey]|urodzil\w{1,3}|fodd|fodt|nascid[oa]|nasceu|syntynyt"
_ASIAN = rf"{foreign.BIRTH}|\x84\x81\x82\x83|\x84\x83|\x84.{{0,2}}\x83.{{0,2}}"
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


_GAP = r"[^0-9\n\x00.;]{0,28}?"
RULES = (
    worded("date_of_birth", _NAMES, _DATE, _birth, gap=TIGHT),
    worded("date_of_birth", _BORN, _DATE, _birth, gap=_GAP),
    Rule("date_of_birth", rf"(?:{_ASIAN}).{{0,6}}\d", rf"(?:{_ASIAN})[^0-9\n\x00]{{0,6}}({_DATE})", _birth),
    Rule("date", r"\d[\-/.]\d{1,2}[\-/.]\d|\d\x81|(?i:jan|feb|fev|mar|apr|avr|ma[iyjg]|me[i]|ju[nil]|aug|ago|aout|sep|set|oct|okt|ott|out|nov|de[cz]|dic|lip|lut|sty|kwi|cze|sie|wrz|paz|lis|gru|gen|ene|giu|lug|kuuta)",
         rf"\b(?:{_LONG_DATE})(?:\b|T\d|$|[^0-9])", lambda data, start, end: _any_day(data, start, _trimmed(data, start, end))),
)  # fmt: skip


def _trimmed(data: bytes, start: int, end: int) -> int:
    while end > start + 6 and not data[end - 1 : end].isdigit() and data[end - 1] != 0x83:
        end -= 1
    return end - 2 if data[end - 2 : end - 1] == b"T" else end
