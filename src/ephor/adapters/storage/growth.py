"""How the ledger grows: entries in, and out come the rows one commit must write.

Nothing here knows a database. A store gives its rows behind `Rows`, inside a transaction that no other writer can
enter, and reports back whether that transaction committed. Only then does the state in memory move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

from ephor.adapters.keys.provider import SigningKey
from ephor.adapters.keys.ring import SigningRing
from ephor.adapters.storage.edge import Edge, TileRow, edge_of
from ephor.adapters.storage.floor import check_floor
from ephor.adapters.storage.vault import ALGORITHM, Sealed
from ephor.kernel.errors import InvalidInputError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import moment, stamp
from ephor.rooms.ledger import checkpoint, frontier, note, rotation, tile
from ephor.rooms.ledger.entry import encode_all, parse
from ephor.rooms.ledger.tree import leaf_hash, leaf_hashes


class Draft(NamedTuple):
    """An event on its way into the ledger. A tuple, as all that is made at every commit: a dataclass takes twice as long."""

    id: str
    event: Event
    sealed: Sealed | None = None


class HeadRow(NamedTuple):
    """The head as stored: everything needed to go on from here."""

    origin: str
    size: int
    root: bytes
    frontier: bytes
    note: bytes
    key: str
    last_at: str
    """When the newest entry was received."""

    ended: bool = False
    """Whether a later epoch took over: nothing may follow."""


class Growth(NamedTuple):
    """What one commit adds."""

    first: int
    entries: Sequence[bytes]
    tiles: Sequence[TileRow]
    fresh: Sequence[bytes]
    """The new leaf hashes that lie in an unfinished tile. Kept until it is full: without them a changed entry could be
    noticed, but not named."""

    head: HeadRow


class Rows(Protocol):
    """The tables of one log, inside a transaction that excludes its other writers. Positions count from 0 in each log."""

    def head(self) -> HeadRow | None: ...
    def entries(self, start: int, stop: int) -> Sequence[bytes]: ...
    def fresh(self) -> bytes: ...
    def tile_roots(self, level: int, start: int, stop: int | None = None) -> Sequence[bytes]: ...
    def write(self, growth: Growth) -> None: ...
    def statements(self) -> Sequence[bytes]: ...


class KeySigner(NamedTuple):
    """Signs notes as *name* (C2SP signed-note)."""

    name: str
    key: SigningKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


class Grower:
    """Grows one log. Not safe for two threads: the store holds a lock from `grow` to `settle`."""

    def __init__(
        self,
        keys: SigningRing,
        source: str,
        clock: Callable[[], datetime],
        floor: Callable[[int], bytes | None],
        log: int = 0,
    ) -> None:
        self._keys, self._source, self._clock, self._floor = keys, source, clock, floor
        self._log = log
        self._key: SigningKey | None = None
        """The one that signed the head gone on from. Asked for when first needed: a ledger is read without it."""
        self._following: SigningKey | None = None
        self._edge = Edge()
        self._note = b""
        """The signed head over the edge."""
        self._next: Edge | None = None
        self._growing: Growth | None = None
        self._doubt: Growth | None = None
        self._n = 0
        self._loaded = False
        self._shared = False
        """Whether others appended to the log before this process last did."""

    def of(self, log: int) -> Grower:
        """Return what grows another log of the same plane."""
        return Grower(self._keys, self._source, self._clock, self._floor, log)

    def found(self, rows: Rows, origin: str, like: str | None = None) -> None:
        """Write the head of a log without entries, signed by the key *like* that signs the plane's other logs."""
        rows.write(Growth(0, (), (), (), _head(origin, Edge(), self._keys.for_new(like))))

    def check(self, rows: Rows) -> None:
        """Return if this log can go on from the rows.

        Raises:
            VerificationError: the stored head is not one this log can go on from.
        """
        self._load(rows, _stored(rows))
        self._loaded = True

    @property
    def asks_from(self) -> int | None:
        """Where the entries begin that will be asked for next; None where nobody else is expected to have appended."""
        return self._edge.size if self._shared and self._loaded else None

    def signer(self, rows: Rows) -> SigningKey:
        """Return the key that signs this log, after the checks that come before anything is appended."""
        return self._go_on(rows, _stored(rows))

    def grow(self, rows: Rows, drafts: Sequence[Draft], following: SigningKey | None = None) -> Growth:
        """Append *drafts* to the rows and return what was written; `settle` must follow.

        The key *following* signs the head over them, and every one after it.

        Raises:
            UnavailableError: whoever holds the signing key does not answer.
            VerificationError: the stored head is not one this log can go on from.
        """
        self._growing = None
        head = _stored(rows)
        key = self._go_on(rows, head)
        self._following = following or key
        self._resolve(rows)
        # A clock that was set back must not make the ledger's own time run backwards.
        now, last = self._clock(), self._edge.at
        received = now if last is None else max(now, last)
        ids, events, sealed = zip(*drafts, strict=True)
        payloads = [
            None if one is None else {"alg": ALGORITHM, "commitment": one.commitment} for one in sealed
        ]
        entries = encode_all(
            events, ids, payloads, log=head.origin, src=self._source, n=self._n + 1, received_at=received
        )
        growth = self._extend(head, entries, received, self._following)
        self._growing = growth
        rows.write(growth)
        return growth

    def settle(self, growth: Growth | None) -> None:
        """Adopt the growth that committed, or forget the one that did not."""
        if growth is not None and self._next is not None:
            self._edge, self._key, self._note = self._next, self._following, growth.head.note
            self._n += len(growth.entries)
            if self._key is not None:
                self._key.settled(growth.head.note)
        else:
            self._loaded = False
            self._doubt = self._growing or self._doubt
        self._next = self._growing = None

    def _go_on(self, rows: Rows, head: HeadRow) -> SigningKey:
        """Return the key that signs what follows *head*, if that is where this log stands."""
        if head.ended:
            raise UnavailableError(
                f"the log `{head.origin}` was ended by a new epoch; nothing was recorded, open the plane again",
                log=head.origin,
            )
        key = self._key
        self._shared = head.size != self._edge.size
        if key is None or not self._loaded or self._shared or head.root != self._edge.root:
            key = self._load(rows, head)
            self._loaded = True
        return key

    def _resolve(self, rows: Rows) -> None:
        """Find out what became of a commit that was reported as failed: an answer can get lost after the deed.

        Entries that are there after all have spent their counters; to count them again would look like a forgery.
        """
        if self._doubt is None:
            return
        first, entries = self._doubt.first, self._doubt.entries
        if [bytes(entry) for entry in rows.entries(first, first + 1)] == list(entries[:1]):
            self._n += len(entries)
        self._doubt = None

    def _extend(self, head: HeadRow, entries: Sequence[bytes], received: datetime, key: SigningKey) -> Growth:
        self._next, tiles = self._edge.extend(leaf_hashes(entries), received)
        fresh = self._next.leaves[-len(entries) :] if entries else ()
        return Growth(head.size, entries, tiles, fresh, _head(head.origin, self._next, key))

    def _load(self, rows: Rows, head: HeadRow) -> SigningKey:
        """Learn the edge that is stored, and refuse a head that is not ours or not the newest."""
        key = self._keys.named(head.key)
        try:
            verifier = note.key_of(head.origin, key.public_key)
        except InvalidInputError:  # an origin that no log can have
            verifier = None
        if verifier is None or str(verifier) != head.key:
            raise VerificationError(
                f"the stored head of `{head.origin[:80]}` names a key of another log; run `ephor ledger fsck`"
            )
        signed = read_checkpoint(head.note, [verifier])
        if (signed.origin, signed.size, signed.root) != (head.origin, head.size, head.root):
            raise VerificationError(
                "the stored head is not the one that was signed; run `ephor ledger fsck`", size=head.size
            )
        followed = self._follow(rows, head)
        self._check_floor(rows, head, followed is not None)
        self._edge = followed or _read_edge(rows, head)
        self._key, self._note = key, head.note
        key.settled(head.note)
        return key

    def _follow(self, rows: Rows, head: HeadRow) -> Edge | None:
        """Return the edge after what other processes appended, from these entries alone; None where they do not lead to *head*.

        Servers that share a log do so at nearly every commit, while the others wait.
        """
        first, more = self._edge.size, head.size - self._edge.size
        if not self._loaded or not 0 < more <= tile.WIDTH:
            return None
        entries = [bytes(entry) for entry in rows.entries(first, head.size)]
        edge, _ = self._edge.extend(leaf_hashes(entries), None)
        if (edge.tree, edge.root) != (frontier.decode(head.size, head.frontier), head.root):
            return None
        return edge._replace(at=_time_of(head, entries[-1:]))

    def _check_floor(self, rows: Rows, head: HeadRow, followed: bool) -> None:
        """Refuse a head that did not grow from what is known to have been published: here, or by whoever kept a head last."""
        kept = self._floor(self._log)
        if self._edge.size and not followed:
            check_floor(rows, head, self._edge)
        if kept is not None and kept not in (head.note, self._note):
            check_floor(rows, head, _read_floor(kept, rows, head))


