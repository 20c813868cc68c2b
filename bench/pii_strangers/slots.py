"""What the slots of the second set are filled with: personal data with right check digits, and what only looks like it."""

# ruff: noqa: RUF001 - these letters are meant

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from random import Random

Slot = Callable[[Random, str], str]
LOW, UP, DIG, HEX = (
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    "0123456789abcdef",
)
B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def some(dice: Random, of: str, count: int) -> str:
    return "".join(dice.choice(of) for _ in range(count))


def num(dice: Random, count: int) -> str:
    """A number of *count* digits that does not begin with 0."""
    return dice.choice("123456789") + some(dice, DIG, count - 1)


def like(dice: Random, shape: str) -> str:
    """`#` a digit, `%` a digit from 2 to 9, `@` a capital; the rest stands for itself."""
    return "".join(
        {"#": dice.choice(DIG), "%": dice.choice("23456789"), "@": dice.choice(UP)}.get(c, c) for c in shape
    )


def shaped(dice: Random, digits: str, *shapes: str) -> str:
    at = iter(digits)
    return "".join(next(at) if c == "#" else c for c in dice.choice(shapes))


def luhn(digits: str) -> str:
    total = 0
    for at, digit in enumerate(map(int, reversed(digits))):
        double = digit * 2 if at % 2 == 0 else digit
        total += double - 9 if double > 9 else double
    return digits + str(-total % 10)


