"""National, tax and document numbers beyond those of `american` and `european`, each with its own check where there is one."""

from __future__ import annotations

from ephor.rooms.pii.checksums import ean13, luhn, weighted
from ephor.rooms.pii.european import is_day
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, alone, apart, sure, unnumbered, worded

_VERHOEFF = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_TURNS = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_PPS = "WABCDEFGHIJKLMNOPQRSTUV"
_CIF = "JABCDEFGHI"


def nip(digits: str) -> bool:
    """Say whether ten *digits* are a Polish tax number (ustawa o NIP, modulus 11).

    >>> nip("1234563218"), nip("1234563217")
    (True, False)
    """
    return weighted(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(digits[9]) and digits[:3] != "000"


def cif(text: str) -> bool:
    """Say whether a letter, seven digits and a control character are a Spanish NIF of an organisation (Orden EHA/451/2008).

    >>> cif("A58818501"), cif("A58818502")
    (True, False)
    """
    control = (
        -(
            sum(int(digit) for digit in text[2:8:2])
            + sum(sum(map(int, str(2 * int(digit)))) for digit in text[1:8:2])
        )
        % 10
    )
    return text[8] in {str(control), _CIF[control]}


def verhoeff(digits: str) -> bool:
    """Say whether *digits* end in their Verhoeff check digit (Aadhaar, UIDAI).

    >>> verhoeff("2363"), verhoeff("2364")
    (True, False)
    """
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF[check][int(_TURNS[place % 8][int(digit)])])
    return check == 0


def aadhaar(digits: str) -> bool:
    """Say whether twelve *digits* are an Aadhaar number: begins at 2, Verhoeff."""
    return digits[0] not in "01" and len(set(digits)) > 2 and verhoeff(digits)