def read_checkpoint(data: bytes, keys: Sequence[note.VerifierKey]) -> checkpoint.Checkpoint:
    """Return the checkpoint of a signed note.

    Raises:
        VerificationError: not a note signed with one of *keys*, or not a checkpoint.
    """
    return checkpoint.parse(note.verify(data, keys).text)


def _read_floor(kept: bytes, rows: Rows, head: HeadRow) -> checkpoint.Checkpoint:
    """Return what the head kept beside the keys states.

    A process that died right after a key was rotated left one that the old key signed.
    """
    try:
        return read_checkpoint(kept, _line_of(head.key, rows.statements()))
    except VerificationError as error:
        raise VerificationError(
            f"the head kept beside the keys is none of this log's: {error}; nothing is recorded until that is resolved"
        ) from error


def _line_of(key: str, statements: Sequence[bytes]) -> Sequence[note.VerifierKey]:
    """Return *key* and those before it, as far as statements lead back that both keys signed."""
    line = [key]
    for data in reversed(statements):
        said = rotation.parse(note.parse(data).text)
        if said.new == line[-1]:
            line.append(rotation.open_statement(data, said.old).old)
    return [note.parse_key(one) for one in line]


def _head(origin: str, edge: Edge, key: SigningKey) -> HeadRow:
    stated = checkpoint.encode(checkpoint.Checkpoint(origin, edge.size, edge.root))
    signed = note.sign(stated, KeySigner(origin, key))
    verifier = _name_of(origin, key.public_key)
    at = "" if edge.at is None else stamp(edge.at)
    return HeadRow(origin, edge.size, edge.root, frontier.encode(edge.tree), signed, verifier, at)


