"""How to reach a person: e-mail addresses and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ephor.rooms.pii import foreign
from ephor.rooms.pii.rules import TIGHT, Judge, Rule, Verdict, apart, stands_apart, unnumbered

_FILES = frozenset(
    "png jpg jpeg gif svg webp ico css js ts py json html htm pdf xml yaml yml md txt zip".split()  # noqa: SIM905 - a row of words reads better
)
_NOT_DIGITS = bytes(code for code in range(256) if not 48 <= code <= 57)
_STRONG = (
    r"phones?|phone_?(?:number|no)|telephones?|tel|telef|telf|tel_?(?:no|nr|num|number)|tlf|tfno?|tfn|tlm|telefo+n\w{0,9}|telemovel|"
    r"mob|mobile|mobil\w{0,8}|mobiel\w{0,7}|movil|movel|cell|cell ?phone|cel|celular|cellulare|portable|gsm|handy\w{0,7}|fone|puhelin\w{0,7}|"
    r"fax|telefax|faks|facsimile|whats ?app|sms|hotline|msisdn|komorka|komorkowy|kom|rufnummer|durchwahl|landline|cep(?: telefonu)?|gsm no|contact (?:no|number)"
)
_WEAK = (
    r"call|called|calling|text|texted|contact\w{0,2}|kontakt\w{0,4}|soit[at]\w{0,6}|numeroon|arayin\w{0,3}|ara|dial|ring|rings?|reach|reached|ph|rufen|anrufen?|ruf|erreichbar|erreichen|ruckruf|appel\w{0,8}|"
    r"joign\w{0,5}|joindre|rappel\w{0,4}|llam\w{0,5}|chiam\w{0,6}|bel|bellen|bereikbaar|dzwoni\w{0,4}|zadzwon|ligue|ligar|liga"
)
_NUMBER = r"\(?\+?\d[\d ().\-/]{5,18}\d"
_NO_NUMBER = re.compile(
    rb"(?:19|20)\d\d[\-/.]\d\d?[\-/.]\d\d?|\d\d?[\-/.]\d\d?[\-/.](?:19|20)\d\d|(?:(?:19|20)\d\d[ \-]?)+|\d{1,3}(?:\.\d{1,3}){3}|.*\d\.\d\d? .*|.*  .*"
)
# National forms with a trunk prefix, by country calling code: grouping first, then the numbering plan decides.
_TRUNKED = tuple(
    (code, re.compile(form.encode() + rb"(?!\d)"))
    for code, form in (
        (44, r"(?:\(?0\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}|\(?0\d{4}\)?[ -]\d{5,6})"),
        (33, r"(?:0[1-9](?:[ .-]\d{2}){4})"),
        (61, r"(?:\(?0\d\)?[ -]\d{4}[ -]\d{4}|04\d{2}[ -]\d{3}[ -]\d{3})"),
        (31, r"(?:\(?0\d{1,3}\)?[ -]\d{6,8}|06[ -]\d{2}(?:[ ]\d{2}){3}|0\d{2}[ -]\d{3}[ ]\d{2}[ ]\d{2})"),
        (32, r"(?:0\d[ ./]\d{3}[ .]\d{2}[ .]\d{2}|04\d{2}[ ./]\d{2}[ .]\d{2}[ .]\d{2})"),
        (46, r"(?:0\d{1,3}-\d{2,3} \d{2,3} \d{2}|0\d{1,3}-\d{5,8})"),
        (81, r"(?:0[5789]0-\d{4}-\d{4}|0\d-\d{4}-\d{4}|0\d{2}-\d{3}-\d{4}|0\d{3}-\d{2}-\d{4})"),
        (41, r"(?:0\d{2} \d{3} \d{2} \d{2})"),
        (358, r"(?:0[45]\d[ -]\d{3}[ -]?\d{4})"),
        (90, r"(?:0 ?\(?[2-5]\d{2}\)? ?\d{3} \d{2} \d{2})"),
        (49, r"(?:\(?0\d{2,4}\)?[ ]?[/ -][ ]?\d{5,8}|\(?0\d{2,4}\)?[ ]?[/ -]?[ ]?\d{3,4}[ ]\d{3,4})"),
    )
)
# Mobile numbers in one piece: long, and with a prefix that little else begins with.
_SOLID = (
    (44, re.compile(rb"07[1-57-9]\d{8}")), (33, re.compile(rb"0[67]\d{8}")), (49, re.compile(rb"01[567]\d{8,9}")), (81, re.compile(rb"0[789]0\d{8}")),
    (61, re.compile(rb"04\d{8}")), (46, re.compile(rb"07[02369]\d{7}")), (31, re.compile(rb"06\d{8}")), (32, re.compile(rb"04[5-9]\d{7}")),
)  # fmt: skip
_EXTENSION = re.compile(rb"[xX]\d{1,5}(?![0-9A-Za-z])")
_ROW = re.compile(rb" \d{3}")
_HOME = (
    1,
    44,
    33,
    49,
    39,
    34,
    31,
    32,
    48,
    46,
    351,
    43,
    41,
    61,
    91,
    353,
    45,
    47,
    358,
    55,
    81,
    52,
    64,
    27,
    420,
    90,
    86,
    82,
    966,
    971,
    20,
)


def email(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge an address by RFC 5321, section 4.1.2, without its limits of length, and by what only looks like one (`logo@2x.png`)."""
    nothing = 0, start, end
    local, _, domain = data[start:end].rpartition(b"@")
    while local[:1] in {b".", b"-", b"'"} and local:
        local, start = local[1:], start + 1
    labels = domain.split(b".")
    if not local or local[-1:] == b"." or data[end : end + 1].isalnum():
        return nothing
    if any(not label or label[:1] == b"-" or label[-1:] == b"-" for label in labels):
        return nothing
    if labels[-1].lower() == b"invalid":  # nobody's, for ever (RFC 2606); our own tokens end so
        return 0, start, end
    if labels[-1].decode("latin-1").lower() in _FILES or (local == b"git" and data[end : end + 1] == b":"):
        return nothing
    return 95, start, end


