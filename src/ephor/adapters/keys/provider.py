"""What every provider of keys offers, whether the key lies in a file, in another process or in another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SigningKey(Protocol):
    """An Ed25519 key (RFC 8032) that signs the heads of the ledger."""

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*, 64 bytes.

        Raises:
            UnavailableError: whoever holds the key did not answer in time, or refuses.
            VerificationError: what came back is no signature by this key.
        """
        ...

    def settled(self, note: bytes) -> None:
        """Hear that the signed head *note* is durable; a signer that remembers binds itself to it. Never fails."""
        ...


class Wrapping(Protocol):
    """A key that wraps the keys of data subjects."""

    @property
    def mark(self) -> int:
        """A number of 56 bits that tells wrapping keys apart and tells nothing about them."""
        ...

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Return *key* encrypted and bound to *context*.

        Raises:
            UnavailableError: whoever holds the key did not answer in time, or refuses.
        """
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return what was wrapped.

        Raises:
            UnavailableError: whoever holds the key did not answer in time, or refuses.
            VerificationError: another key, another context, or altered bytes.
        """
        ...


class SigningKeys(Protocol):
    """Where signing keys come from, and go to."""

    @property
    def name(self) -> str:
        """What kind of provider this is, and where; shown to people, so without secrets."""
        ...

    def make(self) -> None:
        """Make a key where there is none, if that is for the plane to do."""
        ...

    def at_hand(self) -> Sequence[SigningKey]:
        """Return every key that can sign now; first the one that a new plane would use.

        Raises:
            UnavailableError: there is none, it is damaged, not private, or out of reach.
        """
        ...

    def successor(self, current: bytes) -> SigningKey:
        """Return a key that can follow the one with public key *current*: one that waits already, or a new one.

        Raises:
            UnavailableError: none can be made.
            ConflictError: a person has to provide one first; the message says where.
        """
        ...

    def retire(self, current: bytes, *, keep: bool) -> int:
        """Destroy the keys before *current*, or with *keep* put them where nothing signs with them; return how many.

        Raises:
            UnavailableError: they could not all be destroyed; the message says what to do.
        """
        ...

    def close(self) -> None:
        """Release what is open. Asked again later, the provider opens it again."""
        ...


class Wrappings(Protocol):
    """Where wrapping keys come from, and go to."""

    @property
    def name(self) -> str: ...

    def make(self) -> None: ...

    def at_hand(self) -> Sequence[Wrapping]: ...

    def successor(self, current: int) -> Wrapping:
        """Return a key that can follow the one of mark *current*."""
        ...

    def retire(self, current: int) -> int:
        """Destroy the keys before *current* and return how many: what only they open is lost for good."""
        ...

    def close(self) -> None: ...


class PseudonymKey(Protocol):
    """Where the key comes from that names data subjects. It cannot be rotated: every name would become another."""

    @property
    def name(self) -> str: ...

    def make(self) -> None: ...

    def read(self) -> bytes:
        """Return the key, 32 bytes.

        Raises:
            UnavailableError: it is missing, damaged, not private, or out of reach.
        """
        ...
