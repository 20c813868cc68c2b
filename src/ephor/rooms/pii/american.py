"""Numbers that identify a person in the United States."""

from __future__ import annotations

from ephor.rooms.pii.rules import (
    TIGHT,
    Judge,
    Rule,
    Verdict,
    apart,
    compact,
    stands_apart,
    sure,
    unnumbered,
    worded,
)

_SSN_WORD = r"ssn|ss|social security|social sec|soc sec|social_security\w{0,8}"
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|PR|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)


def ssn(digits: str) -> bool:
    """Say whether nine *digits* can be a social security number: area, group and serial in use (20 CFR 422.103).

    >>> ssn("123456789"), ssn("666456789"), ssn("123006789")
    (True, False, False)
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def itin(digits: str) -> bool:
    """Say whether nine *digits* can be an individual taxpayer number: 9xx, a group the IRS assigns (Pub. 1915)."""
    group = int(digits[3:5])
    return digits[0] == "9" and (
        50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    )


def _nine(data: bytes, start: int, end: int) -> Verdict | None:
    if data[start + 3] != data[start + 6]:
        return None
    return (
        ((85 if data[start + 3 : start + 4] == b"-" else 60), start, end)
        if ssn(compact(data[start:end]))
        else None
    )


def _nine_itin(data: bytes, start: int, end: int) -> Verdict | None:
    same = data[start + 3] == data[start + 6]
    return (86, start, end) if same and itin(compact(data[start:end])) else None


def _with_digits(least: int, confidence: int) -> Judge:
    def judge(data: bytes, start: int, end: int) -> Verdict | None:
        enough = sum(48 <= byte <= 57 for byte in data[start:end]) >= least
        return (confidence, start, end) if enough and stands_apart(data, start, end) else None

    return judge


def dea(text: str) -> bool:
    """Say whether two letters and seven digits are a DEA registration: its check digit (21 CFR 1301, practice).

    >>> dea("AB1234563"), dea("AB1234567")
    (True, False)
    """
    digits = [int(part) for part in text[2:]]
    return (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10 == digits[6]


_DASHED = r"(?:\b|_)(\d{3}[\- .]\d{2}[\- .]\d{4})(?:\b|_)"
_CODE = r"(?:[A-Za-z]{1,4}[\- ]?)?\d[A-Za-z0-9\-]{3,15}"
_MBI = r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}"
RULES = (
    Rule("us_ssn", r"\d{3}[\- .]\d{2}[\- .]\d{4}", _DASHED, apart(unnumbered(_nine))),
    worded("us_ssn", _SSN_WORD, r"\d{3}[\- .]?\d{2}[\- .]?\d{4}", apart(sure(92, ssn))),
    Rule("us_itin", r"9\d{2}[\- .]\d{2}[\- .]\d{4}", r"\b9\d{2}[\- .]\d{2}[\- .]\d{4}\b", apart(unnumbered(_nine_itin))),
    worded("us_itin", r"itin|taxpayer (?:id|identification)|tax[ _]?id", r"9\d{2}[\- .]?\d{2}[\- .]?\d{4}", apart(sure(92, itin))),
    worded("us_passport", r"passport|passport_?(?:no|number|id)", r"[A-Za-z]?\d{8,9}|[A-Za-z]{2}\d{6,7}", sure(84), gap=TIGHT),
    worded(
        "us_driver_license",
        r"driver'?s?'? ?licen[sc]e|driving licen[sc]e|drivers?_licen[sc]e\w{0,8}|dln?|licen[sc]e (?:no|number)",
        r"[A-Za-z]{0,3}\d[\dA-Za-z\-]{4,18}",
        _with_digits(5, 72),
        gap=TIGHT,
    ),
    worded("medical_record_number", r"mrn|medical record|medical_record\w{0,8}|chart (?:no|number)|patient (?:id|no|number)|"
           r"patient_(?:id|no|number)|hospital number", _CODE, _with_digits(4, 76), gap=TIGHT),
    worded("health_plan_number", r"member (?:id|no|number)|member_?id|health ?plan|health_plan\w{0,8}|subscriber (?:id|no\.?|number)|beneficiary|"
           r"policy (?:no|number)|insurance (?:id|no\.?|number)|medicare|medicaid|mbi|hicn",
           r"(?:[A-Za-z]{1,4}[\- ]?)?\d[A-Za-z0-9\-]{5,15}", _with_digits(4, 70), gap=TIGHT),
    Rule("health_plan_number", rf"\b{_MBI}", rf"\b{_MBI}\b", apart(sure(80))),
    worded("us_dea_number", r"dea", r"[A-HJ-MP-UXa-hj-mp-ux][A-Za-z9]\d{7}", sure(88, dea), gap=TIGHT),
    Rule("us_zip", rf"\b(?:{_STATES}),? \d{{5}}", rf"\b(?:{_STATES}),? (\d{{5}}(?:-\d{{4}})?)\b", apart(sure(70))),
    worded("us_zip", r"zip(?: ?code)?|postal code|zip_code|postcode", r"\d{5}(?:-\d{4})?", apart(sure(75)), gap=TIGHT),
)  # fmt: skip