def international(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a number written with its country calling code (ITU-T E.123): the longest prefix its plan knows."""
    if not _free(data, start):
        return None
    for stop in _ends(data, start, end):
        digits = _digits(data[start:stop].replace(b"(0)", b""))
        if data[start : start + 2] == b"00":
            digits = digits[2:]
        extension = _EXTENSION.match(data, stop)
        if _in_plan(digits) and (extension or not data[stop : stop + 1].isalnum()):
            return 85, start, extension.end() if extension else stop
    return None


def north_american(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a number by the North American Numbering Plan: area and exchange start at 2, the area is not N11.

    Area 555 is given to nobody and so stands in examples, with any exchange.
    """
    value = data[start:end]
    if b"." in value and b"-" in value:  # a clause such as 252.227-7013
        return None
    digits = _digits(value.lower().partition(b"x")[0])[-10:]
    if digits[0] in "01" or digits[1:3] == "11" or (digits[3] in "01" and digits[:3] != "555"):
        return None
    return 75, start, end


def trunked(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a number written with a trunk prefix by the forms and plans of countries that write it so."""
    if data[start - 1 : start] == b" " and data[start - 2 : start - 1].isdigit():  # a group of a longer row
        return None
    for code, form in _TRUNKED:
        match = form.match(data, start)
        if match and _plan(code, _digits(match.group())[1:]) and not _ROW.match(data, match.end()):
            return (70, start, match.end()) if stands_apart(data, start, match.end()) else None
    return None


def solid(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a mobile number written in one piece with its trunk prefix."""
    plans = (code for code, form in _SOLID if form.fullmatch(data, start, end))
    return (62, start, end) if any(_plan(code, data[start + 1 : end].decode()) for code in plans) else None


def brazilian(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a Brazilian number with its area in parentheses (Anatel, Resolução 749/2022)."""
    return (75, start, end) if _plan(55, _digits(data[start:end])) else None


def after_strong_word(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a number that the word before it calls a telephone number: seven to fifteen digits (ITU-T E.164)."""
    stop = next((stop for stop in _ends(data, start, end) if 7 <= len(_digits(data[start:stop])) <= 15), None)
    if stop is None or _NO_NUMBER.fullmatch(data, start, stop) or data[stop : stop + 1].isalnum():
        return None
    return 80, start, stop


def after_weak_word(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a number after a word such as `call`: it must fit the numbering plan of a country."""
    if _NO_NUMBER.fullmatch(data, start, end):
        return None
    digits = _digits(data[start:end])
    trunk = digits.removeprefix("0")
    fits = (
        _in_plan(digits)
        if data[start:end].lstrip(b"(")[:1] == b"+"
        else any(_plan(code, trunk) for code in _HOME)
    )
    least = 9 if data[start:end].isdigit() else 8
    return (65, start, end) if fits and least <= len(digits) <= 15 else None


def _free(data: bytes, start: int) -> bool:
    before = data[max(0, start - 1) : start]
    return not (before.isalnum() or before in {b"+", b"_", b"."})


def _ends(data: bytes, start: int, end: int) -> Iterator[int]:
    """Yield the ends of the digit groups in the span, farthest first; mostly the first will do."""
    yield end
    for at in range(end - 1, start, -1):
        if 48 <= data[at - 1] <= 57 and not 48 <= data[at] <= 57:
            yield at


def _digits(value: bytes) -> str:
    return value.translate(None, _NOT_DIGITS).decode()


def _in_plan(digits: str) -> bool:
    return any(len(digits) > size and _plan(int(digits[:size]), digits[size:]) for size in (1, 2, 3))


def _plan(code: int, national: str) -> bool:
    size = len(national)
    for lengths, form in _plans(code):  # noqa: SIM110 - twice as fast as a generator, for every number there is
        if size in lengths and form.fullmatch(national):
            return True
    return False


@cache
def _plans(code: int) -> tuple[tuple[frozenset[int], re.Pattern[str]], ...]:
    """Return lengths and form of the national numbers under a country calling code, by libphonenumber's data."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata  # noqa: PLC0415 - 40 ms, for texts with numbers only

    found = []
    for region in COUNTRY_CODE_TO_REGION_CODE.get(code, ()):
        plan = (
            PhoneMetadata.metadata_for_nongeo_region(code)
            if region == "001"
            else PhoneMetadata.metadata_for_region(region)
        )
        if plan is not None and plan.general_desc is not None and plan.general_desc.national_number_pattern:
            lengths = frozenset(plan.general_desc.possible_length)
            found.append((lengths, re.compile(plan.general_desc.national_number_pattern)))
    return tuple(found)


def _worded(words: str, judge: Judge) -> Rule:
    word = rf"(?:\b|_)(?i:{words})"
    return Rule(
        "phone",
        rf"{word}(?:\b|_|s\b)[^0-9\n]{{0,6}}[0-9a-z]",
        rf"{word}(?:\b|_|s\b){TIGHT}({_NUMBER})(?:\b|$)",
        judge,
    )


RULES = (
    Rule(
        "email",
        r"[A-Za-z0-9_%+\-\xff\"]@[A-Za-z0-9\xff]",
        r"[A-Za-z0-9._%+'\-\xff!#$&*/=?^`{|}~]+@(?:[A-Za-z0-9\-\xff]+\.)+(?:[A-Za-z\xff]{2,24}|xn--[A-Za-z0-9\-]{2,59})",
        email,
    ),
    Rule("phone", r"\+\(?\d", r"\+\(?\d[\d ().\-/]{5,20}\d", international),
    Rule(
        "phone",
        r"\b00[1-9]\d{0,2}[ .\-(][\d ().\-/]{5}",
        r"\b00[1-9]\d{0,2}[ .\-(][\d ().\-/]{5,18}\d\b",
        unnumbered(international),
    ),
    Rule(
        "phone",
        r"\d{3}[).\- ] ?\d{3}[.\- ]\d{4}",
        r"(?:\b(?:1|001)[ .\-]?)?(?:\(\d{3}\) ?|\b\d{3}[.\- ])\d{3}[.\- ]\d{4}(?:[xX]\d{1,5})?\b",
        apart(unnumbered(north_american)),
    ),
    Rule("phone", r"\(\d{3}\)\d{7}\b", r"\(\d{3}\)\d{7}\b", apart(unnumbered(north_american))),
    Rule("phone", r"\(\d{2}\) ?9?\d{4}-\d{4}\b", r"\(\d{2}\) ?9?\d{4}-\d{4}\b", apart(unnumbered(brazilian))),
    Rule(
        "phone",
        r"\b0\d{1,4}\)?[ ./\-][\d ./\-]{4}",
        r"(?:\b|\()0\d{1,4}\)?[ ./\-][\d ./\-]{4,13}\d\b",
        unnumbered(trunked),
    ),
    Rule("phone", r"\b0\d{9,11}\b", r"\b0\d{9,11}\b", apart(unnumbered(solid))),
    Rule(
        "phone",
        rf"(?:[\x85\x87\x89][\x86\x88\x8a]|{foreign.PHONE}).{{0,8}}\d",
        rf"(?:[\x85\x87\x89][\x86\x88\x8a]|{foreign.PHONE})[^0-9\n\x00]{{0,6}}({_NUMBER})\b",
        after_strong_word,
    ),
    Rule(
        "phone",
        foreign.PHONE_WEAK + r".{0,8}\d",
        rf"{foreign.PHONE_WEAK}[^0-9\n\x00]{{0,6}}({_NUMBER})\b",
        after_weak_word,
    ),
    Rule(
        "phone",
        r"\b0 ?\(?5\d{2}\)? \d{3} \d{2} \d{2}\b",
        r"\b0 ?\(?5\d{2}\)? \d{3} \d{2} \d{2}\b",
        unnumbered(trunked),
    ),
    _worded(_STRONG, after_strong_word),
    _worded(_WEAK, unnumbered(after_weak_word)),
)
