"""What backups need from outside the engine, said in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Given:
    """What a person hands over to encrypt under: the words of a passphrase, or the bytes of a key file."""

    data: bytes
    is_file: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup as it was found good."""

    folder: str
    made_at: str
    size: int
    """Entries of the main log."""
    heads: Mapping[str, str]
    """The signed head of each log, by its number."""
    keys: bool
    """Whether the keys are in it, under a secret of their own."""
    subjects: int
    """Data subjects whose keys are in it."""
    rows: int
    chunks: int
    reused: int = 0
    """Chunks that an earlier run had written already."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of a restore: which of it, and what they know of what came after the backup."""

    url: str
    keys: str
    """The folder where the plane's keys lie, or will lie."""
    keys_given: Given | None = None
    """What opens the keys in the backup; None: they are kept elsewhere and are there already."""
    published: bytes | None = None
    """The newest signed head that anybody kept."""
    nothing_followed: bool = False
    """Whether somebody answers for it that nothing was recorded after the backup."""
    erased: Sequence[str] | None = None
    """The pseudonyms of everybody who was erased since; None: nobody knows."""
    unsafe_erasures_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    database: str
    backup: Stored
    erased: int
    """Subjects whose keys were destroyed again."""
    payloads: int
    subjects: int
    """Subjects whose keys came back."""
    published: int | None
    """Entries of the newest head known: where it is more than the backup has, the plane records nothing before `ephor ledger renew`."""
    keys: str | None


class Backups(Protocol):
    """The way to backups on disk."""

    def back_up(self, database: str | None, folder: str, given: Given, keys: Given | None) -> Stored:
        """Write a new backup, and try it. Raises ConflictError, NotFoundError, VerificationError."""
        ...

    def check(self, folder: str, given: Given) -> Stored:
        """Return a backup that is good. Raises NotFoundError, VerificationError."""
        ...

    def restore(self, folder: str, given: Given, wanted: Wanted) -> Restored:
        """Put a backup back where there is no plane. Raises ConflictError, InvalidInputError, NotFoundError, VerificationError."""
        ...

    def keys_of(self, database: str | None) -> str:
        """Return the folder where a plane's keys lie."""
        ...
