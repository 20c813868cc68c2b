"""Names in other people's formats: deterministic UUIDs, tokens, and text on one line."""

from __future__ import annotations

import hashlib
import re

NAMESPACE = bytes.fromhex("6f2c1f0e5a0b5d6c9d8e4b7a3c2d1e0f")
"""The namespace (RFC 9562, section 6.6) that all UUIDs of exports are made in."""
URN = "urn:ephor:export:1"
"""What our own words are qualified by where a format wants a URI."""


def uuid5(*parts: str) -> str:
    """Return the UUID version 5 (RFC 9562, section 5.5) of what *parts* name together: the same for the same parts, always.

    >>> uuid5("log", "agent", "bot") == uuid5("log", "agent", "bot"), uuid5("a", "bc") == uuid5("ab", "c")
    (True, False)
    >>> uuid5("a")[14]
    '5'
    """
    name = "".join(f"{len(part.encode())}:{part}" for part in parts).encode()
    bits = int.from_bytes(hashlib.sha1(NAMESPACE + name, usedforsecurity=False).digest()[:16])
    bits = bits & ~(0xF << 76) | 5 << 76
    bits = bits & ~(0b11 << 62) | 0b10 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def token(text: str) -> str:
    """Return *text* as an XML name without a colon, which OSCAL calls a token.

    >>> token("gdpr/records of processing"), token("27001"), token("")
    ('gdpr_records_of_processing', '_27001', '_')
    """
    made = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    return made if made[:1].isalpha() or made[:1] == "_" else f"_{made}"


def line(text: object) -> str:
    """Return *text* on one line, without blanks around it; where nothing is left, that nothing was said.

    >>> line(" a\\n b "), line("")
    ('a b', 'not said')
    """
    return " ".join(str(text).split()) or "not said"
