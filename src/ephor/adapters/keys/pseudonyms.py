"""Names of data subjects, and digests of what is too short to be hashed in the open: both under the pseudonym key."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cached_property


class KeyedPseudonyms:
    """Names of data subjects: HMAC-SHA-256 (RFC 2104) under the pseudonym key, the first 128 bits."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._load_key = key

    @cached_property
    def _key(self) -> bytes:
        return self._load_key()

    @cached_property
    def _fingerprints(self) -> hmac.HMAC:
        """An HMAC that has begun: to copy it is faster than to begin one for each call of a tool."""
        return hmac.new(hmac.digest(self._key, b"ephor/fingerprint/1", "sha256"), digestmod="sha256")

    def of(self, subject: str) -> str:
        """Return ``sub_…`` for a subject's own identifier; case and surrounding space do not matter."""
        data = subject.strip().casefold().encode("utf-8", "surrogatepass")
        return "sub_" + hmac.digest(self._key, data, "sha256").hex()[:32]

    def fingerprint(self, data: bytes) -> str:
        """Return ``hmac-sha256:`` and the digest, under a key of its own derived from the pseudonym key."""
        one = self._fingerprints.copy()
        one.update(data)
        return "hmac-sha256:" + one.hexdigest()
