"""What is written in place of a value: a tag, a mask that hides its length, its last digits, a keyed hash, a wider class."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import KINDS
from ephor.rooms.pii.folding import fold
from ephor.rooms.pii.tokens import encryption, format_token

Operator = Callable[[str, str], str]
"""Takes the type and the value, returns what stands in its place."""

MASK = "*" * 8
"""Always this long, so that it tells nothing of the value's length."""
_SHOWABLE = frozenset(
    {"credit_card", "iban", "bank_account", "phone", "us_ssn", "us_itin", "uk_nhs", "vin", "imei", "us_passport",
     "us_driver_license", "health_plan_number", "medical_record_number", "de_tax_id", "fr_nir", "pl_pesel", "be_nrn",
     "nl_bsn", "pt_nif", "eu_vat"}
)  # fmt: skip
# Three-digit ZIP areas of 20,000 people or fewer by the census of 2000 (HHS guidance on 45 CFR 164.514(b)(2)(i)(B)).
_SMALL_ZIP3 = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def redact(type_: str, value: str) -> str:
    """Return the type's tag.

    >>> redact("email", "jane@example.com")
    '[email]'
    """
    return f"[{type_}]"


def fixed(type_: str, value: str) -> str:
    """Return a mask of eight asterisks, whatever the value.

    >>> fixed("email", "jane@example.com")
    '********'
    """
    return MASK


def keep_last(count: int = 4) -> Operator:
    """Return the operator that shows the last *count* characters of a number long enough to hide the rest.

    Secrets, addresses and values of fewer than *count* + 5 letters and digits are masked wholly.

    >>> keep_last(4)("credit_card", "4111 1111 1111 1111")
    '********1111'

    Raises:
        InvalidInputError: *count* is not 1 to 4; PCI DSS 3.4.1 shows the last four digits at most.
    """
    if not 1 <= count <= 4:
        raise InvalidInputError(f"cannot keep `{count}` characters; keep 1 to 4 (PCI DSS 3.4.1)")

    def operator(type_: str, value: str) -> str:
        visible = normal(value)
        if type_ not in _SHOWABLE or len(visible) < count + 5:
            return MASK
        return MASK + visible[-count:]

    return operator


def keyed_hash(key: bytes) -> Operator:
    """Return the operator that writes the tag with 80 bits of HMAC-SHA256 (RFC 2104) of the whole value under *key*.

    The same value gives the same hash, however it is spaced. It is written in letters, so that no digit can be read
    in it. An unkeyed hash of a number is no protection (PCI DSS 3.5.1.1; 45 CFR 164.514(c)).

    >>> len(keyed_hash(b"sixteen bytes or more")("us_ssn", "123-45-6789"))
    29

    Raises:
        InvalidInputError: *key* is shorter than 16 bytes.
    """
    if len(key) < 16:
        raise InvalidInputError(
            "key of the hash is shorter than 16 bytes; give 16 or more from a random source"
        )

    def operator(type_: str, value: str) -> str:
        message = f"{type_}\x00{normal(value)}".encode()
        digest = hmac.new(key, message, hashlib.sha256).hexdigest()
        return f"[{type_}:{digest[:20].translate(_LETTERS)}]"

    return operator


def generalise(this_year: int | None = None) -> Operator:
    """Return the operator that writes a date's year and a ZIP code's first three digits, and else the tag.

    With *this_year*, the birth year of people over 89 gives the tag, too (45 CFR 164.514(b)(2)(i)(B), (C)).

    >>> generalise(2026)("date_of_birth", "1980-02-29"), generalise()("us_zip", "90210"), generalise()("us_zip", "03601")
    ('1980', '902**', '000**')
    """

    def operator(type_: str, value: str) -> str:
        plain = fold(value).data.decode("latin-1")
        if type_ in {"date", "date_of_birth"}:
            year = _YEAR.search(plain)
            old = year is not None and this_year is not None and this_year - int(year.group()) > 89
            return year.group() if year and not old else redact(type_, value)
        if type_ == "us_zip" and len(plain) >= 5 and plain[:5].isdigit():
            return ("000" if plain[:3] in _SMALL_ZIP3 else plain[:3]) + "**"
        return redact(type_, value)

    return operator