def weighed(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def day(dice: Random, since: int = 1940, until: int = 2003) -> tuple[int, int, int]:
    return dice.randint(since, until), dice.randint(1, 12), dice.randint(1, 28)


GIVEN = [
    "anna",
    "jonas",
    "maria",
    "luca",
    "sofia",
    "pierre",
    "ines",
    "joao",
    "kasia",
    "erik",
    "mette",
    "aino",
    "yuki",
    "minji",
    "priya",
    "omar",
    "elif",
    "emma",
    "liam",
    "chloe",
    "noah",
    "fatima",
]
FAMILY = [
    "meyer",
    "smith",
    "rossi",
    "dupont",
    "garcia",
    "silva",
    "jansen",
    "nowak",
    "lund",
    "berg",
    "virtanen",
    "tanaka",
    "kim",
    "sharma",
    "haddad",
    "yilmaz",
    "oconnor",
    "schmidt",
    "moreau",
]
HOSTS = [
    "example.com",
    "example.org",
    "example.net",
    "mail.example.co.uk",
    "post.example.de",
    "gmail.com",
    "outlook.com",
    "web.de",
    "orange.fr",
    "libero.it",
    "uol.com.br",
    "wp.pl",
    "naver.com",
    "yahoo.co.jp",
    "mail.ru",
    "proton.me",
]


def email(dice: Random, _: str) -> str:
    first, last = dice.choice(GIVEN), dice.choice(FAMILY)
    local = dice.choice(
        [
            f"{first}.{last}",
            f"{first[0]}{last}",
            f"{first}_{last}{dice.randint(1, 99)}",
            f"{first}+news",
            f"{last}-{first}",
            f"{first.title()}.{last.title()}",
            f"{first}{dice.randint(1950, 2009)}",
        ]
    )
    return f"{local}@{dice.choice(HOSTS)}"


_PHONES = {
    "en-US": ["(%1%) %##-####", "%1%-%##-####", "%1%.%##.####", "+1 %1% %## ####", "+1-%1%-%##-####", "+1 (%1%) %##-####", "1-%1%-%##-####", "+1%1%%######", "(%1%)%##-####", "%1% %## ####", "%1%-%##-#### ext. ###", "001-%1%-%##-####x####"],
    "en-GB": ["020 7### ####", "+44 20 7### ####", "07911 1#####", "+44 7911 1#####", "+44 (0)20 7### ####", "0161 4## ####", "(0161) 4## ####", "07911 1## ###", "+447911 1#####", "0121 4## ####"],
    "de": ["030 2#######", "+49 30 2#######", "0151 2#######", "+49 151 2#######", "089/2######", "(089) 2######", "+49 (0) 89 2######", "0171-2######", "+49 (89) 2######", "0221 / 9######"],
    "fr": ["01 42 ## ## ##", "06 12 ## ## ##", "+33 6 12 ## ## ##", "06.12.##.##.##", "+33 (0)1 42 ## ## ##", "0612######", "+33612######", "01-42-##-##-##", "04 91 ## ## ##"],
    "es": ["612 ### ###", "+34 612 ### ###", "91 4## ## ##", "+34 91 4## ## ##", "+34612######", "612 ## ## ##", "93 4## ## ##"],
    "it": ["+39 06 6#######", "06 6#######", "+39 347 1######", "347 1######", "347-1######", "02 6#######", "+39 02 6#######"],
    "nl": ["06 1#######", "+31 6 1#######", "020 6######", "+31 20 6######", "06-1#######", "020-6######", "+31 (0)6 1#######", "010 4## ## ##"],
    "pt-BR": ["(11) 9%###-####", "+55 11 9%###-####", "(21) 2###-####", "+55 (21) 9%###-####", "11 9%###-####", "+55119%#######"],
    "pl": ["601 ### ###", "+48 601 ### ###", "22 6## ## ##", "+48 22 6## ## ##", "601-###-###", "(22) 6## ## ##", "+48601######"],
    "sv": ["070-1## ## ##", "+46 70 1## ## ##", "08-4## ## ##", "+46 8 4## ## ##", "0701-## ## ##", "+46 (0)70 1## ## ##"],
    "da": ["20 ## ## ##", "+45 20 ## ## ##", "+45 20######", "33 1# ## ##", "+45 33 1# ## ##"],
    "fi": ["040 1## ####", "+358 40 1## ####", "09 4## ####", "050 3######", "+358 50 3######", "+358 9 4## ####"],
    "ja": ["03-3%##-####", "090-1%##-####", "+81 90-1%##-####", "+81-3-3%##-####", "06-6%##-####", "080-1%##-####", "０９０-1234-5678"],
    "zh": ["138 #### ####", "+86 138 #### ####", "010-6%## ####", "+86 10 6%## ####", "138-####-####", "138########"],
    "ko": ["010-2###-####", "+82 10-2###-####", "02-7##-####", "+82-2-7##-####", "010 2### ####", "031-2##-####"],
    "hi-IN": ["+91 98### #####", "98### #####", "+91-98########", "022 2%## ####", "+91 22 2%## ####", "098########"],
    "ar": ["+966 50 ### ####", "050 ### ####", "+971 50 ### ####", "+20 100 ### ####", "+966 11 4## ####"],
    "tr": ["0532 ### ## ##", "+90 532 ### ## ##", "(0212) 2## ## ##", "+90 212 2## ## ##", "0 532 ### ## ##", "0(532) ### ## ##"],
}  # fmt: skip


def phone(dice: Random, locale: str) -> str:
    return like(dice, dice.choice(_PHONES[locale]))


def foreign(dice: Random, _: str) -> str:
    """An international number of anywhere, as people write them."""
    return like(dice, dice.choice(["+43 1 5######", "+41 44 2## ## ##", "+41 79 2## ## ##", "+32 2 5## ## ##", "+32 475 ## ## ##", "+351 21 3## ####", "+351 912 ### ###", "+353 1 6## ####", "+353 86 8## ####", "+420 601 ### ###", "+36 20 3## ####", "+30 210 3## ####", "+40 721 ### ###", "+47 22 ## ## ##", "+47 912 ## ###", "+61 2 9### ####", "+61 412 ### ###", "+64 21 3## ####", "+65 91## ####", "+852 51## ####", "+7 912 ###-##-##", "+380 50 ### ## ##", "+52 55 5### ####", "+54 11 4###-####", "+27 82 3## ####", "+972 50-2##-####", "+234 803 ### ####", "0049 30 2#######", "0033 6 12 ## ## ##", "+1 416 %## ####"]))  # fmt: skip


_BANKS = {
    "de": "#" * 18,
    "fr": "#" * 23,
    "es": "#" * 20,
    "it": "@" + "#" * 22,
    "nl": "@@@@" + "#" * 10,
    "en-GB": "@@@@" + "#" * 14,
    "pl": "#" * 24,
    "sv": "#" * 20,
    "da": "#" * 14,
    "fi": "#" * 14,
    "tr": "#####0" + "#" * 16,
    "ar": "##" + "#" * 18,
    "pt-BR": "#" * 23 + "@#",
}
_LANDS = {"en-GB": "GB", "sv": "SE", "da": "DK", "ar": "SA", "pt-BR": "BR"}


def iban(dice: Random, locale: str) -> str:
    locale = locale if locale in _BANKS else dice.choice(["de", "fr", "es", "nl", "en-GB"])
    land, bban = _LANDS.get(locale, locale.upper()), like(dice, _BANKS[locale])
    number = int("".join(str(int(c, 36)) for c in bban + land + "00"))
    whole = f"{land}{98 - number % 97:02}{bban}"
    grouped = " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
    return dice.choice([whole, grouped, grouped])


def card(dice: Random, _: str) -> str:
    start, length = dice.choice(
        [
            ("4", 16),
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("34", 15),
            ("37", 15),
            ("6011", 16),
            ("65", 16),
            ("3528", 16),
            ("36", 14),
            ("6200", 16),
            ("5018", 16),
            ("4", 13),
        ]
    )
    digits = luhn(start + some(dice, DIG, length - len(start) - 1))
    if length == 15:
        return shaped(dice, digits, "#" * 15, "#### ###### #####", "####-######-#####")
    if length == 14:
        return shaped(dice, digits, "#" * 14, "#### ###### ####")
    return (
        digits
        if length == 13
        else shaped(dice, digits, "#" * 16, "#### #### #### ####", "####-####-####-####")
    )


def ssn(dice: Random, _: str) -> str:
    area = dice.choice([n for n in range(100, 899) if n != 666])
    return f"{area}-{dice.randint(10, 99)}-{dice.randint(1000, 9999)}"


def nino(dice: Random, _: str) -> str:
    prefix = dice.choice("ABCEHJKLMPRSTWXY") + dice.choice("ACEHJLMPRSWXYZ")
    return prefix + shaped(dice, some(dice, DIG, 6), "######", " ## ## ## ") + dice.choice("ABCD")


def nhs(dice: Random, locale: str) -> str:
    digits = some(dice, "456", 1) + some(dice, DIG, 8)
    check = 11 - weighed(digits, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (
        nhs(dice, locale)
        if check == 10
        else shaped(dice, digits + str(check % 11), "### ### ####", "##########", "###-###-####")
    )


def steuer(dice: Random, _: str) -> str:
    """Ten digits of which one stands twice, and ISO 7064 MOD 11,10."""
    pool = dice.sample(DIG, 9)
    digits = [*pool, pool[0]]
    dice.shuffle(digits)
    if digits[0] == "0" or any(digits[at] == digits[at + 1] for at in range(9)):
        return steuer(dice, _)
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return shaped(dice, "".join(digits) + str((11 - product) % 10), "###########", "## ### ### ###")


def nir(dice: Random, _: str) -> str:
    year, month, _day = day(dice)
    body = f"{dice.choice('12')}{year % 100:02}{month:02}{dice.randint(10, 19):02}{dice.randint(1, 900):03}{dice.randint(1, 900):03}"
    return shaped(dice, f"{body}{97 - int(body) % 97:02}", "###############", "# ## ## ## ### ### ##")


def dni(dice: Random, _: str) -> str:
    number = dice.randint(10_000_000, 79_999_999)
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]
    return dice.choice([f"{number}{letter}", f"{number}-{letter}", f"{number:,}-{letter}".replace(",", ".")])


def nie(dice: Random, _: str) -> str:
    first, rest = dice.choice("XYZ"), dice.randint(1_000_000, 9_999_999)
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(f"{'XYZ'.index(first)}{rest}") % 23]
    return dice.choice([f"{first}{rest}{letter}", f"{first}-{rest}-{letter}"])


