"""Money: payment cards and what is printed on them, bank accounts, crypto wallets."""

from __future__ import annotations

import re

from ephor.rooms.pii.checksums import base58check, bech32, ean13, iso7064_mod97, luhn, weighted
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, apart, compact, numbered, sure, worded

_S = r"[ .\-]{0,3}"
# Issuer ranges with the lengths each brand issues (ISO/IEC 7812-1 and the brands' published ranges).
_BRANDS = (
    (re.compile(r"4"), frozenset({13, 16, 18, 19})),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset({16})),  # Mastercard
    (re.compile(r"3[47]"), frozenset({15})),  # American Express
    (re.compile(r"30[0-5]|3095|36|3[89]"), frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (re.compile(r"6011|64[4-9]|65"), frozenset({16, 17, 18, 19})),  # Discover
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16, 17, 18, 19})),  # JCB
    (re.compile(r"62|81"), frozenset({16, 17, 18, 19})),  # UnionPay
    (re.compile(r"50[0-9]|5[6-9]|6[0-9]"), frozenset({13, 14, 15, 16, 17, 18, 19})),  # Maestro, RuPay, Elo
    (re.compile(r"220[0-4]"), frozenset({16, 17, 18, 19})),  # Mir
)
_LAND = re.compile(rb"(?<![0-9A-Za-z])[A-Z]{2}\d\d[ -]$")
_CARD_WORD = re.compile(rb"card|visa|master|amex|pan\b|credit|debit|payment|cc\b", re.IGNORECASE)

# Length of an IBAN by country (SWIFT IBAN registry).
_IBAN = {
    pair[:2]: int(pair[2:])
    for pair in [
        "AD24",
        "AE23",
        "AL28",
        "AT20",
        "AZ28",
        "BA20",
        "BE16",
        "BG22",
        "BH22",
        "BI27",
        "BR29",
        "BY28",
        "CH21",
        "CR22",
        "CY28",
        "CZ24",
        "DE22",
        "DJ27",
        "DK18",
        "DO28",
        "EE20",
        "EG29",
        "ES24",
        "FI18",
        "FK18",
        "FO18",
        "FR27",
        "GB22",
        "GE22",
        "GI23",
        "GL18",
        "GR27",
        "GT28",
        "HN28",
        "HR21",
        "HU28",
        "IE22",
        "IL23",
        "IQ23",
        "IS26",
        "IT27",
        "JO30",
        "KW30",
        "KZ20",
        "LB28",
        "LC32",
        "LI21",
        "LT20",
        "LU20",
        "LV21",
        "LY25",
        "MC27",
        "MD24",
        "ME22",
        "MK19",
        "MN20",
        "MR27",
        "MT31",
        "MU30",
        "NI28",
        "NL18",
        "NO15",
        "OM23",
        "PK24",
        "PL28",
        "PS29",
        "PT25",
        "QA29",
        "RO24",
        "RS22",
        "RU33",
        "SA24",
        "SC31",
        "SD18",
        "SE24",
        "SI19",
        "SK24",
        "SM27",
        "SO23",
        "ST25",
        "SV28",
        "TL23",
        "TN24",
        "TR26",
        "UA29",
        "VA22",
        "VG24",
        "XK20",
        "YE30",
    ]
}


