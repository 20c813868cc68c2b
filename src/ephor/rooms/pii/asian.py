"""Personal numbers of China, Japan, Korea, Singapore and Turkey, and what words in other scripts stand before."""

from __future__ import annotations

from ephor.rooms.pii import foreign
from ephor.rooms.pii.checksums import weighted
from ephor.rooms.pii.european import is_day
from ephor.rooms.pii.national import aadhaar
from ephor.rooms.pii.rules import TIGHT, Judge, Rule, Verdict, apart, sure, unnumbered, worded

_NRIC = {"S": "JZIHGFEDCBA", "T": "GFEDCBAJZIH", "F": "XWUTRQPNMLK", "G": "RQPNMLKXWUT", "M": "XWUTRQPNJLK"}
_AFTER = r"[^0-9\n\x00]{0,12}?"


def resident(text: str) -> bool:
    """Say whether eighteen characters are a Chinese resident number: a birth date, ISO 7064 MOD 11-2 (GB 11643).

    >>> resident("11010519491231002X"), resident("110105194912310021")
    (True, False)
    """
    born = is_day(int(text[6:10]), int(text[10:12]), int(text[12:14])) and text[6:8] in {"18", "19", "20"}
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return born and "10X98765432"[weighted(text[:17], weights) % 11] == text[17]


def my_number(digits: str) -> bool:
    """Say whether twelve *digits* are a Japanese individual number (Order of the Ministry 85 of 2014, Article 5).

    >>> my_number("123456789018"), my_number("123456789019")
    (True, False)
    """
    rest = weighted(digits[:11], (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return len(set(digits)) > 1 and int(digits[11]) == (0 if rest < 2 else 11 - rest)


def registration(digits: str) -> bool:
    """Say whether thirteen *digits* begin as a Korean registration number does: a birth date, sex and century.

    Its check digit is given up since October 2020.
    """
    century = 1900 if digits[6] in "1256" else 2000 if digits[6] in "3478" else 1800
    return is_day(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))


def _checked(digits: str) -> bool:
    """Say whether the check digit fits, too; younger numbers than 2020 have none."""
    check = (11 - weighted(digits[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return registration(digits) and check == int(digits[12])


def kimlik(digits: str) -> bool:
    """Say whether eleven *digits* are a Turkish identity number: two check digits (NVI).

    >>> kimlik("10000000146"), kimlik("10000000147")
    (True, False)
    """
    odd, even = sum(map(int, digits[0:9:2])), sum(map(int, digits[1:8:2]))
    return (
        digits[0] != "0"
        and (odd * 7 - even) % 10 == int(digits[9])
        and sum(map(int, digits[:10])) % 10 == int(digits[10])
    )


def nric(text: str) -> bool:
    """Say whether nine characters are a Singapore NRIC or FIN (ICA, modulus 11).

    >>> nric("S2740116C"), nric("S2740116D")
    (True, False)
    """
    offset = {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    return _NRIC[text[0]][(weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset) % 11] == text[8]


def _document(data: bytes, start: int, end: int) -> Verdict | None:
    return (75, start, end) if sum(48 <= byte <= 57 for byte in data[start:end]) >= 4 else None


def _said(type_: str, kind: str, value: str, judge: Judge) -> Rule:
    return Rule(
        type_, kind + r"[^0-9\n\x00]{0,12}[0-9A-Za-z]", rf"{kind}{_AFTER}\b({value})(?:\b|\W|$)", judge
    )


_TWELVE = r"\d{4}[ \-]?\d{4}[ \-]?\d{4}"
_RRN = r"\d{6}[ \-]?[1-8]\d{6}"
_EIGHTEEN = r"[1-9]\d{5}(?:18|19|20)\d{9}[0-9Xx]"
RULES = (
    Rule("cn_resident_id", rf"\b{_EIGHTEEN}", rf"\b{_EIGHTEEN}\b", apart(unnumbered(sure(90, resident)))),
    _said("cn_resident_id", foreign.RESIDENT, _EIGHTEEN, apart(sure(94, resident))),
    worded("jp_my_number", r"my[ _]?number|individual[ _]number|kojin bango", _TWELVE, apart(sure(91, my_number)), gap=TIGHT),
    _said("jp_my_number", foreign.MY_NUMBER, _TWELVE, apart(sure(93, my_number))),
    Rule("kr_rrn", r"\b\d{6}-[1-8]\d{6}\b", r"\b\d{6}-[1-8]\d{6}\b", apart(unnumbered(sure(84, _checked)))),
    worded("kr_rrn", r"rrn|resident registration|jumin\w{0,16}", _RRN, apart(sure(92, registration))),
    _said("kr_rrn", foreign.RRN, _RRN, apart(sure(93, registration))),
    worded("tr_tckn", r"t\.? ?c\.?(?: ?kimlik| ?no)\w{0,8}|tckn|kimlik\w{0,8}|tc_?kimlik\w{0,8}", r"[1-9]\d{10}", apart(sure(94, kimlik))),
    Rule("sg_nric", r"\b[STFGM]\d{7}[A-Z]\b", r"\b[STFGM]\d{7}[A-Z]\b", apart(unnumbered(sure(84, nric)))),
    _said("in_aadhaar", foreign.AADHAAR, r"[2-9]\d{3}[ \-]?\d{4}[ \-]?\d{4}", apart(sure(92, aadhaar))),
    _said("in_pan", foreign.PAN, r"[A-Za-z]{3}[ABCFGHJLPTabcfghjlpt][A-Za-z]\d{4}[A-Za-z]", apart(sure(90))),
    _said("passport", foreign.PASSPORT, r"[A-Za-z0-9]{6,12}", _document),
    _said("driver_license", foreign.LICENCE, r"[A-Za-z0-9]{7,16}|\d{2}-\d{2}-\d{6}-\d{2}", _document),
    _said("bank_account", foreign.ACCOUNT, r"\d[\d\-]{5,24}\d", _document),
    _said("national_id_card", foreign.NATIONAL, r"\d[\d \-]{6,14}\d", _document),
    _said("card_security_code", foreign.CARD_CODE, r"\d{3,4}", sure(85)),
)  # fmt: skip
