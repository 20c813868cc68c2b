"""What the engine needs from the world, said in the engine's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from ephor.engine.ports_witness import Cosigned
from ephor.kernel.errors import ConflictError, UnavailableError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId
from ephor.rooms.regulation.cases import Case
from ephor.rooms.regulation.pack import Pack


class Record(Protocol):
    """A frozen dataclass that a shelf can hold; ``id`` is unique on its shelf."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Record)


class ReadOnlyError(UnavailableError):
    """The database may only be read."""


class StaleError(ConflictError):
    """Governance moved on since what was to be recorded was decided. Nothing was recorded; decide again."""


class Clock(Protocol):
    """What time it is, in UTC."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    """New identifiers: the prefix, then a UUID version 7."""

    def new(self, prefix: str) -> str: ...

    def many(self, prefix: str, count: int) -> Sequence[str]:
        """Return *count* new ones."""
        ...


class Pseudonyms(Protocol):
    """Names for data subjects that only the holder of the key can compute."""

    def of(self, subject: str) -> str:
        """Return ``sub_…``, always the same for the same subject, useless without the key."""
        ...

    def fingerprint(self, data: bytes) -> str:
        """Return a keyed digest of *data*: arguments and results are often so short that a plain one can be guessed."""
        ...


class Shelf(Protocol[R]):
    """The records of one kind, inside a unit. Order is always by ``id``."""

    def find(self, id: str) -> R | None: ...

    def get(self, id: str) -> R:
        """Return the record. Raises NotFoundError."""
        ...

    def all(self, **where: str) -> Sequence[R]:
        """Return the records whose searchable columns equal *where*."""
        ...

    def page(self, after: str, limit: int) -> Sequence[R]:
        """Return at most *limit* records whose id comes after *after*."""
        ...

    def add(self, record: R) -> None:
        """Put a new record on the shelf. Raises ConflictError when its id is taken."""
        ...

    def replace(self, old: R, new: R) -> None:
        """Put *new* where *old* is. Raises ConflictError when what lies there is no longer *old*."""
        ...

    def remove(self, record: R) -> None:
        """Take the record off the shelf. Raises ConflictError when it is no longer there as given."""
        ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What forgetting one subject destroyed."""

    keys: int
    payloads: int


MAIN = "main"
"""The stream of the instance's own log: every act of governance is recorded there."""


@dataclass(frozen=True, slots=True)
class LogName:
    """One log of a plane: a stream's, in one of its epochs."""

    number: int
    stream: str
    epoch: int
    origin: str
    ended: bool = False
    """Whether a later epoch took over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a log whose newest entries are lost."""

    origin: str
    stored: bytes
    """The signed head of what is left."""
    published: bytes
    """The newest signed head that was published before the loss."""
    lost: Mapping[int, bytes]
    """The newest heads of logs that are lost altogether."""