def cpf(digits: str) -> bool:
    """Say whether eleven *digits* are a Brazilian CPF (Receita Federal, modulus 11 twice).

    >>> cpf("52998224725"), cpf("52998224724")
    (True, False)
    """
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def tfn(digits: str) -> bool:
    """Say whether nine *digits* are an Australian tax file number (ATO, modulus 11).

    >>> tfn("123456782"), tfn("123456789")
    (True, False)
    """
    return weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def medicare(digits: str) -> bool:
    """Say whether ten or eleven *digits* are an Australian Medicare card number.

    >>> medicare("2123456701"), medicare("2123456711")
    (True, False)
    """
    return digits[0] in "23456" and weighted(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


def sin(digits: str) -> bool:
    """Say whether nine *digits* are a Canadian social insurance number (Luhn)."""
    return digits != "0" * 9 and luhn(digits)


def cpr(digits: str) -> bool:
    """Say whether ten *digits* begin with a Danish birth date (CPR; its check digit is given up since 2007)."""
    return is_day(2000, int(digits[2:4]), int(digits[:2]))


def hetu(text: str) -> bool:
    """Say whether *text* is a Finnish personal identity code: birth date and check character (DVV).

    >>> hetu("131052-308T"), hetu("131052-308U")
    (True, False)
    """
    bare = text.replace("-", "").replace("+", "")
    digits, check = "".join(part for part in bare[:-1] if part.isdigit()), bare[-1]
    return (
        len(digits) == 9
        and is_day(2000, int(digits[2:4]), int(digits[:2]))
        and _HETU[int(digits) % 31] == check
    )


def fodselsnummer(digits: str) -> bool:
    """Say whether eleven *digits* are a Norwegian birth number: date, two check digits (Skatteetaten).

    >>> fodselsnummer("01010750160"), fodselsnummer("01010750161")
    (True, False)
    """
    day, month = int(digits[:2]), int(digits[2:4])
    first = weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return is_day(2000, month % 40, day - 40 if day > 40 else day) and first == second == 0


def ahv(digits: str) -> bool:
    """Say whether thirteen *digits* are a Swiss AHV number (EAN-13 with 756 in front)."""
    return digits[:3] == "756" and ean13(digits)


def pps(text: str) -> bool:
    """Say whether seven digits and one or two letters are an Irish PPS number (modulus 23).

    >>> pps("1234567T"), pps("1234567A")
    (True, False)
    """
    extra = 0 if len(text) == 8 or text[8] == "W" else (ord(text[8]) - 64) * 9
    return _PPS[(weighted(text[:7], range(8, 1, -1)) + extra) % 23] == text[7]


def svnr(digits: str) -> bool:
    """Say whether ten *digits* are an Austrian insurance number (modulus 11, birth date behind).

    >>> svnr("1237010180"), svnr("1238010180")
    (True, False)
    """
    check = weighted(digits[:3] + digits[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return digits[0] != "0" and int(digits[3]) == check and int(digits[4:6]) <= 31


def spi(digits: str) -> bool:
    """Say whether thirteen *digits* are a French tax number: key is the rest of the first ten by 511 (DGFiP).

    >>> spi("3023217600053"), spi("3023217600054")
    (True, False)
    """
    return digits[0] in "0123" and int(digits[:10]) % 511 == int(digits[10:])


def _document(data: bytes, start: int, end: int) -> Verdict | None:
    digits = sum(48 <= byte <= 57 for byte in data[start:end])
    return (70, start, end) if digits >= 4 else None


_PASSPORTS = r"passport|reisepass\w{0,8}|passnummer|passnr|passeport|pasaporte|passaporto|paspoort\w{0,8}|paszport\w{0,2}|numer paszportu|passaporte|passinumero|pasnummer|pasnr"
_LICENCES = (
    r"fuhrerschein\w{0,8}|permis de conduire|permiso de conducir|carnet de conducir|patente(?: di guida)?|rijbewijs\w{0,8}|praw[oa] jazdy|korkort\w{0,8}|korekort\w{0,8}|"
    r"carta de conducao|cnh|ajokort\w{0,6}|driver'?s?'? ?licen[sc]e|driving licen[sc]e"
)
_IDS = (
    r"personalausweis\w{0,8}|ausweisnummer|ausweisnr|carte (?:nationale )?d'identite|cni|carta d'identita|documento d'identita|dowod(?:u)? osobist\w{1,4}|"
    r"identiteitskaart\w{0,8}|cartao de cidadao|bilhete de identidade|identity card|id card"
)
RULES = (
    worded("pl_nip", r"nip|numer identyfikacji podatkowej", r"(?:PL)?\d{3}[ \-]?\d{2,3}[ \-]?\d{2}[ \-]?\d{2,3}", apart(sure(91, lambda text: len(text.removeprefix("PL")) == 10 and nip(text.removeprefix("PL"))))),
    Rule("pl_nip", r"\b\d{3}-\d{2,3}-\d{2}-\d{2,3}\b", r"\b(?:\d{3}-\d{3}-\d{2}-\d{2}|\d{3}-\d{2}-\d{2}-\d{3})\b", apart(unnumbered(sure(84, nip)))),
    Rule("es_cif", r"\b[ABCDEFGHJNPQRSUVW]-?\d{7}", r"\b[ABCDEFGHJNPQRSUVW]-?\d{7}-?[0-9A-J]\b", apart(unnumbered(sure(82, cif)))),
    Rule("in_aadhaar", r"\b[2-9]\d{3} \d{4} \d{4}\b", r"\b[2-9]\d{3} \d{4} \d{4}\b", apart(alone(unnumbered(sure(64, aadhaar))))),
    worded("in_aadhaar", r"aadhaa?r|uidai|uid", r"[2-9]\d{3}[ \-]?\d{4}[ \-]?\d{4}", apart(sure(90, aadhaar))),
    worded("in_pan", r"pan|permanent account", r"[A-Za-z]{3}[ABCFGHJLPTabcfghjlpt][A-Za-z]\d{4}[A-Za-z]", apart(sure(88)), gap=TIGHT),
    Rule("br_cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", apart(sure(93, cpf))),
    worded("br_cpf", r"cpf", r"\d{11}|\d{9}-\d{2}", apart(sure(92, cpf))),
    worded("ca_sin", r"sin|social insurance", r"\d{3}[ \-]?\d{3}[ \-]?\d{3}", apart(sure(88, sin)), gap=TIGHT),
    worded("au_tfn", r"tfn|tax file", r"\d{3} ?\d{3} ?\d{3}", apart(sure(90, tfn))),
    worded("au_medicare", r"medicare", r"[2-6]\d{3} ?\d{5} ?\d(?:[ /\-]?\d)?", apart(sure(90, medicare))),
    worded("dk_cpr", r"cpr\w{0,8}", r"\d{6}[\- ]?\d{4}", apart(sure(93, cpr))),
    worded("dk_cpr", r"personnummer", r"\d{6}[\- ]?\d{4}", apart(sure(86, cpr))),
    Rule("fi_hetu", r"\d{6}[\-+A-FU-Y]\d{3}", r"\b\d{6}[\-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]\b", apart(sure(92, hetu))),
    worded("no_fnr", r"fodselsnummer|fodselsnr|fnr|personnummer", r"\d{6} ?\d{5}", apart(sure(92, fodselsnummer))),
    Rule("ch_ahv", r"\b756[. ]?\d{4}", r"\b756(?:\.\d{4}\.\d{4}\.\d{2}|\d{10}| \d{4} \d{4} \d{2})\b", apart(sure(93, ahv))),
    worded("ie_pps", r"pps(?:n)?", r"\d{7}[A-Wa-w][A-IWa-iw]?", apart(sure(91, pps))),
    worded("at_svnr", r"svnr|sv-?nummer|sozialversicherungs\w{0,8}|versicherungsnummer", r"\d{4}[ \-]?\d{6}", apart(sure(90, svnr))),
    worded("fr_tax_id", r"numero fiscal|n. fiscal|spi|identifiant fiscal|reference fiscale", r"[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}", apart(sure(90, spi))),
    worded("de_tax_number", r"steuernummer|steuer-?nr|st\.?-nr|stnr", r"\d{2,3} ?/ ?\d{3} ?/ ?\d{4,5}|\d{10,11}|\d{13}", apart(sure(75)), gap=TIGHT),
    worded("us_ein", r"ein|fein|employer id\w{0,16}|federal tax", r"\d{2}-\d{7}", apart(sure(82)), gap=TIGHT),
    worded("passport", _PASSPORTS, r"[A-Za-z0-9]{6,12}", _document, gap=TIGHT),
    worded("driver_license", _LICENCES, r"[A-Za-z0-9]{7,16}|\d{5}/\d{2}/\d{4}", _document, gap=TIGHT),
    worded("national_id_card", _IDS, r"[A-Za-z0-9]{7,14}|\d{3}-\d{7}-\d{2}", _document, gap=TIGHT),
)  # fmt: skip
