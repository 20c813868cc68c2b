"""National, tax and health numbers of European countries, each with its own check."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from ephor.rooms.pii.checksums import codice_fiscale, iso7064_mod11_10, luhn, weighted
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, apart, compact, sure, unnumbered, worded

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ELEVEN = r"\b\d{11}\b"


def nhs(digits: str) -> bool:
    """Say whether ten *digits* are an NHS number (modulus 11, NHS Data Dictionary).

    >>> nhs("9434765919"), nhs("9434765918")
    (True, False)
    """
    return len(set(digits)) > 1 and (11 - weighted(digits[:9], range(10, 1, -1)) % 11) % 11 == int(digits[9])


def nino(text: str) -> bool:
    """Say whether the prefix of a national insurance number is one HMRC gives out (NIM39110).

    >>> nino("AB123456C"), nino("GB123456C")
    (True, False)
    """
    return text[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def steuer_id(digits: str) -> bool:
    """Say whether eleven *digits* are a German tax id: one digit two or three times, check digit (§ 139b AO).

    >>> steuer_id("86095742719"), steuer_id("12345678901")
    (True, False)
    """
    first = digits[:10]
    if digits[0] == "0" or len(set(first)) not in {8, 9}:
        return False
    # Nine different digits: one stands twice. Eight: one must stand three times, not two of them twice.
    repeated = len(set(first)) == 9 or max(map(first.count, set(first))) == 3
    return repeated and iso7064_mod11_10(digits)


def nir(text: str) -> bool:
    """Say whether fifteen characters are a French social security number (INSEE: key is 97 less the rest by 97).

    >>> nir("255081416802538"), nir("255081416802539")
    (True, False)
    """
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(text[13:])


def dni(text: str) -> bool:
    """Say whether a Spanish DNI or NIE ends in its control letter (Real Decreto 1553/2005).

    >>> dni("12345678Z"), dni("X1234567L"), dni("12345678A")
    (True, True, False)
    """
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI[int(number) % 23] == text[-1]


def bsn(digits: str) -> bool:
    """Say whether nine *digits* pass the Dutch eleven test (Besluit burgerservicenummer).

    >>> bsn("111222333"), bsn("123456789")
    (True, False)
    """
    return digits != "0" * 9 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def pesel(digits: str) -> bool:
    """Say whether eleven *digits* are a PESEL: a birth date with its century in the month, and the check digit.

    >>> pesel("44051401359"), pesel("44051401358")
    (True, False)
    """
    month = int(digits[2:4])
    century = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[month // 20]
    if not is_day(century + int(digits[:2]), month % 20, int(digits[4:6])):
        return False
    return (10 - weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(digits[10])


def personnummer(digits: str) -> bool:
    """Say whether *digits* (ten or twelve) are a Swedish personal number: birth date (day + 60 for a coordination
    number) and Luhn (folkbokföringslagen § 18).

    >>> personnummer("8112189876"), personnummer("8112189875")
    (True, False)
    """
    short = digits[-10:]
    day = int(short[4:6])
    return luhn(short) and is_day(2000, int(short[2:4]), day - 60 if day > 60 else day)


def rijksregister(digits: str) -> bool:
    """Say whether eleven *digits* are a Belgian national number: birth date, and 97 less the rest by 97, with a 2 in
    front for those born from 2000 (Koninklijk besluit of 3 April 1984).

    >>> rijksregister("85073003328"), rijksregister("85073003329")
    (True, False)
    """
    # BIS numbers add 20 or 40 to the month.
    if int(digits[2:4]) % 20 > 12 or int(digits[4:6]) > 31:
        return False
    number, check = int(digits[:9]), int(digits[9:])
    return number > 0 and check in {97 - number % 97, 97 - (2_000_000_000 + number) % 97}


def nif(digits: str) -> bool:
    """Say whether nine *digits* are a Portuguese NIF (modulus 11).

    >>> nif("123456789"), nif("123456780")
    (True, False)
    """
    check = 11 - weighted(digits[:8], range(9, 1, -1)) % 11
    return digits[0] in "1235689" and int(digits[8]) == (0 if check >= 10 else check)


def is_day(year: int, month: int, day: int) -> bool:
    """Say whether there is such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


_VAT_FORMS = re.compile(
    r"ATU\d{8}|BE[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|EE\d{9}|EL\d{9}|ES[A-Z0-9]\d{7}[A-Z0-9]|FI\d{8}|"
    r"FR[A-HJ-NP-Z0-9]{2}\d{9}|GB\d{9}|HR\d{11}|HU\d{8}|IE\d[A-Z0-9+*]\d{5}[A-Z]{1,2}|IT\d{11}|LT(?:\d{9}|\d{12})|LU\d{8}|LV\d{11}|"
    r"MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|RO\d{6,10}|SE\d{10}01|SI\d{8}|SK\d{10}|XI\d{9}"
)