class Unit(Protocol):
    """One transaction: what was read, and what is written if it commits.

    A unit that changed a shelf must also have appended an event: no governance state changes without a ledger entry.
    """

    def shelf(self, of: type[R]) -> Shelf[R]: ...

    def append(self, event: Event, payload: bytes | None = None) -> EntryId:
        """Record *event* when the unit commits; seal *payload* under the key of ``event.subject``."""
        ...

    def forget(self, subject: str) -> Forgotten:
        """Destroy the key and the sealed payloads of a pseudonym."""
        ...

    def sealed_subjects(self, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """Return pseudonyms that come after *after* and have sealed payloads, in order, each with its newest entry."""
        ...

    def open_log(self, stream: str) -> LogName:
        """Begin the log of a new stream. Raises ConflictError where there is one."""
        ...

    def move_on(self) -> None:
        """Let `Storage.version` grow when the unit commits, though no shelf that governs was written to."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger stands: its size, its root and the signed note that says so."""

    origin: str
    size: int
    root: bytes
    note: bytes
    key: str
    """The verifier key (C2SP signed-note) that the note is signed with."""

    partial: bytes
    """The hashes of the unfinished level-0 tile as they were when they were signed, whatever the entries say now."""

    statements: tuple[bytes, ...] = ()
    """The signed notes by which each signing key handed over to the next, from the first key on."""

    edge: tuple[bytes, ...] = ()
    """The hashes of the perfect subtrees that the tree falls into, the largest first, as they were when it was signed."""


class FullTile(NamedTuple):
    """A tile of 256 hashes as it is stored."""

    hashes: bytes
    middle: bytes | None
    """The hashes in its middle (`tile.MIDDLE`), where they are kept. No root is checked by them: whoever uses them checks."""


class Tiles(Protocol):
    """The stored hashes of a log's tree (C2SP tlog-tiles)."""

    def tile(self, level: int, index: int, width: int) -> bytes:
        """Return the concatenated hashes of a tile of *width* hashes; of an unfinished one, from its entries."""
        ...

    def tiles(self, level: int, start: int, stop: int) -> Mapping[int, FullTile]:
        """Return the full tiles of a level from *start* to before *stop*, those that are stored, by their index."""
        ...


class Ledger(Tiles, Protocol):
    """The ledger's stored bytes, for reading. Positions start at 0."""

    def head(self) -> Head: ...

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Return the entries from *start* up to *stop*, in order."""
        ...

    def beyond(self) -> int:
        """Count the stored entries and tiles that the signed head does not reach: nobody vouches for them."""
        ...

    def position(self, id: str) -> int:
        """Return where the entry stands. Raises NotFoundError."""
        ...

    def search(
        self,
        where: Mapping[str, str],
        *,
        before: int | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
    ) -> Sequence[int]:
        """Return positions, newest first, of entries whose ``kind``, ``actor``, ``subject``, … equal *where*.

        They are stated to have happened from *since* on and before *until*, and say every word of *text*. What was
        acknowledged before this was called is never missed. Raises InvalidInputError.
        """
        ...

    def kept(self) -> bytes | None:
        """Return the newest signed head that was kept outside the database; None where none was."""
        ...

    def payload(self, id: str) -> bytes | None:
        """Return the sealed payload in the clear; None when its subject was forgotten. Raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class Damage:
    """Something stored of a log that does not follow from its entries: ``head``, ``tiles`` or ``search``."""

    part: str
    position: int | None
    problem: str


class Logs(Protocol):
    """The logs of a plane (C2SP tlog-tiles, one origin each): the main one, further streams, and those that ended."""

    def names(self) -> Sequence[LogName]:
        """Return every log, in the order they began."""
        ...

    def of(self, number: int) -> Ledger:
        """Return one log for reading."""
        ...

    @property
    def cosigned(self) -> Cosigned: ...

    def steady(self) -> AbstractContextManager[None]:
        """Let what this thread reads within the block be of one moment, and cost one transaction. It must not write there."""
        ...

    def append(self, stream: str, events: Sequence[Event]) -> Sequence[EntryId]:
        """Record events in a stream's log; they are durable when this returns. Raises NotFoundError."""
        ...

    def inspect(self, number: int) -> Iterator[Damage]:
        """Hold the rows that are derived from a log's entries against them; return the first damage of each kind."""
        ...

    def reindex(self, advance: Callable[[int], None] = lambda _: None) -> Mapping[int, int]:
        """Make anew what the logs are searched by, and return the entries of each, by the log's number.

        *advance* is told how many rows were made: two an entry.
        """
        ...

    def renew(self, stream: str, tell: Callable[[Ended], Event]) -> LogName:
        """End a log that lost entries it had published; the next epoch begins with what *tell* makes of it.

        Raises:
            ConflictError: nothing is lost.
        """
        ...


class Storage(Protocol):
    """A plane's database."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Open a unit. Leaving it normally commits; leaving by an exception rolls back.

        Raises:
            UnavailableError: the database did not answer, or the entries could not be made durable.
        """
        ...

    def reading(self) -> AbstractContextManager[Unit]:
        """Open a unit that only reads and never waits for a writer."""
        ...

    def append(self, events: Sequence[Event], *, version: int | None = None) -> Sequence[EntryId]:
        """Record events alone; they are durable when this returns. Concurrent callers share one commit.

        *version* is what the events rest on; it is looked at in the transaction that records them.

        Raises:
            StaleError: governance moved on since *version*; nothing was recorded.
        """
        ...

    def version(self) -> int:
        """Return a number that grows whenever a unit changed what decisions depend on. Cheap: it is asked before every one."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The main log."""
        ...

    @property
    def logs(self) -> Logs: ...

    def check(self) -> None:
        """Return if this plane could record now.

        Raises:
            UnavailableError: a key is missing, or not private.
            VerificationError: the database is damaged, older than its keys, or not theirs.
        """
        ...

    def close(self) -> None: ...


class Packs(Protocol):
    """The law as data."""

    def names(self) -> Sequence[str]: ...

    def load(self, name: str) -> Pack:
        """Return a pack by its name, or by the path of its folder. Raises NotFoundError."""
        ...

    def cases(self, name: str) -> Sequence[Case]:
        """Return a pack's own cases."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that a use case may touch."""

    storage: Storage
    clock: Clock
    ids: Ids
    pseudonyms: Pseudonyms
    packs: Packs


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending one message: whether it was taken, and in a few words of ours what was answered."""

    taken: bool
    said: str


class Post(Protocol):
    """The way out for notices. It returns in bounded time, follows no redirect, and repeats nothing of what is answered."""

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """Send a POST request; only an answer of 2xx counts as taken."""
        ...

    def mail(self, to: str, subject: str, text: str, id: str) -> Sent:
        """Hand a mail to the server of the settings."""
        ...
