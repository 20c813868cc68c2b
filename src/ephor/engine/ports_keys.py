"""What the use cases of keys need from the world: which keys are in use, and one key put in another's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ephor.engine.ports import Unit
from ephor.kernel.errors import ConflictError
from ephor.kernel.events import Event

Kind = Literal["signing", "wrapping", "pseudonym"]


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """One key of the plane, by what may be known of it."""

    kind: Kind
    provider: str
    id: str
    """The verifier key (C2SP signed-note) of the main log, or a mark that tells keys apart and nothing about them."""
    position: int | None = None
    """The entry of the main log from which on it signs; None for one that was there from the start."""
    waiting: int = 0
    """How many logs, or wrapped keys, still hang on an older key: a rotation that was interrupted."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """One key about to follow another: what the ledger is to be told."""

    old: str
    new: str
    statement: str | None = None
    """The signed note in which both keys say so, of a signing key (``ephor/key-rotation/1``)."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did."""

    kind: Kind
    old: str
    new: str
    begun: bool
    """Whether a new key was put in place; False: an interrupted rotation was brought to its end."""
    moved: int
    """How many logs are signed, or how many subjects' keys are wrapped, by the new key that were not before."""
    retired: int
    """How many older keys were destroyed, or put aside."""


class KeyRing(Protocol):
    """The keys of one plane."""

    def in_use(self) -> Sequence[KeyInUse]:
        """Return the signing key, the wrapping key and the pseudonym key."""
        ...

    def hand_over(
        self, allow: Callable[[Unit], None], tell: Callable[[HandOver], Event], *, keep: bool
    ) -> Rotated:
        """Let a new key sign every log; each records what *tell* makes of it, in the commit that the new key signs first.

        *allow* raises where nobody may do this; it is asked within a transaction.

        Raises:
            ConflictError: the provider has no key to follow, or keys in memory do not rotate.
            UnavailableError: a provider does not answer; what is done stays, rotate again to finish.
        """
        ...

    def rewrap(self, allow: Callable[[Unit], None], tell: Callable[[HandOver], Event]) -> Rotated:
        """Let a new key wrap every subject's key, and destroy the old one.

        Raises:
            ConflictError: the provider has no key to follow, or keys in memory do not rotate.
            UnavailableError: a provider does not answer; what is done stays, rotate again to finish.
        """
        ...


class FixedKeys:
    """The keys of a plane in memory, which ends before they need to change."""

    def in_use(self) -> Sequence[KeyInUse]:
        return ()

    def hand_over(
        self, allow: Callable[[Unit], None], tell: Callable[[HandOver], Event], *, keep: bool
    ) -> Rotated:
        raise ConflictError("the keys of a plane in memory do not rotate; make a plane in a database")

    def rewrap(self, allow: Callable[[Unit], None], tell: Callable[[HandOver], Event]) -> Rotated:
        raise ConflictError("the keys of a plane in memory do not rotate; make a plane in a database")
