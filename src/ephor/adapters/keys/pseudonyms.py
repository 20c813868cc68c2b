"""Names of data subjects, and digests of what is too short to be hashed in the open: both under the pseudonym key."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from typing import Any


class KeyedPseudonyms:
    """Names of data subjects: HMAC-SHA-256 (RFC 2104) under the pseudonym key, the first 128 bits."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._load_key = key

    @cached_property
    def _key(self) -> bytes:
        return self._load_key()

    @cached_property
    def _begun(self) -> tuple[Any, Any]:
        """The two hashes of an HMAC, begun with the key (RFC 2104, section 4): one made anew for each call takes five times as long."""
        key = hmac.digest(self._key, b"ephor/fingerprint/1", "sha256").ljust(64, b"\0")
        return sha256(bytes(one ^ 0x36 for one in key)), sha256(bytes(one ^ 0x5C for one in key))

    def of(self, subject: str) -> str:
        """Return ``sub_…`` for a subject's own identifier; case and surrounding space do not matter."""
        data = subject.strip().casefold().encode("utf-8", "surrogatepass")
        return "sub_" + hmac.digest(self._key, data, "sha256").hex()[:32]

    def fingerprint(self, data: bytes) -> str:
        """Return ``hmac-sha256:`` and the digest, under a key of its own derived from the pseudonym key."""
        begun = self._begun
        inner, outer = begun[0].copy(), begun[1].copy()
        inner.update(data)
        outer.update(inner.digest())
        return f"hmac-sha256:{outer.hexdigest()}"
