"""What users' own tests need: a plane in memory whose clock and identifiers stand still."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime, timedelta

from ephor.adapters.keys.environment import GivenSigning, GivenWrapping
from ephor.adapters.keys.pseudonyms import KeyedPseudonyms
from ephor.adapters.keys.ring import SigningRing, WrappingRing
from ephor.adapters.packs import BundledPacks
from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.memory.storage import MemoryStorage
from ephor.adapters.storage.vault import Vault
from ephor.engine.ports import World


class FrozenClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment the clock was set to."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self.at += by


class CountingIds:
    """Identifiers that count, so that a test's output is the same at every run."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def new(self, prefix: str) -> str:
        """Return ``prefix_`` and the next number, as wide as a real identifier."""
        return f"{prefix}_{next(self._count):032x}"

    def many(self, prefix: str, count: int) -> list[str]:
        """Return the next *count* of them."""
        return [self.new(prefix) for _ in range(count)]


def memory_world(clock: FrozenClock | None = None) -> World:
    """Return a world in memory, with keys that are the same every time. Never use it for anything real."""
    clock = clock or FrozenClock()
    ids = CountingIds()
    signing, wrapping = (base64.b64encode(key).decode() for key in (bytes(range(32)), bytes(32)))
    grower = Grower(SigningRing(GivenSigning(signing)), "src_test", clock.now, lambda _log: None)
    storage = MemoryStorage(
        grower, Vault(WrappingRing(GivenWrapping(wrapping))), ids, "test.local/ephor/main"
    )
    return World(storage, clock, ids, KeyedPseudonyms(lambda: bytes(32)), BundledPacks())
