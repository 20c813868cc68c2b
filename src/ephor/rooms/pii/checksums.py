"""Check digits and check characters, each by its own standard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_LETTER_VALUES = {code: str(code - 55) for code in range(65, 91)}
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
         2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Say whether *digits* pass the Luhn check (ISO/IEC 7812-1, annex B).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    raw = digits.encode()
    return (sum(raw[::-2]) + sum(raw[-2::-2].translate(_DOUBLED)) - 48 * len(raw)) % 10 == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of each digit times its weight, as far as the weights go.

    >>> weighted("123", (3, 2, 1))
    10
    """
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def ean13(digits: str) -> bool:
    """Say whether thirteen *digits* are a valid GTIN-13 or ISBN-13 (GS1 General Specifications, 7.9)."""
    return len(digits) == 13 and weighted(digits, (1, 3) * 7) % 10 == 0


def iso7064_mod97(text: str) -> int:
    """Return the remainder by 97 of alphanumeric *text*, with A as 10 to Z as 35 (ISO/IEC 7064, MOD 97-10)."""
    return int(text.translate(_LETTER_VALUES)) % 97


def iso7064_mod11_10(digits: str) -> bool:
    """Say whether *digits* end in their hybrid check digit (ISO/IEC 7064, MOD 11,10).

    >>> iso7064_mod11_10("86095742719")
    True
    """
    product = 10
    for digit in digits[:-1]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def codice_fiscale(text: str) -> bool:
    """Say whether sixteen characters end in the check character of D.M. 23 December 1976."""
    even = sum(int(part) if part.isdigit() else ord(part) - 65 for part in text[1:15:2])
    return chr(65 + (sum(_ODD[part] for part in text[0:15:2]) + even) % 26) == text[15]


def vin(text: str) -> bool:
    """Say whether the ninth of seventeen characters is the check digit of 49 CFR 565.15(c)."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    total = weighted(
        "".join(values.get(part, part) for part in text), (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    )
    return "0123456789X"[total % 11] == text[8]


def base58check(text: str) -> bool:
    """Say whether *text* is 25 bytes in base 58 that end in their own double SHA-256 (Bitcoin address)."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    if number >> 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def bech32(text: str) -> bool:
    """Say whether *text*, ``bc1…``, ends in its BIP 173 or BIP 350 checksum."""
    prefix, _, data = text.lower().rpartition("1")
    values = [ord(part) >> 5 for part in prefix] + [0] + [ord(part) & 31 for part in prefix]
    values += [_BECH32.index(part) for part in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    return check in {1, 0x2BC830A3}