def normal(value: str) -> str:
    """Return letters, digits and what stands for letters outside ASCII, in lower case: one form for one value.

    >>> normal("4111-1111 1111.1111")
    '4111111111111111'
    """
    folded = fold(value).data.decode("latin-1").lower()
    bare = "".join(part for part in folded if part.isalnum())
    # Letters outside ASCII fold to one byte each; two such values must not share a hash.
    return (
        bare
        if bare.isascii() and folded.isascii()
        else "".join(part for part in value.lower() if part.isalnum())
    )


def keep_bin(type_: str, value: str) -> str:
    """Return a card number's issuer range and last four digits, the most that PCI DSS 3.4.1 shows; anything else with `keep_last`.

    >>> keep_bin("credit_card", "4111 1111 1111 1111"), keep_bin("iban", "GB82WEST12345698765432")
    ('411111********1111', '********5432')
    """
    visible = normal(value)
    if type_ != "credit_card" or len(visible) < 14:
        return keep_last(4)(type_, value)
    return f"{visible[:6]}{MASK}{visible[-4:]}"


_PLAIN: Mapping[str, Operator] = MappingProxyType(
    {"redact": redact, "tag": redact, "mask": fixed, "keep-last": keep_last(4), "keep-bin": keep_bin}
)
_KEYED: Mapping[str, Callable[[bytes], Operator]] = MappingProxyType(
    {"hash": keyed_hash, "token": format_token, "encrypt": encryption}
)
NAMES = (*_PLAIN, *_KEYED, "generalise")
"""The names an operator is chosen by."""


def operator_named(name: str, *, key: bytes | None = None, this_year: int | None = None) -> Operator:
    """Return the operator called *name*: one of `NAMES`.

    Raises:
        InvalidInputError: there is none, or one that needs a key has none.
    """
    if name in _KEYED:
        if key is None:
            raise InvalidInputError(f"operator `{name}` needs a key; give one of 16 bytes or more")
        return _KEYED[name](key)
    if name == "generalise":
        return generalise(this_year)
    if name not in _PLAIN:
        raise InvalidInputError(
            f"unknown operator `{name[:40]}`; use one of: {', '.join(NAMES)}", operator=name
        )
    return _PLAIN[name]


def operators_chosen(spec: str, *, key: bytes | None = None, this_year: int | None = None) -> Operator:
    """Return the operator that *spec* describes: a name, or one for each type (``email=hash,credit_card=keep-bin,redact``);
    the name without a type is for all others, `redact` if there is none.

    >>> operators_chosen("email=mask,tag")("email", "jane@example.com"), operators_chosen("email=mask")("us_ssn", "123-45-6789")
    ('********', '[us_ssn]')

    Raises:
        InvalidInputError: a name or type is not known, stands twice, or needs a key that is not given.
    """
    chosen_for: dict[str, Operator] = {}
    for part in (part.strip() for part in spec.split(",")):
        type_, has_type, name = part.rpartition("=")
        if has_type and type_ not in KINDS and not type_.startswith("x_"):
            raise InvalidInputError(
                f"unknown type `{type_[:40]}` of personal data in `{part[:60]}`; write `type=operator`",
                type=type_,
            )
        if type_ in chosen_for:
            raise InvalidInputError(
                f"two operators for {f'`{type_}`' if type_ else 'all other types'}; keep one"
            )
        chosen_for[type_] = operator_named(name, key=key, this_year=this_year)
    rest = chosen_for.get("", redact)
    return (
        rest if chosen_for.keys() <= {""} else lambda type_, value: chosen_for.get(type_, rest)(type_, value)
    )