def card(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a primary account number: issuer range, a length that issuer uses, Luhn (ISO/IEC 7812-1)."""
    digits = compact(data[start:end])
    if not is_card(digits):
        return None
    if len(digits) < 16 and len(set(digits)) < 2:
        return None
    # A thirteen-digit article number may begin with 4 and pass Luhn by chance; old cards of that length are rare.
    if (
        len(digits) == 13
        and (ean13(digits) or numbered(data, start))
        and not _CARD_WORD.search(data[max(0, start - 40) : start])
    ):
        return None
    if _LAND.search(
        data[max(0, start - 6) : start]
    ):  # what follows a country and its check digits is an account, right or wrong
        return None
    return 95, start, end


def is_card(digits: str) -> bool:
    """Say whether *digits* are in an issuer's range, of a length it issues, and pass Luhn.

    >>> is_card("4111111111111111"), is_card("1234567812345670")
    (True, False)
    """
    return luhn(digits) and any(len(digits) in lengths and brand.match(digits) for brand, lengths in _BRANDS)


def iban(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge an IBAN by its country's length and MOD 97-10 (ISO 13616-1); what follows it is left alone."""
    wanted = _IBAN.get(data[start : start + 2].decode("latin-1").upper())
    if wanted is None:
        return None
    text = compact(data[start:end])[:wanted]
    if len(text) < wanted or iso7064_mod97(text[4:] + text[:4]) != 1:
        return None
    stop, count = start, 0
    while count < wanted:
        count += data[stop] not in b" -."
        stop += 1
    if data[stop : stop + 1].isalnum():
        return None
    return 98, start, stop


def routing(digits: str) -> bool:
    """Say whether nine *digits* are an ABA routing number: prefix in use, weights 3, 7, 1.

    >>> routing("021000021"), routing("123456789")
    (True, False)
    """
    prefix = int(digits[:2])
    used = 1 <= prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return used and weighted(digits, (3, 7, 1) * 3) % 10 == 0


def bitcoin(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a Bitcoin address by its own checksum: Base58Check, or BIP 173 and BIP 350."""
    text = data[start:end].decode("latin-1")
    segwit = text[:3].lower() == "bc1"
    return (97, start, end) if (bech32(text) if segwit else base58check(text)) else None


_GROUPED = rf"[2-68]\d{{3}}{_S}\d{{4}}{_S}\d{{4}}{_S}\d{{4}}"
_TWELVE = rf"\d{{4}}(?:[ .\-]{{1,3}}\d{{4}}{_S}|{_S}\d{{4}}[ .\-]{{1,3}})\d{{4}}"
"""Twelve digits in fours that do not all touch: any of the longer groupings has these somewhere."""
RULES = (
    Rule("credit_card", r"\d{13}", r"(?:\b|_)([2-68]\d{12,18})(?:\b|_)", apart(card)),
    Rule("credit_card", _TWELVE, rf"\b{_GROUPED}\b", apart(card)),
    Rule("credit_card", _TWELVE, rf"\b{_GROUPED}{_S}\d{{1,3}}\b", apart(card)),
    Rule("credit_card", r"3\d{3}[ .\-]{1,3}\d{6}[ .\-]{1,3}\d{4}", r"\b3\d{3}[ .\-]{1,3}\d{6}[ .\-]{1,3}\d{4,5}\b", apart(card)),
    worded("card_security_code", r"cvv2?|cvc2?|cvn|cid|csc|cryptogramme(?: visuel)?|kartenprufnummer|prufziffer|codice di sicurezza|codigo de seguran[cz]a|codigo de seguridad|guvenlik kodu|security code|card verification\w{0,8}", r"\d{3,4}", sure(75), gap=TIGHT),
    worded(
        "card_expiry",
        r"exp|expiry|expires|expiration(?: date)?|exp\.? ?date|valid (?:thru|through|until|to)",
        r"(?:0[1-9]|1[0-2]) ?[/\-] ?(?:20)?\d{2}",
        sure(70),
        gap=TIGHT,
    ),
    Rule("card_track", r"%?B\d{12}|;\d{12}", r"%?B\d{12,19}\^[^\^\n\x00]{2,26}\^\d{4}[^?\s\x00]{0,60}\??|;\d{12,19}=\d{7,24}\??", sure(97)),
    Rule("iban", r"\b[A-Za-z]{2}\d{2}[ \-]?[A-Za-z0-9]{4}", r"\b[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11,30}", iban),
    worded("us_routing_number", r"routing|aba|rtn|transit", r"\d{9}|\d{4}-\d{4}-\d", apart(sure(85, routing))),
    worded(
        "bank_account",
        r"(?:bank|checking|savings|giro|current) (?:account|acct)|account (?:number|no|nr|num)\.?|acct(?:\.? ?(?:no|number|#))?|"
        r"bank_?account|account_?(?:number|no)|a/c(?: ?(?:no|number|#))?|konto(?:nummer|nr|-nr|verbindung)?|kto(?:\.?-?nr)?|iban|sort code \d\d-\d\d-\d\d,? account|"
        r"(?:numero|n\.?o?\.?) de (?:compte|cuenta|conta)|cuenta(?: bancaria| corriente)?|compte(?: bancaire| courant)?|conto corrente|conta(?: bancaria| corrente)|"
        r"rekening(?:nummer|nr)?|(?:nr|numer) (?:konta|rachunku)|bankkonto|tilinumero",
        r"\d(?:[ \-.]?\d){5,16}",
        sure(60),
        gap=TIGHT,
    ),
    Rule("bank_account", r"(?i:\b(?:account|acct|a/c) ?#)", r"(?i:\b(?:account|acct|a/c) ?#)[:= ]{0,3}(\d(?:[ \-]?\d){5,16})\b", sure(60)),
    worded("uk_sort_code", r"sort[ _-]?code", r"\d{2}[ \-]?\d{2}[ \-]?\d{2}", sure(75), gap=TIGHT),
    Rule("bitcoin_address", r"\b[13][1-9A-HJ-NP-Za-km-z]{24}|\b(?i:bc1)[02-9a-zA-Z]{10}",
         r"\b(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})\b", apart(bitcoin)),
    Rule("ethereum_address", r"\b0x[0-9a-fA-F]{40}", r"\b0x[0-9a-fA-F]{40}\b", apart(sure(85))),
)  # fmt: skip
