"""What places a person or a device: addresses of networks, devices and vehicles, links, coordinates."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

from ephor.rooms.pii.checksums import luhn, vin
from ephor.rooms.pii.rules import TIGHT, Rule, Verdict, apart, sure, worded

_VERSIONED = re.compile(
    rb"(?<![a-z])(?:version(?:added|changed)?|ver|release|build|firmware|rev|section|chapter|oid|identifier|v)[\s.:=#(\"'-]{0,3}$|[=<>~^]=? ?$",
    re.IGNORECASE,
)
_DOTTED = re.compile(rb"\.\d[.\d]*")
_COLONED = re.compile(rb"[.:]*[0-9A-Za-z][0-9A-Fa-f:]*")
_RANGE = re.compile(rb"/\d{1,2}(?![\d.])")
_JOINED_BEFORE = re.compile(rb"[0-9A-Za-z][-/\\]$|[0-9A-Za-z_]$")
_JOINED_AFTER = re.compile(rb"[0-9A-Za-z@]|[-_][A-Za-z]|\.\d")
_MORE_AFTER = re.compile(rb"[,;]? ?-?\d+\.\d")
_MORE_BEFORE = re.compile(rb"\d\.\d{1,16}[,;]? -?$|\d\.\d{1,16}[,;]-?$")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_V4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_H = r"[0-9A-Fa-f]{1,4}"


def v4(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge four octets (RFC 791): not part of a longer dotted number, not what is called a version."""
    run = _DOTTED.match(data, end)
    if run or data[max(0, start - 1) : start] in {b".", b"-", b"_"}:
        return 0, start, run.end() if run else end
    if data[end - 2 : end] == b".0" and _RANGE.match(data, end):  # a network, not a host
        return None
    before = data[max(0, start - 24) : start]
    assigned = before[-1:] == b"=" and before[-2:-1] not in b"=<>~^!" and before[-2:-1] != b""
    if data[start : start + 2] == b"0." or (
        not assigned and _VERSIONED.search(before)
    ):  # 0.0.0.0/8 is no host (RFC 1122, 3.2.1.3)
        return None
    if (
        _JOINED_BEFORE.search(data[max(0, start - 2) : start]) or _JOINED_AFTER.match(data, end)
    ) and not assigned:
        return None
    return 85, start, end