@lru_cache(maxsize=64)  # a log signs every commit with one key
def _name_of(origin: str, public_key: bytes) -> str:
    return str(note.key_of(origin, public_key))


def _stored(rows: Rows) -> HeadRow:
    head = rows.head()
    if head is None:
        raise VerificationError("the ledger has no head; the database was not set up by `ephor init`")
    return head


def _read_edge(rows: Rows, head: HeadRow) -> Edge:
    """Return the edge made anew from what is stored: entries, roots of finished tiles, and what was kept of the unfinished one."""
    hashes = _read_hashes(rows, head.size)
    edge = edge_of(head.size, hashes)
    tree, fresh = frontier.decode(head.size, head.frontier), b"".join(edge.leaves)
    if (edge.tree, edge.root, rows.fresh()) != (tree, head.root, fresh):
        raise VerificationError(
            "the newest entries do not lead to the signed head; run `ephor ledger fsck`", size=head.size
        )
    return edge._replace(at=_time_of(head, rows.entries(head.size - 1, head.size) if head.size else ()))


def _read_hashes(rows: Rows, size: int) -> list[list[bytes]]:
    """Return the hashes of the unfinished tile of each level."""
    finished = size // tile.WIDTH
    found = [[leaf_hash(bytes(entry)) for entry in rows.entries(finished * tile.WIDTH, size)]]
    level = 0
    while finished:
        start = finished // tile.WIDTH * tile.WIDTH
        roots = list(rows.tile_roots(level, start))
        if len(roots) != finished - start:
            raise VerificationError(
                f"tiles of level {level} are missing from `{start}` on; run `ephor ledger fsck`"
            )
        found.append(roots)
        level, finished = level + 1, finished // tile.WIDTH
    return found


def _time_of(head: HeadRow, newest: Sequence[bytes]) -> datetime | None:
    """Return the time to go on from, if the newest entry says the same: the head's column is not signed."""
    said = "".join(str(parse(bytes(entry))["received_at"]) for entry in newest)
    if said != head.last_at:
        raise VerificationError(
            f"the head says the newest entry was received at `{head.last_at[:40]}`, the entry says `{said}`; run `ephor ledger fsck`"
        )
    return moment(said) if said else None