def _austrian(text: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in text[2:8:2])
    return (96 - sum(map(int, text[1:8:2])) - sum(doubled)) % 10 == int(text[8])


def _british(digits: str) -> bool:
    rest = (weighted(digits, (8, 7, 6, 5, 4, 3, 2)) + int(digits[7:])) % 97
    return rest in {0, 42}


def _spanish(text: str) -> bool:
    if text[0].isdigit() or text[0] in "XYZ":
        return text[-1].isalpha() and text[:-1].translate(_NIE).isdigit() and dni(text)
    return text[0].isalpha() and text[1:-1].isdigit()


def _dutch(text: str) -> bool:
    letters = "".join(part if part.isdigit() else str(ord(part) - 55) for part in f"NL{text}")
    return bsn(text[:9]) or int(letters) % 97 == 1


def _romanian(digits: str) -> bool:
    return weighted(digits[:-1].zfill(9), (7, 5, 3, 2, 1, 7, 5, 3, 2)) * 10 % 11 % 10 == int(digits[-1])


_NIE = str.maketrans("XYZ", "012")
_VAT_CHECKS: dict[str, Callable[[str], bool]] = {
    "AT": _austrian,
    "EE": lambda digits: weighted(digits, (3, 7, 1, 3, 7, 1, 3, 7, 1)) % 10 == 0,
    "ES": _spanish,
    "GB": _british,
    "HU": lambda digits: weighted(digits, (9, 7, 3, 1, 9, 7, 3, 1)) % 10 == 0,
    "NL": _dutch,
    "RO": _romanian,
    "SK": lambda digits: int(digits) % 11 == 0,
    "XI": _british,
    "BE": lambda digits: 97 - int(digits[:8]) % 97 == int(digits[8:]),
    "DE": iso7064_mod11_10,
    "DK": lambda digits: weighted(digits, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0,
    "EL": lambda digits: weighted(digits, (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10 == int(digits[8]),
    "FI": lambda digits: weighted(digits, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0,
    "FR": lambda text: not text.isdigit() or (int(text[2:]) * 100 + 12) % 97 == int(text[:2]),
    "HR": iso7064_mod11_10,
    "IT": luhn,
    "LU": lambda digits: int(digits[:6]) % 89 == int(digits[6:]),
    "PL": lambda digits: weighted(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(digits[9]),
    "PT": nif,
    "SE": lambda digits: luhn(digits[:10]),
    "SI": lambda digits: (11 - weighted(digits, range(8, 1, -1)) % 11) % 10 == int(digits[7]),
}


def vat(text: str) -> bool:
    """Say whether *text* is a VAT number in its country's form, with its check where that is public (VIES).

    >>> vat("DE136695976"), vat("DE136695977")
    (True, False)
    """
    if not _VAT_FORMS.fullmatch(text):
        return False
    check = _VAT_CHECKS.get(text[:2])
    return check is None or check(text[2:])


_VAT_LANDS = r"(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)"
_VAT_PATTERN = rf"{_VAT_LANDS} ?[A-Z0-9]{{2}}(?:[ .\-]?[A-Z0-9]){{5,10}}"


def _vat_alone(data: bytes, start: int, end: int) -> Verdict | None:
    if data[end : end + 1] in {b" ", b"-"} and data[end + 1 : end + 5].isdigit():  # a group of a longer row
        return None
    return (80, start, end) if vat(compact(data[start:end])) else None


_CF = r"[A-Za-z]{6}[0-9L-Vl-v]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9L-Vl-v]{2}[A-Za-z][0-9L-Vl-v]{3}[A-Za-z]"
RULES = (
    worded("uk_nhs", r"nhs|national health|patient|health (?:no\.?|number)", r"\d{3}[ \-]?\d{3}[ \-]?\d{4}", apart(sure(90, nhs))),
    worded("uk_nhs", r"nhs", r"\d{3}[ \-]?\d{3}[ \-]?\d{4}", apart(sure(90, nhs)), after=True),
    Rule("uk_nhs", r"\b\d{3} \d{3} \d{4}\b", r"\b\d{3} \d{3} \d{4}\b", apart(unnumbered(sure(55, nhs)))),
    Rule("uk_nino", r"[A-Za-z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]\b",
         r"\b[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]\b", apart(sure(88, nino))),
    worded("uk_nino", r"national insurance|nino|ni (?:no\.?|number)", r"[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]", sure(85), gap=TIGHT),
    Rule("de_tax_id", _ELEVEN, _ELEVEN, apart(unnumbered(sure(70, steuer_id)))),
    worded("de_tax_id", r"steuer\w{0,24}|tax[ _]?id|idnr|tin", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", apart(sure(92, steuer_id))),
    Rule("fr_nir", r"\b[12] ?\d{2} ?\d{2} ?[\dAB]{2} ?\d{3} ?\d{3} ?\d{2}\b",
         r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}\b", apart(sure(93, nir))),
    Rule("es_dni", r"\b\d{8}[\- ]?[A-Za-z]\b", r"\b\d{8}[\- ]?[A-Za-z]\b", apart(unnumbered(sure(85, dni)))),
    Rule("es_dni", r"\b\d{2}\.\d{3}\.\d{3}", r"\b\d{2}\.\d{3}\.\d{3}[\- ]?[A-Za-z]\b", apart(sure(85, dni))),
    Rule("es_nie", r"\b[XYZxyz][\- ]?\d{7}", r"\b[XYZxyz][\- ]?\d{7}[\- ]?[A-Za-z]\b", apart(sure(88, dni))),
    Rule("it_codice_fiscale", r"[A-Z]{3} [A-Z]{3} ?\d{2}[A-Z]\d{2}", r"\b[A-Z]{3} [A-Z]{3} ?\d{2}[A-EHLMPR-T]\d{2} ?[A-Z]\d{3} ?[A-Z]\b", apart(sure(94, codice_fiscale))),
    Rule("be_nrn", r"\d{6}-\d{3}-\d{2}", r"\b\d{6}-\d{3}-\d{2}\b", apart(unnumbered(sure(88, rijksregister)))),
    Rule("it_codice_fiscale", rf"\b{_CF}\b", rf"\b{_CF}\b", apart(sure(95, codice_fiscale))),
    worded("nl_bsn", r"bsn|burgerservice\w{0,8}|sofi\w{0,8}|citizen service", r"\d{9}|\d{4}[ .]\d{2}[ .]\d{3}|\d{3}[ .]\d{3}[ .]\d{3}", apart(sure(90, bsn))),
    worded("nl_bsn", r"bsn|burgerservice\w{0,8}", r"\d{9}", apart(sure(90, bsn)), after=True),
    Rule("pl_pesel", _ELEVEN, _ELEVEN, apart(unnumbered(sure(72, pesel)))),
    worded("pl_pesel", r"pesel", r"\d{11}", apart(sure(93, pesel))),
    Rule("se_personnummer", r"\d{6}[\-+]\d{4}", r"\b(?:19|20)?\d{6}[\-+]\d{4}\b", apart(unnumbered(sure(86, personnummer)))),
    Rule("se_personnummer", r"\b19\d{10}\b", r"\b19\d{10}\b", apart(unnumbered(sure(80, personnummer)))),
    worded("se_personnummer", r"person(?:nummer|nr|al number)|pers\.? ?-?nr|pnr|samordningsnummer", r"(?:19|20)?\d{6}[\-+ ]?\d{4}", apart(sure(92, personnummer))),
    Rule("be_nrn", r"\b\d{2}\.\d{2}\.\d{2}-\d{3}", r"\b\d{2}\.\d{2}\.\d{2}-\d{3}[.\-]\d{2}\b", apart(sure(92, rijksregister))),
    Rule("be_nrn", _ELEVEN, _ELEVEN, apart(unnumbered(sure(74, rijksregister)))),
    worded("be_nrn", r"rijksregister\w{0,8}|registre national|national (?:register|registry|number)|numero national|nrn|rrn|niss|insz", r"\d{11}|\d{6}[ \-]\d{3}[ \-.]\d{2}",
           apart(sure(92, rijksregister))),
    worded("pt_nif", r"nif|contribuinte|numero fiscal|tax[ _]?(?:id|number)", r"(?:PT ?)?\d{3}[ .]?\d{3}[ .]?\d{3}", apart(sure(88, lambda text: nif(text.removeprefix("PT"))))),
    Rule("eu_vat", rf"\b{_VAT_LANDS} ?[A-Z0-9]{{2}}[ .\-]?\d", rf"\b{_VAT_PATTERN}\b", apart(_vat_alone)),
    worded("eu_vat", r"p\.? ?iva|partita iva|piva", r"\d{11}|\d{3} \d{3} \d{5}", apart(sure(90, luhn))),
    worded("eu_vat", r"vat|ust\W?-?id\W?(?:nr)?|umsatzsteuer\w{0,24}|tva|btw\W?(?:id|nr|nummer)?|moms\w{0,6}", rf"(?-i:{_VAT_PATTERN})", apart(sure(84, vat)), gap=TIGHT),
)  # fmt: skip