def v6(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge an address by RFC 4291, section 2.2; two or more groups and a digit, for `a::b` is code, too."""
    run = _COLONED.match(data, end)
    if run or data[max(0, start - 1) : start] in {b":", b"."}:
        return 0, start, run.end() if run else end
    text = data[start:end].decode("latin-1")
    groups = [part for part in text.split(":") if part]
    if (
        len(groups) < 2
        or not any(part.isdigit() for part in text)
        or (len(groups) < 3 and len(groups[0]) < 3)
    ):
        return None
    try:
        IPv6Address(text)
    except AddressValueError:
        return None
    return 86, start, end


def mac(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge an EUI-48 (IEEE 802): six octets and no more; a longer row of octets is a fingerprint."""
    row = b":-"
    longer = data[max(0, start - 1) : start] in {b":", b"-"} or (
        end < len(data) and data[end] in row and data[end + 1 : end + 2].isalnum()
    )
    nobody = len(set(data[start:end].lower()) - {58, 45}) == 1  # all zeroes, or broadcast
    return None if longer or nobody else (88, start, end)


def place(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge a pair of decimal degrees: latitude within 90, longitude within 180 (ISO 6709).

    A longer row of decimals is a vector, and a pair within one degree of zero is more often a share or a score.
    """
    latitude, longitude = (
        abs(float(part)) for part in data[start:end].decode("latin-1").replace(",", " ").split()
    )
    row = _MORE_AFTER.match(data, end) or _MORE_BEFORE.search(data[max(0, start - 24) : start])
    near = latitude <= 1 and longitude <= 1
    return (75, start, end) if latitude <= 90 and longitude <= 180 and not row and not near else None


def _vehicle(text: str) -> bool:
    return (
        text[-4:].isdigit() and not text.isdigit() and any(part.isdigit() for part in text[:8]) and vin(text)
    )


_PLATE_WORDS = (
    r"licen[sc]e plate|number plate|licen[sc]e_plate|plate|registration (?:plate|mark|number)|vrm|vrn|(?:kfz-?|amtliches )?kennzeichen|plaque|"
    r"immatriculation|immatricule\w{0,2}|targat?[ao]?|matricula|kenteken\w{0,6}|nummerplaat|rejestracyjn\w{1,2}|registreringsnummer|reg\.? ?nr|nummerplade|"
    r"indregistreret|placa|rekisterinumero|rekisteritunnus"
)
_PLATE = (
    r"[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2}[ \-]?\d{3}[ \-]?[A-Z]{2}|[A-Z]{1,3}[ \-][A-Z]{1,2}[ \-]?\d{1,4}[EH]?|\d{4}[ \-]?[A-Z]{3}|\d-[A-Z]{3}-\d{3}|"
    r"[A-Z0-9]{2}-[A-Z0-9]{2}-[A-Z0-9]{2}|[A-Z0-9]{1,2}-[A-Z0-9]{3}-[A-Z0-9]{1,2}|[A-Z]{2,3} ?\d[A-Z0-9]{3,4}|[A-Z]{3} ?\d{2}[A-Z0-9]|[A-Z]{3}-?\d[A-Z0-9]\d{2}|"
    r"[A-Z]{2}[ \-]?\d{1,2}[ \-]?[A-Z]{1,3}[ \-]?\d{4}|\d[A-Z]{3}\d{3}|"
    r"[A-Z]{1,3}[ \-]?[A-Z]{0,2}[ \-]?\d{1,4}[ \-]?[A-Z]{0,3}|\d{1,4}[ \-]?[A-Z]{2,3}[ \-]?\d{0,4}"
)


def _plate(data: bytes, start: int, end: int) -> Verdict | None:
    text = data[start:end]
    both = any(48 <= part <= 57 for part in text) and any(65 <= part <= 90 for part in text)
    return (66, start, end) if both and len(text) >= 4 else None


RULES = (
    Rule("ip_address", r"\d\.\d{1,3}\.\d{1,3}\.\d", rf"\b{_V4}\b", v4),
    Rule(
        "ip_address",
        rf"[0-9A-Fa-f]::|::[0-9A-Fa-f]|(?:{_H}:){{7}}[0-9A-Fa-f]",
        rf"\b(?:{_H}:){{7}}{_H}\b|\b(?:{_H}:){{1,6}}(?::{_H}){{1,6}}\b|\b(?:{_H}:){{2,7}}:|(?:\b(?:{_H}:){{1,5}}|:):(?:{_H}:){{0,5}}{_V4}\b",
        v6,
    ),
    Rule("mac_address", r"[0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-]",
         r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b", mac),
    Rule("mac_address", r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}", r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b", apart(sure(80))),
    Rule("url_credentials", r"://[^\s/@\x00]{0,80}:[^\s/@\x00]+@",
         r"[A-Za-z][A-Za-z0-9+.\-]{1,15}://[^\s/:@\x00]{0,80}:[^\s/@\x00]+@[^\s/\"'<>\x00]+", sure(97)),
    Rule("url_credentials", r"[?&](?i:token|api_?key|access_token|password|passwd|secret|sig|signature|auth)=",
         r"[?&](?i:token|api_?key|access_token|password|passwd|secret|sig|signature|auth)=([^\s&#\"'<>\x00]{6,})", sure(90)),
    Rule("url", r"(?i:https?://|\bwww\.)", r"\b(?i:https?://|www\.)[^\s\"'<>\x00]{3,}", sure(60)),
    Rule("gps_coordinates", r"\d\.\d{4,}\W", r"-?\b\d{1,2}\.\d{4,12} {0,2}[, ] {0,2}-?\d{1,3}\.\d{4,12}\b", apart(place)),
    worded("gps_coordinates", r"lat|latitude|lng|lon|long|longitude|gps|coordinates?", r"-?\d{1,3}\.\d{3,12}(?: {0,2}[, ] {0,2}-?\d{1,3}\.\d{3,12})?",
           sure(75), gap=r"[\s:=\"'(\[]{0,4}(?:-)?"),
    Rule("gps_coordinates", r"\d{1,3}\xfe ?\d{1,2}' ?\d", r"\b\d{1,3}\xfe ?\d{1,2}' ?\d{1,2}(?:\.\d{1,6})?\"? ?[NSEW]\b", sure(85)),
    Rule("gps_coordinates", r"\d\.\d{2,12}\xfe ?[NS]", r"\b\d{1,2}\.\d{2,12}\xfe ?[NS],? ?\d{1,3}\.\d{2,12}\xfe ?[EW]\b", sure(85)),
    Rule("vin", r"\b[A-HJ-NPR-Z0-9]{17}\b", r"\b[A-HJ-NPR-Z0-9]{17}\b", apart(sure(82, _vehicle))),
    worded("vin", r"vin|chassis|vehicle id\w{0,20}", r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}", sure(85), gap=TIGHT),
    worded("imei", r"imei", r"\d{15}|\d{2}[ \-]\d{6}[ \-]\d{6}[ \-]\d", apart(sure(90, luhn))),
    worded("license_plate", r"reg|reg(?:istration)? no|registration", r"(?-i:[A-Z]{2}\d{2} ?[A-Z]{3})", sure(66), gap=TIGHT),
    worded("license_plate", _PLATE_WORDS, _PLATE, _plate, gap=TIGHT),
)  # fmt: skip