_ODD = dict(zip(DIG + UP, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True))  # fmt: skip


def codice(dice: Random, _: str) -> str:
    year, month, born = day(dice)
    code = f"{some(dice, 'BCDFGLMNPRSTV', 6)}{year % 100:02}{'ABCDEHLMPRST'[month - 1]}{born + dice.choice((0, 40)):02}{dice.choice('ADFGHL')}{dice.randint(100, 899)}"
    total = sum(
        _ODD[c] if at % 2 == 0 else int(c) if c.isdigit() else ord(c) - 65 for at, c in enumerate(code)
    )
    return code + chr(65 + total % 26)


def bsn(dice: Random, _: str) -> str:
    digits = num(dice, 8)
    check = weighed(digits, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return bsn(dice, _) if check == 10 else shaped(dice, digits + str(check), "#########", "####.##.###")


def _mod11(digits: str) -> str:
    rest = weighed(digits, tuple(range(len(digits) + 1, 1, -1))) % 11
    return digits + ("0" if rest < 2 else str(11 - rest))


def cpf(dice: Random, _: str) -> str:
    return shaped(dice, _mod11(_mod11(num(dice, 9))), "###.###.###-##", "###.###.###-##", "###########")


def pesel(dice: Random, _: str) -> str:
    year, month, born = day(dice, 1940, 2009)
    body = f"{year % 100:02}{month + (20 if year >= 2000 else 0):02}{born:02}{some(dice, DIG, 4)}"
    return body + str(-weighed(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def personnummer(dice: Random, _: str) -> str:
    year, month, born = day(dice, 1940, 1999)
    digits = luhn(f"{year % 100:02}{month:02}{born:02}{dice.randint(10, 989):03}")
    century = str(year)[:2]
    return dice.choice(
        [f"{digits[:6]}-{digits[6:]}", f"{century}{digits[:6]}-{digits[6:]}", f"{century}{digits}"]
    )


def cpr(dice: Random, _: str) -> str:
    year, month, born = day(dice, 1940, 1999)
    body = f"{born:02}{month:02}{year % 100:02}{dice.randint(100, 399)}"
    check = -weighed(body, (4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return cpr(dice, _) if check == 10 else f"{body[:6]}-{body[6:]}{check}"


def hetu(dice: Random, _: str) -> str:
    year, month, born = day(dice, 1940, 2005)
    head, tail = f"{born:02}{month:02}{year % 100:02}", f"{dice.randint(2, 899):03}"
    return f"{head}{'A' if year >= 2000 else '-'}{tail}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(head + tail) % 31]}"


_D = (
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
_P = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def aadhaar(dice: Random, _: str) -> str:
    digits, check = dice.choice("23456789") + some(dice, DIG, 10), 0
    for at, digit in enumerate(reversed(digits), 1):
        check = int(_D[check][int(_P[at % 8][int(digit)])])
    last = next(d for d in DIG if _D[check][int(d)] == "0")
    return shaped(dice, digits + last, "#### #### ####", "#### #### ####", "############", "####-####-####")


def pan(dice: Random, _: str) -> str:
    return f"{some(dice, UP, 3)}P{some(dice, UP, 1)}{num(dice, 4)}{some(dice, UP, 1)}"


def mynumber(dice: Random, _: str) -> str:
    digits = num(dice, 11)
    rest = weighed(digits, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return shaped(
        dice,
        digits + ("0" if rest < 2 else str(11 - rest)),
        "############",
        "#### #### ####",
        "####-####-####",
    )


def rrn(dice: Random, _: str) -> str:
    year, month, born = day(dice, 1950, 1999)
    body = f"{year % 100:02}{month:02}{born:02}{dice.choice('12')}{some(dice, DIG, 5)}"
    return f"{body[:6]}-{body[6:]}{(11 - weighed(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10}"


def tckn(dice: Random, _: str) -> str:
    body = num(dice, 9)
    tenth = (sum(map(int, body[0::2])) * 7 - sum(map(int, body[1::2]))) % 10
    return f"{body}{tenth}{(sum(map(int, body)) + tenth) % 10}"


def resident(dice: Random, _: str) -> str:
    """China's resident identity number: GB 11643, ISO 7064 MOD 11-2."""
    year, month, born = day(dice)
    body = f"{dice.choice(['110101', '310115', '440305', '330106'])}{year}{month:02}{born:02}{dice.randint(1, 999):03}"
    total = weighed(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return body + "10X98765432"[total % 11]


def tfn(dice: Random, _: str) -> str:
    while True:
        digits = num(dice, 9)
        if weighed(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return shaped(dice, digits, "### ### ###", "#########")


def sin(dice: Random, _: str) -> str:
    return shaped(dice, luhn(dice.choice("1234567") + some(dice, DIG, 7)), "### ### ###", "###-###-###")


def ip(dice: Random, _: str) -> str:
    four = ".".join(str(dice.randint(1, 254)) for _ in range(4))
    six = ":".join(f"{dice.randint(1, 0xFFFF):x}" for _ in range(8))
    return dice.choice(
        [
            four,
            four,
            six,
            f"2001:db8::{dice.randint(1, 0xFFFF):x}",
            f"fe80::{dice.randint(4096, 0xFFFF):x}:{dice.randint(4096, 0xFFFF):x}",
        ]
    )


def mac(dice: Random, _: str) -> str:
    pairs = [some(dice, HEX, 2) for _ in range(6)]
    return dice.choice([":".join(pairs), "-".join(pairs).upper(), ":".join(pairs).upper()])


def github(dice: Random, _: str) -> str:
    return dice.choice(
        [
            f"{dice.choice(['ghp', 'gho', 'ghs', 'ghu'])}_{some(dice, LOW + UP + DIG, 36)}",
            f"github_pat_{some(dice, LOW + UP + DIG, 22)}_{some(dice, LOW + UP + DIG, 59)}",
        ]
    )


def keys(dice: Random, _: str) -> str:
    """Keys of services whose keys have a shape of their own."""
    any_ = LOW + UP + DIG
    return dice.choice(["xoxb-" + some(dice, DIG, 12) + "-" + some(dice, DIG, 12) + "-" + some(dice, any_, 24), "AI" + "za" + some(dice, any_ + "_-", 35), "sk-proj-" + some(dice, any_, 48), "sk-ant-api03-" + some(dice, any_ + "-_", 93) + "AA", "glpat-" + some(dice, any_, 20), "SG." + some(dice, any_, 22) + "." + some(dice, any_, 43), "npm_" + some(dice, any_, 36), "hf_" + some(dice, LOW + UP, 34), "pypi-AgEIcHlwaS5vcmc" + some(dice, any_, 80), "dop_v1_" + some(dice, HEX, 64), "shpat_" + some(dice, HEX, 32), "key-" + some(dice, HEX, 32)])  # fmt: skip


def jwt(dice: Random, _: str) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': num(dice, 8), 'iat': int(num(dice, 9))})}.{some(dice, LOW + UP + DIG + '-_', 43)}"


def pem(dice: Random, _: str) -> str:
    kind = dice.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    lines = "\n".join(some(dice, LOW + UP + DIG + "+/", 64) for _ in range(dice.randint(2, 5)))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


def bitcoin(dice: Random, _: str) -> str:
    payload = bytes([dice.choice((0, 5))]) + bytes(dice.randrange(256) for _ in range(20))
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = B58[rest] + text
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + text


def dob(dice: Random, locale: str) -> str:
    year, month, born = day(dice)
    if locale == "en-US":
        return dice.choice(
            [f"{month:02}/{born:02}/{year}", f"{month}/{born}/{year}", f"{year}-{month:02}-{born:02}"]
        )
    if locale in {"ja", "zh", "ko"}:
        return dice.choice(
            [
                f"{year}-{month:02}-{born:02}",
                f"{year}/{month:02}/{born:02}",
                f"{year}年{month}月{born}日" if locale != "ko" else f"{year}년 {month}월 {born}일",
            ]
        )
    return dice.choice(
        [
            f"{born:02}.{month:02}.{year}",
            f"{born:02}/{month:02}/{year}",
            f"{year}-{month:02}-{born:02}",
            f"{born:02}-{month:02}-{year}",
        ]
    )


def said(dice: Random, _: str) -> str:
    year, month, born = day(dice)
    name = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ][month - 1]
    return dice.choice(
        [
            f"{name} {born}, {year}",
            f"{born} {name} {year}",
            f"{name[:3]} {born}, {year}",
            f"{born} {name[:3]} {year}",
        ]
    )


def coordinates(dice: Random, _: str) -> str:
    return f"{dice.uniform(-80, 80):.6f}, {dice.uniform(-170, 170):.6f}"


PERSONAL: dict[str, tuple[str, Slot]] = {
    "email": ("email", email), "phone": ("phone", phone), "foreign": ("phone", foreign), "iban": ("iban", iban), "card": ("credit_card", card),
    "ssn": ("us_ssn", ssn), "nino": ("uk_nino", nino), "nhs": ("uk_nhs", nhs), "steuer": ("de_tax_id", steuer), "nir": ("fr_nir", nir), "dni": ("es_dni", dni),
    "nie": ("es_nie", nie), "codice": ("it_codice_fiscale", codice), "bsn": ("nl_bsn", bsn), "cpf": ("br_cpf", cpf), "pesel": ("pl_pesel", pesel),
    "personnummer": ("se_personnummer", personnummer), "cpr": ("dk_cpr", cpr), "hetu": ("fi_hetu", hetu), "aadhaar": ("in_aadhaar", aadhaar), "pan": ("in_pan", pan),
    "mynumber": ("jp_my_number", mynumber), "rrn": ("kr_rrn", rrn), "tckn": ("tr_tckn", tckn), "resident": ("cn_resident_id", resident), "tfn": ("au_tfn", tfn), "sin": ("ca_sin", sin),
    "ip": ("ip_address", ip), "mac": ("mac_address", mac), "aws": ("aws_access_key", lambda d, _: dice_aws(d)), "awssecret": ("aws_secret_key", lambda d, _: some(d, LOW + UP + DIG + "/+", 40)),
    "github": ("github_token", github), "keys": ("api_key", keys), "stripe": ("stripe_key", lambda d, _: f"{d.choice(['sk', 'rk'])}_{d.choice(['live', 'test'])}_{some(d, LOW + UP + DIG, 24)}"),
    "jwt": ("jwt", jwt), "pem": ("private_key", pem), "bitcoin": ("bitcoin_address", bitcoin), "bech": ("bitcoin_address", lambda d, _: d.choice(["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"])),
    "ether": ("ethereum_address", lambda d, _: "0x" + some(d, HEX, 40)), "dob": ("date_of_birth", dob), "said": ("date_of_birth", said), "gps": ("gps_coordinates", coordinates),
    "ukpassport": ("passport", lambda d, _: num(d, 9)), "depassport": ("passport", lambda d, _: "C" + some(d, "FGHJKLMNPRTVWXYZ", 1) + some(d, DIG, 6) + d.choice(DIG)), "frpassport": ("passport", lambda d, _: like(d, "##@@#####")),
    "uspassport": ("us_passport", lambda d, _: d.choice([num(d, 9), d.choice("ABC") + some(d, DIG, 8)])), "uslicense": ("us_driver_license", lambda d, _: like(d, d.choice(["@#######", "@###-####-####", "########", "@############"]))),
    "uklicence": ("driver_license", lambda d, _: f"{some(d, UP, 5)}{d.randint(1, 9)}{d.choice(['01', '12', '56'])}{d.randint(10, 28)}{d.randint(1, 9)}{some(d, UP, 2)}9{some(d, UP, 2)}"),
    "routing": ("us_routing_number", lambda d, _: d.choice(["021000021", "011401533", "121000358", "091000019", "122105155"])), "account": ("bank_account", lambda d, _: num(d, d.choice((8, 10, 12)))),
    "account8": ("bank_account", lambda d, _: num(d, 8)), "githuburl": ("url_credentials", lambda d, _: f"https://x-access-token:{github(d, _)}@github.example/acme/app.git"),
    "sortcode": ("uk_sort_code", lambda d, _: like(d, d.choice(["20-##-##", "60-##-##", "40-##-##"]))), "mrn": ("medical_record_number", lambda d, _: num(d, d.choice((6, 7, 8)))), "member": ("health_plan_number", lambda d, _: like(d, "@@@#########")),
    "cvv": ("card_security_code", lambda d, _: num(d, 3)), "vin": ("vin", lambda d, _: d.choice(["1HGCM82633A004352", "1M8GDM9AXKP042788", "5GZCZ43D13S812715", "WBA3A5C51CF256651", "1FTFW1ET5DFC10312"])),
    "imei": ("imei", lambda d, _: luhn(d.choice(["35", "86", "01"]) + some(d, DIG, 12))), "password": ("password", lambda d, _: d.choice(["Tr0ub4dor&3", "hunter2!x", "S3cr3t-2024", "correcthorse9", "P@ssw0rd!", "qWe!90zx"])),
    "dburl": ("url_credentials", lambda d, _: f"{d.choice(['postgresql', 'mysql', 'mongodb+srv', 'redis', 'https', 'amqp'])}://{d.choice(GIVEN)}:{some(d, LOW + DIG, 10)}@{d.choice(['db', 'cache', 'mq'])}.internal.example:{d.randint(1024, 9999)}/app"),
    "ein": ("us_ein", lambda d, _: like(d, "12-#######")), "itin": ("us_itin", lambda d, _: f"9{some(d, DIG, 2)}-{d.randint(70, 88)}-{some(d, DIG, 4)}"), "dea": ("us_dea_number", lambda d, _: dea(d)), "vat": ("eu_vat", lambda d, _: d.choice(["DE136695976", "FR40303265045", "IT07643520567", "ATU13585627", "BE0403170701", "NL004495445B01", "ESB58378431", "PL5260001246"])),
}  # fmt: skip


def dice_aws(dice: Random) -> str:
    return dice.choice(["AKIA", "ASIA"]) + some(dice, UP + "234567", 16)


def dea(dice: Random) -> str:
    digits = some(dice, DIG, 6)
    check = (
        int(digits[0])
        + int(digits[2])
        + int(digits[4])
        + 2 * (int(digits[1]) + int(digits[3]) + int(digits[5]))
    ) % 10
    return f"{dice.choice('ABFM')}{dice.choice(UP)}{digits}{check}"


def off_by_one(slot: Slot) -> Slot:
    """The same with its last digit wrong: a number of nothing."""

    def made(dice: Random, locale: str) -> str:
        value = slot(dice, locale)
        return value[:-1] + (str((int(value[-1]) + 1) % 10) if value[-1].isdigit() else value[-1])

    return made


def uuid(dice: Random, _: str) -> str:
    return "-".join(
        [
            some(dice, HEX, 8),
            some(dice, HEX, 4),
            "4" + some(dice, HEX, 3),
            dice.choice("89ab") + some(dice, HEX, 3),
            some(dice, HEX, 12),
        ]
    )


def isbn(dice: Random, _: str) -> str:
    digits = "978" + num(dice, 9)
    check = -weighed(digits, (1, 3) * 6) % 10
    return shaped(dice, digits + str(check), "#############", "###-#-###-#####-#", "###-#-####-####-#")


NOTHING: dict[str, Slot] = {
    "order": lambda d, _: like(d, d.choice(["ORD-######", "########", "PO-2024-####", "A-######", "SO########", "###-#######-#######"])),
    "version": lambda d, _: d.choice([f"{d.randint(0, 30)}.{d.randint(0, 30)}.{d.randint(0, 99)}", f"v{d.randint(1, 9)}.{d.randint(0, 20)}.{d.randint(0, 20)}-rc.{d.randint(1, 5)}", f"{d.randint(1, 9)}.{d.randint(0, 9)}.{d.randint(1000, 9999)}.{d.randint(1, 9)}", f"{d.randint(100, 130)}.0.{d.randint(1000, 6999)}.{d.randint(10, 200)}"]),
    "stamp": lambda d, _: f"{d.randint(2019, 2026)}-{d.randint(1, 12):02}-{d.randint(1, 28):02}T{d.randint(0, 23):02}:{d.randint(0, 59):02}:{d.randint(0, 59):02}.{d.randint(0, 999):03}Z",
    "epoch": lambda d, _: str(d.randint(1_600_000_000, 1_790_000_000)), "millis": lambda d, _: str(d.randint(1_600_000_000_000, 1_790_000_000_000)), "uuid": uuid, "sha": lambda d, _: some(d, HEX, 40), "short": lambda d, _: some(d, HEX, 7), "md5": lambda d, _: some(d, HEX, 32), "sha256": lambda d, _: some(d, HEX, 64),
    "isbn": isbn, "sku": lambda d, _: like(d, d.choice(["@@-####-@@", "@@@####", "##-####-##", "@#####-#"])), "invoice": lambda d, _: like(d, d.choice(["INV-2025-#####", "RE-2025/####", "F2025-####", "2025-####"])), "ticket": lambda d, _: like(d, d.choice(["INC#######", "TICKET-#####", "#####", "JIRA-####"])),
    "price": lambda d, _: d.choice([f"${d.randint(1, 9999):,}.{d.randint(0, 99):02}", f"{d.randint(1, 999)},{d.randint(0, 99):02} €", f"£{d.randint(1, 900)}.{d.randint(0, 99):02}"]), "badcard": off_by_one(card), "badiban": off_by_one(iban), "badcpf": off_by_one(cpf), "badaadhaar": off_by_one(aadhaar), "badpesel": off_by_one(pesel), "badnhs": off_by_one(nhs),
    "badssn": lambda d, _: d.choice(["000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000"]), "date": lambda d, _: f"{d.randint(2019, 2027)}-{d.randint(1, 12):02}-{d.randint(1, 28):02}", "time": lambda d, _: f"{d.randint(0, 23):02}:{d.randint(0, 59):02}:{d.randint(0, 59):02}", "count": lambda d, _: str(d.randint(1, 999_999)), "tracking": lambda d, _: like(d, d.choice(["1Z999AA1##########", "RR#########DE", "9400 1000 0000 0000 0000 ##"])),
    "badip": lambda d, _: d.choice([f"{d.randint(256, 999)}.{d.randint(0, 255)}.{d.randint(0, 255)}.{d.randint(0, 255)}", f"{d.randint(1, 9)}.{d.randint(0, 9)}.{d.randint(0, 9)}", f"{d.randint(1, 200)}.{d.randint(1, 200)}.{d.randint(1, 200)}.{d.randint(1, 200)}.{d.randint(1, 200)}"]), "bytes": lambda d, _: " ".join(some(d, HEX, 2) for _ in range(8)), "float": lambda d, _: repr(d.random()), "ean": lambda d, _: "4" + some(d, DIG, 12), "trace": lambda d, _: f"00-{some(d, HEX, 32)}-{some(d, HEX, 16)}-01",
    "colour": lambda d, _: "#" + some(d, HEX, 6), "doi": lambda d, _: f"10.{d.randint(1000, 9999)}/{some(d, LOW, 5)}.{d.randint(2000, 2025)}.{d.randint(10, 99)}", "port": lambda d, _: str(d.randint(1024, 65535)), "ratio": lambda d, _: f"{d.randint(1, 99)}.{d.randint(0, 99):02}%", "part": lambda d, _: like(d, d.choice(["@@@-###-####", "####-###-###", "P/N ###-####", "@@##########"])),
}  # fmt: skip
