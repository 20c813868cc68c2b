"""Values of every type, made by the public rule of each with check digits worked out here, not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

Maker = Callable[[Random], str]
UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM = UPPER + LOWER + DIGITS


def some(dice: Random, alphabet: str, count: int) -> str:
    return "".join(dice.choice(alphabet) for _ in range(count))


def shaped(dice: Random, shape: str) -> str:
    """Fill a shape: `#` any digit, `%` a digit from 2, `@` a capital, `&` a small letter, `?` capital or digit."""
    pools = {"#": DIGITS, "%": "23456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "&": LOWER, "?": UPPER + DIGITS}
    return "".join(dice.choice(pools[part]) if part in pools else part for part in shape)


def luhn_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def birthday(dice: Random) -> date:
    return date(1935, 1, 1) + timedelta(days=dice.randrange(27_000))


# ---- payment


def card(dice: Random) -> str:
    start, length = dice.choice(
        [
            ("4", 16),
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("2720", 16),
            ("37", 15),
            ("34", 15),
            ("6011", 16),
            ("65", 16),
            ("3528", 16),
            ("36", 14),
            ("62", 16),
        ]
    )
    bare = start + some(dice, DIGITS, length - len(start) - 1)
    bare += luhn_digit(bare)
    if length == 16:
        return dice.choice(["{0}{1}{2}{3}", "{0} {1} {2} {3}", "{0}-{1}-{2}-{3}"]).format(
            bare[:4], bare[4:8], bare[8:12], bare[12:]
        )
    if length == 15:
        return dice.choice(["{0}{1}{2}", "{0} {1} {2}", "{0}-{1}-{2}"]).format(
            bare[:4], bare[4:10], bare[10:]
        )
    return dice.choice([bare, f"{bare[:4]} {bare[4:10]} {bare[10:]}"])


_IBANS = {
    "DE": "##################", "GB": "@@@@##############", "FR": "##########???????????##", "ES": "####################", "IT": "@##########????????????",
    "NL": "@@@@##########", "BE": "############", "PL": "########################", "SE": "####################", "PT": "#####################",
    "AT": "################", "CH": "#####????????????", "DK": "##############", "FI": "##############", "IE": "@@@@##############", "NO": "###########",
}  # fmt: skip


def iban(country: str = "") -> Maker:
    def make(dice: Random) -> str:
        land = country or dice.choice(list(_IBANS))
        bban = shaped(dice, _IBANS[land])
        number = int("".join(str(int(part, 36)) for part in bban + land + "00"))
        text = f"{land}{98 - number % 97:02d}{bban}"
        grouped = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
        return dice.choice([text, grouped, grouped])

    return make


def routing(dice: Random) -> str:
    first = dice.choice(
        ["01", "02", "03", "05", "06", "07", "08", "09", "10", "11", "12", "21", "26", "31", "32"]
    ) + some(dice, DIGITS, 6)
    total = sum(int(digit) * weight for digit, weight in zip(first, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return first + str(-total % 10)


_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_B32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bitcoin(dice: Random) -> str:
    if dice.random() < 0.4:
        return _segwit(dice)
    raw = bytes([dice.choice([0, 5])]) + dice.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw), ""
    while number:
        number, rest = divmod(number, 58)
        text = _B58[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def _segwit(dice: Random) -> str:
    data = [0] + [dice.randrange(32) for _ in range(31)] + [dice.randrange(2) * 16]
    values = [3, 3, 0, 2, 3, *data, 0, 0, 0, 0, 0, 0]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    check ^= 1
    return (
        "bc1"
        + "".join(_B32[part] for part in data)
        + "".join(_B32[check >> 5 * (5 - at) & 31] for at in range(6))
    )


def ethereum(dice: Random) -> str:
    return "0x" + some(dice, "0123456789abcdef", 40)


# ---- people's numbers


def ssn(dice: Random) -> str:
    area = dice.choice([at for at in range(1, 900) if at != 666])
    return f"{area:03d}-{dice.randrange(1, 100):02d}-{dice.randrange(1, 10_000):04d}"


def itin(dice: Random) -> str:
    return f"9{some(dice, DIGITS, 2)}-{dice.choice([50, 61, 70, 75, 88, 90, 92, 94, 99])}-{some(dice, DIGITS, 4)}"


def mbi(dice: Random) -> str:
    letters = "ACDEFGHJKMNPQRTUVWXY"
    either = letters + DIGITS
    pick = dice.choice
    text = (f"{pick('123456789')}{pick(letters)}{pick(either)}{pick(DIGITS)}{pick(letters)}{pick(either)}{pick(DIGITS)}"
            f"{pick(letters)}{pick(letters)}{some(dice, DIGITS, 2)}")  # fmt: skip
    return dice.choice([text, f"{text[:4]}-{text[4:7]}-{text[7:]}"])


def dea(dice: Random) -> str:
    digits = some(dice, DIGITS, 6)
    total = sum(int(digits[at]) for at in (0, 2, 4)) + 2 * sum(int(digits[at]) for at in (1, 3, 5))
    return f"{dice.choice('ABFM')}{dice.choice(UPPER)}{digits}{total % 10}"


def nhs(dice: Random) -> str:
    while True:
        first = some(dice, DIGITS, 9)
        check = -sum(int(digit) * (10 - at) for at, digit in enumerate(first)) % 11
        if check < 10 and first[0] in "46789":
            break
    text = first + str(check)
    return dice.choice([f"{text[:3]} {text[3:6]} {text[6:]}", f"{text[:3]}-{text[3:6]}-{text[6:]}", text])


def nino(dice: Random) -> str:
    while True:
        prefix = dice.choice("ABCEGHJKLMNPRSTWXYZ") + dice.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}:
            break
    text = prefix + some(dice, DIGITS, 6) + dice.choice("ABCD")
    return dice.choice([text, f"{text[:2]} {text[2:4]} {text[4:6]} {text[6:8]} {text[8]}"])


def steuer_id(dice: Random) -> str:
    digits = dice.sample(DIGITS, 9)
    digits.insert(dice.randrange(1, 9), dice.choice(digits))
    if digits[0] == "0":
        digits[0], digits[5] = digits[5], digits[0]
    if digits[0] == "0" or len(set(digits)) != 9:
        return steuer_id(dice)
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    text = "".join(digits) + str((11 - product) % 10)
    return dice.choice([text, f"{text[:2]} {text[2:5]} {text[5:8]} {text[8:]}"])


def nir(dice: Random) -> str:
    text = f"{dice.choice('12')}{some(dice, DIGITS, 2)}{dice.randrange(1, 13):02d}{dice.randrange(1, 96):02d}{dice.randrange(1, 900):03d}{dice.randrange(1, 900):03d}"
    key = 97 - int(text) % 97
    spaced = f"{text[0]} {text[1:3]} {text[3:5]} {text[5:7]} {text[7:10]} {text[10:13]} {key:02d}"
    return dice.choice([f"{text}{key:02d}", spaced])


def dni(dice: Random) -> str:
    number = some(dice, DIGITS, 8)
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]
    return dice.choice(
        [f"{number}{letter}", f"{number}-{letter}", f"{number[:2]}.{number[2:5]}.{number[5:]}-{letter}"]
    )


def nie(dice: Random) -> str:
    first, number = dice.choice("XYZ"), some(dice, DIGITS, 7)
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(str("XYZ".index(first)) + number) % 23]
    return dice.choice([f"{first}{number}{letter}", f"{first}-{number}-{letter}"])


_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def codice_fiscale(dice: Random) -> str:
    day = dice.randrange(1, 29) + dice.choice([0, 40])
    text = (
        some(dice, "BCDFGLMNPRSTVZ", 6)
        + f"{dice.randrange(40, 99)}{dice.choice('ABCDEHLMPRST')}{day:02d}{dice.choice('ABCDEFGHIL')}{dice.randrange(100, 999)}"
    )
    total = 0
    for at, part in enumerate(text):
        value = int(part) if part.isdigit() else ord(part) - 65
        total += _ODD[value] if at % 2 == 0 else value
    return text + chr(65 + total % 26)


def bsn(dice: Random) -> str:
    while True:
        text = some(dice, DIGITS, 9)
        total = sum(
            int(digit) * weight for digit, weight in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)
        )
        if total % 11 == 0 and text[0] != "0":
            return dice.choice(
                [text, text, f"{text[:4]}.{text[4:6]}.{text[6:]}", f"{text[:3]} {text[3:6]} {text[6:]}"]
            )


def pesel(dice: Random) -> str:
    born = birthday(dice)
    month = born.month + (20 if born.year >= 2000 else 0)
    text = f"{born.year % 100:02d}{month:02d}{born.day:02d}{some(dice, DIGITS, 4)}"
    total = sum(
        int(digit) * weight for digit, weight in zip(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)
    )
    return text + str(-total % 10)


def nip(dice: Random) -> str:
    while True:
        text = dice.choice("123456789") + some(dice, DIGITS, 8)
        check = (
            sum(int(digit) * weight for digit, weight in zip(text, (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True))
            % 11
        )
        if check < 10:
            text += str(check)
            return dice.choice(
                [
                    text,
                    f"{text[:3]}-{text[3:6]}-{text[6:8]}-{text[8:]}",
                    f"{text[:3]}-{text[3:5]}-{text[5:7]}-{text[7:]}",
                ]
            )


def personnummer(dice: Random) -> str:
    born = birthday(dice)
    short = f"{born:%y%m%d}{some(dice, DIGITS, 3)}"
    short += luhn_digit(short)
    return dice.choice(
        [
            f"{short[:6]}-{short[6:]}",
            f"{born.year // 100}{short[:6]}-{short[6:]}",
            f"{born.year // 100}{short}",
        ]
    )


def rijksregister(dice: Random) -> str:
    born = birthday(dice)
    number = f"{born:%y%m%d}{dice.randrange(1, 998):03d}"
    check = 97 - int(("2" if born.year >= 2000 else "") + number) % 97
    return dice.choice(
        [f"{number}{check:02d}", f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:]}.{check:02d}"]
    )


def nif(dice: Random) -> str:
    text = dice.choice("123") + some(dice, DIGITS, 7)
    rest = sum(int(digit) * (9 - at) for at, digit in enumerate(text)) % 11
    text += str(0 if rest < 2 else 11 - rest)
    return dice.choice([text, f"{text[:3]} {text[3:6]} {text[6:]}"])


def partita_iva(dice: Random) -> str:
    text = some(dice, DIGITS, 7) + f"{dice.randrange(1, 100):03d}"
    return text + luhn_digit(text)


def _vat_de(dice: Random) -> str:
    text = dice.choice("123456789") + some(dice, DIGITS, 7)
    product = 10
    for digit in text:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return text + str((11 - product) % 10)


def _vat_fr(dice: Random) -> str:
    siren = some(dice, DIGITS, 8)
    siren += luhn_digit(siren)
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _vat_be(dice: Random) -> str:
    first = "0" + some(dice, DIGITS, 7)
    return f"{first}{97 - int(first) % 97:02d}"


def _vat_at(dice: Random) -> str:
    first, total = some(dice, DIGITS, 7), 0
    for at, digit in enumerate(first):
        number = int(digit) * (1 + at % 2)
        total += number // 10 + number % 10
    return f"U{first}{(96 - total) % 10}"


def _vat_gb(dice: Random) -> str:
    first = f"{dice.randrange(1_000_000, 9_999_999)}"
    total = sum(int(digit) * (8 - at) for at, digit in enumerate(first))
    return f"{first}{97 - total % 97:02d}"


def _vat_se(dice: Random) -> str:
    first = "556" + some(dice, DIGITS, 6)
    return first + luhn_digit(first) + "01"


def _bare(maker: Maker) -> Maker:
    return lambda dice: "".join(part for part in maker(dice) if part.isalnum())


_VATS: dict[str, Maker] = {
    "DE": _vat_de,
    "FR": _vat_fr,
    "IT": partita_iva,
    "NL": lambda dice: _bare(bsn)(dice) + "B01",
    "PL": _bare(nip),
    "BE": _vat_be,
    "AT": _vat_at,
    "PT": _bare(nif),
    "ES": _bare(dni),
    "SE": _vat_se,
    "GB": _vat_gb,
    "DK": lambda dice: _scandinavian(dice, "DK"),
    "FI": lambda dice: _scandinavian(dice, "FI"),
}


def vat(dice: Random) -> str:
    land = dice.choice(list(_VATS))
    text = _VATS[land](dice)
    return dice.choice([land + text, f"{land} {text}"]) if land != "AT" else land + text


def _scandinavian(dice: Random, land: str) -> str:
    weights = (2, 7, 6, 5, 4, 3, 2) if land == "DK" else (7, 9, 10, 5, 8, 4, 2)
    while True:
        text = dice.choice("123456789") + some(dice, DIGITS, 6)
        check = -sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True)) % 11
        if check < 10:
            return text + str(check)


# ---- network and place


def ipv4(dice: Random) -> str:
    return ".".join(str(dice.randrange(1, 255)) for _ in range(4))


def ipv6(dice: Random) -> str:
    groups = ["2001", "db8", *(f"{dice.randrange(1, 65_536):x}" for _ in range(6))]
    return dice.choice(
        [":".join(groups), ":".join(groups[:3]) + "::" + groups[5], "fe80::" + ":".join(groups[4:])]
    )


def mac(dice: Random) -> str:
    octets = [f"{dice.randrange(256):02x}" for _ in range(6)]
    text = dice.choice([":", "-"]).join(octets)
    return dice.choice([text, text.upper(), ".".join("".join(octets[at : at + 2]) for at in (0, 2, 4))])


def gps(dice: Random) -> str:
    latitude, longitude = dice.uniform(-80, 80), dice.uniform(-170, 170)
    return dice.choice([f"{latitude:.5f}, {longitude:.5f}", f"{latitude:.6f},{longitude:.6f}"])


def vin(dice: Random) -> str:
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    values = dict(
        zip(letters, (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
    )
    text = f"1{some(dice, letters, 2)}{some(dice, letters + DIGITS, 3)}{some(dice, DIGITS, 2)}0{dice.choice('HJKLMN')}{dice.choice(letters)}{some(dice, DIGITS, 6)}"
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(
        (values[part] if part in values else int(part)) * weight
        for part, weight in zip(text, weights, strict=True)
    )
    return text[:8] + "0123456789X"[total % 11] + text[9:]


def imei(dice: Random) -> str:
    text = "35" + some(dice, DIGITS, 12)
    return text + luhn_digit(text)


# ---- secrets


def jwt(dice: Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': some(dice, DIGITS, 8), 'iat': 1_700_000_000})}.{some(dice, ALNUM + '-_', 43)}"


def private_key(dice: Random) -> str:
    kind = dice.choice(["RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "])
    lines = "\n".join(some(dice, ALNUM + "+/", 64) for _ in range(dice.randrange(3, 12)))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def github(dice: Random) -> str:
    return dice.choice([f"ghp_{some(dice, ALNUM, 36)}", f"gho_{some(dice, ALNUM, 36)}", f"ghs_{some(dice, ALNUM, 36)}",
                        f"github_pat_{some(dice, ALNUM, 22)}_{some(dice, ALNUM, 59)}"])  # fmt: skip


def stripe(dice: Random) -> str:
    return f"{dice.choice(['sk', 'rk', 'pk'])}_{dice.choice(['live', 'test'])}_{some(dice, ALNUM, 24)}"


def api_key(dice: Random) -> str:
    return dice.choice([
        f"AIza{some(dice, ALNUM + '-_', 35)}", f"xoxb-{some(dice, DIGITS, 12)}-{some(dice, DIGITS, 12)}-{some(dice, ALNUM, 24)}", f"glpat-{some(dice, ALNUM, 20)}",
        f"npm_{some(dice, ALNUM, 36)}", f"SG.{some(dice, ALNUM, 22)}.{some(dice, ALNUM, 43)}", f"sk-proj-{some(dice, ALNUM, 48)}", f"hf_{some(dice, ALNUM, 34)}",
        f"pypi-AgEIcHlwaS5vcmc{some(dice, ALNUM, 60)}", f"dop_v1_{some(dice, '0123456789abcdef', 64)}", f"shpat_{some(dice, '0123456789abcdef', 32)}",
        f"sk-ant-api03-{some(dice, ALNUM, 80)}", f"key-{some(dice, '0123456789abcdef', 32)}",
    ])  # fmt: skip
